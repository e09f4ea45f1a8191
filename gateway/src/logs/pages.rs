//! The log, read page by page.

use protocol::model::{LogLine, LogOrder, ProjectId};

use super::range::Span;
use crate::{
    history::MAX_ROWS,
    store::{PAGE_BYTES, Result, Store},
};

/// Lines of the first page at least. Of the next one as many are asked for as may fit into [`PAGE_BYTES`]: the store counts them
/// all.
const FIRST_LINES: usize = 100;
const MIN_LINES: usize = 16;

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
    pub(super) async fn next(&mut self, store: &dyn Store) -> Result<Vec<LogLine>> {
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

/// Size of a line's text in bytes.
pub(super) fn weight(line: &LogLine) -> usize {
    const REST: usize = 64;
    REST + line.message.len() + line.fields.as_ref().map_or(0, String::len)
}
