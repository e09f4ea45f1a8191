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
    pub(super) fn commit(&self, seq: u64) {
        let mut settled = self.settled();
        settled.up_to = settled.up_to.max(seq);
        self.changed.notify_one();
    }

    /// The line is refused for good; [`Receipts::commit`] follows when its number is committed.
    pub(super) fn refuse_when_settled(&self, seq: u64) {
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
