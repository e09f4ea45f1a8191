//! One project in memory, and what its games and dashboards do with it.

use std::{
    any::Any,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::{
    ProtocolError,
    live::{Event, Seq, Snapshot},
    model::{
        DeviceId, LogEntry, Outcome, Project, ProjectRole, Revision, RunId, UnixMicros, VarName, VarRevision,
    },
};
use tokio::{
    sync::{OwnedMutexGuard, watch},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    backlog::{Backlog, Deltas},
    delta::Delta,
    split::split,
    state::{State, Walk},
};
use crate::{
    inner::Ledger,
    outgoing::Outgoing,
    shares::Today,
    store::{DeviceInfo, Epoch, ProjectState},
    waiting::Waiting,
};

/// What a thousand games say at once about an edit is gathered for so long and shown together.
const GATHER_TIME: Duration = Duration::from_millis(16);
/// The same of lines that are refused, which a game may send by the thousand; nobody waits for these.
const REFUSALS_GATHER_TIME: Duration = Duration::from_millis(250);

/// What is kept beside a project's state, and stays when nobody uses it.
pub(crate) struct Beside {
    pub(crate) refusals: Arc<Ledger>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) today: Arc<Today>,
    pub(crate) budgets: Budgets,
}

/// What its connections hold of what is not sent yet counts here, beside that of other projects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Budgets {
    pub(crate) pushes: Arc<Outgoing>,
    pub(crate) deltas: Arc<Outgoing>,
}

/// Keeps everybody from reading a project, until an edit is committed or will not be, even if nobody waits for it any more: what is
/// read until then would not know of it.
struct Alone {
    /// The project's slot in the registry: one that is used stays the project's.
    _slot: Arc<dyn Any + Send + Sync>,
    _loading: OwnedMutexGuard<()>,
}

/// One project, shared by its games, its dashboards and the writer.
pub(crate) struct Live {
    pub(crate) project: Project,
    /// The epoch of the database in which it was read.
    pub(crate) epoch: i64,
    /// The same as games see it.
    pub(crate) epoch_name: String,
    /// Cancelled when the project starts over from the database.
    pub(crate) dropped: CancellationToken,
    /// It was dropped because it is not there any more.
    pub(crate) is_deleted: AtomicBool,
    state: Mutex<State>,
    deltas: Backlog,
    /// Wakes the games; each then pulls what it lacks.
    pub(super) revision: watch::Sender<Revision>,
    pub(super) losses: AtomicU64,
    pub(crate) refusals: Arc<Ledger>,
    /// Declarations that wait for consent.
    pub(crate) waiting: Arc<Waiting>,
    today: Arc<Today>,
    /// Whether dashboards were told that the day is full.
    is_told_full: AtomicBool,
    /// Only some variables are known here, and this keeps everybody from reading the project.
    _alone: Option<Alone>,
}

impl Live {
    pub(crate) fn new(loaded: ProjectState, epoch: &Epoch, is_storing: bool, beside: Beside) -> Self {
        let Beside { refusals, waiting, today, budgets } = beside;
        let revision = watch::Sender::new(loaded.revision);
        let project = loaded.project.clone();
        let mut state = State::new(loaded, is_storing);
        state.connections.pushes.join(&budgets.pushes);
        Self {
            project,
            epoch: epoch.number,
            epoch_name: epoch.to_string(),
            dropped: CancellationToken::new(),
            is_deleted: AtomicBool::new(false),
            revision,
            state: Mutex::new(state),
            deltas: Backlog::within(budgets.deltas),
            losses: AtomicU64::new(0),
            refusals,
            waiting,
            today,
            is_told_full: AtomicBool::new(false),
            _alone: None,
        }
    }

    /// The same where only some variables are known.
    pub(super) fn alone(self, slot: Arc<dyn Any + Send + Sync>, loading: OwnedMutexGuard<()>) -> Self {
        Self { _alone: Some(Alone { _slot: slot, _loading: loading }), ..self }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    /// Tells dashboards, in one delta, or several when it is long.
    pub(super) fn tell(&self, state: &mut State, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        for (events, bytes) in split(events) {
            let seq = state.feed.next_seq();
            self.deltas.send(Delta::new(seq, events), bytes);
        }
    }

    /// The number of the newest delta, and a receiver that continues behind it.
    pub(crate) fn watch(&self) -> (Seq, Deltas) {
        let state = self.state();
        (state.feed.seq, self.deltas.subscribe())
    }

    /// The number of the newest delta, and that of the newest log line with it; 0: there is none.
    pub(crate) fn newest_log(&self) -> (Seq, u64) {
        let state = self.state();
        (state.feed.seq, state.picture.log().newest())
    }

    /// All of the state now. The project is locked until it is copied.
    pub(crate) fn snapshot(&self, now: UnixMicros, role: ProjectRole) -> Snapshot {
        self.begin_parts(now, role, usize::MAX).0
    }

    /// The beginning of the state now, with so many bytes of devices and as many of variables, and the way to what follows.
    pub(crate) fn begin_parts(
        &self,
        now: UnixMicros,
        role: ProjectRole,
        max_bytes: usize,
    ) -> (Snapshot, Walk) {
        let (head, walk) = self.state().begin_parts(now, role, max_bytes);
        // deltas say these as they are then: one that is behind the snapshot says what it has
        let (refused, gave_way) = (self.refusals.all(), self.refusals.gave_way());
        let full = self.today.full(now);
        let declarations_waiting = self.waiting.count();
        (Snapshot { refused, gave_way, full, declarations_waiting, ..head }, walk)
    }

    pub(crate) fn revisions(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// Takes the lowest free place of a peer: 1 for its first connection, 2 for one beside it.
    pub(crate) fn reserve_place(&self, peer: IpAddr) -> u32 {
        self.state().connections.places.reserve(peer)
    }

    pub(crate) fn free_place(&self, peer: IpAddr, place: u32) {
        self.state().connections.places.free(peer, place);
    }

    pub(crate) fn connect(&self, device: DeviceId, info: &DeviceInfo, now: UnixMicros) {
        let mut state = self.state();
        let events = state.connect(device, info, now).map(Event::Device).into_iter().collect();
        self.tell(&mut state, events);
    }

    /// A game's device has come, or will not.
    pub(crate) fn end_arrival(&self, identity: &str, known: Option<DeviceId>, gives_way: Option<DeviceId>) {
        let mut state = self.state();
        let left = state.end_arrival(identity, known, gives_way);
        self.tell(&mut state, left.map(Event::Device).into_iter().collect());
    }

    /// Returns how far the device is.
    pub(crate) fn disconnect(&self, device: DeviceId, now: UnixMicros) -> Option<Revision> {
        let mut state = self.state();
        let mut events = Vec::new();
        if let Some(device) = state.disconnect(device, now) {
            let id = device.id;
            events.push(Event::Device(device));
            let given_up = "it left before it answered";
            events.extend(state.connections.runs.give_up_device(id, given_up, Instant::now()));
        }
        self.tell(&mut state, events);
        state.picture.applied_by(device)
    }

    /// Takes in what a game did with desired values, and returns what is worth keeping of it. Dashboards hear
    /// of it within [`GATHER_TIME`], together with what other games say.
    pub(crate) fn record_applied(
        self: &Arc<Self>,
        device: DeviceId,
        revision: Revision,
        outcomes: Vec<(VarName, Outcome)>,
        round_trip: Option<Duration>,
    ) -> Vec<(VarName, VarRevision, Outcome)> {
        let mut state = self.state();
        let kept = state.record_applied(device, revision, outcomes, round_trip);
        if state.feed.begin_gathering() {
            let live = Arc::clone(self);
            tokio::spawn(async move {
                sleep(GATHER_TIME).await;
                let mut state = live.state();
                let events = state.feed.take_gathered().into_iter().collect();
                live.tell(&mut state, events);
            });
        }
        kept
    }

    /// Log entries are about to be stored.
    ///
    /// # Errors
    /// `full` when as much is stored today as may.
    pub(crate) fn take_today(&self, entries: &[LogEntry], now: UnixMicros) -> Result<(), ProtocolError> {
        let taken = self.today.take(entries, now);
        let is_full = *taken.as_ref().unwrap_or(&true);
        // the project is locked for this twice a day
        if self.is_told_full.load(Relaxed) != is_full {
            self.tell_full(now);
        }
        taken.map(drop)
    }

    /// A game has begun a session.
    pub(crate) fn note_session(&self, now: UnixMicros) {
        self.today.note_session(now);
        if self.today.full(now).is_some() {
            self.tell_full(now);
        }
    }

    /// Tells dashboards when a day is full, and when the next one has begun.
    fn tell_full(&self, now: UnixMicros) {
        let full = self.today.full(now);
        let mut state = self.state();
        self.is_told_full.store(full.is_some(), Relaxed);
        if state.feed.set_full(full) {
            self.tell(&mut state, vec![Event::Full(full)]);
        }
    }

    /// Something was refused of this device, or of a game that was turned away: dashboards hear of it within
    /// [`REFUSALS_GATHER_TIME`], together with what else is refused.
    pub(crate) fn note_refusal(self: &Arc<Self>, device: Option<DeviceId>) {
        if !self.state().feed.note_refusal(device) {
            return;
        }
        let live = Arc::clone(self);
        tokio::spawn(async move {
            sleep(REFUSALS_GATHER_TIME).await;
            let mut state = live.state();
            let refused = live.refusals.of(state.feed.take_refused());
            let events = if refused.is_empty() { Vec::new() } else { vec![Event::Refused(refused)] };
            live.tell(&mut state, events);
        });
    }

    /// More declarations wait for consent, or fewer do: dashboards hear of it within [`REFUSALS_GATHER_TIME`], too.
    pub(crate) fn note_waiting(self: &Arc<Self>) {
        if !self.state().feed.note_waiting() {
            return;
        }
        let live = Arc::clone(self);
        tokio::spawn(async move {
            sleep(REFUSALS_GATHER_TIME).await;
            let mut state = live.state();
            state.feed.end_waiting();
            let events = vec![Event::DeclarationsWaiting(live.waiting.count())];
            live.tell(&mut state, events);
        });
    }

    /// A game has run an action.
    pub(crate) fn finish_action(&self, id: u64, device: DeviceId, outcome: Result<Option<String>, String>) {
        let mut state = self.state();
        let events =
            state.connections.runs.finish(RunId(id), device, outcome, Instant::now()).into_iter().collect();
        self.tell(&mut state, events);
    }

    /// The games that have not answered yet will not.
    pub(crate) fn give_up_run(&self, run: RunId, why: &str) {
        let mut state = self.state();
        let events = state.connections.runs.give_up(run, why, Instant::now());
        self.tell(&mut state, events);
    }

    /// Called every second or so.
    pub(crate) fn tick(&self) {
        self.state().connections.pushes.tick();
    }

    pub(crate) fn set_storing(&self, storing: bool) {
        let mut state = self.state();
        if state.feed.set_storing(storing) {
            self.tell(&mut state, vec![Event::Storing(storing)]);
        }
    }

    pub(crate) fn losses(&self) -> u64 {
        self.losses.load(Relaxed)
    }

    pub(crate) fn watchers(&self) -> u64 {
        self.deltas.receivers() as u64
    }
}

/// A project that nothing is known of, in the epoch 1.
#[cfg(test)]
pub(crate) fn test_live(id: i64) -> Arc<Live> {
    use protocol::model::{Key, ProjectId};

    use crate::shares::{Days, Limits};

    let project = Project {
        id: ProjectId(id),
        name: String::new(),
        key: Key::parse(b"0123456789ab").expect("it is one"),
        created_at: UnixMicros(0),
    };
    let loaded = ProjectState {
        project,
        revision: Revision(0),
        is_frozen: false,
        devices: Vec::new(),
        vars: Vec::new(),
        removed: Vec::new(),
        logs: Vec::new(),
        gone: Vec::new(),
        left_out: crate::store::LeftOut::default(),
    };
    let epoch = Epoch { instance: "test".to_owned(), number: 1 };
    let today = Days::new(Limits::default()).of(ProjectId(id));
    let budgets = Budgets::default();
    let beside = Beside { refusals: Arc::default(), waiting: Arc::default(), today, budgets };
    Arc::new(Live::new(loaded, &epoch, true, beside))
}
