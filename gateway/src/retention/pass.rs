//! One pass: what is too old or too much is forgotten in [steps](crate::steps), project by project.
//!
//! A step is one transaction, and between two of them everybody else has their turn. What stays is read without its texts, on
//! a connection that only reads, and a block that has nothing to forget is not read at all.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use protocol::model::{LogPin, ProjectId, RetentionPolicy, UnixMicros};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{estimate::total, rule::Rule, sizes::fair_size};
use crate::{
    steps::{Pace, STEP_BUDGET},
    store::{BlockCounts, LineMark, Result, Store},
};

/// Lines that are looked at once.
const PAGE: u32 = 2_000;
/// Lines that are in no block yet of which the size is counted; the next pass sees the others in blocks.
pub(super) const MOST_TAIL: u32 = 20_000;

/// What is remembered from one pass to the next.
#[derive(Default)]
pub(crate) struct Memory {
    /// Blocks of which only pinned lines are left, and the pins of then.
    pinned: HashMap<ProjectId, (Vec<LogPin>, HashSet<u64>)>,
    pub(super) pace: Pace,
}

impl Memory {
    /// The blocks of a project that need not be looked at again.
    fn pinned(&mut self, project: ProjectId, pins: &[LogPin]) -> &mut HashSet<u64> {
        let (of, blocks) = self.pinned.entry(project).or_default();
        if of != pins {
            *of = pins.to_vec();
            blocks.clear();
        }
        blocks
    }
}

/// One look at the logs.
pub(super) struct Pass<'a> {
    pub(super) store: Arc<dyn Store>,
    pub(super) memory: &'a mut Memory,
    /// By which lines are old.
    pub(super) now: UnixMicros,
    /// By which it is told apart from others.
    pub(super) begun: UnixMicros,
    /// Lines that it has forgotten.
    pub(super) forgotten: u64,
    /// Cancelled when nobody uses the gateway any more.
    pub(super) unused: CancellationToken,
}

impl Pass<'_> {
    /// Counts blocks that are not counted: those of an older version, and where a stop came in between.
    pub(super) async fn count(&self) -> Result<()> {
        while let Some((project, first_seq)) = self.store.find_uncounted().await? {
            let begun = Instant::now();
            self.store.count_block(project, first_seq).await?;
            sleep(begun.elapsed().max(Duration::from_millis(1))).await;
        }
        Ok(())
    }

    /// Does what a project's own policy says about its log, and returns what that means now.
    pub(super) async fn follow(&mut self, project: ProjectId, policy: &RetentionPolicy) -> Result<Rule> {
        let rule = self.rule(project, policy).await?;
        if policy.ages_log() {
            self.age(project, &rule).await?;
        }
        if let Some(most) = policy.log_bytes {
            self.shrink(project, &rule, most).await?;
        }
        Ok(rule)
    }

    /// Makes the logs of all projects together no larger than that, in bytes.
    pub(super) async fn share(&mut self, most: u64) -> Result<()> {
        let sums = self.store.sum_counts().await?;
        let fair = fair_size(&sums.iter().map(|(_, size)| size.bytes).collect::<Vec<_>>(), most);
        for (project, size) in sums {
            if size.bytes > fair {
                let rule = self.rule(project, &RetentionPolicy::KEEP_ALL).await?;
                self.shrink(project, &rule, fair).await?;
            }
        }
        Ok(())
    }

    async fn rule(&self, project: ProjectId, policy: &RetentionPolicy) -> Result<Rule> {
        Ok(Rule::new(policy, self.store.list_pins(project).await?, self.now))
    }

    /// Forgets what is too old.
    async fn age(&mut self, project: ProjectId, rule: &Rule) -> Result<()> {
        let blocks = self.store.list_counts(project).await?;
        for block in blocks.iter().filter(|block| rule.may_forget(block)) {
            if self.memory.pinned(project, rule.pins()).contains(&block.first_seq) {
                continue;
            }
            let range = (block.first_seq.saturating_sub(1), block.last_seq);
            self.visit(project, range, UnixMicros(i64::MAX), |line| rule.forgets(line)).await?;
            let left = self.store.count_block(project, block.first_seq).await?;
            if rule.is_over(block) && left.is_some_and(|left| left.lines() > 0) {
                self.memory.pinned(project, rule.pins()).insert(block.first_seq);
            }
        }
        let indexed = blocks.last().map_or(0, |block| block.last_seq);
        self.visit(project, (indexed, u64::MAX), rule.latest(), |line| rule.forgets(line)).await?;
        Ok(())
    }

    /// Forgets the oldest lines until no more than so many bytes are left.
    async fn shrink(&mut self, project: ProjectId, rule: &Rule, most: u64) -> Result<()> {
        let blocks = self.store.list_counts(project).await?;
        let indexed = blocks.last().map_or(0, |block| block.last_seq);
        let tail = self.store.list_marks(project, indexed, u64::MAX, MOST_TAIL).await?;
        let mut excess = total(&blocks, &tail).bytes.saturating_sub(most);
        drop(tail);
        for block in &blocks {
            if excess == 0 {
                return Ok(());
            }
            if !rule.keeps_all(block) {
                excess = self.shrink_block(project, rule, block, excess).await?;
            }
        }
        if excess > 0 {
            let goes = oldest(rule, &mut excess);
            self.visit(project, (indexed, u64::MAX), UnixMicros(i64::MAX), goes).await?;
        }
        Ok(())
    }

    /// Forgets so many bytes of a block, if it has them; how many are still too much.
    async fn shrink_block(
        &mut self,
        project: ProjectId,
        rule: &Rule,
        block: &BlockCounts,
        excess: u64,
    ) -> Result<u64> {
        // a stop may have come between forgetting lines and counting those that are left
        let counted = self.store.count_block(project, block.first_seq).await?;
        let Some(counted) = counted else { return Ok(excess) };
        let mut excess = excess.saturating_sub(block.bytes().saturating_sub(counted.bytes()));
        if excess == 0 {
            return Ok(0);
        }
        let range = (block.first_seq.saturating_sub(1), block.last_seq);
        let goes = oldest(rule, &mut excess);
        self.visit(project, range, UnixMicros(i64::MAX), goes).await?;
        self.store.count_block(project, block.first_seq).await?;
        Ok(excess)
    }

    /// Looks at the lines behind a number and up to another one, up to the first page that ends at a time or later, and
    /// forgets those that are chosen.
    async fn visit(
        &mut self,
        project: ProjectId,
        (mut after, last): (u64, u64),
        until: UnixMicros,
        mut is_chosen: impl FnMut(&LineMark) -> bool + Send,
    ) -> Result<()> {
        loop {
            let begun = Instant::now();
            let mut page = self.store.list_marks(project, after, last, PAGE).await?;
            let Some(end) = page.last().copied() else { return Ok(()) };
            sleep(begun.elapsed().max(Duration::from_millis(1))).await;
            after = end.seq;
            page.retain(&mut is_chosen);
            self.forget(project, &page).await?;
            if end.received >= until || self.unused.is_cancelled() {
                return Ok(());
            }
        }
    }

    /// Forgets these lines, step by step.
    async fn forget(&mut self, project: ProjectId, mut lines: &[LineMark]) -> Result<()> {
        while !lines.is_empty() && !self.unused.is_cancelled() {
            let now = &lines[..lines.len().min(self.memory.pace.rows() as usize)];
            let forgot = self.store.forget_lines(project, now, self.begun, STEP_BUDGET).await?;
            self.forgotten += forgot.rows as u64;
            lines = &lines[forgot.rows.min(lines.len())..];
            sleep(self.memory.pace.rest(forgot.blocked)).await;
        }
        Ok(())
    }
}

/// Chooses lines that are not pinned, until they have as many bytes as are too much.
fn oldest<'a>(rule: &'a Rule, excess: &'a mut u64) -> impl FnMut(&LineMark) -> bool + use<'a> {
    move |line| {
        let goes = *excess > 0 && !rule.is_pinned(line);
        if goes {
            *excess = excess.saturating_sub(line.bytes);
        }
        goes
    }
}
