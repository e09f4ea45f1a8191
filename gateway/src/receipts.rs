//! What became of a connection's sequenced lines.

use std::sync::{Mutex, MutexGuard};

use protocol::ErrorCode;
use tokio::sync::Notify;

/// What became of lines since it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Everything up to this line is committed, or was refused for good.
    pub up_to: u64,
    /// Lines among them that the database refused for good.
    pub refused: Vec<u64>,
    /// The connection has to end: `taken_over` or `gap`.
    pub ended: Option<ErrorCode>,
}

/// Filled by the writer, emptied by the connection. Bounded by the lines that a connection may have in
/// flight.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    settled: Mutex<Settled>,
    changed: Notify,
}

impl Receipts {
    /// A session's receipts that begin behind `last_seq`.
    pub(crate) fn new(last_seq: u64) -> Self {
        let settled = Settled { up_to: last_seq, ..Settled::default() };
        Self { settled: Mutex::new(settled), changed: Notify::new() }
    }

    fn settled(&self) -> MutexGuard<'_, Settled> {
        self.settled.lock().expect("no holder of this lock panics")
    }

    /// The line is committed.
    pub(crate) fn commit(&self, seq: u64) {
        let mut settled = self.settled();
        settled.up_to = settled.up_to.max(seq);
        self.changed.notify_one();
    }

    /// The line is refused for good; [`Receipts::commit`] follows when its number is committed.
    pub(crate) fn refuse_when_settled(&self, seq: u64) {
        self.settled().refused.push(seq);
    }

    /// Nothing of this connection is stored any more.
    pub(crate) fn end(&self, code: ErrorCode) {
        self.settled().ended.get_or_insert(code);
        self.changed.notify_one();
    }

    /// Resolves when there is something new. Cancel-safe.
    pub(crate) async fn next(&self) -> Settled {
        self.changed.notified().await;
        let mut settled = self.settled();
        let up_to = settled.up_to;
        let refused = settled.refused.extract_if(.., |seq| *seq <= up_to).collect();
        Settled { up_to, refused, ended: settled.ended }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::interleaved::{Step, in_every_order};

    /// A connection that looks now and then, and what it heard.
    struct Connection {
        receipts: Receipts,
        heard: Settled,
    }

    impl Connection {
        /// Whether there was anything.
        fn look(&mut self) -> bool {
            let Some(Settled { up_to, refused, ended }) = self.receipts.next().now_or_never() else {
                return false;
            };
            assert!(up_to >= self.heard.up_to, "{up_to} after {}", self.heard.up_to);
            assert!(refused.iter().all(|seq| *seq <= up_to), "{refused:?} before {up_to}");
            self.heard.up_to = up_to;
            self.heard.refused.extend(refused);
            self.heard.ended = ended;
            true
        }
    }

    #[test]
    fn whatever_the_order_everything_is_heard_once() {
        let writer: &[Step<Connection>] = &[
            |w| w.receipts.commit(1),
            |w| w.receipts.refuse_when_settled(2),
            |w| w.receipts.commit(2),
            |w| w.receipts.commit(3),
        ];
        let newer_connection: &[Step<Connection>] = &[|w| w.receipts.end(ErrorCode::TakenOver)];
        let look: Step<Connection> = |w| {
            w.look();
        };
        let begin = || Connection { receipts: Receipts::new(0), heard: Settled::default() };
        let orders = in_every_order(&[writer, newer_connection, &[look; 4]], begin, |mut w, order| {
            while w.look() {}
            let all = Settled { up_to: 3, refused: vec![2], ended: Some(ErrorCode::TakenOver) };
            assert_eq!(w.heard, all, "after {order:?}");
        });
        assert_eq!(orders, 630);
    }
}
