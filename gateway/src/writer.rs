//! Group commit: one task takes what games and people sent, writes it in one transaction, publishes it
//! and answers whoever waits.
//!
//! While one commit is under way the next batch gathers, so batches grow with the load by themselves and
//! a lone edit waits for nothing. The queue is bounded in bytes: a full one holds up who fills it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    GatewayError,
    live::Live,
    store::{Store, StoreError, Write, Written},
};

/// Records of one transaction: from here on its cost is the rows, no longer the fsync.
const MAX_BATCH_RECORDS: usize = 1_000;
/// Bytes that may wait to be written, in units of [`UNIT_BYTES`].
const QUEUE_UNITS: u32 = 64 * 1024;
const UNIT_BYTES: usize = 1024;
/// Jobs that may wait to be written.
const QUEUE_JOBS: usize = 8 * 1024;
/// A batch that takes longer is given up: the database hangs.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(30);

type Answer = oneshot::Sender<Result<Written, GatewayError>>;

struct Job {
    live: Arc<Live>,
    write: Write,
    answer: Option<Answer>,
    _room: Option<OwnedSemaphorePermit>,
}

enum Message {
    Job(Box<Job>),
    Flush(oneshot::Sender<()>),
}

#[derive(Debug, Default)]
struct AtomicCounters {
    committed_records: AtomicU64,
    commits: AtomicU64,
    lost_records: AtomicU64,
}

/// What was written so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counters {
    pub(crate) committed_records: u64,
    pub(crate) commits: u64,
    pub(crate) lost_records: u64,
}

/// The way to the writing task.
pub(crate) struct Writer {
    /// Edits overtake what games send: a person waits for them.
    edits: mpsc::Sender<Message>,
    ingest: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
    counters: Arc<AtomicCounters>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(crate) fn start(store: Arc<dyn Store>) -> Self {
        let (edits, edit_queue) = mpsc::channel(QUEUE_JOBS);
        let (ingest, ingest_queue) = mpsc::channel(QUEUE_JOBS);
        let counters = Arc::new(AtomicCounters::default());
        let task = Task { store, edits: edit_queue, ingest: ingest_queue, counters: Arc::clone(&counters) };
        Self {
            edits,
            ingest,
            room: Arc::new(Semaphore::new(QUEUE_UNITS as usize)),
            counters,
            task: Mutex::new(Some(tokio::spawn(task.run()))),
        }
    }

    /// Queues what a game sent; waits while the queue is full.
    pub(crate) async fn queue(
        &self,
        live: Arc<Live>,
        write: Write,
        bytes: usize,
    ) -> Result<(), GatewayError> {
        let units = u32::try_from(bytes / UNIT_BYTES).unwrap_or(QUEUE_UNITS).clamp(1, QUEUE_UNITS);
        let room =
            Arc::clone(&self.room).acquire_many_owned(units).await.map_err(|_| GatewayError::Closed)?;
        let job = Job { live, write, answer: None, _room: Some(room) };
        self.ingest.send(Message::Job(Box::new(job))).await.map_err(|_| GatewayError::Closed)
    }

    /// Queues what is not worth waiting for; dropped when the queue is full.
    pub(crate) fn offer(&self, live: Arc<Live>, write: Write) {
        let job = Job { live, write, answer: None, _room: None };
        // a full or closed queue loses a "last seen", which the next line mends
        let _ = self.ingest.try_send(Message::Job(Box::new(job)));
    }

    /// Writes an edit and returns when it is committed and published.
    pub(crate) async fn edit(&self, live: Arc<Live>, write: Write) -> Result<Written, GatewayError> {
        let (answer, outcome) = oneshot::channel();
        let job = Job { live, write, answer: Some(answer), _room: None };
        self.edits.send(Message::Job(Box::new(job))).await.map_err(|_| GatewayError::Closed)?;
        outcome.await.map_err(|_| GatewayError::Closed)?
    }

    pub(crate) async fn flush(&self) -> Result<(), GatewayError> {
        for queue in [&self.edits, &self.ingest] {
            let (done, flushed) = oneshot::channel();
            queue.send(Message::Flush(done)).await.map_err(|_| GatewayError::Closed)?;
            flushed.await.map_err(|_| GatewayError::Closed)?;
        }
        Ok(())
    }

    /// Commits what is queued and ends the task.
    pub(crate) async fn close(&self) {
        // an error means that it is closed already
        let _ = self.flush().await;
        self.room.close();
        let task = self.task.lock().expect("no holder of this lock panics").take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            committed_records: self.counters.committed_records.load(Relaxed),
            commits: self.counters.commits.load(Relaxed),
            lost_records: self.counters.lost_records.load(Relaxed),
        }
    }
}

struct Task {
    store: Arc<dyn Store>,
    edits: mpsc::Receiver<Message>,
    ingest: mpsc::Receiver<Message>,
    counters: Arc<AtomicCounters>,
}

#[derive(Default)]
struct Batch {
    lives: Vec<Arc<Live>>,
    writes: Vec<Write>,
    answers: Vec<Option<Answer>>,
    rooms: Vec<OwnedSemaphorePermit>,
    flushed: Vec<oneshot::Sender<()>>,
    records: usize,
}

impl Batch {
    fn push(&mut self, message: Message) {
        match message {
            Message::Flush(done) => self.flushed.push(done),
            Message::Job(job) => {
                self.records += job.write.records();
                self.lives.push(job.live);
                self.writes.push(job.write);
                self.answers.push(job.answer);
                self.rooms.extend(job._room);
            }
        }
    }
}

impl Task {
    async fn run(mut self) {
        loop {
            let first = tokio::select! {
                biased;
                Some(message) = self.edits.recv() => message,
                Some(message) = self.ingest.recv() => message,
                else => return,
            };
            let mut batch = Batch::default();
            batch.push(first);
            while batch.records < MAX_BATCH_RECORDS {
                match self.edits.try_recv().or_else(|_| self.ingest.try_recv()) {
                    Ok(message) => batch.push(message),
                    Err(_) => break,
                }
            }
            self.commit(batch).await;
        }
    }

    async fn commit(&self, batch: Batch) {
        let Batch { lives, writes, answers, flushed, .. } = batch;
        if !writes.is_empty() {
            let outcomes = self.write(&writes).await;
            publish(lives, writes, &outcomes);
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                if let Some(answer) = answer {
                    // whoever asked may have gone; the edit stands all the same
                    let _ = answer.send(outcome.map_err(GatewayError::from));
                }
            }
        }
        for done in flushed {
            let _ = done.send(());
        }
    }

    /// One outcome for each write. A batch that the database refuses is tried again write by write, so
    /// that one bad write does not take the others with it.
    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, StoreError>> {
        match self.commit_once(writes).await {
            Ok(written) => written.into_iter().map(Ok).collect(),
            Err(error) if writes.len() > 1 && is_refusal(&error) => {
                let mut outcomes = Vec::with_capacity(writes.len());
                for write in writes {
                    let one = self.commit_once(std::slice::from_ref(write)).await;
                    outcomes.push(one.and_then(|w| w.first().copied().ok_or(StoreError::TimedOut)));
                }
                outcomes
            }
            Err(error) => {
                let records: usize = writes.iter().map(Write::records).sum();
                tracing::error!(records, %error, "a batch was not stored");
                let mut outcomes = vec![Err(error)];
                outcomes.resize_with(writes.len(), || Err(StoreError::TimedOut));
                outcomes
            }
        }
    }

    async fn commit_once(&self, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        let records = writes.iter().map(Write::records).sum::<usize>() as u64;
        let outcome = match tokio::time::timeout(COMMIT_TIMEOUT, self.store.commit(writes)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::TimedOut),
        };
        match &outcome {
            Ok(_) => {
                self.counters.commits.fetch_add(1, Relaxed);
                self.counters.committed_records.fetch_add(records, Relaxed);
            }
            Err(error) if writes.len() > 1 && is_refusal(error) => {}
            Err(_) => {
                self.counters.lost_records.fetch_add(records, Relaxed);
            }
        }
        outcome
    }
}

/// Whether the database answered and said no, rather than not at all.
fn is_refusal(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged(_) | StoreError::Database(sqlx::Error::Database(_)))
}

/// Publishes project by project, in the order of the commit, one delta for each project.
fn publish(lives: Vec<Arc<Live>>, writes: Vec<Write>, outcomes: &[Result<Written, StoreError>]) {
    type Done = Vec<(Write, Written)>;
    let mut projects: Vec<(Arc<Live>, Done)> = Vec::new();
    for ((live, write), outcome) in lives.into_iter().zip(writes).zip(outcomes) {
        let Ok(written) = outcome else {
            live.count_loss();
            continue;
        };
        match projects.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &live)) {
            Some((_, done)) => done.push((write, *written)),
            None => projects.push((live, vec![(write, *written)])),
        }
    }
    for (live, done) in projects {
        live.apply(done);
    }
}
