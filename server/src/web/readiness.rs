//! Whether data can be stored right now. However many probes ask, the database is checked once at a time, and at most once per
//! second: while it hangs, no checks pile up.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Mutex,
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// Timeout for the database to store something.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is valid for later probes.
const LIFETIME: Duration = Duration::from_secs(1);

/// What a probe is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Data can be stored.
    Ready,
    /// The database does not answer.
    Silent,
    /// Its disk is full.
    Full,
    /// The database returns an error.
    Failed,
}

/// The database's answer; the reason for the log if it can't store.
type ProbeFuture = Pin<Box<dyn Future<Output = Result<(), (Readiness, String)>> + Send>>;

/// Asks the database, and shares the answer.
pub(super) struct Probe {
    ask: Box<dyn Fn() -> ProbeFuture + Send + Sync>,
    latest: Mutex<Option<Check>>,
}

struct Check {
    begun: Instant,
    answer: watch::Receiver<Option<Readiness>>,
    task: JoinHandle<()>,
}

impl Probe {
    /// `ask` writes something to the database.
    pub(super) fn new(ask: impl Fn() -> ProbeFuture + Send + Sync + 'static) -> Self {
        Self { ask: Box::new(ask), latest: Mutex::new(None) }
    }

    /// The state of the database, at most a second old; within 2 s.
    pub(super) async fn readiness(&self) -> Readiness {
        let mut answer = self.current();
        match answer.wait_for(Option::is_some).await {
            Ok(found) => found.unwrap_or(Readiness::Failed),
            // the check has panicked
            Err(_) => Readiness::Failed,
        }
    }

    fn current(&self) -> watch::Receiver<Option<Readiness>> {
        let mut latest = self.latest.lock().expect("no holder of this lock panics");
        if let Some(check) = &*latest
            && (!check.task.is_finished() || check.begun.elapsed() < LIFETIME)
        {
            return check.answer.clone();
        }
        let before = latest.as_ref().and_then(|check| *check.answer.borrow());
        let (said, answer) = watch::channel(None);
        let task = tokio::spawn(check((self.ask)(), before, said));
        *latest = Some(Check { begun: Instant::now(), answer: answer.clone(), task });
        answer
    }
}

/// Says what it finds within [`PATIENCE`], and ends when the database has answered.
async fn check(asking: ProbeFuture, before: Option<Readiness>, said: watch::Sender<Option<Readiness>>) {
    let mut asking = pin!(asking);
    let (found, why) = match timeout(PATIENCE, &mut asking).await {
        Ok(Ok(())) => (Readiness::Ready, String::new()),
        Ok(Err(refusal)) => refusal,
        Err(_) => (Readiness::Silent, format!("no answer within {} s", PATIENCE.as_secs())),
    };
    // probes come every few seconds; only changes are logged
    match found {
        Readiness::Ready if before.is_some_and(|before| before != Readiness::Ready) => {
            tracing::info!("the database accepts writes again");
        }
        Readiness::Silent | Readiness::Full | Readiness::Failed if before != Some(found) => {
            tracing::error!(why, "the database accepts no writes");
        }
        _ => {}
    }
    said.send_replace(Some(found));
    if found == Readiness::Silent {
        // the answer is too late for waiting probes, but until then no other check is needed
        let _too_late = asking.await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
    };

    use tokio::{sync::Notify, task::JoinSet};

    use super::*;

    /// A probe whose database answers with `answer`, and how often it was asked.
    fn probe(answer: impl Fn() -> ProbeFuture + Send + Sync + 'static) -> (Arc<Probe>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let probe = Probe::new(move || {
            count.fetch_add(1, SeqCst);
            answer()
        });
        (Arc::new(probe), asked)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_counts_for_a_second() {
        let (probe, asked) = probe(|| Box::pin(ready(Ok(()))));
        for _ in 0..10 {
            assert_eq!(probe.readiness().await, Readiness::Ready);
        }
        assert_eq!(asked.load(SeqCst), 1);
        tokio::time::advance(LIFETIME).await;
        assert_eq!(probe.readiness().await, Readiness::Ready);
        assert_eq!(asked.load(SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_no_silence() {
        for why in [Readiness::Failed, Readiness::Full] {
            let (probe, _) = probe(move || Box::pin(ready(Err((why, "no".to_owned())))));
            let begun = Instant::now();
            assert_eq!(probe.readiness().await, why);
            assert_eq!(begun.elapsed(), Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_probes_of_a_hanging_database_are_one_question() {
        let back = Arc::new(Notify::new());
        let hanging = Arc::clone(&back);
        let (probe, asked) = probe(move || {
            let hanging = Arc::clone(&hanging);
            Box::pin(async move {
                hanging.notified().await;
                Ok(())
            })
        });
        let begun = Instant::now();
        let mut probes = JoinSet::new();
        for _ in 0..1_000 {
            let probe = Arc::clone(&probe);
            probes.spawn(async move { probe.readiness().await });
        }
        while let Some(answer) = probes.join_next().await {
            assert_eq!(answer.unwrap(), Readiness::Silent);
        }
        assert_eq!((begun.elapsed(), asked.load(SeqCst)), (PATIENCE, 1));
        // and who comes later waits no more, and asks no more
        tokio::time::advance(10 * PATIENCE).await;
        let begun = Instant::now();
        assert_eq!(probe.readiness().await, Readiness::Silent);
        assert_eq!((begun.elapsed(), asked.load(SeqCst)), (Duration::ZERO, 1));

        back.notify_one();
        tokio::task::yield_now().await;
        // for the next question
        back.notify_one();
        assert_eq!(probe.readiness().await, Readiness::Ready);
        assert_eq!(asked.load(SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_never_answers_is_never_waited_for() {
        let (probe, _) = probe(|| Box::pin(pending()));
        assert_eq!(probe.readiness().await, Readiness::Silent);
    }
}
