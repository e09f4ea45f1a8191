//! The shape of every large clean-up: steps so small that nobody waits long for one, with a rest between them.
//!
//! What a row costs depends on the table, its indexes and the disk, so each kind of clean-up learns a pace of its own. It
//! follows what steps took, which is too late for one whose rows cost more than those before: a step also has a budget of
//! time, and ends early when that is used up.

use std::time::Duration;

/// A step may take so long, with its commit: other commits wait for it.
pub(crate) const STEP_LIMIT: Duration = Duration::from_millis(15);
/// And so long before its commit, which costs about as much again.
pub(crate) const STEP_BUDGET: Duration = Duration::from_millis(8);
/// Rows of the first step; then it is found out how many the machine does in time.
const FIRST_ROWS: u32 = 100;
const MIN_ROWS: u32 = 10;
const MAX_ROWS: u32 = 5_000;

/// How much of one kind is done at once.
pub(crate) struct Pace {
    rows: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: FIRST_ROWS }
    }
}

impl Pace {
    /// Rows of the next step.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Learns from a step; how long to leave the database to others before the next one.
    pub(crate) fn rest(&mut self, took: Duration) -> Duration {
        if took > STEP_LIMIT {
            self.rows = (self.rows / 2).max(MIN_ROWS);
        } else if 2 * took < STEP_LIMIT {
            self.rows = (self.rows * 5 / 4).min(MAX_ROWS);
        }
        // as long as it was busy: then it never takes more than half
        took.max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps on a machine that takes so many microseconds for a row, until the pace stays.
    fn settled(micros_a_row: u64) -> Duration {
        let mut pace = Pace::default();
        let step = |pace: &Pace| Duration::from_micros(micros_a_row * u64::from(pace.rows()));
        for _ in 0..100 {
            let took = step(&pace);
            assert!(pace.rest(took) >= took, "it rests as long as it works");
        }
        step(&pace)
    }

    #[test]
    fn a_step_is_as_large_as_the_machine_does_in_time() {
        for micros_a_row in [5, 20, 100, 1_000] {
            let took = settled(micros_a_row);
            assert!(took <= STEP_LIMIT && 3 * took >= STEP_LIMIT, "{micros_a_row} µs a row: {took:?}");
        }
        // neither without end nor nothing at all
        assert_eq!(settled(1), Duration::from_micros(u64::from(MAX_ROWS)));
        assert_eq!(settled(100_000), Duration::from_millis(100 * u64::from(MIN_ROWS)));
    }
}
