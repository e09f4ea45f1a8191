//! How many lines there were, over time.
//!
//! Without a filter, or with one that only asks for levels, no line is read that is in a block: a block within one bar is counted as
//! a whole, and the others by the times of their lines. With another filter, it counts what a search finds.

use protocol::model::{LogHistogram, ProjectId, UnixMicros};

use super::{LogMatcher, LogQuery, range::LogRange, search::Search};
use crate::{
    Action, Caller, Gateway, GatewayError,
    store::{BlockTimes, LineTime, Store, for_each_time},
};

/// Blocks that are counted: as many as sixty million lines.
const MAX_BLOCKS: usize = 8_192;
/// Blocks whose counts are read at once.
const MOST_COUNTS: usize = 2_048;
/// Blocks whose times are read: more than twice as many as there are bars.
const MAX_TIMES: usize = 1_024;
/// Blocks whose times are read at once, some 25 KB each.
const MOST_TIMES: usize = 32;
/// Lines that are counted one by one.
const MAX_LINES: usize = 50_000;
/// Such lines that are read at once.
const MOST_LINES: usize = 5_000;

impl Gateway {
    /// Counts the lines of a project that were received from one time up to another, by level, in at most so many bars.
    ///
    /// With a filter that asks for more than the level it counts back as far as one [search](Gateway::search_logs) reads.
    /// [`LogHistogram::counted_from`] says how far.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn log_histogram(
        &self,
        caller: &Caller,
        project: ProjectId,
        matcher: &LogMatcher,
        bars: LogHistogram,
    ) -> Result<LogHistogram, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        let Some(levels) = matcher.query.levels() else {
            return self.count_found(project, matcher, bars).await;
        };
        let count = Count { store: &*self.inner.store, project, levels, bars, lines: 0, times: 0 };
        count.run().await
    }

    async fn count_found(
        &self,
        project: ProjectId,
        matcher: &LogMatcher,
        bars: LogHistogram,
    ) -> Result<LogHistogram, GatewayError> {
        let range = LogRange { since: bars.from, until: bars.to, ..LogRange::ALL };
        let search = Search::new(self, project, matcher, range).counting(bars);
        let (found, bars) = search.run().await?;
        let mut bars = bars.expect("what it was given");
        if let (Some(_), Some((_, received))) = (found.next, found.searched_to) {
            bars.counted_from = received.clamp(bars.from, bars.to);
        }
        Ok(bars)
    }
}

impl LogQuery {
    /// Which levels are wanted, if nothing else is asked for.
    fn levels(&self) -> Option<[bool; 6]> {
        let mut levels = self.filter.levels().filter(|_| self.devices.is_empty())?;
        levels[..self.at_least as usize].fill(false);
        Some(levels)
    }
}

/// Counts from the newest line back.
struct Count<'a> {
    store: &'a dyn Store,
    project: ProjectId,
    levels: [bool; 6],
    bars: LogHistogram,
    /// Lines that were counted one by one.
    lines: usize,
    /// Blocks whose times were read.
    times: usize,
}

/// Whether everything was counted; otherwise `counted_from` says how far back.
type IsWhole = bool;

impl Count<'_> {
    async fn run(mut self) -> Result<LogHistogram, GatewayError> {
        let (mut before, mut blocks) = (u64::MAX, 0);
        loop {
            let page = self.store.list_block_times(self.project, before, MOST_COUNTS as u32).await?;
            if !self.count_blocks(&page, before).await? {
                break;
            }
            before = page.last().map_or(before, |last| last.first_seq);
            blocks += page.len();
            if page.len() < MOST_COUNTS {
                self.count_lines(0, before).await?;
                break;
            }
            if blocks >= MAX_BLOCKS {
                let oldest = page.last().map_or(self.bars.to, |last| last.earliest);
                self.counted_from(oldest);
                break;
            }
        }
        Ok(self.bars)
    }

    /// Counts blocks, the last one first, and the lines behind each of them.
    async fn count_blocks(
        &mut self,
        blocks: &[BlockTimes],
        mut before: u64,
    ) -> Result<IsWhole, GatewayError> {
        let mut across = Vec::new();
        for block in blocks {
            // lines that are not indexed yet, or whose times are to be made again
            let is_gap = block.last_seq + 1 < before;
            if across.len() == MOST_TIMES || is_gap && !across.is_empty() {
                self.count_times(&std::mem::take(&mut across)).await?;
            }
            if is_gap && !self.count_lines(block.last_seq, before).await? {
                return Ok(false);
            }
            before = block.first_seq;
            if block.latest < self.bars.from || block.earliest >= self.bars.to {
                continue;
            }
            let [first, last] = [block.earliest, block.latest].map(|time| self.bars.place(time));
            match first.filter(|_| first == last) {
                Some(bar) => self.add(bar, block.counts),
                None if self.times == MAX_TIMES => {
                    self.count_times(&across).await?;
                    self.counted_from(UnixMicros(block.latest.0.saturating_add(1)));
                    return Ok(false);
                }
                None => {
                    self.times += 1;
                    across.push(block.first_seq);
                }
            }
        }
        self.count_times(&across).await?;
        Ok(true)
    }

    fn add(&mut self, bar: usize, counts: [u64; 6]) {
        let levels = &mut self.bars.bars[bar].levels;
        for ((sum, count), _) in levels.iter_mut().zip(counts).zip(self.levels).filter(|(_, wanted)| *wanted)
        {
            *sum += count;
        }
    }

    /// Counts the lines of blocks by their times.
    async fn count_times(&mut self, blocks: &[u64]) -> Result<(), GatewayError> {
        if blocks.is_empty() {
            return Ok(());
        }
        for times in self.store.read_times(self.project, blocks).await? {
            self.count_block(&times);
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Most lines are in the bar of the line before them, which costs no division to find.
    fn count_block(&mut self, times: &[u8]) {
        let Self { bars, levels, .. } = self;
        let nowhere = bars.to..bars.to;
        let (mut place, mut span) = (None, nowhere.clone());
        for_each_time(times, |received, level| {
            if !span.contains(&received) {
                place = bars.place(received);
                span = place.map_or(nowhere.clone(), |place| bars.times(place));
            }
            if let Some(place) = place.filter(|_| levels[level as usize]) {
                bars.bars[place].levels[level as usize] += 1;
            }
        });
    }

    /// Counts the lines between two numbers one by one.
    async fn count_lines(&mut self, after: u64, mut before: u64) -> Result<IsWhole, GatewayError> {
        loop {
            // one at least: it tells whether there are more
            let limit = MAX_LINES.saturating_sub(self.lines).clamp(1, MOST_LINES);
            let page = self.store.list_line_times(self.project, after, before, limit as u32).await?;
            let Some(last) = page.last().copied() else { return Ok(true) };
            self.lines += page.len();
            for LineTime { received, level, .. } in page {
                if self.levels[level as usize] {
                    self.bars.add(received, level);
                }
            }
            before = last.seq;
            if before <= after + 1 {
                return Ok(true);
            }
            if self.lines >= MAX_LINES {
                self.counted_from(last.received);
                return Ok(false);
            }
            tokio::task::yield_now().await;
        }
    }

    fn counted_from(&mut self, time: UnixMicros) {
        self.bars.counted_from = time.clamp(self.bars.from, self.bars.to);
    }
}
