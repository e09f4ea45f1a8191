//! Limits how many of something each key may hold at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard},
};

/// How many each key holds. Cheap to clone: clones share the counts.
pub(crate) struct Shares<K>(Arc<Mutex<HashMap<K, usize>>>);

/// One that a key holds, until it is dropped.
#[must_use]
pub(crate) struct Share<K: Copy + Eq + Hash> {
    of: K,
    shares: Shares<K>,
}

impl<K: Copy + Eq + Hash> Shares<K> {
    /// One more for `of`, if they hold fewer than `limit`.
    pub(crate) fn take(&self, of: K, limit: usize) -> Option<Share<K>> {
        let mut held = self.held();
        let count = held.get(&of).copied().unwrap_or_default();
        if count >= limit {
            return None;
        }
        // keys that hold nothing are removed, so the map never outgrows what is held
        held.insert(of, count + 1);
        Some(Share { of, shares: self.clone() })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Copy + Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut held = self.shares.held();
        let count = held.remove(&self.of).unwrap_or_default();
        if count > 1 {
            held.insert(self.of, count - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_than_their_share_and_what_is_dropped_is_free() {
        let shares = Shares::default();
        let mut anns: Vec<_> = (0..3).map(|_| shares.take("ann", 3).unwrap()).collect();
        assert!(shares.take("ann", 3).is_none());
        assert!(shares.take("bob", 3).is_some(), "Bob's are his own");
        anns.pop();
        anns.push(shares.take("ann", 3).unwrap());
        assert!(shares.take("ann", 3).is_none());
        drop(anns);
        assert!(shares.held().is_empty(), "a holder of nothing is forgotten");
    }
}
