//! What waits to be sent, bounded in bytes over all projects: values for games, and changes for dashboards.

use std::{
    ops::Deref,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use tokio::sync::Notify;

/// Payloads that are shorter do not count: connections copy them, and a project keeps few of them.
pub const SMALL_PAYLOAD_BYTES: usize = 16 * 1024;

/// Bytes of one kind that are not sent yet.
#[derive(Debug)]
pub(crate) struct Outgoing {
    used: AtomicUsize,
    max_bytes: usize,
    /// Who waits for some of them to be sent.
    waiting: AtomicUsize,
    freed: Notify,
    postponed: AtomicU64,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::within(usize::MAX)
    }
}

impl Outgoing {
    pub(crate) fn within(max_bytes: usize) -> Self {
        Self {
            used: AtomicUsize::new(0),
            max_bytes,
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
            postponed: AtomicU64::new(0),
        }
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// How often something was not sent at once because there was no room.
    pub(crate) fn postponed(&self) -> u64 {
        self.postponed.load(Relaxed)
    }

    /// Counts one more.
    pub(crate) fn note_postponed(&self) {
        self.postponed.fetch_add(1, Relaxed);
    }

    /// Takes room for so many bytes. What is larger than all of it is sent when it is alone.
    pub(crate) fn take(self: &Arc<Self>, bytes: usize) -> Option<OutgoingBytes> {
        let fits = |used: usize| (self.fits_beside(used, bytes)).then(|| used.saturating_add(bytes));
        self.used.fetch_update(Relaxed, Relaxed, fits).ok()?;
        Some(OutgoingBytes { all: Arc::clone(self), bytes })
    }

    /// A payload of a push, if there is room for it.
    pub(crate) fn hold(self: &Arc<Self>, bytes: Vec<u8>) -> Option<Payload> {
        let held = match bytes.len() {
            0..SMALL_PAYLOAD_BYTES => None,
            long => Some(self.take(long)?),
        };
        Some(Payload(Arc::new(Held { bytes: bytes.into(), held })))
    }

    /// Waits from now on for so many bytes, until dropped.
    pub(crate) fn queue(self: &Arc<Self>, bytes: usize) -> Waiter {
        self.waiting.fetch_add(1, Relaxed);
        Waiter { all: Arc::clone(self), bytes }
    }

    /// Whether [`Outgoing::take`] would take so many bytes now.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.fits_beside(self.used(), bytes)
    }

    fn fits_beside(&self, used: usize, bytes: usize) -> bool {
        used == 0 || used.saturating_add(bytes) <= self.max_bytes
    }

    fn free(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Relaxed);
        self.freed.notify_waiters();
    }
}

/// Room that was taken, until dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct OutgoingBytes {
    all: Arc<Outgoing>,
    bytes: usize,
}

impl Drop for OutgoingBytes {
    fn drop(&mut self) {
        self.all.free(self.bytes);
    }
}

/// A sender that waits for room.
#[derive(Debug)]
pub(crate) struct Waiter {
    all: Arc<Outgoing>,
    bytes: usize,
}

impl Waiter {
    /// Returns when there may be room. Cancel-safe.
    pub(crate) async fn wait(&self) {
        loop {
            let mut freed = pin!(self.all.freed.notified());
            freed.as_mut().enable();
            if self.all.has_room(self.bytes) {
                return;
            }
            freed.await;
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.all.waiting.fetch_sub(1, Relaxed);
    }
}

/// Encoded values, shared by every game that lacks the same.
#[derive(Clone, Debug)]
pub struct Payload(Arc<Held>);

#[derive(Debug)]
struct Held {
    bytes: Box<[u8]>,
    held: Option<OutgoingBytes>,
}

impl Payload {
    /// One that others wait for. Public for the tests of the ingest side.
    #[doc(hidden)]
    pub fn wanted(bytes: Vec<u8>) -> Self {
        let all = Arc::new(Outgoing::default());
        // its waiter never leaves
        std::mem::forget(all.queue(1));
        let held = all.take(bytes.len());
        Self(Arc::new(Held { bytes: bytes.into(), held }))
    }

    /// Whether others wait for its memory. Then a peer that is slow to read it should be disconnected.
    pub fn is_wanted(&self) -> bool {
        self.0.held.as_ref().is_some_and(|held| held.all.waiting.load(Relaxed) > 0)
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// One that counts nowhere.
impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Held { bytes: bytes.into(), held: None }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn payload(all: &Arc<Outgoing>, kib: usize) -> Option<Payload> {
        all.hold(vec![b'x'; kib * 1024])
    }

    #[test]
    fn long_payloads_share_a_bound_and_short_ones_do_not_count() {
        let all = Arc::new(Outgoing::within(100 * 1024));
        let short = all.hold(vec![0; SMALL_PAYLOAD_BYTES - 1]).unwrap();
        assert_eq!((all.used(), short.len()), (0, SMALL_PAYLOAD_BYTES - 1));
        let long = payload(&all, 60).unwrap();
        let shared = long.clone();
        assert!(payload(&all, 60).is_none());
        drop(long);
        assert_eq!(all.used(), 60 * 1024, "it is there once, as long as somebody has it");
        drop(shared);
        // one that is too long is sent alone
        let huge = payload(&all, 500).unwrap();
        assert!(payload(&all, 20).is_none());
        drop(huge);
        assert_eq!(all.used(), 0);
    }

    #[tokio::test]
    async fn who_waits_is_woken_and_makes_others_hurry() {
        let all = Arc::new(Outgoing::within(100 * 1024));
        let long = payload(&all, 60).unwrap();
        assert!(!long.is_wanted());
        let waiter = all.queue(60 * 1024);
        assert!(long.is_wanted());
        {
            let mut waiting = pin!(waiter.wait());
            assert!(timeout(Duration::ZERO, waiting.as_mut()).await.is_err());
            drop(long);
            waiting.await;
        }
        drop(waiter);
        assert!(!payload(&all, 60).unwrap().is_wanted());
    }
}
