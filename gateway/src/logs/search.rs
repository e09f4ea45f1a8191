//! The log, searched: the newest line first, until enough was found or read.
//!
//! What is in no block of the index yet is read line by line. Of the blocks, only those are read that may have a wanted line, and of
//! their lines only the candidates; the filter decides about each of them.

use std::ops::ControlFlow;

use protocol::model::{LogLine, ProjectId, UnixMicros};

use super::{LogMatcher, LogPages, LogRange, plan::Plan, weight};
use crate::{
    Action, Caller, Gateway, GatewayError,
    index::BlockWords,
    store::{BlockHead, BlockIndex, BlockRange},
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
    /// The newest first.
    pub lines: Vec<LogLine>,
    /// How many lines it read.
    pub looked_at: usize,
    /// Back to which line it knows of every one whether it matches: its number, and when it was received.
    pub back_to: Option<(u64, UnixMicros)>,
    /// Lines before this number were not searched; `None`: there are none in the range.
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
        let (found, plan) = (LogsFound::default(), Plan::of(matcher, self.now()));
        let most_bytes = match matcher.query.filter.regexes() {
            0 => MAX_LOOKED_AT_BYTES,
            count => MAX_MATCHED_BYTES / count,
        };
        let read = Read::default();
        let search = Search { gateway: self, caller, project, matcher, range, plan, most_bytes, found, read };
        search.run().await
    }
}

struct Search<'a> {
    gateway: &'a Gateway,
    caller: &'a Caller,
    project: ProjectId,
    matcher: &'a LogMatcher,
    range: LogRange,
    plan: Plan,
    /// Text that it reads, in bytes.
    most_bytes: usize,
    found: LogsFound,
    read: Read,
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

impl Search<'_> {
    async fn run(mut self) -> Result<LogsFound, GatewayError> {
        let after = self.range.after;
        let indexed =
            if self.plan.is_empty() { 0 } else { self.gateway.inner.store.indexed_to(self.project).await? };
        let behind = self.range.before;
        if behind.is_none_or(|before| before > indexed + 1)
            && self.scan(behind, after.max(indexed)).await?.is_break()
        {
            return Ok(self.found);
        }
        if indexed > after {
            let before = behind.unwrap_or(u64::MAX).min(indexed + 1);
            let _enough = self.search_blocks(before).await?;
        }
        Ok(self.found)
    }

    /// Reads all lines between two numbers.
    async fn scan(&mut self, before: Option<u64>, after: u64) -> Step {
        let mut pages = LogPages::new(self.gateway.clone(), self.caller.clone(), self.project, before);
        loop {
            let page = pages.next().await?;
            if page.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            for line in page {
                if line.seq <= after {
                    return Ok(ControlFlow::Continue(()));
                }
                self.found.back_to = Some((line.seq, line.received));
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
        self.found.looked_at += 1;
        self.read.bytes += bytes;
        if self.matcher.matches(&line) {
            self.read.found_bytes += bytes;
            self.found.lines.push(line);
        }
        let is_full = self.found.lines.len() >= self.range.lines || self.read.found_bytes >= self.range.bytes;
        if is_full || self.found.looked_at >= MAX_LOOKED_AT || self.read.bytes >= self.most_bytes {
            self.found.back_to = Some((seq, received));
            return self.stop_at(seq);
        }
        ControlFlow::Continue(())
    }

    /// Lets other tasks go on, now and then.
    async fn give_way(&mut self) {
        if self.read.bytes >= self.read.turn_at + TURN_BYTES {
            self.read.turn_at = self.read.bytes;
            tokio::task::yield_now().await;
        }
    }

    /// Everything from this number on is searched, and enough was read.
    fn stop_at(&mut self, seq: u64) -> ControlFlow<()> {
        // the first line of a project has the number 1
        self.found.next = (seq > self.range.after + 1).then_some(seq);
        ControlFlow::Break(())
    }

    /// Searches what is indexed before a number.
    async fn search_blocks(&mut self, mut before: u64) -> Step {
        let (since, until, after) = (self.plan.since(), self.plan.until(), self.range.after);
        let mut limit = FIRST_HEADS;
        loop {
            let range = BlockRange { before, after, since, until };
            let heads = self.gateway.inner.store.list_blocks(self.project, range, limit as u32).await?;
            let Some(last) = heads.last().map(|head| (head.first_seq, head.earliest)) else {
                return Ok(ControlFlow::Continue(()));
            };
            self.read.heads += heads.len();
            let listed = heads.len();
            let passing: Vec<BlockHead> =
                heads.into_iter().filter(|head| self.plan.may_be_in(head)).collect();
            if self.search_heads(&passing, before).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.found.back_to = Some(last);
            if listed < limit {
                return Ok(ControlFlow::Continue(()));
            }
            before = last.0;
            if self.read.heads >= MAX_HEADS {
                return Ok(self.stop_at(before));
            }
            limit = (2 * limit).min(MOST_HEADS);
        }
    }

    /// Searches blocks that may have wanted lines, of which those before a number are.
    async fn search_heads(&mut self, heads: &[BlockHead], before: u64) -> Step {
        let mut rest = heads;
        while let Some(first) = rest.first() {
            if !self.plan.reads_index() {
                rest = &rest[1..];
                let (before, after) = (before.min(first.last_seq + 1), first.first_seq.saturating_sub(1));
                if self.scan(Some(before), after.max(self.range.after)).await?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                continue;
            }
            // the more blocks had too little, the more are read at once
            let count = (self.read.indexes + 1).min(MOST_INDEXES).min(rest.len());
            let (now, later) = rest.split_at(count);
            rest = later;
            self.read.indexes += count;
            let candidates = self.candidates(now, before).await?;
            if self.look_at_candidates(&candidates).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let last = &now[count - 1];
            self.found.back_to = Some((last.first_seq, last.earliest));
            if self.read.indexes >= MAX_INDEXES {
                return Ok(self.stop_at(last.first_seq));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The numbers of the lines of these blocks that may match, the newest first.
    async fn candidates(&self, heads: &[BlockHead], before: u64) -> Result<Vec<u64>, GatewayError> {
        let first_seqs: Vec<u64> = heads.iter().map(|head| head.first_seq).collect();
        let blocks = self.gateway.inner.store.read_blocks(self.project, &first_seqs).await?;
        let wanted = self.range.after + 1..before;
        let mut candidates = Vec::new();
        for BlockIndex { first_seq, words, lines } in &blocks {
            let places = self.plan.places(&BlockWords { words, lines });
            candidates.extend(
                places.descending().map(|place| first_seq + place).filter(|seq| wanted.contains(seq)),
            );
        }
        Ok(candidates)
    }

    async fn look_at_candidates(&mut self, mut candidates: &[u64]) -> Step {
        while !candidates.is_empty() {
            let wanted = self.range.lines - self.found.lines.len() + SPARE_LINES;
            let some = &candidates[..wanted.min(MOST_LINES).min(candidates.len())];
            let lines = self.gateway.inner.store.read_lines(self.project, some).await?;
            // none: they are being deleted
            let last = lines.last().map_or(0, |line| line.seq);
            let is_cut = lines.len() < some.len();
            for line in lines {
                if self.look_at(line).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                self.give_way().await;
            }
            let done = if is_cut { candidates.partition_point(|seq| *seq >= last) } else { some.len() };
            candidates = &candidates[done..];
        }
        Ok(ControlFlow::Continue(()))
    }
}
