//! How much one transaction of a chore may delete.

use std::time::Duration;

use tokio::time::Instant;

/// Rows per statement; the time is checked between statements.
const PART: u32 = 200;

/// The rows and the time that are left.
pub(super) struct Budget {
    left: u32,
    begun: Instant,
    within: Duration,
}

impl Budget {
    /// Starts its time now.
    pub(super) fn new(rows: u32, within: Duration) -> Self {
        Self { left: rows, begun: Instant::now(), within }
    }

    /// How many rows the next statement may delete, if any.
    pub(super) fn part(&self) -> Option<i64> {
        let has_time = self.elapsed() < self.within;
        (self.left > 0 && has_time).then(|| i64::from(self.left.min(PART)))
    }

    /// Counts the rows of a statement; one that finds nothing counts as one.
    pub(super) fn take(&mut self, rows: u64) {
        self.left = self.left.saturating_sub(u32::try_from(rows.max(1)).unwrap_or(u32::MAX));
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_step_ends_with_its_rows_or_its_time() {
        let mut budget = Budget::new(PART + 10, Duration::from_millis(15));
        assert_eq!(budget.part(), Some(i64::from(PART)));
        budget.take(u64::from(PART));
        assert_eq!(budget.part(), Some(10));
        // nothing found, nine times
        (0..9).for_each(|_| budget.take(0));
        assert_eq!(budget.part(), Some(1));
        tokio::time::advance(Duration::from_millis(15)).await;
        assert_eq!(budget.part(), None);
        assert_eq!(Budget::new(0, Duration::MAX).part(), None);
    }
}
