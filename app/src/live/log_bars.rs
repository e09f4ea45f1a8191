//! The histogram above the log: what the server has counted, and what has arrived since.

use std::fmt::Write as _;

use protocol::model::{Level, LogBar, LogHistogram, UnixMicros};

/// At most so many lines wait to be counted; beyond it, the server counts again.
const MAX_WAITING: usize = 50_000;
/// Bars that are asked for.
pub const BARS: u16 = 100;
/// Units of the drawing across one bar, of which one is the gap beside it.
const BAR_UNITS: usize = 10;
/// Units of its height.
pub const HEIGHT_UNITS: u64 = 1_000;

/// Lines that have arrived and are not in the bars yet.
#[derive(Debug, Default)]
pub struct Arrived {
    lines: Vec<(UnixMicros, Level)>,
    is_too_many: bool,
}

impl Arrived {
    /// A line that passes the filter.
    pub(super) fn add(&mut self, received: UnixMicros, level: Level) {
        if self.lines.len() < MAX_WAITING {
            self.lines.push((received, level));
        } else {
            self.is_too_many = true;
        }
    }

    /// Takes them; `None`: there were too many, and the server has to count again.
    pub fn take(&mut self) -> Option<Vec<(UnixMicros, Level)>> {
        let lines = std::mem::take(&mut self.lines);
        (!std::mem::take(&mut self.is_too_many)).then_some(lines)
    }
}

/// Bars that grow.
#[derive(Clone, Debug, PartialEq)]
pub struct LogBars {
    histogram: LogHistogram,
    /// Lines that were received before are in the server's counts.
    counted_to: UnixMicros,
    /// Where the range ends; `None`: it goes on.
    end: Option<UnixMicros>,
    /// Whether the beginning moves on with the end.
    is_moving: bool,
}

impl LogBars {
    /// What the server has counted. `end`: where the range ends, if it does; `is_moving`: it has a length, and no beginning.
    pub fn new(mut histogram: LogHistogram, end: Option<UnixMicros>, is_moving: bool) -> Self {
        let counted_to = histogram.to;
        let width = histogram.step_micros.saturating_mul(histogram.bars.len() as i64);
        histogram.to = UnixMicros(histogram.from.0.saturating_add(width));
        Self { histogram, counted_to, end, is_moving }
    }

    /// The bars.
    pub fn histogram(&self) -> &LogHistogram {
        &self.histogram
    }

    /// Adds lines that have arrived. It is `now` now.
    pub fn grow(&mut self, arrived: &[(UnixMicros, Level)], now: UnixMicros) {
        let newest = arrived.iter().map(|(received, _)| *received).max().unwrap_or(now).max(now);
        self.reach(self.end.map_or(newest, |end| newest.min(UnixMicros(end.0 - 1))));
        for (received, level) in arrived {
            let is_new = *received >= self.counted_to && self.end.is_none_or(|end| *received < end);
            if is_new {
                self.histogram.add(*received, *level);
            }
        }
    }

    /// Makes room for lines of that time.
    fn reach(&mut self, time: UnixMicros) {
        let histogram = &mut self.histogram;
        let missing = (time.0.saturating_sub(histogram.to.0)) / histogram.step_micros + 1;
        if time < histogram.to || missing > i64::from(4 * BARS) {
            return;
        }
        for _ in 0..missing {
            histogram.bars.push(LogBar::default());
            histogram.to.0 += histogram.step_micros;
        }
        if self.is_moving {
            let spare = histogram.bars.len().saturating_sub(usize::from(BARS) + 1);
            histogram.bars.drain(..spare);
            histogram.from.0 += histogram.step_micros * spare as i64;
            histogram.counted_from = histogram.counted_from.max(histogram.from);
        } else if histogram.bars.len() > 2 * usize::from(BARS) {
            histogram.bars = histogram.bars.chunks(2).map(sum).collect();
            histogram.step_micros *= 2;
            histogram.to = UnixMicros(histogram.from.0 + histogram.step_micros * histogram.bars.len() as i64);
        }
    }

    /// From when to when a bar reaches.
    pub fn span(&self, bar: usize) -> (UnixMicros, UnixMicros) {
        let LogHistogram { from, step_micros, .. } = self.histogram;
        let start = UnixMicros(from.0 + step_micros * bar as i64);
        (start, UnixMicros(start.0 + step_micros))
    }

    /// Where a time is, from 0 to 1 of the width.
    pub fn place(&self, at: UnixMicros) -> Option<f64> {
        let LogHistogram { from, to, .. } = self.histogram;
        (from..to).contains(&at).then(|| (at.0 - from.0) as f64 / (to.0 - from.0) as f64)
    }

    /// Lines of the highest bar.
    pub fn highest(&self) -> u64 {
        self.histogram.bars.iter().map(total).max().unwrap_or(0)
    }

    /// Units of the drawing's width.
    pub fn width(&self) -> usize {
        self.histogram.bars.len() * BAR_UNITS
    }

    /// The outlines of one level's parts of all bars, on top of the lower levels' parts, as an SVG path.
    pub fn path(&self, level: Level) -> String {
        let (highest, mut path) = (self.highest().max(1), String::new());
        for (index, bar) in self.histogram.bars.iter().enumerate() {
            let count = bar.levels[level as usize];
            if count == 0 {
                continue;
            }
            let below: u64 = bar.levels[..level as usize].iter().sum();
            let units = |count: u64| count * HEIGHT_UNITS / highest;
            let (bottom, height) = (HEIGHT_UNITS - units(below), units(below + count) - units(below));
            let (x, width) = (index * BAR_UNITS, BAR_UNITS - 1);
            // a single line among thousands can be seen, too; writing into a string does not fail
            let _ = write!(path, "M{x} {bottom}h{width}v-{}h-{width}z", height.max(20));
        }
        path
    }
}

/// Lines of a bar.
pub fn total(bar: &LogBar) -> u64 {
    bar.levels.iter().sum()
}

/// Bars as one.
pub fn sum(bars: &[LogBar]) -> LogBar {
    let mut levels = [0; 6];
    for bar in bars {
        levels.iter_mut().zip(bar.levels).for_each(|(sum, count)| *sum += count);
    }
    LogBar { levels }
}

/// `12 lines · 3 warn · 1 error`.
pub fn bar_words(bar: &LogBar) -> String {
    use crate::format::grouped;
    let lines = total(bar);
    let mut words = format!("{} line{}", grouped(lines), if lines == 1 { "" } else { "s" });
    for level in [Level::Warn, Level::Error, Level::Fatal] {
        let count = bar.levels[level as usize];
        if count > 0 {
            // writing into a string does not fail
            let _ = write!(words, " · {} {level}", grouped(count));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: UnixMicros = UnixMicros(1_000_000);

    fn bars(count: u16, end: Option<UnixMicros>, is_moving: bool) -> LogBars {
        let to = UnixMicros(T.0 + i64::from(count) * 10);
        LogBars::new(LogHistogram::new(T, to, count), end, is_moving)
    }

    fn at(bar: i64) -> UnixMicros {
        UnixMicros(T.0 + bar * 10)
    }

    #[test]
    fn what_arrives_is_counted_once_in_the_bar_of_its_time() {
        let mut bars = bars(10, None, false);
        bars.grow(
            &[(at(9), Level::Info), (at(10), Level::Warn), (at(12), Level::Warn), (at(12), Level::Error)],
            at(12),
        );
        let counts: Vec<u64> = bars.histogram().bars.iter().map(total).collect();
        assert_eq!(counts, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2], "the server has counted what is older");
        assert_eq!((bars.span(12), bars.place(at(13))), ((at(12), at(13)), None));
        assert_eq!(bar_words(&sum(&bars.histogram().bars)), "3 lines · 2 warn · 1 error");
    }

    #[test]
    fn bars_move_on_or_become_wider_or_end() {
        let count = i64::from(BARS);
        let mut moving = bars(BARS, None, true);
        moving.grow(&[(at(0), Level::Info)], at(count + 4));
        assert_eq!((moving.histogram().bars.len(), moving.span(0).0), (usize::from(BARS) + 1, at(4)));
        let mut all = bars(BARS, None, false);
        all.grow(&[(at(count), Level::Info), (at(count + 1), Level::Info)], at(2 * count));
        assert_eq!(all.histogram().bars.len(), usize::from(BARS) + 1);
        assert_eq!(
            (all.histogram().step_micros, total(&all.histogram().bars[usize::from(BARS) / 2])),
            (20, 2)
        );
        let mut ended = bars(10, Some(at(10)), false);
        ended.grow(&[(at(11), Level::Info)], at(20));
        assert_eq!((ended.histogram().bars.len(), ended.highest()), (10, 0));
    }

    #[test]
    fn levels_stand_on_each_other() {
        let mut bars = bars(2, None, false);
        bars.grow(
            &[(at(2), Level::Info), (at(2), Level::Info), (at(2), Level::Info), (at(2), Level::Error)],
            at(2),
        );
        assert_eq!(bars.path(Level::Info), "M20 1000h9v-750h-9z");
        assert_eq!(bars.path(Level::Error), "M20 250h9v-250h-9z");
        assert_eq!((bars.path(Level::Warn), bars.width()), (String::new(), 30));
    }

    #[test]
    fn too_many_lines_at_once_are_counted_by_the_server() {
        let mut arrived = Arrived::default();
        (0..=MAX_WAITING).for_each(|_| arrived.add(T, Level::Info));
        assert_eq!(arrived.take(), None);
        arrived.add(T, Level::Warn);
        assert_eq!(arrived.take(), Some(vec![(T, Level::Warn)]));
    }
}
