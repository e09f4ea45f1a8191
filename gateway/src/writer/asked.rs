//! Writes with somebody waiting for the outcome: edits, and games that connect.

use std::sync::Arc;

use protocol::{
    ErrorCode, ProtocolError,
    model::{Change, Value},
};
use tokio::{sync::oneshot::error::RecvError, time::timeout};

use super::{
    Lane, PATIENCE, Room, Writer,
    job::{Asked, Job, Reply, Target},
    queues::Queues,
    task::COMMIT_TIMEOUT,
};
use crate::{
    GatewayError,
    bus::Topic,
    store::{DeviceInfo, StoreError, Write, Written},
};

/// Edits of one project that may wait, in bytes.
const EDITS_BYTES: usize = 8 * 1024 * 1024;
/// Connecting games of one project that may wait, in bytes.
const ARRIVALS_BYTES: usize = 64 * 1024 * 1024;

impl Writer {
    /// Queues an edit, or another wish of a person, in front of what games have sent. It is written unless
    /// what this returns is dropped.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`], [`GatewayError::Closed`].
    pub(crate) fn ask_edit(&self, topic: Arc<dyn Topic>, write: Write) -> Result<Asked, GatewayError> {
        let lane = Lane::of_people(topic.project());
        let room = self.shared.rooms.reserve_beside(
            lane,
            weight(&write),
            EDITS_BYTES.min(self.shared.rooms.max_bytes()),
        );
        self.ask(topic, write, room, Queues::push_edit)
    }

    /// Returns when an edit is committed and published, or will not be.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`] or [`GatewayError::Closed`]: it is not saved, now or later.
    /// [`GatewayError::Undecided`]: it was being saved, and what became of that can't be known soon.
    pub(crate) async fn edited(&self, mut asked: Asked) -> Result<Written, GatewayError> {
        if let Ok(outcome) = timeout(PATIENCE, &mut asked.outcome).await {
            return decided(&asked, outcome);
        }
        if self.shared.queues().withdraw(&mut asked) {
            return Err(GatewayError::Unavailable(StoreError::TimedOut));
        }
        // an attempt is under way and ends soon, but for one of which the database must be asked whether it has
        // happened: that takes as long as the database is away
        if !*self.shared.storing.borrow() {
            return Err(GatewayError::Undecided);
        }
        match timeout(COMMIT_TIMEOUT, &mut asked.outcome).await {
            Ok(outcome) => decided(&asked, outcome),
            Err(_) => Err(GatewayError::Undecided),
        }
    }

    /// Writes that a game connects and returns when it is committed. After an error the game connects again, which does
    /// no harm when it was committed all the same.
    pub(crate) async fn connect(&self, topic: Arc<dyn Topic>, write: Write) -> Result<Written, GatewayError> {
        let lane = Lane::of_arrivals(topic.project());
        let room = self.shared.rooms.reserve_beside(
            lane,
            weight(&write),
            ARRIVALS_BYTES.min(2 * self.shared.rooms.max_bytes()),
        );
        let mut asked = self.ask(topic, write, room, Queues::push_connect)?;
        match timeout(PATIENCE, &mut asked.outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(GatewayError::Closed),
            Err(_) => {
                self.shared.queues().withdraw(&mut asked);
                Err(GatewayError::Unavailable(StoreError::TimedOut))
            }
        }
    }

    /// Queues what somebody waits for. `room` is `None` when too much of that waits already.
    fn ask(
        &self,
        topic: Arc<dyn Topic>,
        write: Write,
        room: Option<Room>,
        push: fn(&mut Queues, Job),
    ) -> Result<Asked, GatewayError> {
        let mut queues = self.shared.open_queues()?;
        if !*self.shared.storing.borrow() {
            return Err(GatewayError::Unavailable(StoreError::TimedOut));
        }
        let Some(room) = room else {
            let text = "too much is waiting to be saved in this project; try again in a moment";
            return Err(ProtocolError::new(ErrorCode::Busy, text).into());
        };
        let (answer, asked) = Asked::new();
        let target = Target { topic, reply: Reply::Answer(answer), room: Some(room) };
        push(&mut queues, Job { write, target });
        drop(queues);
        self.shared.filled.notify_one();
        Ok(asked)
    }
}

/// What an edit or a game that connects takes in memory.
fn weight(write: &Write) -> usize {
    let beside = match write {
        Write::Edit { changes, unchanged, .. } => {
            let changes = changes.iter().chain(unchanged.iter().map(|(change, _)| change));
            changes
                .map(|Change { name, value, .. }| {
                    size_of::<Change>() + name.as_str().len() + value.as_ref().map_or(0, Value::weight)
                })
                .sum()
        }
        Write::Connect { device, session, .. } => {
            let DeviceInfo { identity, name, about, build, attrs, .. } = device;
            let optional = [attrs, session].into_iter().flatten();
            [identity, name, about, build].into_iter().chain(optional).map(String::len).sum()
        }
        _ => 0,
    };
    size_of::<Job>() + beside
}

/// What the writer says of a job; it says nothing when it was ended in the middle.
fn decided(
    asked: &Asked,
    outcome: Result<Result<Written, GatewayError>, RecvError>,
) -> Result<Written, GatewayError> {
    match outcome {
        Ok(outcome) => outcome,
        Err(_) if asked.is_taken() => Err(GatewayError::Undecided),
        Err(_) => Err(GatewayError::Closed),
    }
}
