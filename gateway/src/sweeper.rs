//! Takes away what deleted projects left: in the background, in steps so small that nobody waits for one, and from where it
//! stopped whenever the gateway is opened.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{store::Store, vitals::Vitals};

/// A step may take so long: a commit that comes meanwhile waits for it.
const STEP_LIMIT: Duration = Duration::from_millis(15);
/// Rows of the first step; then it is found out how many the machine does in time.
const FIRST_ROWS: u32 = 100;
const MIN_ROWS: u32 = 10;
const MAX_ROWS: u32 = 5_000;
/// Before a step is tried again while the database is away.
const RETRY: Duration = Duration::from_secs(5);

/// The way to the task that sweeps.
pub(crate) struct Sweeper {
    wake: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Sweeper {
    /// Begins with what is left from before.
    pub(crate) fn start(store: Arc<dyn Store>, vitals: &Vitals, until: CancellationToken) -> Self {
        let wake = Arc::new(Notify::new());
        let sweeping = run(store, Arc::clone(&wake));
        let task =
            tokio::spawn(vitals.guard("the task that clears up after deleted projects", until, sweeping));
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

async fn run(store: Arc<dyn Store>, wake: Arc<Notify>) {
    let mut pace = Pace { rows: FIRST_ROWS };
    loop {
        let begun = Instant::now();
        match store.sweep(pace.rows).await {
            Ok(true) => sleep(pace.rest(begun.elapsed())).await,
            Ok(false) => wake.notified().await,
            Err(error) => {
                tracing::debug!(%error, "what deleted projects left can't be removed now");
                sleep(RETRY).await;
            }
        }
    }
}

/// How much is done at once.
struct Pace {
    rows: u32,
}

impl Pace {
    /// Learns from a step; how long to leave the database to others before the next one.
    fn rest(&mut self, took: Duration) -> Duration {
        if took > STEP_LIMIT {
            self.rows = (self.rows / 2).max(MIN_ROWS);
        } else if 2 * took < STEP_LIMIT {
            self.rows = (self.rows * 5 / 4).min(MAX_ROWS);
        }
        // as long as it was busy: then it never takes more than half
        took.max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps on a machine that takes so many microseconds for a row, until the pace stays.
    fn settled(micros_a_row: u64) -> Duration {
        let mut pace = Pace { rows: FIRST_ROWS };
        let step = |pace: &Pace| Duration::from_micros(micros_a_row * u64::from(pace.rows));
        for _ in 0..100 {
            let took = step(&pace);
            assert!(pace.rest(took) >= took, "it rests as long as it works");
        }
        step(&pace)
    }

    #[test]
    fn a_step_is_as_large_as_the_machine_does_in_time() {
        for micros_a_row in [5, 20, 100, 1_000] {
            let took = settled(micros_a_row);
            assert!(took <= STEP_LIMIT && 3 * took >= STEP_LIMIT, "{micros_a_row} µs a row: {took:?}");
        }
        // neither without end nor nothing at all
        assert_eq!(settled(1), Duration::from_micros(u64::from(MAX_ROWS)));
        assert_eq!(settled(100_000), Duration::from_millis(100 * u64::from(MIN_ROWS)));
    }
}
