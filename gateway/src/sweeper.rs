//! Takes away what deleted projects and forgotten devices and variables left: in the background, in [steps](crate::steps), and
//! from where it stopped whenever the gateway is opened.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

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

/// The way to the task that sweeps.
pub(crate) struct Sweeper {
    wake: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Sweeper {
    /// Begins with what is left from before.
    pub(crate) fn start(store: Arc<dyn Chores>, vitals: &Vitals, until: CancellationToken) -> Self {
        let wake = Arc::new(Notify::new());
        let sweeping = run(store, Arc::clone(&wake));
        let task =
            tokio::spawn(vitals.guard("the task that clears up after what was deleted", until, sweeping));
        Self { wake, task: Mutex::new(Some(task)) }
    }

    /// There is something to do.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
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

async fn run(store: Arc<dyn Chores>, wake: Arc<Notify>) {
    let mut paces: HashMap<&'static str, Pace> = HashMap::new();
    loop {
        match step(&*store, &mut paces).await {
            Ok(Some(rest)) => sleep(rest).await,
            // whoever was told that it is not known what became of their wish wakes nobody
            Ok(None) => drop(timeout(LOOK_AGAIN, wake.notified()).await),
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
