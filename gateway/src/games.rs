//! What a game can do: connect, report its variables, log, be given edits, and say what it did with them.

use std::{
    mem,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::{
    ErrorCode, ProtocolError,
    limits::MAX_VARS_PER_PROJECT,
    line::Hello,
    model::{DeviceId, Key, LogEntry, Outcome, ProjectId, Report, Revision, VarName},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Gateway, GatewayError,
    actions::ActionCall,
    arrival::Arrival,
    keys::KnownKey,
    live::{Forms, Live, News, Restored, Seen, Speaker, Wire, lock_seen},
    receipts::{Receipts, Settled},
    secrets::random_token,
    shares::KeyShare,
    store::{DeviceInfo, OpenSession, Sequenced, StoreError, Write, Written},
    writer::{Lane, NoRoom, Room},
};

/// Actions that may wait until a game's socket is free.
const MAX_WAITING_ACTIONS: usize = 16;

/// One verified connection of a game. Dropping it marks its device offline.
pub struct GameLine {
    pub(crate) gateway: Gateway,
    pub(crate) live: Arc<Live>,
    lane: Lane,
    key: Key,
    /// Cancelled when the key is worth nothing any more.
    ended: CancellationToken,
    /// The key is for reports only.
    report_only: Arc<AtomicBool>,
    _share: KeyShare,
    device: DeviceId,
    /// Whether the game says what it applied.
    acknowledges: bool,
    place: Option<Place>,
    session: Option<Session>,
    /// Shared with the project's state, which holds its own lock whenever this is looked at.
    seen: Arc<Mutex<Seen>>,
    forms: Arc<Forms>,
    /// The game has said something in a way that `forms` does not know.
    forms_changed: bool,
    wire: Wire,
    revisions: watch::Receiver<Revision>,
    /// What the game has, or is about to; `None`: nothing that we know of.
    pushed: Option<Revision>,
    actions: Option<mpsc::Receiver<ActionCall>>,
}

/// A session that this connection holds.
struct Session {
    name: String,
    open: OpenSession,
    receipts: Arc<Receipts>,
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

/// Edits on their way to a game.
#[derive(Clone, Debug)]
pub struct Push {
    /// The game has everything up to this revision with it.
    pub revision: Revision,
    /// For `protocol::line::write_edits` or `write_revised`; shared by every game that lacks the same.
    pub payload: Arc<[u8]>,
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

/// Keeps a peer's place while its connection lives, so that the next one beside it gets another.
struct Place {
    live: Arc<Live>,
    peer: IpAddr,
    number: u32,
}

impl Place {
    fn reserve(live: &Arc<Live>, peer: IpAddr) -> Self {
        Self { live: Arc::clone(live), peer, number: live.reserve_place(peer) }
    }

    /// What the device is known by, and what people read.
    fn info(&self) -> DeviceInfo {
        let name = match self.number {
            1 => self.peer.to_string(),
            number => format!("{} #{number}", self.peer),
        };
        let identity = format!("peer:{}#{}", self.peer, self.number);
        DeviceInfo { identity, name, about: String::new(), attrs: None, applied: None }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.live.free_place(self.peer, self.number);
    }
}

impl Gateway {
    /// Verifies a key and connects a game; `hello` is what it said of itself, if it did.
    ///
    /// A game that says nothing of itself is known by its peer's address and the lowest number that is
    /// free there, so that a game which reconnects is the same device again.
    ///
    /// # Errors
    /// `bad_key` when no project has the key, `revoked` when it was revoked or has been replaced, `quota` when the project has too many devices
    /// or the key too many games,
    /// [`GatewayError::Unavailable`].
    pub async fn connect_game(
        &self,
        key: Key,
        peer: IpAddr,
        hello: Option<&Hello>,
    ) -> Result<GameLine, GatewayError> {
        self.connect_game_if(key, peer, hello, &|| true).await
    }

    /// The same, where `may_add` says whether this peer may add a device that the project does not know.
    ///
    /// # Errors
    /// Those, and `rate` when it may not.
    pub async fn connect_game_if(
        &self,
        key: Key,
        peer: IpAddr,
        hello: Option<&Hello>,
        may_add: &(dyn Fn() -> bool + Sync),
    ) -> Result<GameLine, GatewayError> {
        let epoch = self.inner.epoch().number;
        let KnownKey { state, ended, report_only, connected, .. } = self.key_in_force(key, peer).await?;
        let share = KeyShare::take(&connected, self.inner.days.limits.games_per_key);
        let share = share.map_err(|error| self.turn_away(state.project, peer, error))?;
        let live = self.load(state.project).await?;
        if live.epoch != epoch {
            // in another history the key may belong to another project
            return Err(GatewayError::Unavailable(StoreError::Restored));
        }
        self.note_key_use(key, state.id);
        let held = hello.map(|hello| self.held_revision(hello, &live));
        let applied = hello.filter(|hello| hello.caps.rev).map(|_| held.flatten().unwrap_or(Revision(0)));
        let (place, info) = identify(&live, peer, hello, applied);
        let session = hello.filter(|hello| hello.caps.ack).map(session_name);
        let arrival = match Arrival::begin(&live, &info.identity, may_add) {
            Err(error) => return Err(self.turn_away(state.project, peer, error)),
            Ok(arrival) => arrival,
        };
        let (device, open) = self.register(&live, &info, session.as_deref(), &arrival).await?;
        if open.is_some_and(|open| open.is_new()) {
            live.note_session(self.now());
        }
        let session = open.zip(session).map(|(open, name)| Session::hold(&live, open, name));
        live.connect(device, &info, self.inner.clock.now());
        drop(arrival);
        let (lane, seen) = (self.inner.writer.lane(live.project.id), Arc::new(Mutex::new(Seen::of(device))));
        live.state().begin_speaking(lane.number, device, &seen);
        let (revisions, forms) = (live.revisions(), live.state().forms(&Seen::default()));
        let wire = match hello {
            Some(Hello { caps, .. }) if caps.rev => Wire::Revised { bare: caps.json },
            _ => Wire::Original,
        };
        let mut line = GameLine {
            gateway: self.clone(),
            lane,
            key,
            ended,
            report_only,
            _share: share,
            device,
            acknowledges: applied.is_some(),
            place,
            session,
            seen,
            forms,
            forms_changed: false,
            wire,
            revisions,
            // a game of the original grammar starts from nothing
            pushed: held.unwrap_or(Some(Revision(0))),
            actions: None,
            live,
        };
        if line.acknowledges {
            let (calls, actions) = mpsc::channel(MAX_WAITING_ACTIONS);
            line.live.state().connections.runs.add(device, calls, &line.seen);
            line.actions = Some(actions);
        }
        Ok(line)
    }

    /// The revision up to which a game has everything, if it is one of ours.
    fn held_revision(&self, hello: &Hello, live: &Live) -> Option<Revision> {
        let is_ours = hello.epoch.as_deref() == Some(live.epoch_name.as_str());
        hello.rev.filter(|rev| is_ours && *rev <= live.state().picture.revision())
    }

    /// Makes the device and opens the session, in one commit with whoever else connects now. A known device
    /// without a session costs no write.
    async fn register(
        &self,
        live: &Arc<Live>,
        info: &DeviceInfo,
        session: Option<&str>,
        arrival: &Arrival,
    ) -> Result<(DeviceId, Option<OpenSession>), GatewayError> {
        let at = self.inner.clock.now();
        if let (Some(device), None) = (arrival.known, session) {
            self.inner.writer.note_seen(live.clone(), device, at, info.applied);
            return Ok((device, None));
        }
        let write = Write::Connect {
            project: live.project.id,
            device: info.clone(),
            session: session.map(str::to_owned),
            gives_way: arrival.gives_way,
            at,
        };
        match self.inner.writer.connect(live.clone(), write).await? {
            Written::Connected { device, session } => {
                if arrival.gives_way.is_some() {
                    self.inner.sweeper.wake();
                }
                Ok((device, session))
            }
            other => {
                let text = format!("a connection was answered by {other:?}");
                Err(GatewayError::Unavailable(StoreError::Damaged(text)))
            }
        }
    }

    /// Of a thousand games with one key that come at once, one asks the database.
    async fn key_in_force(&self, key: Key, peer: IpAddr) -> Result<KnownKey, GatewayError> {
        let known = match self.inner.keys.get(key) {
            Some(known) => known,
            None => {
                let _asking = self.inner.keys.asking.lock().await;
                loop {
                    match self.inner.keys.get(key) {
                        Some(known) => break known,
                        None => self.ask_for_key(key, peer).await?,
                    }
                }
            }
        };
        match known.state.expires_at.is_some_and(|end| end <= self.now()) {
            true => Err(self.turn_away(known.state.project, peer, revoked())),
            false => Ok(known),
        }
    }

    /// Reads a key, to be known from now on unless keys have changed meanwhile.
    async fn ask_for_key(&self, key: Key, peer: IpAddr) -> Result<(), GatewayError> {
        let version = self.inner.keys.version();
        let Some(state) = self.inner.store.get_key(key).await? else {
            return Err(ProtocolError::new(ErrorCode::BadKey, "no project has this key").into());
        };
        match state.is_revoked {
            true => Err(self.turn_away(state.project, peer, revoked())),
            false => {
                self.inner.keys.publish(version, key, state);
                Ok(())
            }
        }
    }

    /// Whether a game goes on with a session that was begun before. Asks the database.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn knows_session(&self, key: Key, hello: &Hello) -> Result<bool, GatewayError> {
        match (self.inner.keys.get(key), &hello.session) {
            (Some(known), Some(session)) => {
                Ok(self.inner.store.has_session(known.state.project, session).await?)
            }
            _ => Ok(false),
        }
    }

    /// Whether a key is known to be good, without asking the database.
    pub fn is_known_key(&self, key: Key) -> bool {
        self.inner.keys.get(key).is_some()
    }
}

fn revoked() -> ProtocolError {
    ProtocolError::new(
        ErrorCode::Revoked,
        "this key is no longer valid; ask the project's admin for another one",
    )
}

/// A game that names no session gets one that ends with its connection.
fn session_name(hello: &Hello) -> String {
    match &hello.session {
        Some(session) => session.clone(),
        None => format!("connection:{}", random_token()),
    }
}

/// By its own word, or by its address.
fn identify(
    live: &Arc<Live>,
    peer: IpAddr,
    hello: Option<&Hello>,
    applied: Option<Revision>,
) -> (Option<Place>, DeviceInfo) {
    let words = |hello: &Hello| {
        let words = [&hello.app, &hello.platform, &hello.sdk];
        words.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · ")
    };
    let about = hello.map(words).unwrap_or_default();
    let attrs = hello.and_then(|hello| hello.attrs.clone());
    match hello.and_then(|hello| hello.device.as_ref()) {
        Some(device) => {
            let name = hello.and_then(|hello| hello.name.clone());
            // not the whole id: whoever knows it can pass for the device
            let name = name.unwrap_or_else(|| device.chars().take(8).collect());
            let identity = format!("id:{device}");
            (None, DeviceInfo { identity, name, about, attrs, applied })
        }
        None => {
            let place = Place::reserve(live, peer.to_canonical());
            let info = place.info();
            let name = hello.and_then(|hello| hello.name.clone()).unwrap_or(info.name);
            (Some(place), DeviceInfo { name, about, attrs, applied, ..info })
        }
    }
}

impl Session {
    /// Takes the session from the connection that held it on this server.
    fn hold(live: &Arc<Live>, open: OpenSession, name: String) -> Self {
        let receipts = Arc::new(Receipts::new(open.last_seq));
        if let Some(older) = live.state().connections.sessions.hold(name.clone(), open, &receipts) {
            older.end(ErrorCode::TakenOver);
        }
        Self { name, open, receipts }
    }
}

impl GameLine {
    /// The key that was verified.
    pub fn key(&self) -> Key {
        self.key
    }

    /// The project it belongs to.
    pub fn project(&self) -> ProjectId {
        self.live.project.id
    }

    /// The device that this connection is.
    pub fn device(&self) -> DeviceId {
        self.device
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
        let writer = &self.gateway.inner.writer;
        writer.try_reserve(self.lane, weight(line_bytes)).map_err(|no_room| match no_room {
            NoRoom::Busy => ErrorCode::Busy,
            NoRoom::Unavailable => ErrorCode::Unavailable,
        })
    }

    /// Room for a line of so many bytes, as soon as there is some. The future does not borrow this.
    ///
    /// # Errors
    /// [`GatewayError::Closed`].
    pub fn reserve(
        &self,
        line_bytes: usize,
    ) -> impl Future<Output = Result<Room, GatewayError>> + Send + use<> {
        self.gateway.inner.writer.reserve(self.lane, weight(line_bytes))
    }

    /// Takes in a line. Values that this connection has said before are left out. It is queued when this
    /// returns; it is stored and shown right after, and if `seq` is its number, [`GameLine::next`] tells. What is returned
    /// says which part was left out: variables for which the project has no room, and declarations that the key may not make
    /// or that wait for consent.
    ///
    /// # Errors
    /// `full` for log entries when the project has stored as much today as it may; `too_many`, `report_only` or `frozen` when nothing is left of a line without those: then only the number counts. `revoked`:
    /// nothing is taken in.
    pub fn submit(
        &mut self,
        room: Room,
        seq: Option<u64>,
        content: Content,
    ) -> Result<Option<ProtocolError>, ProtocolError> {
        if self.ended.is_cancelled() {
            return Err(revoked());
        }
        let session = self.session.as_ref().filter(|_| seq.is_some());
        let line = session.zip(seq).map(|(session, seq)| Sequenced {
            session: session.open.id,
            generation: session.open.generation,
            seq,
        });
        let receipts = session.map(|session| Arc::clone(&session.receipts));
        let (write, outcome) = match self.write_of(content, line) {
            Ok((write, left_out)) => (write, Ok(left_out)),
            Err(error) => (self.refused(line), Err(error)),
        };
        if let Some(write) = write {
            self.gateway.inner.writer.queue(self.live.clone(), write, room, receipts);
        }
        outcome
    }

    /// What there is to store, and what was left out.
    fn write_of(
        &mut self,
        content: Content,
        line: Option<Sequenced>,
    ) -> Result<(Option<Write>, Option<ProtocolError>), ProtocolError> {
        let (project, device) = (self.live.project.id, self.device);
        let at = self.gateway.inner.clock.now();
        Ok(match content {
            Content::Logs(entries) if entries.is_empty() => (self.refused(line), None),
            Content::Logs(entries) => {
                self.live.take_today(&entries, at)?;
                (Some(Write::Logs { project, device, received: at, entries, line }), None)
            }
            Content::Refused => (self.refused(line), None),
            Content::Report(reports) => {
                let (count, losses) = (reports.len(), self.live.losses());
                let speaker = Speaker { device, at, declares: !self.report_only.load(Relaxed) };
                let news = self.live.state().news(speaker, &mut lock_seen(&self.seen), reports, losses);
                self.forms_changed |= news.forms_changed;
                let News { declared, values, left_out, is_too_large, refused, waiting, waits: held, .. } =
                    news;
                for (name, spec, value) in held {
                    self.live.waiting.add(device, name, spec, value, at);
                }
                let left = left_out.len() + refused.len() + waiting.len();
                let told = match (&left_out[..], &refused[..], &waiting[..]) {
                    ([], [], []) => None,
                    ([], [], names) => Some(waits(names)),
                    ([], names, _) => Some(reports_only(names)),
                    (names, ..) => Some(no_room_for(names, is_too_large)),
                };
                let write = match values.is_empty() {
                    true => self.refused(line),
                    false => Some(Write::Report { project, device, at, declared, values, line }),
                };
                match told {
                    Some(error) if left == count && !matches!(write, Some(Write::Report { .. })) => {
                        return Err(error);
                    }
                    told => (write, told),
                }
            }
        })
    }

    /// Nothing but a number.
    fn refused(&self, line: Option<Sequenced>) -> Option<Write> {
        let (project, at) = (self.live.project.id, self.gateway.inner.clock.now());
        line.map(|line| Write::Refused { project, line, at })
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
        let pushed = self.pushed;
        let receipts = self.session.as_ref().map(|session| &session.receipts);
        tokio::select! {
            biased;
            () = self.ended.cancelled() => GameEvent::Revoked,
            () = self.live.dropped.cancelled() => GameEvent::StartOver,
            settled = settled(receipts) => GameEvent::Settled(settled),
            Some(call) = called(&mut self.actions), if can_push => GameEvent::Action(call),
            // an error means that the project is gone, which this line's own hold on it rules out
            _ = self.revisions.wait_for(|revision| pushed.is_none_or(|pushed| *revision > pushed)),
                if can_push => GameEvent::Pushable,
        }
    }

    /// Every edit since the last push, the newest value of each variable. `None` when there is none.
    pub fn take_push(&mut self) -> Option<Push> {
        let mut state = self.live.state();
        if self.pushed.is_some_and(|pushed| pushed >= state.picture.revision()) {
            return None;
        }
        // all of them at once and not with every line that says one more
        if mem::take(&mut self.forms_changed) {
            self.forms = state.forms(&lock_seen(&self.seen));
        }
        let pushed = state.push(self.pushed, &self.forms, self.wire, &self.live.epoch_name)?;
        self.pushed = Some(pushed.to);
        pushed.payload.map(|payload| Push { revision: pushed.to, payload })
    }

    /// The revision that the game has with the last push.
    pub fn pushed(&self) -> Revision {
        self.pushed.unwrap_or(Revision(0))
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
        let revision = revision.min(self.pushed());
        let kept = self.live.record_applied(self.device, revision, outcomes, round_trip);
        if !kept.is_empty() {
            let writer = &self.gateway.inner.writer;
            writer.note_outcomes(self.live.clone(), self.lane, self.device, kept, room);
        }
    }

    /// The game has run an action, or could not.
    pub fn record_action(&mut self, id: u64, outcome: Result<Option<String>, String>) {
        self.live.finish_action(id, self.device, outcome);
    }
}

/// Names some of the variables that a full project does not take.
fn no_room_for(names: &[VarName], is_too_large: bool) -> ProtocolError {
    let why = match is_too_large {
        true => "the declarations and values of this project take as much as they may".to_owned(),
        false => format!("a project has at most {MAX_VARS_PER_PROJECT} variables"),
    };
    ProtocolError::new(ErrorCode::TooMany, format!("{why}; left out: {}", some_of(names)))
}

/// Names some of the variables that a key may not declare.
fn reports_only(names: &[VarName]) -> ProtocolError {
    let names = some_of(names);
    let text = format!(
        "this key only reports values of variables that are known; not declared: {names}. Declare them with another \
         key, or let an admin change the rights of this one"
    );
    ProtocolError::new(ErrorCode::ReportOnly, text)
}

/// Names some of the variables that wait for consent.
fn waits(names: &[VarName]) -> ProtocolError {
    let names = some_of(names);
    let text = format!(
        "the declarations of this project are frozen; these wait until an admin consents: {names}. Values of what is \
         known are taken"
    );
    ProtocolError::new(ErrorCode::Frozen, text)
}

fn some_of(names: &[VarName]) -> String {
    const MOST_NAMES: usize = 5;
    let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(VarName::as_str).collect();
    let mut text = shown.join(", ");
    if names.len() > MOST_NAMES {
        text.push_str(&format!(" and {} more", names.len() - MOST_NAMES));
    }
    text
}

/// What a line takes in memory: its text becomes values and entries with a head each.
fn weight(line_bytes: usize) -> usize {
    3 * line_bytes
}

async fn settled(receipts: Option<&Arc<Receipts>>) -> Settled {
    match receipts {
        Some(receipts) => receipts.next().await,
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
        let at = self.gateway.inner.clock.now();
        let restored = self.live.state().end_speaking(self.lane.number);
        for Restored { device, declared } in restored {
            let (project, values) = (self.live.project.id, Vec::new());
            let write = Write::Declare { project, device, at, declared, values, note: None };
            self.gateway.inner.writer.queue_own(self.live.clone(), self.lane, write);
        }
        if let Some(session) = &self.session {
            self.live.state().connections.sessions.release(&session.name, &session.receipts);
        }
        let applied = self.live.disconnect(self.device, at);
        let applied = applied.filter(|_| self.acknowledges);
        self.gateway.inner.writer.note_seen(self.live.clone(), self.device, at, applied);
    }
}

impl std::fmt::Debug for GameLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GameLine")
            .field("project", &self.live.project.id)
            .field("device", &self.device)
            .field("place", &self.place.as_ref().map(|place| place.number))
            .finish_non_exhaustive()
    }
}
