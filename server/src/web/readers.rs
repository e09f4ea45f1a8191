//! Unread responses: bounded in bytes, in total and for each address.

use std::{
    collections::HashMap,
    net::IpAddr,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::body::HttpBody;
use tokio::sync::Notify;

use crate::rate::Network;

/// Responses up to this size are not counted: there are no more of them than connections.
const UNCOUNTED_BYTES: usize = 16 * 1024;
/// What a streamed response counts as: a page of rows, and the text made from it.
const STREAM_BYTES: usize = 512 * 1024;

/// The budget for unread responses.
pub(crate) struct Readers {
    ledger: Mutex<Ledger>,
    freed: Notify,
    max_bytes: usize,
    refused: AtomicU64,
}

#[derive(Default)]
struct Ledger {
    used: usize,
    by_network: HashMap<Network, usize>,
}

/// Unread bytes of one response, until dropped.
#[must_use]
pub(super) struct Unread {
    readers: Arc<Readers>,
    of: Network,
    bytes: usize,
}

/// In the extensions of a response that is part of the program: it exists once, however many clients read it.
#[derive(Clone, Copy)]
pub(super) struct Inside;

/// The memory a body needs while it is read; 0 if not worth counting.
pub(super) fn cost<B: HttpBody>(body: &B) -> usize {
    match body.size_hint().exact() {
        Some(bytes) if bytes <= UNCOUNTED_BYTES as u64 => 0,
        Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
        None => STREAM_BYTES,
    }
}

impl Readers {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { ledger: Mutex::default(), freed: Notify::new(), max_bytes, refused: AtomicU64::new(0) }
    }

    /// Unread bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.ledger().used
    }

    /// Responses that were not sent because there was no room.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Counts one more of them.
    pub(super) fn note_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// Takes room for this many bytes, if there is any.
    pub(super) fn take(self: &Arc<Self>, of: IpAddr, bytes: usize) -> Option<Unread> {
        let taken = self.try_take(of, bytes);
        if taken.is_none() {
            self.note_refused();
        }
        taken
    }

    /// The same, but waits for room. `None` at once if not worth counting.
    pub(super) async fn wait(self: &Arc<Self>, of: IpAddr, bytes: usize) -> Option<Unread> {
        if bytes <= UNCOUNTED_BYTES {
            return None;
        }
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if let Some(taken) = self.try_take(of, bytes) {
                return Some(taken);
            }
            freed.await;
        }
    }

    fn try_take(self: &Arc<Self>, of: IpAddr, bytes: usize) -> Option<Unread> {
        // an unlisted proxy on this machine may represent everyone
        let share = if of.to_canonical().is_loopback() {
            self.max_bytes - self.max_bytes / 8
        } else {
            self.max_bytes / 2
        };
        let of = Network::from(of);
        let mut ledger = self.ledger();
        let own = ledger.by_network.get(&of).copied().unwrap_or_default();
        let fits = ledger.used.saturating_add(bytes) <= self.max_bytes && own.saturating_add(bytes) <= share;
        // a response larger than the share is sent to a client that reads nothing else, if there is plenty of room
        let is_alone = own == 0 && ledger.used <= self.max_bytes / 4;
        if !fits && !is_alone {
            return None;
        }
        ledger.used = ledger.used.saturating_add(bytes);
        *ledger.by_network.entry(of).or_default() += bytes;
        drop(ledger);
        Some(Unread { readers: Arc::clone(self), of, bytes })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no holder of this lock panics")
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let mut ledger = self.readers.ledger();
        ledger.used = ledger.used.saturating_sub(self.bytes);
        if let Some(own) = ledger.by_network.get_mut(&self.of) {
            *own -= self.bytes;
            if *own == 0 {
                ledger.by_network.remove(&self.of);
            }
        }
        drop(ledger);
        self.readers.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const KIB: usize = 1024;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    #[test]
    fn one_address_leaves_half_for_the_others() {
        let readers = Arc::new(Readers::new(1_000 * KIB));
        let mut held: Vec<_> = (0..5).map(|_| readers.take(address(1), 100 * KIB).unwrap()).collect();
        assert!(readers.take(address(1), 100 * KIB).is_none());
        held.extend((2..7).map(|n| readers.take(address(n), 100 * KIB).unwrap()));
        assert!(readers.take(address(9), 100 * KIB).is_none(), "it is full");
        assert_eq!((readers.bytes(), readers.refused()), (1_000 * KIB, 2));
        drop(held);
        assert!(readers.ledger().by_network.is_empty() && readers.bytes() == 0);
    }

    #[test]
    fn a_long_answer_is_given_when_there_is_plenty() {
        let readers = Arc::new(Readers::new(1_000 * KIB));
        let long = readers.take(address(1), 5_000 * KIB).unwrap();
        assert!(readers.take(address(2), 5_000 * KIB).is_none());
        drop(long);
        assert!(readers.take(address(2), 5_000 * KIB).is_some());
    }

    #[tokio::test]
    async fn who_waits_is_served_when_somebody_has_read() {
        let readers = Arc::new(Readers::new(100 * KIB));
        let held = readers.take(address(1), 100 * KIB).unwrap();
        assert!(readers.wait(address(2), KIB).await.is_none(), "too short to count");
        let waiting = tokio::spawn({
            let readers = Arc::clone(&readers);
            async move { readers.wait(address(2), 50 * KIB).await.is_some() }
        });
        tokio::task::yield_now().await;
        drop(held);
        assert!(waiting.await.unwrap());
    }
}
