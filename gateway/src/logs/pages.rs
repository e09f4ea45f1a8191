//! The log, read piece by piece.

use protocol::model::{LogLine, LogOrder, ProjectId};

use super::{LogMatcher, LogRange, LogsFound};
use crate::{
    Action, Caller, Gateway, GatewayError,
    history::MAX_ROWS,
    store::{PAGE_BYTES, Result as StoreResult, Store},
};

/// Lines of the first page at least. Of the next one as many are asked for as may fit into [`PAGE_BYTES`]: the store counts them
/// all.
const FIRST_LINES: usize = 100;
const MIN_LINES: usize = 16;

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

/// All lines of a span, page by page.
pub(super) struct Pages {
    project: ProjectId,
    order: LogOrder,
    rest: Span,
    lines: usize,
}

impl Pages {
    /// `lines`: how many are wanted.
    pub(super) fn new(project: ProjectId, order: LogOrder, span: Span, lines: usize) -> Self {
        Self { project, order, rest: span, lines: lines.clamp(FIRST_LINES, MAX_ROWS as usize) }
    }

    /// The next lines; none: that was all.
    pub(super) async fn next(&mut self, store: &dyn Store) -> StoreResult<Vec<LogLine>> {
        let Span { after, before } = self.rest;
        if self.rest.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = u32::try_from(self.lines).unwrap_or(MAX_ROWS);
        let mut page = match self.order {
            LogOrder::NewestFirst => store.list_logs(self.project, Some(before), wanted).await?,
            LogOrder::OldestFirst => store.list_logs_after(self.project, after, wanted).await?,
        };
        let bytes: usize = page.iter().map(weight).sum();
        let fitting = PAGE_BYTES * page.len().max(1) / bytes.max(1);
        self.lines = fitting.clamp(MIN_LINES, MAX_ROWS as usize);
        let seqs = page.last().map(|line| line.seq);
        page.retain(|line| self.rest.contains(line.seq));
        if let Some(seq) = seqs {
            self.rest = self.rest.beyond(self.order, seq);
        }
        Ok(page)
    }
}

/// The lines of a project that are wanted, piece by piece, for what is too long for one answer.
#[derive(Debug)]
pub struct LogPages {
    gateway: Gateway,
    caller: Caller,
    project: ProjectId,
    /// What is left; `None`: nothing.
    rest: Option<LogRange>,
    is_bounded: bool,
}

impl LogPages {
    /// The lines of a range that are there when the first piece is read. `lines` and `bytes` of it are the limits of a piece.
    pub fn new(gateway: Gateway, caller: Caller, project: ProjectId, range: LogRange) -> Self {
        Self { gateway, caller, project, rest: Some(range), is_bounded: false }
    }

    /// What the next search has found, which may be nothing; `None`: that was all.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn next(&mut self, matcher: &LogMatcher) -> Result<Option<LogsFound>, GatewayError> {
        let Some(mut range) = self.rest else { return Ok(None) };
        if !self.is_bounded {
            range.before = Some(self.end(range).await?);
            self.is_bounded = true;
        }
        let found = self.gateway.search_logs(&self.caller, self.project, matcher, range).await?;
        self.rest = found.next.map(|next| range.beyond(next));
        Ok(Some(found))
    }

    /// Before which number a range ends, though more lines come.
    async fn end(&self, range: LogRange) -> Result<u64, GatewayError> {
        self.gateway.authorise_in(&self.caller, Action::ReadProject, self.project).await?;
        let newest = self.gateway.inner.store.list_logs(self.project, None, 1).await?;
        let behind = newest.first().map_or(1, |line| line.seq + 1);
        Ok(range.before.map_or(behind, |before| before.min(behind)))
    }
}

/// Size of a line's text in bytes.
pub(super) fn weight(line: &LogLine) -> usize {
    const REST: usize = 64;
    REST + line.message.len() + line.fields.as_ref().map_or(0, String::len)
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
