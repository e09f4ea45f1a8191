//! The position of each row of the log: lines, and between them day headings and gaps.

use std::ops::Range;

use protocol::model::{LogLine, UnixMicros};

use super::log_window::{Gap, LogWindow};

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogRow {
    /// How far back the log was searched, and the way further.
    Reach,
    /// A day starts here; any time of it.
    Day(UnixMicros),
    /// Lines that were not searched.
    Gap(Gap),
    /// The line at this index of the window.
    Line(usize),
}

impl LogRow {
    /// Rows other than lines: how many lines high each is.
    const fn height(self) -> u32 {
        match self {
            Self::Reach | Self::Gap(_) => 2,
            Self::Day(_) | Self::Line(_) => 1,
        }
    }
}

/// All rows from the top down. Heights are counted in lines of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRows {
    /// Each with the height down to its lower edge.
    rows: Vec<(LogRow, u32)>,
    height: u32,
}

impl LogRows {
    /// `day_of`: the number of a time's day; `height_of`: how many lines of text a line takes.
    pub fn lay_out(
        window: &LogWindow,
        day_of: impl Fn(UnixMicros) -> i64,
        height_of: impl Fn(&LogLine) -> u32,
    ) -> Self {
        let mut rows = Self::default();
        rows.push(LogRow::Reach, LogRow::Reach.height());
        let (mut gaps, mut day) = (window.gaps().peekable(), None);
        for (index, line) in window.lines().iter().enumerate() {
            while let Some(gap) = gaps.next_if(|gap| gap.before <= line.seq) {
                rows.push(LogRow::Gap(gap), LogRow::Gap(gap).height());
            }
            let its_day = day_of(line.received);
            if day.replace(its_day) != Some(its_day) {
                rows.push(LogRow::Day(line.received), LogRow::Day(line.received).height());
            }
            rows.push(LogRow::Line(index), height_of(line));
        }
        gaps.for_each(|gap| rows.push(LogRow::Gap(gap), LogRow::Gap(gap).height()));
        rows
    }

    fn push(&mut self, row: LogRow, height: u32) {
        self.rows.push((row, self.height));
        self.height += height;
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing to show at all.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The height of all rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// A row.
    pub fn get(&self, index: usize) -> Option<LogRow> {
        self.rows.get(index).map(|(row, _)| *row)
    }

    /// The height below a row.
    pub fn below(&self, index: usize) -> u32 {
        self.height - self.rows.get(index + 1).map_or(self.height, |(_, top)| *top)
    }

    /// The row of a line.
    pub fn index_of(&self, line: usize) -> Option<usize> {
        self.rows.iter().position(|(row, _)| *row == LogRow::Line(line))
    }

    /// The rows in sight, given the height below the view and that of the view.
    pub fn in_sight(&self, below: f64, height: f64) -> Range<usize> {
        let bottom = f64::from(self.height) - below.max(0.0);
        let top = bottom - height;
        let from = self.rows.partition_point(|(_, at)| f64::from(*at) <= top).saturating_sub(1);
        let to = self.rows.partition_point(|(_, at)| f64::from(*at) < bottom);
        from.min(to)..to
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protocol::model::Level;

    use super::super::fixture::line;
    use super::*;

    fn window(seqs: impl IntoIterator<Item = u64>) -> LogWindow {
        let mut window = LogWindow::default();
        for seq in seqs {
            let received = UnixMicros(seq as i64 * 1_000);
            window.push(&Arc::new(LogLine { received, ..line(seq, Level::Info, "x") }), true);
        }
        window
    }

    fn rows(window: &LogWindow) -> LogRows {
        LogRows::lay_out(window, |at| at.0 / 10_000, |line| 1 + u32::from(line.seq == 3))
    }

    #[test]
    fn days_and_gaps_stand_before_the_lines_that_follow() {
        let window = window([8, 9, 10, 15]);
        let rows = rows(&window);
        let all: Vec<LogRow> = (0..rows.len()).filter_map(|index| rows.get(index)).collect();
        let gap = Gap { after: 10, before: 15 };
        use LogRow::{Day, Line, Reach};
        let day = |seq: i64| Day(UnixMicros(seq * 1_000));
        assert_eq!(all, [Reach, day(8), Line(0), Line(1), day(10), Line(2), LogRow::Gap(gap), Line(3)]);
        assert_eq!((rows.height(), rows.below(7), rows.below(6), rows.below(2)), (10, 0, 1, 6));
        assert_eq!((rows.index_of(0), rows.index_of(2), rows.index_of(4)), (Some(2), Some(5), None));
    }

    #[test]
    fn what_is_in_sight_is_counted_from_the_end() {
        let window = window(1..=9);
        let rows = rows(&window);
        // reach 2, day 1, nine lines of which one is twice as high
        assert_eq!((rows.len(), rows.height()), (11, 13));
        assert_eq!(rows.in_sight(0.0, 3.0), 8..11);
        assert_eq!(rows.in_sight(0.5, 3.0), 7..11);
        assert_eq!(rows.in_sight(6.0, 3.0), 3..5);
        assert_eq!(rows.in_sight(0.0, 100.0), 0..11);
        assert_eq!(rows.in_sight(100.0, 3.0), 0..0);
        assert_eq!(LogRows::default().in_sight(0.0, 5.0), 0..0);
    }
}
