//! The position of each row of the log: lines, and between them day headings, gaps and what happened beside the log.

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
    /// A line of the window.
    Line {
        /// Its index.
        index: usize,
        /// So many lines, which follow each other, are shown as this one.
        times: u32,
    },
    /// Something that happened, by its number.
    Event(i64),
}

impl LogRow {
    /// Rows other than lines: how many lines high each is.
    const fn height(self) -> u32 {
        match self {
            Self::Reach | Self::Gap(_) => 2,
            Self::Day(_) | Self::Line { .. } | Self::Event(_) => 1,
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

/// What rows depend on beside the lines.
pub struct Laying<'a> {
    /// The number of a time's day.
    pub day_of: &'a dyn Fn(UnixMicros) -> i64,
    /// How many lines of text a line takes.
    pub height_of: &'a dyn Fn(&LogLine) -> u32,
    /// Whether a line says the same as the one before it, and is shown as that.
    pub is_repeat: &'a dyn Fn(&LogLine, &LogLine) -> bool,
}

impl LogRows {
    /// All rows of a window. `events` are in the order of their times.
    pub fn lay_out(window: &LogWindow, events: &[(UnixMicros, i64)], laying: &Laying<'_>) -> Self {
        let mut rows = Self::default();
        rows.push(LogRow::Reach, LogRow::Reach.height());
        let (mut gaps, mut day) = (window.gaps().peekable(), None);
        let mut events = events.iter().peekable();
        // the line that was pushed last, if nothing stands behind it
        let mut last = None::<&LogLine>;
        for (index, line) in window.lines().iter().enumerate() {
            while let Some((at, number)) = events.next_if(|(at, _)| *at <= line.received) {
                rows.push_day(&mut day, *at, laying);
                rows.push(LogRow::Event(*number), 1);
                last = None;
            }
            while let Some(gap) = gaps.next_if(|gap| gap.before <= line.seq) {
                rows.push(LogRow::Gap(gap), LogRow::Gap(gap).height());
                last = None;
            }
            if rows.push_day(&mut day, line.received, laying) {
                last = None;
            }
            if last.is_some_and(|last| (laying.is_repeat)(last, line)) {
                rows.repeat_last();
            } else {
                rows.push(LogRow::Line { index, times: 1 }, (laying.height_of)(line));
                last = Some(line);
            }
        }
        gaps.for_each(|gap| rows.push(LogRow::Gap(gap), LogRow::Gap(gap).height()));
        for (at, number) in events {
            rows.push_day(&mut day, *at, laying);
            rows.push(LogRow::Event(*number), 1);
        }
        rows
    }

    fn push_day(&mut self, day: &mut Option<i64>, at: UnixMicros, laying: &Laying<'_>) -> bool {
        let its_day = (laying.day_of)(at);
        let is_new = day.replace(its_day) != Some(its_day);
        if is_new {
            self.push(LogRow::Day(at), LogRow::Day(at).height());
        }
        is_new
    }

    fn repeat_last(&mut self) {
        if let Some((LogRow::Line { times, .. }, _)) = self.rows.last_mut() {
            *times += 1;
        }
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

    /// The row of a line: its own, or that of the line as which it is shown.
    pub fn index_of(&self, line: usize) -> Option<usize> {
        let is_it = |row: &LogRow| match row {
            LogRow::Line { index, times } => (*index..index + *times as usize).contains(&line),
            _ => false,
        };
        self.rows.iter().position(|(row, _)| is_it(row))
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

    fn rows_with(window: &LogWindow, events: &[(UnixMicros, i64)], repeats: &[u64]) -> LogRows {
        let laying = Laying {
            day_of: &|at| at.0 / 10_000,
            height_of: &|line| 1 + u32::from(line.seq == 3),
            is_repeat: &|_, line| repeats.contains(&line.seq),
        };
        LogRows::lay_out(window, events, &laying)
    }

    fn rows(window: &LogWindow) -> LogRows {
        rows_with(window, &[], &[])
    }

    fn all(rows: &LogRows) -> Vec<LogRow> {
        (0..rows.len()).filter_map(|index| rows.get(index)).collect()
    }

    #[test]
    fn days_and_gaps_stand_before_the_lines_that_follow() {
        let window = window([8, 9, 10, 15]);
        let rows = rows(&window);
        let gap = Gap { after: 10, before: 15 };
        use LogRow::{Day, Reach};
        let day = |seq: i64| Day(UnixMicros(seq * 1_000));
        let line = |index| LogRow::Line { index, times: 1 };
        assert_eq!(
            all(&rows),
            [Reach, day(8), line(0), line(1), day(10), line(2), LogRow::Gap(gap), line(3)]
        );
        assert_eq!((rows.height(), rows.below(7), rows.below(6), rows.below(2)), (10, 0, 1, 6));
        assert_eq!((rows.index_of(0), rows.index_of(2), rows.index_of(4)), (Some(2), Some(5), None));
    }

    #[test]
    fn events_stand_between_lines_and_repeats_are_one_row() {
        let window = window(1..=6);
        let rows = rows_with(&window, &[(UnixMicros(4_000), 7), (UnixMicros(60_000), 8)], &[2, 3, 4, 6]);
        let line = |index, times| LogRow::Line { index, times };
        let day = |seq: i64| LogRow::Day(UnixMicros(seq * 1_000));
        // the event parts lines that repeat each other
        let expected = [
            LogRow::Reach,
            day(1),
            line(0, 3),
            LogRow::Event(7),
            line(3, 1),
            line(4, 2),
            day(60),
            LogRow::Event(8),
        ];
        assert_eq!(all(&rows), expected);
        assert_eq!((rows.index_of(2), rows.index_of(3), rows.index_of(5)), (Some(2), Some(4), Some(5)));
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
