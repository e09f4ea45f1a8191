//! The log, searched from either end, until enough was found or read.
//!
//! What is in no block of the index yet is read line by line. Of the blocks, only those are read that may have a wanted line, and of
//! their lines only the candidates; the filter decides about each of them.

use std::ops::ControlFlow;

use protocol::model::{LogHistogram, LogLine, LogOrder, ProjectId, UnixMicros};

use super::{
    LogMatcher,
    pages::{Pages, weight},
    plan::Plan,
    range::{LogRange, Span},
};
use crate::{
    Action, Caller, Gateway, GatewayError,
    index::BlockWords,
    store::{BlockHead, BlockIndex, BlockRange, Store},
};

/// Lines that one search reads; the next one goes on from there.
const MAX_LOOKED_AT: usize = 20_000;
/// Text that one search reads, in bytes.
const MAX_LOOKED_AT_BYTES: usize = 8 * 1024 * 1024;
/// The same for each regular expression: its program may look at a character as often as it has steps.
const MAX_MATCHED_BYTES: usize = 1024 * 1024;
/// Text between two looks at other tasks, in bytes.
const TURN_BYTES: usize = 32 * 1024;
/// Blocks of which one search looks at the head: as many as thirty million lines.
const MAX_HEADS: usize = 4_096;
/// Blocks of which one search reads the index.
const MAX_INDEXES: usize = 512;
/// Heads that are read first; then twice as many each time.
const FIRST_HEADS: usize = 16;
const MOST_HEADS: usize = 256;
/// Indexes that are read at once, which may be some megabytes each.
const MOST_INDEXES: usize = 4;
/// Candidates that are read at once.
const MOST_LINES: usize = 500;
/// Beside as many candidates as lines are wanted: some may not match.
const SPARE_LINES: usize = 8;

/// What one search has found.
#[derive(Debug, Default)]
pub struct LogsFound {
    /// In the order of the search.
    pub lines: Vec<LogLine>,
    /// How many lines it read.
    pub looked_at: usize,
    /// Up to which line it knows of every one whether it matches: its number, and when it was received.
    pub searched_to: Option<(u64, UnixMicros)>,
    /// Lines beyond this number, in the order of the search, were not searched: see [`LogRange::beyond`]. `None`: there are
    /// none in the range.
    pub next: Option<u64>,
}

impl Gateway {
    /// Searches a part of the log. It reads 20,000 lines and 8 MiB at most, and less for regular expressions.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn search_logs(
        &self,
        caller: &Caller,
        project: ProjectId,
        matcher: &LogMatcher,
        range: LogRange,
    ) -> Result<LogsFound, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        let (found, _) = Search::new(self, project, matcher, range).run().await?;
        Ok(found)
    }
}

pub(super) struct Search<'a> {
    store: &'a dyn Store,
    project: ProjectId,
    matcher: &'a LogMatcher,
    range: LogRange,
    plan: Plan,
    /// Text that it reads, in bytes.
    most_bytes: usize,
    found: LogsFound,
    read: Read,
    /// Counts what it finds instead of listing it.
    bars: Option<LogHistogram>,
}

/// What a search has read, and found, beside lines.
#[derive(Default)]
struct Read {
    bytes: usize,
    /// Of these, when others last had their turn.
    turn_at: usize,
    found_bytes: usize,
    heads: usize,
    indexes: usize,
}

/// Whether there is anything left to search; broken off when enough was found or read.
type Step = Result<ControlFlow<()>, GatewayError>;

impl<'a> Search<'a> {
    pub(super) fn new(
        gateway: &'a Gateway,
        project: ProjectId,
        matcher: &'a LogMatcher,
        range: LogRange,
    ) -> Self {
        let plan = Plan::of(matcher, range.since..range.until, gateway.now());
        let most_bytes = match matcher.query.filter.regexes() {
            0 => MAX_LOOKED_AT_BYTES,
            count => MAX_MATCHED_BYTES / count,
        };
        let store = &*gateway.inner.store;
        let (found, read) = (LogsFound::default(), Read::default());
        Self { store, project, matcher, range, plan, most_bytes, found, read, bars: None }
    }

    /// Counts what it finds.
    pub(super) fn counting(self, bars: LogHistogram) -> Self {
        Self { bars: Some(bars), ..self }
    }

    pub(super) async fn run(mut self) -> Result<(LogsFound, Option<LogHistogram>), GatewayError> {
        let indexed = if self.plan.is_empty() { 0 } else { self.store.indexed_to(self.project).await? };
        let all = self.range.span();
        let blocks = Span { before: all.before.min(indexed + 1), ..all };
        let rest = Span { after: all.after.max(indexed), ..all };
        let _enough = match self.range.order {
            LogOrder::NewestFirst => match self.scan(rest).await? {
                ControlFlow::Continue(()) => self.search_blocks(blocks).await?,
                enough => enough,
            },
            LogOrder::OldestFirst => match self.search_blocks(blocks).await? {
                ControlFlow::Continue(()) => self.scan(rest).await?,
                enough => enough,
            },
        };
        Ok((self.found, self.bars))
    }

    /// Reads all lines between two numbers.
    async fn scan(&mut self, span: Span) -> Step {
        let mut pages = Pages::new(self.project, self.range.order, span, self.range.lines);
        loop {
            let page = pages.next(self.store).await?;
            if page.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            for line in page {
                if self.look_at(line).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                self.give_way().await;
            }
        }
    }

    /// Looks at a line; breaks off when it was the last one for this search.
    fn look_at(&mut self, line: LogLine) -> ControlFlow<()> {
        let (seq, received, bytes) = (line.seq, line.received, weight(&line));
        self.found.searched_to = Some((seq, received));
        self.found.looked_at += 1;
        self.read.bytes += bytes;
        if (self.range.since..self.range.until).contains(&received) && self.matcher.matches(&line) {
            self.take(line, bytes);
        }
        let is_full = self.found.lines.len() >= self.range.lines || self.read.found_bytes >= self.range.bytes;
        if is_full || self.found.looked_at >= MAX_LOOKED_AT || self.read.bytes >= self.most_bytes {
            return self.stop_at(seq);
        }
        ControlFlow::Continue(())
    }

    fn take(&mut self, line: LogLine, bytes: usize) {
        match &mut self.bars {
            Some(bars) => bars.add(line.received, line.level),
            None => {
                self.read.found_bytes += bytes;
                self.found.lines.push(line);
            }
        }
    }

    /// Lets other tasks go on, now and then.
    async fn give_way(&mut self) {
        if self.read.bytes >= self.read.turn_at + TURN_BYTES {
            self.read.turn_at = self.read.bytes;
            tokio::task::yield_now().await;
        }
    }

    /// Everything up to this number is searched, and enough was read.
    fn stop_at(&mut self, seq: u64) -> ControlFlow<()> {
        self.found.next = (!self.range.beyond(seq).span().is_empty()).then_some(seq);
        ControlFlow::Break(())
    }

    /// Searches what is indexed between two numbers.
    async fn search_blocks(&mut self, mut span: Span) -> Step {
        let (since, until, order) = (self.plan.since(), self.plan.until(), self.range.order);
        let mut limit = FIRST_HEADS;
        while !span.is_empty() {
            let range = BlockRange { order, before: span.before, after: span.after, since, until };
            let heads = self.store.list_blocks(self.project, range, limit as u32).await?;
            let Some(last) = heads.last().map(|head| self.far_end(head)) else { break };
            self.read.heads += heads.len();
            let listed = heads.len();
            let passing: Vec<BlockHead> =
                heads.into_iter().filter(|head| self.plan.may_be_in(head)).collect();
            if self.search_heads(&passing, span).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.found.searched_to = Some(last);
            if listed < limit {
                break;
            }
            span = span.beyond(order, last.0);
            if self.read.heads >= MAX_HEADS {
                return Ok(self.stop_at(last.0));
            }
            limit = (2 * limit).min(MOST_HEADS);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The last line of a block in the order of the search.
    fn far_end(&self, head: &BlockHead) -> (u64, UnixMicros) {
        match self.range.order {
            LogOrder::NewestFirst => (head.first_seq, head.earliest),
            LogOrder::OldestFirst => (head.last_seq, head.latest),
        }
    }

    /// Searches blocks that may have wanted lines, of which those between two numbers are.
    async fn search_heads(&mut self, heads: &[BlockHead], span: Span) -> Step {
        let mut rest = heads;
        while let Some(first) = rest.first() {
            if !self.plan.reads_index() {
                rest = &rest[1..];
                if self.scan(span.within(first.first_seq, first.last_seq)).await?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                continue;
            }
            // the more blocks had too little, the more are read at once
            let count = (self.read.indexes + 1).min(MOST_INDEXES).min(rest.len());
            let (now, later) = rest.split_at(count);
            rest = later;
            self.read.indexes += count;
            let candidates = self.candidates(now, span).await?;
            if self.look_at_candidates(&candidates).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let end = self.far_end(&now[count - 1]);
            self.found.searched_to = Some(end);
            if self.read.indexes >= MAX_INDEXES {
                return Ok(self.stop_at(end.0));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The numbers of the lines of these blocks that may match, in the order of the search.
    async fn candidates(&self, heads: &[BlockHead], span: Span) -> Result<Vec<u64>, GatewayError> {
        let first_seqs: Vec<u64> = heads.iter().map(|head| head.first_seq).collect();
        let blocks = self.store.read_blocks(self.project, &first_seqs).await?;
        let mut candidates = Vec::new();
        for BlockIndex { first_seq, words, lines } in &blocks {
            let places = self.plan.places(&BlockWords { words, lines });
            let seqs = places.descending().map(|place| first_seq + place);
            candidates.extend(seqs.filter(|seq| span.contains(*seq)));
        }
        if self.range.order == LogOrder::OldestFirst {
            candidates.reverse();
        }
        Ok(candidates)
    }

    async fn look_at_candidates(&mut self, mut candidates: &[u64]) -> Step {
        let order = self.range.order;
        while !candidates.is_empty() {
            let wanted = (self.range.lines - self.found.lines.len()).saturating_add(SPARE_LINES);
            let some = &candidates[..wanted.min(MOST_LINES).min(candidates.len())];
            let lines = self.store.read_lines(self.project, some, order).await?;
            let done = match lines.last() {
                // the page may have had no room for the others
                Some(last) if lines.len() < some.len() => {
                    some.partition_point(|seq| !order.is_beyond(*seq, last.seq))
                }
                // all of them, or none: they are deleted, which says nothing about the next ones
                _ => some.len(),
            };
            for line in lines {
                if self.look_at(line).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                self.give_way().await;
            }
            candidates = &candidates[done..];
        }
        Ok(ControlFlow::Continue(()))
    }
}
