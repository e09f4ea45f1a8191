//! Parts of the log.

use protocol::model::{LogOrder, UnixMicros};

/// Where to search, in which order, and how much to find.
#[derive(Clone, Copy, Debug)]
pub struct LogRange {
    /// From which end.
    pub order: LogOrder,
    /// Only lines with a higher number; 0: all.
    pub after: u64,
    /// Only lines with a lower number.
    pub before: Option<u64>,
    /// Only lines that were received at this time or later.
    pub since: UnixMicros,
    /// Only lines that were received before this time.
    pub until: UnixMicros,
    /// Lines that it may find.
    pub lines: usize,
    /// Text that it may find, in bytes; the last line may go beyond.
    pub bytes: usize,
}

impl LogRange {
    /// Every line, the newest first, as many as one search finds.
    pub const ALL: Self = Self {
        order: LogOrder::NewestFirst,
        after: 0,
        before: None,
        since: UnixMicros(i64::MIN),
        until: UnixMicros(i64::MAX),
        lines: usize::MAX,
        bytes: usize::MAX,
    };

    /// What is left of it when everything up to a line was searched: to go on from [`LogsFound::next`](super::LogsFound::next).
    pub fn beyond(self, seq: u64) -> Self {
        let Span { after, before } = self.span().beyond(self.order, seq);
        Self { after, before: (before < u64::MAX).then_some(before), ..self }
    }

    pub(super) fn span(self) -> Span {
        Span { after: self.after, before: self.before.unwrap_or(u64::MAX) }
    }
}

/// Lines between two numbers, neither of which is among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) after: u64,
    pub(super) before: u64,
}

impl Span {
    pub(super) fn is_empty(self) -> bool {
        self.before <= self.after.saturating_add(1)
    }

    pub(super) fn contains(self, seq: u64) -> bool {
        self.after < seq && seq < self.before
    }

    /// What is left of it behind a number.
    pub(super) fn beyond(self, order: LogOrder, seq: u64) -> Self {
        match order {
            LogOrder::NewestFirst => Self { before: seq.min(self.before), ..self },
            LogOrder::OldestFirst => Self { after: seq.max(self.after), ..self },
        }
    }

    /// What is in it of a block.
    pub(super) fn within(self, first: u64, last: u64) -> Self {
        Self { after: self.after.max(first.saturating_sub(1)), before: self.before.min(last + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_what_is_between_two_numbers() {
        let span = Span { after: 3, before: 9 };
        assert!(!span.contains(3) && span.contains(4) && span.contains(8) && !span.contains(9));
        assert_eq!(span.within(1, 5), Span { after: 3, before: 6 });
        assert_eq!(span.within(6, 20), Span { after: 5, before: 9 });
        assert!(span.within(9, 20).is_empty() && span.within(1, 3).is_empty());
        assert!(!span.within(8, 8).is_empty());
        assert_eq!(span.beyond(LogOrder::NewestFirst, 6), Span { after: 3, before: 6 });
        assert_eq!(span.beyond(LogOrder::OldestFirst, 6), Span { after: 6, before: 9 });
        assert_eq!(span.beyond(LogOrder::OldestFirst, 1), span);
    }
}
