//! How long to wait before the next attempt to connect.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Doubles with every failure. Each wait is a random part of it, at least half, so that games that lost their server in the
/// same moment don't come back in the same moment.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    /// State of SplitMix64: waiting needs no better randomness.
    random: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self { next: FIRST, random: seed }
    }

    /// A connection held: the next failure is the first one again.
    pub(super) fn succeeded(&mut self) {
        self.next = FIRST;
    }

    /// The same again would fail again: the next attempts come as rarely as they may.
    pub(super) fn despair(&mut self) {
        self.next = LONGEST;
    }

    pub(super) fn next(&mut self) -> Duration {
        let most = self.next;
        self.next = (2 * most).min(LONGEST);
        most / 2 + self.part_of(most / 2)
    }

    /// A random part of a time.
    pub(super) fn part_of(&mut self, whole: Duration) -> Duration {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // 53 bits are what a float holds
        whole.mul_f64((mixed >> 11) as f64 / (1u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_begin_anew() {
        let mut backoff = Backoff::new(7);
        let mut most = FIRST;
        for _ in 0..20 {
            let wait = backoff.next();
            assert!(wait >= most / 2 && wait <= most, "{wait:?} of {most:?}");
            most = (2 * most).min(LONGEST);
        }
        backoff.succeeded();
        assert!(backoff.next() <= FIRST);
        backoff.despair();
        assert!(backoff.next() >= LONGEST / 2);
    }

    #[test]
    fn seeds_part_games_from_each_other() {
        let waits: std::collections::BTreeSet<_> = (0..100).map(|seed| Backoff::new(seed).next()).collect();
        assert!(waits.len() > 90, "{} of 100 differ", waits.len());
    }
}
