//! Group commit: one task takes what games and people sent, writes it in one transaction, publishes it
//! and answers those who wait.
//!
//! While one commit is under way the next batch gathers, so batches grow with the load by themselves and
//! a lone edit waits for nothing. What is taken in is kept until it is committed: while the database is away the
//! same batch is tried again, and people are told at once. Everything is counted and bounded in bytes, for each
//! connection, each project and all of them.

mod asked;
mod batch;
mod counters;
mod job;
mod lanes;
mod notes;
mod queues;
mod room;
mod shared;
mod task;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::model::{DeviceId, Outcome, ProjectId, Revision, UnixMicros, VarName, VarRevision};
use tokio::{
    sync::{Notify, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::room::Lane;
pub use self::{counters::WriterCounts, room::Room};

use self::{
    counters::Counters,
    job::{Job, Reply, Target},
    notes::{NOTES_BYTES, Note},
    room::Rooms,
    shared::Shared,
    task::Task,
};
use crate::{
    GatewayError,
    bus::Topic,
    receipts::Receipts,
    store::{Commits, Epoch, StoreError, Write},
    vitals::Vitals,
};

/// How long a person, or a game that connects, waits for the database.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the last writes get when the gateway is closed.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Why there is no room now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// The queue is full.
    Busy,
    /// The database does not take anything.
    Unavailable,
}

/// The way to the writing task.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// With room for so many bytes of lines.
    pub(crate) fn start(
        store: Arc<dyn Commits>,
        name: String,
        epoch: i64,
        vitals: &Vitals,
        max_bytes: usize,
    ) -> Self {
        let shared = Arc::new(Shared {
            queues: Mutex::default(),
            filled: Notify::new(),
            rooms: Rooms::new(max_bytes),
            lanes: AtomicU64::new(0),
            counters: Counters::default(),
            storing: watch::Sender::new(true),
            epoch: AtomicI64::new(epoch),
            restored: watch::Sender::new(None),
            closed: AtomicBool::new(false),
        });
        let writing = Task::new(store, name, Arc::clone(&shared), vitals.clone()).run();
        let writing = vitals.guard("the writer", CancellationToken::new(), writing);
        let left = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            writing.await;
            left.abandon();
        });
        Self { shared, task: Mutex::new(Some(task)) }
    }

    /// A lane for one more connection with this project.
    pub(crate) fn lane(&self, project: ProjectId) -> Lane {
        Lane { project, number: self.shared.lanes.fetch_add(1, Relaxed) }
    }

    /// Room for so many bytes, if this connection may have it now and the database takes what is sent.
    pub(crate) fn try_reserve(&self, lane: Lane, bytes: usize) -> Result<Room, NoRoom> {
        let counters = &self.shared.counters;
        if !*self.shared.storing.borrow() {
            counters.unavailable_lines.add(1);
            return Err(NoRoom::Unavailable);
        }
        self.shared.rooms.try_reserve(lane, bytes).ok_or_else(|| {
            counters.busy_lines.add(1);
            NoRoom::Busy
        })
    }

    /// Room for so many bytes, as soon as this connection may have it.
    pub(crate) fn reserve(
        &self,
        lane: Lane,
        bytes: usize,
    ) -> impl Future<Output = Result<Room, GatewayError>> + Send + use<> {
        let room = self.shared.rooms.reserve(lane, bytes);
        async move { room.await.ok_or(GatewayError::Closed) }
    }

    /// Queues what a game sent, for which there is room.
    pub(crate) fn queue(
        &self,
        topic: Arc<dyn Topic>,
        write: Write,
        room: Room,
        receipts: Option<Arc<Receipts>>,
    ) {
        let (lane, reply) = (room.lane(), receipts.map_or(Reply::None, Reply::Receipt));
        let job = Job { write, target: Target { topic, reply, room: Some(room) } };
        self.shared.queues().push_ingest(lane, job);
        self.shared.filled.notify_one();
    }

    /// Queues what follows from what games have said before, which took its room then.
    pub(crate) fn queue_own(&self, topic: Arc<dyn Topic>, lane: Lane, write: Write) {
        let room = self.shared.rooms.empty(lane);
        self.queue(topic, write, room, None);
    }

    /// Notes that a device was there, and how far it is, if it says so. Not worth waiting for: dropped when there is no room.
    pub(crate) fn note_seen(
        &self,
        topic: Arc<dyn Topic>,
        device: DeviceId,
        at: UnixMicros,
        applied: Option<Revision>,
    ) {
        let (project, rooms) = (topic.project(), &self.shared.rooms);
        let lane = Lane::of_notes(project);
        let mut queues = self.shared.queues();
        let room = if queues.has_notes(project, device) {
            Some(rooms.empty(lane))
        } else {
            rooms.try_reserve_little(lane, NOTES_BYTES)
        };
        let Some(room) = room else { return };
        let seen = Some((at, applied));
        let spare = queues.note(project, device, Note { topic, seen, outcomes: Vec::new(), room });
        drop(queues);
        drop(spare);
        self.shared.filled.notify_one();
    }

    /// Notes what a device did with values, in place of what it did with them before. `room` is what the line took that
    /// says so; what it says is kept with or without.
    pub(crate) fn note_outcomes(
        &self,
        topic: Arc<dyn Topic>,
        lane: Lane,
        device: DeviceId,
        outcomes: Vec<(VarName, VarRevision, Outcome)>,
        room: Option<Room>,
    ) {
        let room = room.unwrap_or_else(|| self.shared.rooms.empty(lane));
        let note = Note { topic, seen: None, outcomes, room };
        let spare = self.shared.queues().note(lane.project, device, note);
        drop(spare);
        self.shared.filled.notify_one();
    }

    pub(crate) async fn flush(&self) -> Result<(), GatewayError> {
        let (done, flushed) = oneshot::channel();
        self.shared.open_queues()?.push_flush(done);
        self.shared.filled.notify_one();
        flushed.await.map_err(|_| GatewayError::Closed)
    }

    /// Returns when what was taken in before is committed and published, if that is soon.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`], [`GatewayError::Closed`].
    pub(crate) async fn flush_soon(&self) -> Result<(), GatewayError> {
        if !*self.shared.storing.borrow() {
            return Err(GatewayError::Unavailable(StoreError::TimedOut));
        }
        let timed_out = |_| GatewayError::Unavailable(StoreError::TimedOut);
        timeout(PATIENCE, self.flush()).await.map_err(timed_out)?
    }

    /// Commits what is queued, as far as the database takes it in time, and ends the task.
    pub(crate) async fn close(&self) {
        let task = self.task.lock().expect("no holder of this lock panics").take();
        let Some(task) = task else { return };
        if timeout(CLOSE_PATIENCE, self.flush()).await.is_err() {
            tracing::error!(
                "the database did not take everything in time; what was not acknowledged is lost"
            );
        }
        task.abort();
        // an error says that it was aborted
        let _ = task.await;
        self.shared.abandon();
    }

    /// Whether the database takes what is sent; changes when it stops and when it is back.
    pub(crate) fn storing(&self) -> watch::Receiver<bool> {
        self.shared.storing.subscribe()
    }

    /// Changes when a commit finds another epoch than the writer's: nothing more is written until
    /// [`Writer::begin_epoch`].
    pub(crate) fn restored(&self) -> watch::Receiver<Option<Epoch>> {
        self.shared.restored.subscribe()
    }

    /// Writes go on in this epoch. What is still queued of projects of another one is dropped.
    pub(crate) fn begin_epoch(&self, epoch: i64) {
        self.shared.epoch.store(epoch, Relaxed);
        self.shared.filled.notify_one();
    }

    pub(crate) fn counts(&self) -> WriterCounts {
        self.shared.counters.read()
    }

    /// Counts the records that were committed.
    pub(crate) fn committed_records(&self) -> impl Fn() -> u64 + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.counters.read().committed_records
    }

    /// Bytes that wait to be written.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.shared.rooms.used()
    }
}
