//! Rate limits. No clock: time is an argument.
//!
//! A token bucket for each key, stored as the time at which it is full again (generic cell rate algorithm). `governor` does
//! the same, but uses its own clock and only forgets keys when told to.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash},
    net::IpAddr,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

/// Most buckets to remember; about 4 MiB.
const MAX_BUCKETS: usize = 64 * 1024;
/// Buckets shared by keys that find no room. They limit a key under attack, too, however many made-up keys there are.
const SHARED_BUCKETS: u64 = 4 * 1024;
/// Searching for buckets to forget takes a millisecond, so it is not done every time.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// What one household, school or attacker has: an IPv4 address, or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    V4(u32),
    V6(u64),
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// A bucket for each `K`.
pub(crate) struct Limiter<K> {
    /// The time after which one more may be taken.
    interval: Duration,
    /// The time after which an empty bucket is full again.
    period: Duration,
    buckets: Mutex<Buckets<K>>,
}

struct Buckets<K> {
    full_at: HashMap<K, Instant>,
    /// By the key's hash, for keys that found no room.
    shared: HashMap<u64, Instant>,
    swept_at: Option<Instant>,
}

impl<K: Eq + Hash> Limiter<K> {
    /// Allows `count` per `period`, also all at once.
    pub(crate) fn new(count: u32, period: Duration) -> Self {
        let buckets = Mutex::new(Buckets { full_at: HashMap::new(), shared: HashMap::new(), swept_at: None });
        Self { interval: period / count.max(1), period, buckets }
    }

    /// Takes one.
    ///
    /// # Errors
    /// The time until one is available; this attempt does not count.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets();
        let bucket = buckets.of(key, now);
        let full_at = (*bucket).max(now) + self.interval;
        if full_at > now + self.period {
            return Err(full_at - (now + self.period));
        }
        *bucket = full_at;
        Ok(())
    }

    /// Gives back one that was taken.
    pub(crate) fn give_back(&self, key: &K) {
        let mut buckets = self.buckets();
        let shared = buckets.shared_key(key);
        let Buckets { full_at, shared: shared_at, .. } = &mut *buckets;
        if let Some(full_at) = full_at.get_mut(key).or_else(|| shared_at.get_mut(&shared)) {
            // any time in the past means a full bucket
            *full_at = full_at.checked_sub(self.interval).unwrap_or(*full_at);
        }
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets<K>> {
        self.buckets.lock().expect("no holder of this lock panics")
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// The time at which the bucket is full.
    fn of(&mut self, key: K, now: Instant) -> &mut Instant {
        if self.full_at.contains_key(&key) || self.has_room(now) {
            return self.full_at.entry(key).or_insert(now);
        }
        let shared = self.shared_key(&key);
        self.shared.entry(shared).or_insert(now)
    }

    fn shared_key(&self, key: &K) -> u64 {
        self.full_at.hasher().hash_one(key) % SHARED_BUCKETS
    }

    /// Whether there is room for one more bucket, after forgetting full ones.
    fn has_room(&mut self, now: Instant) -> bool {
        let is_due = || self.swept_at.is_none_or(|at| now.saturating_duration_since(at) >= SWEEP_INTERVAL);
        if self.full_at.len() >= MAX_BUCKETS && is_due() {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.swept_at = Some(now);
        }
        self.full_at.len() < MAX_BUCKETS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_none_is_told_how_long_it_takes() {
        let (limiter, start) = (Limiter::new(10, Duration::from_secs(300)), Instant::now());
        assert!((0..10).all(|_| limiter.take("ann", start).is_ok()));
        assert_eq!(limiter.take("ann", start), Err(Duration::from_secs(30)));
        assert_eq!(limiter.take("ann", start + Duration::from_secs(29)), Err(Duration::from_secs(1)));
        assert_eq!(limiter.take("ann", start + Duration::from_secs(30)), Ok(()));
        assert_eq!(limiter.take("bob", start), Ok(()));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (limiter, now) = (Limiter::new(2, Duration::from_secs(300)), Instant::now());
        for _ in 0..100 {
            assert_eq!(limiter.take("ann", now), Ok(()));
            limiter.give_back(&"ann");
        }
        assert!(limiter.take("ann", now).is_ok() && limiter.take("ann", now).is_ok());
        assert!(limiter.take("ann", now).is_err());
        // and never more than the bucket holds
        limiter.give_back(&"bob");
        assert!(limiter.take("bob", now).is_ok() && limiter.take("bob", now).is_ok());
        assert!(limiter.take("bob", now).is_err());
    }

    #[test]
    fn who_is_attacked_is_limited_however_many_names_are_made_up() {
        let (limiter, now) = (Limiter::new(10, Duration::from_secs(300)), Instant::now());
        for n in 0..MAX_BUCKETS + 1_000 {
            // a made-up name may hit a shared bucket that others have emptied
            let _ = limiter.take(n.to_string(), now);
        }
        let guesses = (0..1_000).filter(|_| limiter.take("ann".to_owned(), now).is_ok()).count();
        assert!(guesses <= 10, "{guesses}");
        // and nobody for good
        assert_eq!(limiter.take("ann".to_owned(), now + Duration::from_secs(300)), Ok(()));
    }

    #[test]
    fn however_many_there_are_few_are_remembered() {
        let (limiter, start) = (Limiter::new(1_000, Duration::from_secs(10)), Instant::now());
        for n in 0..300_000_u32 {
            assert_eq!(
                limiter.take(n, start + Duration::from_micros(10) * n),
                Ok(()),
                "they share generously"
            );
        }
        let remembered = limiter.buckets().full_at.len();
        assert!((1..=MAX_BUCKETS).contains(&remembered), "{remembered}");
    }
}
