//! The way in for what a device sends: room in the queue, checks, and the writer. It knows no socket and no session: a game's
//! connection has a source for as long as it lives, and an edge that receives log entries in another way needs nothing more.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use protocol::{
    ErrorCode, ProtocolError,
    model::{DeviceId, LogEntry, Report, UnixMicros, Value, VarName, VarSpec},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{admission::revoked, left_out};
use crate::{
    ActionCall, Gateway, GatewayError,
    inner::{KnownKey, refused_line},
    live::{Live, Restored, Seen, Speaker, lock_seen},
    receipts::Receipts,
    store::{Sequenced, Write},
    writer::{Lane, NoRoom, Room},
};

/// Actions that may wait until a game's socket is free.
const MAX_WAITING_ACTIONS: usize = 16;

/// What a device of a project sends.
pub(super) struct Source {
    pub(super) gateway: Gateway,
    pub(super) live: Arc<Live>,
    pub(super) device: DeviceId,
    pub(super) lane: Lane,
    /// Cancelled when the key is worth nothing any more.
    pub(super) ended: CancellationToken,
    /// The key is for reports only.
    report_only: Arc<AtomicBool>,
    /// Shared with the project's state, which holds its own lock whenever this is looked at.
    pub(super) seen: Arc<Mutex<Seen>>,
}

/// A line that has a number, and who hears what becomes of it.
pub(super) struct Numbered {
    pub(super) line: Sequenced,
    pub(super) receipts: Arc<Receipts>,
}

/// What became of a report.
pub(super) struct Reported {
    /// What was left out, and why.
    pub(super) left_out: Option<ProtocolError>,
    /// It says something in another way than before.
    pub(super) forms_changed: bool,
}

impl Source {
    /// A device may report variables from now on, until [`Source::end`].
    pub(super) fn begin(gateway: &Gateway, live: Arc<Live>, device: DeviceId, key: &KnownKey) -> Self {
        let (lane, seen) = (gateway.inner.writer.lane(live.project.id), Seen::of(device));
        let seen = Arc::new(Mutex::new(seen));
        live.state().begin_speaking(lane.number, device, &seen);
        let (ended, report_only) = (key.ended.clone(), Arc::clone(&key.report_only));
        Self { gateway: gateway.clone(), live, device, lane, ended, report_only, seen }
    }

    /// From now on it runs the actions that it declares.
    pub(super) fn begin_actions(&self) -> mpsc::Receiver<ActionCall> {
        let (calls, actions) = mpsc::channel(MAX_WAITING_ACTIONS);
        self.live.state().connections.runs.add(self.device, calls, &self.seen);
        actions
    }

    /// It reports no more: what others have declared may count again.
    pub(super) fn end(&self, at: UnixMicros) {
        let restored = self.live.state().end_speaking(self.lane.number);
        for Restored { device, declared } in restored {
            let (project, values) = (self.live.project.id, Vec::new());
            let write = Write::Declare { project, device, at, declared, values, note: None };
            self.gateway.inner.writer.queue_own(self.live.clone(), self.lane, write);
        }
    }

    /// Room for so many bytes of text, if the server can take it in now.
    ///
    /// # Errors
    /// `busy` or `unavailable`: the same may be taken later.
    pub(super) fn try_reserve(&self, bytes: usize) -> Result<Room, ErrorCode> {
        let writer = &self.gateway.inner.writer;
        writer.try_reserve(self.lane, weight(bytes)).map_err(|no_room| match no_room {
            NoRoom::Busy => ErrorCode::Busy,
            NoRoom::Unavailable => ErrorCode::Unavailable,
        })
    }

    /// Room for so many bytes of text, as soon as there is some. The future does not borrow this.
    pub(super) fn reserve(
        &self,
        bytes: usize,
    ) -> impl Future<Output = Result<Room, GatewayError>> + Send + use<> {
        self.gateway.inner.writer.reserve(self.lane, weight(bytes))
    }

    /// # Errors
    /// `revoked`: nothing is taken in any more.
    pub(super) fn check_key(&self) -> Result<(), ProtocolError> {
        if self.ended.is_cancelled() { Err(revoked()) } else { Ok(()) }
    }

    /// Takes in log entries.
    ///
    /// # Errors
    /// `full` when the project has stored as much today as it may: then only the number counts.
    pub(super) fn log(
        &self,
        room: Room,
        line: Option<Numbered>,
        entries: Vec<LogEntry>,
    ) -> Result<(), ProtocolError> {
        let received = self.gateway.now();
        if entries.is_empty() {
            self.skip(room, line);
            return Ok(());
        }
        if let Err(full) = self.live.take_today(&entries, received) {
            self.skip(room, line);
            return Err(full);
        }
        let (project, device) = (self.live.project.id, self.device);
        self.queue(room, line, |line| Write::Logs { project, device, received, entries, line });
        Ok(())
    }

    /// Takes in what it says of variables, where that is new.
    ///
    /// # Errors
    /// `too_many`, `report_only` or `frozen` when nothing of it is taken: then only the number counts.
    pub(super) fn report(
        &self,
        room: Room,
        line: Option<Numbered>,
        reports: Vec<Report>,
    ) -> Result<Reported, ProtocolError> {
        let (device, at) = (self.device, self.gateway.now());
        let (count, losses) = (reports.len(), self.live.losses());
        let speaker = Speaker { device, at, declares: !self.report_only.load(Relaxed) };
        let mut news = self.live.state().news(speaker, &mut lock_seen(&self.seen), reports, losses);
        self.add_waiting(news.waits.drain(..), at);
        let left_out = left_out::tell(&news);
        let is_all_left_out = news.left_out.len() + news.refused.len() + news.waiting.len() == count;
        let forms_changed = news.forms_changed;
        if news.values.is_empty() {
            self.skip(room, line);
            return match left_out {
                Some(error) if is_all_left_out => Err(error),
                left_out => Ok(Reported { left_out, forms_changed }),
            };
        }
        let (project, declared, values) = (self.live.project.id, news.declared, news.values);
        self.queue(room, line, |line| Write::Report { project, device, at, declared, values, line });
        Ok(Reported { left_out, forms_changed })
    }

    fn add_waiting(&self, waits: impl ExactSizeIterator<Item = (VarName, VarSpec, Value)>, at: UnixMicros) {
        if waits.len() == 0 {
            return;
        }
        let before = self.live.waiting.count();
        for (name, spec, value) in waits {
            self.live.waiting.add(self.device, name, spec, value, at);
        }
        if self.live.waiting.count() != before {
            self.live.note_waiting();
        }
    }

    /// Stores nothing of a line but its number.
    pub(super) fn skip(&self, room: Room, line: Option<Numbered>) {
        let (project, at) = (self.live.project.id, self.gateway.now());
        if let Some(Numbered { line: number, .. }) = line {
            self.queue(room, line, |_| Write::Refused { project, line: number, at });
        }
    }

    /// Notes that something of this device was refused: `excerpt` is the beginning of the line, without keys.
    pub(super) fn note_refusal(&self, error: &ProtocolError, excerpt: String) {
        if !error.code.is_refusal() {
            return;
        }
        self.gateway.inner.refusals.count(error.code);
        let device = Some(self.device);
        self.live.refusals.record(device, refused_line(self.gateway.now(), error, excerpt));
        self.live.note_refusal(device);
    }

    fn queue(&self, room: Room, line: Option<Numbered>, write: impl FnOnce(Option<Sequenced>) -> Write) {
        let (line, receipts) = line.map(|numbered| (numbered.line, numbered.receipts)).unzip();
        self.gateway.inner.writer.queue(self.live.clone(), write(line), room, receipts);
    }
}

/// What text takes in memory: it becomes values and entries with a head each.
fn weight(bytes: usize) -> usize {
    3 * bytes
}
