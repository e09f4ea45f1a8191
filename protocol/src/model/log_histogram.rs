//! How many log lines of each level there were, over time.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Level, UnixMicros};
use crate::limits::MAX_LOG_BARS;

/// Counts of log lines by the time of receipt. Every line of the range is in exactly one bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHistogram {
    /// Where the range begins, which is also where the first bar does.
    pub from: UnixMicros,
    /// Where the range ends; lines that were received at this time are not in it. The last bar may go beyond.
    pub to: UnixMicros,
    /// Width of a bar, in microseconds; at least 1.
    pub step_micros: i64,
    /// The oldest first.
    pub bars: Vec<LogBar>,
    /// Lines that were received before this time were not counted; `from`: all of the range were.
    pub counted_from: UnixMicros,
}

/// The lines of one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogBar {
    /// How many of each level, in the order of [`Level::ALL`].
    pub levels: [u64; 6],
}

impl LogHistogram {
    /// Empty bars from a time up to another, which becomes a microsecond later if it is not later at all. At most as many
    /// as are asked for, at least one and no more than [`MAX_LOG_BARS`].
    pub fn new(from: UnixMicros, to: UnixMicros, bars: u16) -> Self {
        let from = UnixMicros(from.0.min(i64::MAX - 1));
        // no longer than a width can be
        let to = to.clamp(UnixMicros(from.0 + 1), UnixMicros(from.0.saturating_add(i64::MAX)));
        let (span, bars) = (to.0.abs_diff(from.0), u64::from(bars.clamp(1, MAX_LOG_BARS)));
        let step = span.div_ceil(bars);
        let count = span.div_ceil(step) as usize;
        let step_micros = step.cast_signed();
        Self { from, to, step_micros, bars: vec![LogBar::default(); count], counted_from: from }
    }

    /// The bar of a line that was received at this time; `None`: it is not in the range.
    pub fn place(&self, received: UnixMicros) -> Option<usize> {
        let is_in_range = (self.from..self.to).contains(&received);
        is_in_range.then(|| (received.0.abs_diff(self.from.0) / self.step_micros.unsigned_abs()) as usize)
    }

    /// The times of a bar, as far as they are in the range.
    pub fn times(&self, place: usize) -> Range<UnixMicros> {
        let start = self.from.0.saturating_add(self.step_micros.saturating_mul(place as i64));
        UnixMicros(start)..UnixMicros(start.saturating_add(self.step_micros)).min(self.to)
    }

    /// Counts a line; one outside of the range changes nothing.
    pub fn add(&mut self, received: UnixMicros, level: Level) {
        if let Some(bar) = self.place(received).and_then(|place| self.bars.get_mut(place)) {
            bar.levels[level as usize] += 1;
        }
    }

    /// How many lines were counted.
    pub fn total(&self) -> u64 {
        self.bars.iter().flat_map(|bar| bar.levels).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_in_the_bar_of_its_time() {
        let mut histogram = LogHistogram::new(UnixMicros(-5), UnixMicros(6), 4);
        assert_eq!((histogram.step_micros, histogram.bars.len()), (3, 4));
        for (time, level) in [
            (-6, Level::Info),
            (-5, Level::Info),
            (-3, Level::Fatal),
            (-2, Level::Trace),
            (5, Level::Warn),
            (6, Level::Warn),
        ] {
            histogram.add(UnixMicros(time), level);
        }
        let levels: Vec<_> = histogram.bars.iter().map(|bar| bar.levels).collect();
        assert_eq!(levels, [[0, 0, 1, 0, 0, 1], [1, 0, 0, 0, 0, 0], [0; 6], [0, 0, 0, 1, 0, 0]]);
        assert_eq!((histogram.total(), histogram.counted_from), (4, UnixMicros(-5)));
    }

    #[test]
    fn there_is_always_a_range_and_a_bar() {
        let backwards = LogHistogram::new(UnixMicros(9), UnixMicros(3), 0);
        assert_eq!((backwards.from, backwards.to, backwards.bars.len()), (UnixMicros(9), UnixMicros(10), 1));
        let least = LogHistogram::new(UnixMicros(0), UnixMicros(3), 100);
        assert_eq!((least.step_micros, least.bars.len()), (1, 3));
    }

    proptest! {
        #[test]
        fn every_time_of_any_range_has_a_bar(from: i64, to: i64, bars: u16, part in 0.0..1.0) {
            let mut histogram = LogHistogram::new(UnixMicros(from), UnixMicros(to), bars);
            let count = histogram.bars.len();
            prop_assert!((1..=usize::from(MAX_LOG_BARS)).contains(&count) && count <= usize::from(bars.max(1)));
            let (first, last) = (histogram.from, UnixMicros(histogram.to.0 - 1));
            let between = first.0 as f64 + part * (last.0 as f64 - first.0 as f64);
            for time in [first, last, UnixMicros(between as i64).clamp(first, last)] {
                histogram.add(time, Level::Debug);
            }
            prop_assert_eq!(histogram.total(), 3);
            prop_assert_eq!(histogram.times(0).start, first);
            for time in [histogram.times(count / 2).start, UnixMicros(histogram.times(count / 2).end.0 - 1)] {
                prop_assert_eq!(histogram.place(time), Some(count / 2));
            }
            prop_assert_eq!(histogram.times(count - 1).end, histogram.to);
            prop_assert_eq!(histogram.place(first), Some(0));
            prop_assert_eq!(histogram.place(histogram.to), None);
        }
    }
}
