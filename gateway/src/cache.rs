//! What is kept in memory of what the database said, under one rule: a reader takes the version before it asks the database, and
//! what it read is kept only if nothing has been forgotten since. Otherwise what was forgotten would come back.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard},
};

/// Values by key.
#[derive(Debug)]
pub(crate) struct Cache<K, V>(Mutex<Known<K, V>>);

#[derive(Debug)]
struct Known<K, V> {
    version: Version,
    values: HashMap<K, V>,
}

/// Grows whenever something is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version(u64);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Known { version: Version::default(), values: HashMap::new() }))
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn known(&self) -> MutexGuard<'_, Known<K, V>> {
        self.0.lock().expect("no holder of this lock panics")
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.known().values.get(key).cloned()
    }

    /// To be taken before the database is asked.
    pub(crate) fn version(&self) -> Version {
        self.known().version
    }

    /// Keeps what was read since `version`, unless somebody else has read the same before; returns what is kept. `None`:
    /// something has been forgotten since, and what was read may be older than that.
    pub(crate) fn publish(&self, version: Version, key: K, value: V) -> Option<V> {
        let mut known = self.known();
        (known.version == version).then(|| known.values.entry(key).or_insert(value).clone())
    }

    /// Forgets all for which `which` says so, and what is being read just now.
    pub(crate) fn forget(&self, mut which: impl FnMut(&K, &V) -> bool) {
        let mut known = self.known();
        known.version.0 += 1;
        known.values.retain(|key, value| !which(key, value));
    }

    /// Drops what has come of age by itself: who reads it now sees that too.
    pub(crate) fn expire(&self, mut which: impl FnMut(&K, &V) -> bool) {
        self.known().values.retain(|key, value| !which(key, value));
    }

    /// Changes a value that is known, together with what is being read just now.
    pub(crate) fn change(&self, key: &K, change: impl FnOnce(&mut V)) {
        let mut known = self.known();
        known.version.0 += 1;
        if let Some(value) = known.values.get_mut(key) {
            change(value);
        }
    }

    /// Lets `note` write something beside a value that is known, which the database does not say.
    pub(crate) fn note<T>(&self, key: &K, note: impl FnOnce(&mut V) -> T) -> Option<T> {
        self.known().values.get_mut(key).map(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interleaved::{Step, in_every_order};

    #[test]
    fn what_was_read_before_something_was_forgotten_is_not_kept() {
        let cache: Cache<u8, &str> = Cache::default();
        let before = cache.version();
        cache.forget(|_, _| true);
        assert_eq!(cache.publish(before, 1, "old"), None);
        assert_eq!(cache.get(&1), None);
        assert_eq!(cache.publish(cache.version(), 1, "new"), Some("new"));
        let before = cache.version();
        cache.change(&1, |value| *value = "newer");
        assert_eq!(cache.publish(before, 1, "new"), None);
        assert_eq!(cache.get(&1), Some("newer"));
    }

    #[test]
    fn who_reads_the_same_gets_what_is_kept_already() {
        let cache: Cache<u8, &str> = Cache::default();
        let version = cache.version();
        assert_eq!(cache.publish(version, 1, "first"), Some("first"));
        assert_eq!(cache.publish(version, 1, "second"), Some("first"));
        cache.forget(|_, value| *value == "second");
        assert_eq!(cache.get(&1), Some("first"));
    }

    /// Two who read the same, and the database.
    #[derive(Default)]
    struct Readers {
        cache: Cache<u8, u8>,
        database: u8,
        versions: [Version; 2],
        read: [u8; 2],
    }

    fn reader<const I: usize>() -> [Step<Readers>; 3] {
        [
            |w| w.versions[I] = w.cache.version(),
            |w| w.read[I] = w.database,
            |w| {
                w.cache.publish(w.versions[I], 1, w.read[I]);
            },
        ]
    }

    #[test]
    fn whatever_the_order_nothing_old_is_kept() {
        let ways: [&[Step<Readers>]; 3] = [
            &[|w| w.database = 7, |w| w.cache.forget(|_, _| true)],
            &[|w| w.database = 7, |w| w.cache.forget(|key, _| *key == 1)],
            &[|w| w.database = 7, |w| w.cache.change(&1, |value| *value = 7)],
        ];
        for changer in ways {
            let threads: [&[Step<Readers>]; 3] = [&reader::<0>(), &reader::<1>(), changer];
            let orders = in_every_order(&threads, Readers::default, |w, order| {
                let kept = w.cache.get(&1);
                assert!(kept.is_none_or(|kept| kept == 7), "{kept:?} after {order:?}");
            });
            assert_eq!(orders, 560);
        }
    }
}
