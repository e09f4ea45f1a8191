//! Indexes the log in the background: lines that are committed, and those that an older version has stored.
//!
//! It follows behind the commits, which it does not make any slower: what is in no block yet is searched line by line. A step
//! reads some thousand lines and writes one block, in one transaction, so a stop in between loses nothing. The last block of a
//! project is written again with more lines until it is full. The same task counts warnings and errors by their patterns.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use protocol::model::ProjectId;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    index::{BlockBuilder, SPAN, has_room},
    patterns,
    store::{LogBlock, Result, Store, Unindexed},
    vitals::Vitals,
};

/// Lines that are worth writing a block.
const LEAST: u64 = 512;
/// Lines that are read at once.
const PAGE: u32 = 1_000;
/// Before a step is tried again while the database is away.
const RETRY: Duration = Duration::from_secs(5);
/// Between two looks whether something was committed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Between two looks for blocks whose times are to be made again, because lines of them were deleted.
const LOOK_AT_TIMES: Duration = Duration::from_secs(60);
/// How many times as long as a look takes it is not repeated.
const LOOK_REST: u32 = 50;
/// Between two steps when less than a block is left: the more lines each has, the less often the last block is written.
const CALM: Duration = Duration::from_millis(500);
/// From so many committed records a second on, games come first.
const BUSY: f64 = 10_000.0;
/// How many times as long as it works it then rests.
const BUSY_REST: u32 = 9;

/// The task that indexes.
pub(crate) struct Indexer {
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Indexer {
    /// Begins with what is left from before. `committed` counts the records that were committed.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        committed: impl Fn() -> u64 + Send + 'static,
        vitals: &Vitals,
        until: CancellationToken,
    ) -> Self {
        let task = store.keeps_index().then(|| {
            let indexing = run(store, committed);
            tokio::spawn(vitals.guard("the task that indexes the log", until, indexing))
        });
        Self { task: Mutex::new(task) }
    }

    /// Ends it, in the middle of a step if need be: that one is as if it had not begun.
    pub(crate) async fn close(&self) {
        let task = self.task.lock().expect("no holder of this lock panics").take();
        if let Some(task) = task {
            task.abort();
            // an error says that it was aborted
            let _ = task.await;
        }
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().expect("no holder of this lock panics").take() {
            task.abort();
        }
    }
}

async fn run(store: Arc<dyn Store>, committed: impl Fn() -> u64) {
    let mut seen = (committed(), Instant::now());
    let mut look_at_times = Instant::now();
    loop {
        let begun = Instant::now();
        let left = match step(&*store).await {
            Ok(None) if begun >= look_at_times => time_block(&*store).await,
            left => left,
        };
        let (before, since) = std::mem::replace(&mut seen, (committed(), Instant::now()));
        let rate = (seen.0 - before) as f64 / since.elapsed().as_secs_f64().max(0.001);
        match left {
            Ok(Some(left)) => sleep(rest(begun.elapsed(), left, rate)).await,
            // nothing that is committed is too little to be looked for: what was counted before may only be visible now
            Ok(None) => {
                if begun >= look_at_times {
                    look_at_times = begun + LOOK_AT_TIMES;
                }
                // with very many projects a look takes long
                sleep(LOOK_AGAIN.max(LOOK_REST * begun.elapsed())).await;
                while committed() == before && Instant::now() < look_at_times {
                    sleep(LOOK_AGAIN).await;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the log can't be indexed now");
                sleep(RETRY).await;
            }
        }
    }
}

/// How long to leave machine and database to others after a step that took so long and left so many lines, while so many
/// records a second are committed.
fn rest(took: Duration, left: u64, rate: f64) -> Duration {
    let rest = if rate >= BUSY { BUSY_REST * took } else { took };
    if left >= SPAN { rest.max(Duration::from_millis(1)) } else { rest.max(CALM) }
}

/// Indexes some lines, and counts some by their patterns; how many are left of the project that has more left.
async fn step(store: &dyn Store) -> Result<Option<u64>> {
    let indexed = index(store).await?;
    let counted = patterns::step(store).await?;
    Ok(indexed.max(counted))
}

/// Writes one block, if there is enough for one; how many lines of its project are left then.
async fn index(store: &dyn Store) -> Result<Option<u64>> {
    // before the lines: those of another epoch are in no block of this one
    let epoch = store.epoch().await?.number;
    let Some(unindexed) = store.find_unindexed(LEAST).await? else { return Ok(None) };
    let Some(block) = read_block(store, unindexed).await? else { return Ok(Some(0)) };
    store.put_block(epoch, unindexed.project, &block).await?;
    store.count_block(unindexed.project, block.first_seq).await?;
    let indexed = unindexed.last_block.map_or(block.first_seq - 1, |(_, last, _)| last);
    Ok(Some(unindexed.count.saturating_sub(block.last_seq - indexed)))
}

/// Makes the times of a block again, if there is one without; there may be many more.
async fn time_block(store: &dyn Store) -> Result<Option<u64>> {
    let epoch = store.epoch().await?.number;
    let Some(block) = store.find_untimed().await? else { return Ok(None) };
    store.put_times(epoch, block).await?;
    Ok(Some(SPAN))
}

/// The next block of a project: the last one with more lines, or a new one.
async fn read_block(store: &dyn Store, unindexed: Unindexed) -> Result<Option<LogBlock>> {
    let Unindexed { project, last_block, .. } = unindexed;
    let last = last_block.map_or(0, |(_, last, _)| last);
    if let Some((first, _, bytes)) = last_block
        && has_room(first, last, bytes)
    {
        let grown = read_block_after(store, project, first - 1).await?;
        // where lines were forgotten, the next one may be too far away for this block
        if grown.as_ref().is_some_and(|block| block.last_seq > last) {
            return Ok(grown);
        }
    }
    read_block_after(store, project, last).await
}

/// As many lines behind a number as fit into one block.
async fn read_block_after(store: &dyn Store, project: ProjectId, mut after: u64) -> Result<Option<LogBlock>> {
    let mut builder = BlockBuilder::default();
    loop {
        let page = store.list_logs_after(project, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        if !page.iter().all(|line| builder.add(line)) {
            break;
        }
    }
    Ok(builder.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn games_come_first() {
        let took = Duration::from_millis(20);
        assert_eq!(rest(took, 100_000, 0.0), took);
        assert_eq!(rest(took, 100_000, BUSY), 9 * took);
        // a few lines can wait for more
        assert_eq!(rest(took, SPAN - 1, 0.0), CALM);
        assert_eq!(rest(10 * CALM, SPAN - 1, 0.0), 10 * CALM);
        assert_eq!(rest(Duration::ZERO, 100_000, 0.0), Duration::from_millis(1));
    }
}
