//! A part of the log: lines in order, and which numbers were searched for them.

use std::collections::VecDeque;
use std::sync::Arc;

use protocol::model::{LogLine, UnixMicros};

/// A range of line numbers that were not searched yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// The last number before it; 0: it starts with the oldest line.
    pub after: u64,
    /// The first number after it.
    pub before: u64,
}

impl Gap {
    /// How many numbers it spans.
    pub const fn lines(self) -> u64 {
        self.before - self.after - 1
    }
}

/// Both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// Matching lines, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct LogWindow {
    lines: VecDeque<Arc<LogLine>>,
    /// The ranges that were searched: in order, and never adjacent.
    looked_at: Vec<Span>,
    /// When the oldest searched line was received.
    back_to: Option<UnixMicros>,
}

impl LogWindow {
    /// The matching lines.
    pub fn lines(&self) -> &VecDeque<Arc<LogLine>> {
        &self.lines
    }

    /// When the oldest searched line was received.
    pub fn back_to(&self) -> Option<UnixMicros> {
        self.back_to
    }

    /// How many lines were searched.
    pub fn looked_at(&self) -> u64 {
        self.looked_at.iter().map(|span| span.to - span.from + 1).sum()
    }

    /// The oldest number that was searched.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.looked_at.first().map(|span| span.from)
    }

    /// The gaps between ranges that were searched.
    pub fn gaps(&self) -> impl Iterator<Item = Gap> {
        self.looked_at.windows(2).map(|two| Gap { after: two[0].to, before: two[1].from })
    }

    /// The newest line was searched.
    pub(super) fn push(&mut self, line: &Arc<LogLine>, passes: bool) {
        self.look(Span { from: line.seq, to: line.seq });
        self.back_to.get_or_insert(line.received);
        if passes {
            self.lines.push_back(Arc::clone(line));
        }
    }

    /// Nothing is there to be searched: these lines are not stored any more.
    pub(super) fn skip(&mut self, gone: Span) {
        self.look(gone);
    }

    /// Another part was searched; these of its lines match, the oldest first.
    pub(super) fn insert(
        &mut self,
        span: Span,
        lines: impl Iterator<Item = Arc<LogLine>>,
        back_to: Option<UnixMicros>,
    ) {
        if self.oldest().is_none_or(|oldest| span.from < oldest) {
            self.back_to = back_to.or(self.back_to);
        }
        let newer = self.lines.split_off(self.lines.partition_point(|line| line.seq < span.from));
        self.lines.extend(lines.filter(|line| (span.from..=span.to).contains(&line.seq)));
        self.lines.extend(newer.into_iter().skip_while(|line| line.seq <= span.to));
        self.look(span);
    }

    /// Drops the oldest lines, so that at most so many are left.
    pub(super) fn keep_newest(&mut self, most: usize) {
        if self.lines.len() <= most {
            return;
        }
        self.lines.drain(..self.lines.len() - most);
        if let Some(oldest) = self.lines.front() {
            let from = oldest.seq;
            self.back_to = Some(oldest.received);
            self.looked_at.retain(|span| span.to >= from);
            self.looked_at.first_mut().into_iter().for_each(|span| span.from = span.from.max(from));
        }
    }

    /// Drops the lines that were received before a time.
    pub(super) fn keep_since(&mut self, time: UnixMicros) {
        let too_old = self.lines.iter().take_while(|line| line.received < time).count();
        self.lines.drain(..too_old);
    }

    /// Drops the newest lines, so that at most so many are left. Returns the number of the last one.
    pub(super) fn keep_oldest(&mut self, most: usize) -> Option<u64> {
        self.lines.truncate(most);
        let to = self.lines.back()?.seq;
        self.looked_at.retain(|span| span.from <= to);
        self.looked_at.last_mut().into_iter().for_each(|span| span.to = span.to.min(to));
        Some(to)
    }

    fn look(&mut self, span: Span) {
        let first = self.looked_at.partition_point(|other| other.to + 1 < span.from);
        let behind = self.looked_at.partition_point(|other| other.from <= span.to + 1);
        let from = self.looked_at.get(first).map_or(span.from, |other| other.from.min(span.from));
        let to = behind.checked_sub(1).filter(|last| *last >= first);
        let to = to.and_then(|last| self.looked_at.get(last)).map_or(span.to, |last| last.to.max(span.to));
        self.looked_at.splice(first..behind.max(first), [Span { from: from.min(span.from), to }]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::model::Level;

    use super::super::fixture::line;
    use super::*;

    fn arc(seq: u64) -> Arc<LogLine> {
        Arc::new(line(seq, Level::Info, "x"))
    }

    fn seqs(window: &LogWindow) -> Vec<u64> {
        window.lines().iter().map(|line| line.seq).collect()
    }

    fn insert(window: &mut LogWindow, from: u64, to: u64) {
        window.insert(Span { from, to }, (from..=to).map(arc), None);
    }

    #[test]
    fn a_gap_is_filled_from_its_newer_end() {
        let mut window = LogWindow::default();
        [3, 4, 9, 10].into_iter().for_each(|seq| window.push(&arc(seq), true));
        assert_eq!(window.gaps().collect::<Vec<_>>(), [Gap { after: 4, before: 9 }]);
        insert(&mut window, 7, 8);
        assert_eq!(window.gaps().collect::<Vec<_>>(), [Gap { after: 4, before: 7 }]);
        insert(&mut window, 5, 6);
        assert_eq!((seqs(&window), window.gaps().count()), ((3..=10).collect(), 0));
        insert(&mut window, 1, 2);
        assert_eq!((seqs(&window), window.looked_at(), window.oldest()), ((1..=10).collect(), 10, Some(1)));
    }

    #[test]
    fn what_is_forgotten_was_not_looked_at() {
        let mut window = LogWindow::default();
        (1..=10).for_each(|seq| window.push(&arc(seq), seq % 2 == 0));
        window.keep_newest(3);
        assert_eq!((seqs(&window), window.oldest()), (vec![6, 8, 10], Some(6)));
        assert_eq!(window.keep_oldest(2), Some(8));
        assert_eq!((seqs(&window), window.looked_at()), (vec![6, 8], 3));
    }

    #[test]
    fn what_left_the_range_is_gone_and_was_looked_at() {
        let mut window = LogWindow::default();
        for seq in 1..=5 {
            window.push(
                &Arc::new(LogLine { received: UnixMicros(seq as i64), ..line(seq, Level::Info, "x") }),
                true,
            );
        }
        window.keep_since(UnixMicros(4));
        assert_eq!(
            (seqs(&window), window.looked_at(), window.back_to()),
            (vec![4, 5], 5, Some(UnixMicros(1)))
        );
    }

    proptest! {
        /// Whatever is searched, in whatever order: what is in no gap was searched once.
        #[test]
        fn spans_are_the_numbers_that_were_looked_at(parts in proptest::collection::vec((1..60u64, 0..9u64), 1..30)) {
            let mut window = LogWindow::default();
            let mut expected = std::collections::BTreeSet::new();
            for (from, more) in parts {
                insert(&mut window, from, from + more);
                expected.extend(from..=from + more);
            }
            prop_assert_eq!(seqs(&window), expected.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(window.looked_at(), expected.len() as u64);
            let last = expected.last().copied().unwrap_or_default();
            let in_gaps: u64 = window.gaps().map(Gap::lines).sum();
            prop_assert_eq!(window.oldest().unwrap_or_default() - 1 + in_gaps + window.looked_at(), last);
        }
    }
}
