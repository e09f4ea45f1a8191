//! The task that forgets: it looks at every project once in a while.

use std::{
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::model::{LogSize, UnixMicros, days_before};
use tokio::{
    sync::Mutex as Turn,
    time::{Instant, sleep},
};

use super::{
    disk::Disk,
    others,
    pass::{Memory, Pass},
};
use crate::{
    Gateway, GatewayError,
    inner::Inner,
    sessions,
    store::{Result, Store},
};

/// Before the first pass: a start has better things to do.
const FIRST: Duration = Duration::from_secs(60);
/// Between two passes over the logs.
const INTERVAL: Duration = Duration::from_secs(600);
/// Between two passes over everything else, which are long and find little.
const OTHERS_INTERVAL: Duration = Duration::from_secs(6 * 3600);
/// From so many forgotten lines on, the database is told to use their space again.
const MANY_LINES: u64 = 10_000;

/// What is known of what is kept, and what was forgotten since the gateway was opened.
#[derive(Default)]
pub(crate) struct Retained {
    /// Held during a pass.
    memory: Turn<Memory>,
    lines_forgotten: AtomicU64,
    sizes: Mutex<Sizes>,
}

/// What the last look has found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    /// The logs of all projects together.
    pub(crate) log: LogSize,
    /// The disk, where it can be asked.
    pub(crate) disk: Option<Disk>,
}

impl Retained {
    /// Lines of the log that were forgotten since the gateway was opened.
    pub(crate) fn lines_forgotten(&self) -> u64 {
        self.lines_forgotten.load(Relaxed)
    }

    /// What the last look has found.
    pub(crate) fn sizes(&self) -> Sizes {
        *self.sizes.lock().expect("no holder of this lock panics")
    }
}

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
            Err(error) => tracing::debug!(%error, "what is too old can't be forgotten now"),
        }
        sleep(INTERVAL).await;
    }
}

/// Looks at everything once.
async fn pass(gateway: &Weak<Inner>, with_others: bool) -> Result<()> {
    let Some(inner) = gateway.upgrade() else { return Ok(()) };
    let (store, retained) = (Arc::clone(&inner.store), Arc::clone(&inner.retained));
    let (limits, begun, unused) = (inner.days.limits, inner.clock.now(), inner.unused.clone());
    drop(inner);
    let mut memory = retained.memory.lock().await;
    let known = store.session_clock().await?;
    let now = sessions::age_time(known, begun);
    let mut pass = Pass { store: Arc::clone(&store), memory: &mut memory, now, begun, forgotten: 0, unused };
    let done = logs(&mut pass, limits.log_bytes).await;
    let forgotten = pass.forgotten;
    retained.lines_forgotten.fetch_add(forgotten, Relaxed);
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
async fn logs(pass: &mut Pass<'_>, most: Option<u64>) -> Result<()> {
    pass.count().await?;
    for (project, policy) in pass.store.list_policies().await? {
        pass.follow(project, &policy).await?;
    }
    match most {
        Some(most) => pass.share(most).await,
        None => Ok(()),
    }
}

/// Notes how much there is.
async fn measure(gateway: &Weak<Inner>) -> Result<()> {
    let Some(inner) = gateway.upgrade() else { return Ok(()) };
    let (store, retained, now) = (Arc::clone(&inner.store), Arc::clone(&inner.retained), inner.clock.now());
    drop(inner);
    let log = sum(&*store).await?;
    let disk = Disk::measure(&*store, now).await?;
    *retained.sizes.lock().expect("no holder of this lock panics") = Sizes { log, disk };
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

impl Gateway {
    /// Forgets now what is too old or too much, instead of at the next pass. For tests, and for whoever can't wait.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`]: what was forgotten until then is gone, the rest goes with the next pass.
    #[doc(hidden)]
    pub async fn forget_now(&self) -> std::result::Result<(), GatewayError> {
        Ok(pass(&Arc::downgrade(&self.inner), true).await?)
    }

    /// The time by which things grow old: the clock's, unless that has jumped ahead.
    pub(crate) async fn age_now(&self) -> std::result::Result<UnixMicros, GatewayError> {
        let known = self.inner.store.session_clock().await?;
        Ok(sessions::age_time(known, self.now()))
    }
}
