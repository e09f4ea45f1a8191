//! The task that forgets: it looks at every project once in a while.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use protocol::model::{LogLine, LogSize, days_before};
use tokio::time::{Instant, sleep};

use super::{disk::Disk, others, pass::Pass, retained::Sizes};
use crate::{
    inner::Inner,
    sessions,
    store::{LineMark, Result, Store},
};

/// Before the first pass: a start has better things to do.
const FIRST: Duration = Duration::from_secs(60);
/// Between two passes over the logs.
const INTERVAL: Duration = Duration::from_secs(600);
/// Between two passes over everything else, which are long and find little.
const OTHERS_INTERVAL: Duration = Duration::from_secs(6 * 3600);
/// From so many forgotten lines on, the database is told to use their space again.
const MANY_LINES: u64 = 10_000;

/// Looks at everything from time to time, as long as somebody uses the gateway.
pub(crate) async fn run(gateway: Weak<Inner>) {
    let mut others_at: Option<Instant> = None;
    if let Err(error) = measure(&gateway).await {
        tracing::debug!(%error, "the size of the logs can't be told now");
    }
    sleep(FIRST).await;
    while gateway.strong_count() > 0 {
        let with_others = others_at.is_none_or(|at| at.elapsed() >= OTHERS_INTERVAL);
        match pass(&gateway, with_others).await {
            Ok(()) if with_others => others_at = Some(Instant::now()),
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%error, "what is too old could not be forgotten; it is tried again in ten minutes")
            }
        }
        sleep(INTERVAL).await;
    }
}

/// Looks at everything once.
pub(super) async fn pass(gateway: &Weak<Inner>, with_others: bool) -> Result<()> {
    let Some(inner) = gateway.upgrade() else { return Ok(()) };
    let (store, retained) = (Arc::clone(&inner.store), Arc::clone(&inner.retained));
    let (limits, begun, unused) = (inner.days.limits, inner.clock.now(), inner.unused.clone());
    drop(inner);
    let mut memory = retained.turn().await;
    let known = store.session_clock().await?;
    let now = sessions::age_time(known, begun);
    let mut pass = Pass { store: Arc::clone(&store), memory: &mut memory, now, begun, forgotten: 0, unused };
    let done = logs(gateway, &mut pass, limits.log_bytes).await;
    let forgotten = pass.forgotten;
    retained.add_forgotten(forgotten);
    if forgotten > 0 {
        tracing::info!(lines = forgotten, "old lines of the log were forgotten");
    }
    done?;
    if forgotten >= MANY_LINES {
        store.reuse_space().await?;
    }
    if with_others {
        for (project, policy) in store.list_policies().await? {
            others::follow(gateway, &*store, project, &policy, now).await?;
        }
        if let Some(days) = limits.audit_days {
            others::forget_audit(&*store, days_before(days, now)).await?;
        }
    }
    measure(gateway).await
}

/// What every project's policy and the instance's limit say about the logs.
async fn logs(gateway: &Weak<Inner>, pass: &mut Pass<'_>, most: Option<u64>) -> Result<()> {
    pass.count().await?;
    for (project, policy) in pass.store.list_policies().await? {
        let rule = pass.follow(project, &policy).await?;
        if policy.ages_log()
            && let Some(inner) = gateway.upgrade()
            && let Some(live) = inner.projects.peek(project)
        {
            live.state().picture.forget_lines(|line| rule.forgets(&mark_of(line)));
        }
    }
    match most {
        Some(most) => pass.share(most).await,
        None => Ok(()),
    }
}

/// A line that is in memory.
fn mark_of(line: &LogLine) -> LineMark {
    let LogLine { seq, device, level, received, .. } = *line;
    LineMark { seq, device, level, received, bytes: 0 }
}

/// Notes how much there is.
async fn measure(gateway: &Weak<Inner>) -> Result<()> {
    let Some(inner) = gateway.upgrade() else { return Ok(()) };
    let (store, retained, now) = (Arc::clone(&inner.store), Arc::clone(&inner.retained), inner.clock.now());
    drop(inner);
    let log = sum(&*store).await?;
    let disk = Disk::measure(&*store, now).await?;
    retained.set_sizes(Sizes { log, disk });
    Ok(())
}

async fn sum(store: &dyn Store) -> Result<LogSize> {
    let sums = store.sum_counts().await?;
    Ok(sums.into_iter().fold(LogSize::default(), |all, (_, size)| LogSize {
        lines: all.lines + size.lines,
        bytes: all.bytes + size.bytes,
        oldest: [all.oldest, size.oldest].into_iter().flatten().min(),
    }))
}
