//! What a game can do: connect, report its variables, log, be given edits, and say what it did with them.

mod admission;
mod arrival;
mod connecting;
mod left_out;
mod place;
mod pushing;
mod session;
mod source;

use std::time::Duration;

use protocol::{
    ErrorCode, ProtocolError,
    model::{DeviceId, Key, LogEntry, Outcome, ProjectId, Report, Revision, VarName},
};
use tokio::sync::mpsc;

pub use self::pushing::Push;
use self::{
    place::Place,
    pushing::Pushes,
    session::Session,
    source::{Reported, Source},
};
use crate::{ActionCall, GatewayError, receipts::Settled, shares::KeyShare, writer::Room};

/// One verified connection of a game. Dropping it marks its device offline.
pub struct GameLine {
    source: Source,
    key: Key,
    _share: KeyShare,
    place: Option<Place>,
    session: Option<Session>,
    pushes: Pushes,
    actions: Option<mpsc::Receiver<ActionCall>>,
}

/// What a line brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Variables.
    Report(Vec<Report>),
    /// Log entries.
    Logs(Vec<LogEntry>),
    /// Nothing that can be stored; only its number counts.
    Refused,
}

/// Something for a game's connection to do.
#[derive(Debug)]
pub enum GameEvent {
    /// [`GameLine::take_push`] may have something.
    Pushable,
    /// Sequenced lines were settled.
    Settled(Settled),
    /// The game is to run an action.
    Action(ActionCall),
    /// The project starts over from the database: connect again.
    StartOver,
    /// The key is worth nothing any more.
    Revoked,
}

impl GameLine {
    /// The key that was verified.
    pub fn key(&self) -> Key {
        self.key
    }

    /// The project it belongs to.
    pub fn project(&self) -> ProjectId {
        self.source.live.project.id
    }

    /// The device that this connection is.
    pub fn device(&self) -> DeviceId {
        self.source.device
    }

    /// The number of the session's last line that is stored; 0 without a session.
    pub fn last_seq(&self) -> u64 {
        self.session.as_ref().map_or(0, |session| session.open.last_seq)
    }

    /// Whether its session began with this connection.
    pub fn has_new_session(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.open.is_new())
    }

    /// Whether lines with numbers are stored once and acknowledged. Without a session they are not.
    pub fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// Room for a line of so many bytes, if the server can take it in now: this connection may have as much as the
    /// others leave free, so that none of them takes it all.
    ///
    /// # Errors
    /// `busy` or `unavailable`: the same line may be taken later.
    pub fn try_reserve(&self, line_bytes: usize) -> Result<Room, ErrorCode> {
        self.source.try_reserve(line_bytes)
    }

    /// Room for a line of so many bytes, as soon as there is some. The future does not borrow this.
    ///
    /// # Errors
    /// [`GatewayError::Closed`].
    pub fn reserve(
        &self,
        line_bytes: usize,
    ) -> impl Future<Output = Result<Room, GatewayError>> + Send + use<> {
        self.source.reserve(line_bytes)
    }

    /// Takes in a line. Values that this connection has said before are left out. It is queued when this
    /// returns; it is stored and shown right after, and if `seq` is its number, [`GameLine::next`] tells. What is returned
    /// says which part was left out: variables for which the project has no room, and declarations that the key may not make
    /// or that wait for consent.
    ///
    /// # Errors
    /// `full` for log entries when the project has stored as much today as it may; `too_many`, `report_only` or `frozen` when
    /// nothing is left of a line without those: then only the number counts. `revoked`: nothing is taken in.
    pub fn submit(
        &mut self,
        room: Room,
        seq: Option<u64>,
        content: Content,
    ) -> Result<Option<ProtocolError>, ProtocolError> {
        self.source.check_key()?;
        let line = self.session.as_ref().zip(seq).map(|(session, seq)| session.line(seq));
        match content {
            Content::Logs(entries) => self.source.log(room, line, entries).map(|()| None),
            Content::Report(reports) => {
                let Reported { left_out, forms_changed } = self.source.report(room, line, reports)?;
                self.pushes.forms_changed |= forms_changed;
                Ok(left_out)
            }
            Content::Refused => {
                self.source.skip(room, line);
                Ok(None)
            }
        }
    }

    /// Waits for room and takes in what the game reports.
    ///
    /// # Errors
    /// `too_many` when variables were left out, [`GatewayError::Closed`].
    pub async fn report_vars(&mut self, reports: Vec<Report>) -> Result<(), GatewayError> {
        let room = self.reserve(64 * reports.len()).await?;
        match self.submit(room, None, Content::Report(reports))? {
            None => Ok(()),
            Some(left_out) => Err(left_out.into()),
        }
    }

    /// Waits for room and takes in log entries.
    ///
    /// # Errors
    /// [`GatewayError::Closed`].
    pub async fn append_logs(&mut self, entries: Vec<LogEntry>) -> Result<(), GatewayError> {
        let room = self.reserve(entries.iter().map(|entry| 64 + entry.message.len()).sum()).await?;
        self.submit(room, None, Content::Logs(entries))?;
        Ok(())
    }

    /// The next thing to do; edits count only while `can_push`. Cancel-safe.
    pub async fn next(&mut self, can_push: bool) -> GameEvent {
        tokio::select! {
            biased;
            () = self.source.ended.cancelled() => GameEvent::Revoked,
            () = self.source.live.dropped.cancelled() => GameEvent::StartOver,
            settled = settled(self.session.as_ref()) => GameEvent::Settled(settled),
            Some(call) = called(&mut self.actions), if can_push => GameEvent::Action(call),
            () = self.pushes.wait(), if can_push => GameEvent::Pushable,
        }
    }

    /// Every edit since the last push, the newest value of each variable. `None` when there is none.
    pub fn take_push(&mut self) -> Option<Push> {
        self.pushes.take(&self.source)
    }

    /// The revision that the game has with the last push.
    pub fn pushed(&self) -> Revision {
        self.pushes.pushed()
    }

    /// The game has applied everything up to `revision`. `outcomes` are variables with which it did anything
    /// else, for which there is `room`; `round_trip` is from sending that revision to hearing of it.
    pub fn record_applied(
        &mut self,
        revision: Revision,
        outcomes: Vec<(VarName, Outcome)>,
        round_trip: Option<Duration>,
        room: Option<Room>,
    ) {
        let Source { gateway, live, device, lane, .. } = &self.source;
        let revision = revision.min(self.pushed());
        let kept = live.record_applied(*device, revision, outcomes, round_trip);
        if !kept.is_empty() {
            gateway.inner.writer.note_outcomes(live.clone(), *lane, *device, kept, room);
        }
    }

    /// The game has run an action, or could not.
    pub fn record_action(&mut self, id: u64, outcome: Result<Option<String>, String>) {
        self.source.live.finish_action(id, self.source.device, outcome);
    }

    /// Notes that something of this game was refused: `excerpt` is the beginning of the line, without keys.
    pub fn note_refusal(&self, error: &ProtocolError, excerpt: String) {
        self.source.note_refusal(error, excerpt);
    }
}

async fn settled(session: Option<&Session>) -> Settled {
    match session {
        Some(session) => session.settled().await,
        None => std::future::pending().await,
    }
}

async fn called(actions: &mut Option<mpsc::Receiver<ActionCall>>) -> Option<ActionCall> {
    match actions {
        Some(actions) => actions.recv().await,
        None => std::future::pending().await,
    }
}

impl Drop for GameLine {
    fn drop(&mut self) {
        let Source { gateway, live, device, .. } = &self.source;
        let at = gateway.now();
        self.source.end(at);
        if let Some(session) = &self.session {
            session.release(live);
        }
        let applied = live.disconnect(*device, at).filter(|_| self.pushes.are_acknowledged());
        gateway.inner.writer.note_seen(live.clone(), *device, at, applied);
    }
}

impl std::fmt::Debug for GameLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GameLine")
            .field("project", &self.project())
            .field("device", &self.device())
            .field("place", &self.place.as_ref().map(|place| place.number))
            .finish_non_exhaustive()
    }
}
