//! A write on its way, and who waits for what becomes of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use tokio::sync::oneshot;

use super::Room;
use crate::{
    GatewayError,
    bus::Topic,
    receipts::Receipts,
    store::{Write, Written},
};

/// Who waits for the outcome of a write.
pub(super) enum Reply {
    /// Nobody.
    None,
    /// Somebody who does not wait long.
    Answer(Answer),
    /// The connection of a sequenced line.
    Receipt(Arc<Receipts>),
}

/// A write on its way.
pub(super) struct Job {
    pub(super) write: Write,
    pub(super) target: Target,
}

/// Whom a write concerns.
pub(super) struct Target {
    pub(super) topic: Arc<dyn Topic>,
    pub(super) reply: Reply,
    pub(super) room: Option<Room>,
}

impl Job {
    /// The caller has given up: an edit that was answered with an error is not made afterwards.
    pub(super) fn is_abandoned(&self) -> bool {
        matches!(&self.target.reply, Reply::Answer(answer) if answer.outcome.is_closed())
    }

    /// From here on nobody can take it back.
    pub(super) fn take(&self) {
        if let Reply::Answer(answer) = &self.target.reply {
            answer.is_taken.store(true, Relaxed);
        }
    }
}

/// The way back to somebody who does not wait long.
pub(super) struct Answer {
    outcome: oneshot::Sender<Result<Written, GatewayError>>,
    is_taken: Arc<AtomicBool>,
}

impl Answer {
    pub(super) fn send(self, outcome: Result<Written, GatewayError>) {
        // the caller may have gone; what is written stands all the same
        let _ = self.outcome.send(outcome);
    }
}

/// The other end of an [`Answer`].
pub(crate) struct Asked {
    pub(super) outcome: oneshot::Receiver<Result<Written, GatewayError>>,
    is_taken: Arc<AtomicBool>,
}

impl Asked {
    pub(super) fn new() -> (Answer, Self) {
        let (answer, outcome) = oneshot::channel();
        let is_taken = Arc::new(AtomicBool::new(false));
        (Answer { outcome: answer, is_taken: Arc::clone(&is_taken) }, Self { outcome, is_taken })
    }

    /// Whether an attempt to write it is under way, or was.
    pub(super) fn is_taken(&self) -> bool {
        self.is_taken.load(Relaxed)
    }
}
