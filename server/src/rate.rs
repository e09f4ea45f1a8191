//! How often somebody may do something. No clock: time is an argument.
//!
//! A token bucket for each of them, kept as the one moment at which it is full again (the generic cell rate
//! algorithm). `governor` does the same, but asks its own clock and forgets nobody until it is told to.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

/// Buckets that are remembered; some 4 MiB.
const MAX_BUCKETS: usize = 64 * 1024;
/// Looking for buckets to forget takes a millisecond, so it is not done every time.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// What one household, school or attacker has: an IPv4 address, or the /64 of an IPv6 one.
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
    swept_at: Option<Instant>,
}

impl<K: Eq + Hash> Limiter<K> {
    /// `count` may be taken in `period`, also at once.
    pub(crate) fn new(count: u32, period: Duration) -> Self {
        let buckets = Mutex::new(Buckets { full_at: HashMap::new(), swept_at: None });
        Self { interval: period / count.max(1), period, buckets }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long it takes until there is one; that try does not count.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets();
        let full_at = buckets.full_at.get(&key).copied().unwrap_or(now).max(now) + self.interval;
        if full_at > now + self.period {
            return Err(full_at - (now + self.period));
        }
        // whoever finds no room is not limited: then so many are at work that the port's own limit counts
        if buckets.full_at.contains_key(&key) || buckets.has_room(now) {
            buckets.full_at.insert(key, full_at);
        }
        Ok(())
    }

    /// Gives back one that was taken.
    pub(crate) fn give_back(&self, key: &K) {
        if let Some(full_at) = self.buckets().full_at.get_mut(key) {
            // an early moment means a full bucket, like any that is past
            *full_at = full_at.checked_sub(self.interval).unwrap_or(*full_at);
        }
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets<K>> {
        self.buckets.lock().expect("no holder of this lock panics")
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// Whether one more can be remembered, after forgetting those whose buckets are full again.
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
    fn however_many_there_are_few_are_remembered() {
        let (limiter, start) = (Limiter::new(1_000, Duration::from_secs(10)), Instant::now());
        for n in 0..300_000_u32 {
            assert_eq!(limiter.take(n, start + Duration::from_micros(10) * n), Ok(()));
        }
        let remembered = limiter.buckets().full_at.len();
        assert!((1..=MAX_BUCKETS).contains(&remembered), "{remembered}");
    }
}
