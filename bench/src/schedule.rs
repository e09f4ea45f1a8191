//! The load clock: when each line is due, whether or not the server keeps up.
//!
//! A generator that waits for a slow answer before it sends the next line measures only the good moments
//! (coordinated omission). Here the times are fixed in advance, and each line's latency counts from the
//! moment at which it was due.

use std::time::{Duration, Instant};

/// What clients are to do; told to all of them at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Load {
    /// Nothing.
    Idle,
    /// A new line as soon as fewer than `window` lines are unanswered.
    FlatOut {
        /// Unanswered lines of one client.
        window: usize,
    },
    /// A line at each of these moments; late when `window` lines are unanswered.
    Paced {
        /// When the first client begins; the others are spread evenly over one interval.
        from: Instant,
        /// Lines of one client.
        per_second: f64,
        /// Lines that are due at the same moment.
        burst: u32,
        /// Unanswered lines of one client.
        window: usize,
    },
    /// Wait for what is unanswered, then hang up.
    Leave,
}

/// One client's part of a [`Load`].
#[derive(Debug)]
pub(crate) struct Schedule {
    load: Load,
    /// Where in the interval this client's moments lie, from 0 to 1.
    offset: f64,
    taken: u64,
}

impl Schedule {
    /// Nothing to do yet, for client `index` of `count`.
    pub(crate) fn new(index: usize, count: usize) -> Self {
        Self { load: Load::Idle, offset: index as f64 / count as f64, taken: 0 }
    }

    /// Begins another load; what the last one had still due is forgotten.
    pub(crate) fn begin(&mut self, load: Load) {
        (self.load, self.taken) = (load, 0);
    }

    pub(crate) fn load(&self) -> Load {
        self.load
    }

    /// How many lines may be unanswered.
    pub(crate) fn window(&self) -> usize {
        match self.load {
            Load::FlatOut { window } | Load::Paced { window, .. } => window,
            Load::Idle | Load::Leave => 0,
        }
    }

    /// The moment at which the next line was due, when that has come; the line must then be said.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Instant> {
        let due = match self.load {
            Load::FlatOut { .. } => now,
            Load::Paced { .. } => self.next_due()?,
            Load::Idle | Load::Leave => return None,
        };
        if due > now {
            return None;
        }
        self.taken += 1;
        Some(due)
    }

    /// When the next line is due, if time alone decides it.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let Load::Paced { from, per_second, burst, .. } = self.load else { return None };
        let interval = f64::from(burst) / per_second;
        let moment = (self.taken / u64::from(burst)) as f64 + self.offset;
        Some(from + Duration::from_secs_f64(moment * interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn moments_are_fixed_however_late_they_are_taken() {
        let from = Instant::now();
        let mut schedule = Schedule::new(1, 2);
        schedule.begin(Load::Paced { from, per_second: 10.0, burst: 1, window: 1 });
        // the second of two clients: half an interval of 100 ms later
        assert_eq!(schedule.next_due(), Some(from + 50 * MILLISECOND));
        assert_eq!(schedule.take(from + 49 * MILLISECOND), None);
        let late = from + 260 * MILLISECOND;
        let taken: Vec<_> = std::iter::from_fn(|| schedule.take(late)).map(|due| due - from).collect();
        assert_eq!(taken, [50 * MILLISECOND, 150 * MILLISECOND, 250 * MILLISECOND]);
        assert_eq!(schedule.next_due(), Some(from + 350 * MILLISECOND));
    }

    #[test]
    fn a_burst_is_due_at_one_moment_and_the_rate_is_the_same() {
        let from = Instant::now();
        let mut schedule = Schedule::new(0, 1);
        schedule.begin(Load::Paced { from, per_second: 100.0, burst: 3, window: 1 });
        let taken: Vec<_> = std::iter::from_fn(|| schedule.take(from + 59 * MILLISECOND)).collect();
        assert_eq!(taken, [[from; 3], [from + 30 * MILLISECOND; 3]].concat());
        assert_eq!(schedule.next_due(), Some(from + 60 * MILLISECOND));
    }

    #[test]
    fn flat_out_is_always_due_and_idle_never() {
        let now = Instant::now();
        let mut schedule = Schedule::new(0, 1);
        assert_eq!((schedule.take(now), schedule.window()), (None, 0));
        schedule.begin(Load::FlatOut { window: 8 });
        assert_eq!((schedule.take(now), schedule.take(now), schedule.window()), (Some(now), Some(now), 8));
        assert_eq!(schedule.next_due(), None);
        schedule.begin(Load::Leave);
        assert_eq!(schedule.take(now), None);
    }
}
