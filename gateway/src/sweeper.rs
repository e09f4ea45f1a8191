//! Takes away what deleted projects and forgotten devices and variables left: in the background, in [steps](crate::steps), and
//! from where it stopped whenever the gateway is opened.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::model::ProjectId;
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    steps::{Pace, STEP_BUDGET},
    store::{Chores, Result},
    vitals::Vitals,
};

/// Before a step is tried again while the database is away.
const RETRY: Duration = Duration::from_secs(5);
/// Between two looks whether there is something to do.
const LOOK_AGAIN: Duration = Duration::from_secs(600);
/// How long a device that comes back waits until it is empty.
const EMPTY_PATIENCE: Duration = Duration::from_secs(5);

/// The way to the task that sweeps.
pub(crate) struct Sweeper {
    store: Arc<dyn Chores>,
    /// Whether there may be something to do.
    is_busy: Arc<AtomicBool>,
    wake: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Sweeper {
    /// Begins with what is left from before.
    pub(crate) fn start(store: Arc<dyn Chores>, vitals: &Vitals, until: CancellationToken) -> Self {
        let wake = Arc::new(Notify::new());
        let is_busy = Arc::new(AtomicBool::new(true));
        let sweeping = run(Arc::clone(&store), Arc::clone(&is_busy), Arc::clone(&wake));
        let task =
            tokio::spawn(vitals.guard("the task that clears up after what was deleted", until, sweeping));
        Self { store, is_busy, wake, task: Mutex::new(Some(task)) }
    }

    /// There is something to do.
    pub(crate) fn wake(&self) {
        self.is_busy.store(true, Relaxed);
        self.wake.notify_one();
    }

    /// Deletes what is left of a forgotten device that is about to come back, in steps. What remains after a failure or a
    /// timeout is deleted by the commit that brings it back, for which everybody waits.
    pub(crate) async fn empty(&self, project: ProjectId, identity: &str) {
        if !self.is_busy.load(Relaxed) {
            return;
        }
        let emptying = empty(&*self.store, project, identity);
        match timeout(EMPTY_PATIENCE, emptying).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a device that comes back can't be emptied in steps"),
            Err(_) => tracing::debug!("a device that comes back takes too long to be emptied in steps"),
        }
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

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().expect("no holder of this lock panics").take() {
            task.abort();
        }
    }
}

async fn run(store: Arc<dyn Chores>, is_busy: Arc<AtomicBool>, wake: Arc<Notify>) {
    let mut paces: HashMap<&'static str, Pace> = HashMap::new();
    loop {
        match step(&*store, &mut paces).await {
            Ok(Some(rest)) => sleep(rest).await,
            Ok(None) => {
                is_busy.store(false, Relaxed);
                // a request whose outcome is unknown wakes nobody
                drop(timeout(LOOK_AGAIN, wake.notified()).await);
                is_busy.store(true, Relaxed);
            }
            Err(error) => {
                tracing::debug!(%error, "what was deleted can't be cleared away now");
                sleep(RETRY).await;
            }
        }
    }
}

/// Does a part of what comes next, if there is anything; how long to rest then.
async fn step(store: &dyn Chores, paces: &mut HashMap<&'static str, Pace>) -> Result<Option<Duration>> {
    let Some(chore) = store.find_chore().await? else { return Ok(None) };
    let pace = paces.entry(chore.kind()).or_default();
    let took = store.do_chore(&chore, pace.rows(), STEP_BUDGET).await?;
    Ok(Some(pace.rest(took)))
}

async fn empty(store: &dyn Chores, project: ProjectId, identity: &str) -> Result<()> {
    let mut pace = Pace::default();
    while let Some(chore) = store.find_forgotten(project, identity).await? {
        let took = store.do_chore(&chore, pace.rows(), STEP_BUDGET).await?;
        sleep(pace.rest(took)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::atomic::AtomicU32};

    use async_trait::async_trait;

    use super::*;
    use crate::store::{Chore, StoreError};

    const ROWS: u32 = 5_000;
    const PROJECT: ProjectId = ProjectId(1);

    /// A database with one forgotten device.
    struct Fake {
        /// Otherwise the sweeper waits for an answer, and is busy.
        is_idle: bool,
        is_away: bool,
        left: AtomicU32,
        steps: AtomicU32,
        asked: AtomicU32,
    }

    #[async_trait]
    impl Chores for Fake {
        async fn find_chore(&self) -> Result<Option<Chore>> {
            if self.is_idle { Ok(None) } else { pending().await }
        }

        async fn find_forgotten(&self, _: ProjectId, _: &str) -> Result<Option<Chore>> {
            self.asked.fetch_add(1, Relaxed);
            Ok((self.left.load(Relaxed) > 0).then(|| Chore::ForgottenDevices(vec![1])))
        }

        async fn do_chore(&self, _: &Chore, rows: u32, _: Duration) -> Result<Duration> {
            if self.is_away {
                return Err(StoreError::TimedOut);
            }
            self.left.fetch_sub(rows.min(self.left.load(Relaxed)), Relaxed);
            self.steps.fetch_add(1, Relaxed);
            Ok(Duration::from_micros(20 * u64::from(rows)))
        }
    }

    fn started(is_idle: bool, is_away: bool) -> (Arc<Fake>, Sweeper) {
        let [left, steps, asked] = [ROWS, 0, 0].map(AtomicU32::new);
        let fake = Arc::new(Fake { is_idle, is_away, left, steps, asked });
        let sweeper = Sweeper::start(fake.clone(), &Vitals::default(), CancellationToken::new());
        (fake, sweeper)
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_that_comes_back_is_emptied_in_steps() {
        let (fake, sweeper) = started(false, false);
        sweeper.empty(PROJECT, "id:one").await;
        let steps = fake.steps.load(Relaxed);
        assert_eq!(fake.left.load(Relaxed), 0);
        // none is longer than a step may be
        assert!(steps >= ROWS * 20 / 15_000, "{steps} steps");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_asked_while_nothing_is_to_be_done() {
        let (fake, sweeper) = started(true, false);
        tokio::task::yield_now().await;
        sweeper.empty(PROJECT, "id:one").await;
        assert_eq!(fake.asked.load(Relaxed), 0);
        sweeper.wake();
        sweeper.empty(PROJECT, "id:one").await;
        assert_eq!(fake.left.load(Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_away_keeps_no_game_waiting() {
        let (fake, sweeper) = started(false, true);
        sweeper.empty(PROJECT, "id:one").await;
        assert_eq!((fake.asked.load(Relaxed), fake.left.load(Relaxed)), (1, ROWS));
    }
}
