//! What the writing task and those who queue share.

use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
};

use protocol::ErrorCode;
use tokio::sync::{Notify, watch};

use super::{counters::Counters, job::Reply, queues::Queues, room::Rooms};
use crate::{GatewayError, store::Epoch};

/// What the writing task and its clients share.
pub(super) struct Shared {
    pub(super) queues: Mutex<Queues>,
    pub(super) filled: Notify,
    pub(super) rooms: Rooms,
    pub(super) lanes: AtomicU64,
    pub(super) counters: Counters,
    /// Whether the last attempt to write reached the database.
    pub(super) storing: watch::Sender<bool>,
    /// The epoch in which it is written; jobs of projects that were loaded in another one are dropped.
    pub(super) epoch: AtomicI64,
    pub(super) restored: watch::Sender<Option<Epoch>>,
    pub(super) closed: AtomicBool,
}

impl Shared {
    pub(super) fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().expect("no holder of this lock panics")
    }

    /// The same for who waits for an answer: after the end there will be none.
    pub(super) fn open_queues(&self) -> Result<MutexGuard<'_, Queues>, GatewayError> {
        let queues = self.queues();
        if self.closed.load(Relaxed) { Err(GatewayError::Closed) } else { Ok(queues) }
    }

    /// Nothing is written any more: those who wait are told so, and nothing is taken in.
    pub(super) fn abandon(&self) {
        self.storing.send_replace(false);
        self.rooms.close();
        let left = {
            let mut queues = self.queues();
            self.closed.store(true, Relaxed);
            queues.take_all()
        };
        let lost: usize = left.jobs.iter().map(|job| job.write.records()).sum();
        self.counters.lost_records.add(lost);
        for job in left.jobs {
            match job.target.reply {
                Reply::Answer(answer) => answer.send(Err(GatewayError::Closed)),
                Reply::Receipt(receipts) => receipts.end(ErrorCode::Unavailable),
                Reply::None => {}
            }
        }
    }
}
