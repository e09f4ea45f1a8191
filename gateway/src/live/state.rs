//! The latest values of one project. No locks and no clock.

mod announced;
mod applied;
mod arrivals;
mod claims;
mod forget;
mod held;
mod news;
mod parts;
mod runs;
mod settle;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    net::IpAddr,
    sync::{Arc, Weak},
};

use indexmap::IndexMap;
use protocol::{
    ErrorCode, ProtocolError,
    limits::{MAX_LOG_FIELDS_BYTES, SNAPSHOT_LOG_BYTES, SNAPSHOT_LOGS},
    line::shorten_fields,
    live::{Event, Full, Seq},
    model::{
        Change, Desired, Device, DeviceId, LogEntry, LogLine, NOT_DESIRED, ProjectId, Reported, Revision,
        UnixMicros, Value, Var, VarName, VarRevision, VarSpec,
    },
};

pub(crate) use self::held::Pictures;
pub(crate) use self::parts::{PART_BYTES, Walk};
use self::{
    announced::Announced,
    applied::{Gathered, Marks, Revised},
    arrivals::Arrivals,
    claims::Claims,
    forget::Speakers,
    held::{Held, Weight, is_small},
    runs::Runs,
};
pub(crate) use self::{
    forget::lock as lock_seen,
    news::{News, Restored, Seen, Speaker},
};
use super::push::{Changed, Form, Forms, PushCache, Pushed, Wire};
use crate::{
    receipts::Receipts,
    store::{DeviceInfo, OpenSession, ProjectState, StoredDevice, StoredVar, Write, Written},
};

/// Why a long value is not taken.
const FULL: &str = "the declarations and values of this project take as much as they may; take a shorter value, or forget \
                    variables and devices that are not used any more";

#[derive(Clone, Debug)]
struct VarState {
    spec: Arc<VarSpec>,
    /// Whose declaration that is, if it is known.
    declared_by: Option<DeviceId>,
    desired: Option<Desired>,
    reported: IndexMap<DeviceId, (Value, UnixMicros)>,
    /// What devices did with `desired`.
    applied: Marks,
}

#[derive(Clone, Debug)]
struct DeviceState {
    identity: String,
    name: String,
    connections: u32,
    /// Since when it is connected, if it is.
    since: UnixMicros,
    last_seen: UnixMicros,
    about: String,
    /// `None`: it does not say what it applied.
    applied: Option<Revision>,
    /// Variables that it has reported.
    values: usize,
}

/// The newest connection of a session.
struct HeldSession {
    open: OpenSession,
    receipts: Weak<Receipts>,
}

pub(crate) struct State {
    seq: Seq,
    project: ProjectId,
    name: String,
    revision: Revision,
    devices: IndexMap<DeviceId, DeviceState>,
    identities: HashMap<String, DeviceId>,
    places: HashMap<IpAddr, BTreeSet<u32>>,
    vars: IndexMap<VarName, VarState>,
    held: Held,
    /// Variables that were forgotten, with the edit that let go of them.
    removed: BTreeMap<VarName, Desired>,
    announced: Announced,
    claims: Claims,
    /// New and changed declarations wait for a person's consent.
    is_frozen: bool,
    /// Devices that were here and are not any more.
    devices_gone: u64,
    logs: VecDeque<LogLine>,
    /// Text of these, in bytes.
    log_bytes: usize,
    pushes: PushCache,
    revised: Revised,
    gathered: Gathered,
    runs: Runs,
    sessions: HashMap<String, HeldSession>,
    speakers: Speakers,
    /// Variables that a person forgets, on their way to the database: reports declare them anew.
    forgetting: HashSet<VarName>,
    arrivals: Arrivals,
    /// Names of devices that are not there any more and wrote some of `logs`.
    gone: HashMap<DeviceId, String>,
    storing: bool,
    /// What dashboards were told last.
    full: Option<Full>,
    lost: u64,
    /// Of whom something was refused that dashboards are still to be told of.
    refused: BTreeSet<Option<DeviceId>>,
}

impl State {
    pub(crate) fn new(loaded: ProjectState, storing: bool) -> Self {
        let identities = loaded.devices.iter().map(|d| (d.identity.clone(), d.device.id)).collect();
        let mut values: HashMap<DeviceId, usize> = HashMap::new();
        for reported in loaded.vars.iter().flat_map(|var| &var.reported) {
            *values.entry(reported.device).or_default() += 1;
        }
        let device = |StoredDevice { identity, device }: StoredDevice| {
            let Device { id, name, last_seen, about, acknowledges, applied, .. } = device;
            let (applied, values) = (acknowledges.then_some(applied), values.get(&id).copied().unwrap_or(0));
            let (connections, since) = (0, last_seen);
            let device =
                DeviceState { identity, name, connections, since, last_seen, about, applied, values };
            (id, device)
        };
        let var = |v: StoredVar| {
            let reported = v.reported.into_iter().map(|r| (r.device, (r.value, r.at))).collect();
            let set_by = v.desired.as_ref().map(|desired| desired.revision);
            let applied = v.applied.into_iter().filter(|mark| Some(mark.revision) == set_by).collect();
            let (spec, declared_by) = (Arc::new(v.spec), v.declared_by);
            let mut var = VarState { spec, declared_by, desired: v.desired, reported, applied };
            var.fit();
            (v.name, var)
        };
        let desired = |v: &StoredVar| Some((v.name.clone(), v.desired.as_ref()?.revision));
        let revised = loaded.vars.iter().filter_map(desired).collect();
        let vars: IndexMap<VarName, VarState> = loaded.vars.into_iter().map(var).collect();
        let mut held = Held::default();
        vars.values().for_each(|var| held.change(Weight::default(), var.held()));
        let logs = loaded.logs;
        let mut state = Self {
            seq: 0,
            project: loaded.project.id,
            name: loaded.project.name,
            revision: loaded.revision,
            devices: loaded.devices.into_iter().map(device).collect(),
            identities,
            places: HashMap::new(),
            vars,
            held,
            removed: loaded.removed.into_iter().collect(),
            announced: Announced::default(),
            claims: Claims::default(),
            is_frozen: loaded.is_frozen,
            devices_gone: 0,
            logs: VecDeque::new(),
            log_bytes: 0,
            pushes: PushCache::default(),
            revised,
            gathered: Gathered::default(),
            runs: Runs::default(),
            sessions: HashMap::new(),
            speakers: Speakers::default(),
            forgetting: HashSet::new(),
            arrivals: Arrivals::default(),
            gone: loaded.gone.into_iter().collect(),
            storing,
            full: None,
            lost: 0,
            refused: BTreeSet::new(),
        };
        state.keep_logs(logs.into_iter().map(shorten));
        state
    }

    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    pub(crate) fn seq(&self) -> Seq {
        self.seq
    }

    pub(crate) fn next_seq(&mut self) -> Seq {
        self.seq += 1;
        self.seq
    }

    pub(crate) fn online(&self) -> u32 {
        self.devices.values().filter(|d| d.connections > 0).count() as u32
    }

    pub(crate) fn connections(&self) -> u32 {
        self.devices.values().map(|d| d.connections).sum()
    }

    // --- devices ---

    pub(crate) fn reserve_place(&mut self, peer: IpAddr) -> u32 {
        let taken = self.places.entry(peer).or_default();
        let place = (1..).find(|place| !taken.contains(place)).expect("fewer connections than numbers");
        taken.insert(place);
        place
    }

    pub(crate) fn free_place(&mut self, peer: IpAddr, place: u32) {
        if let Some(taken) = self.places.get_mut(&peer) {
            taken.remove(&place);
            if taken.is_empty() {
                self.places.remove(&peer);
            }
        }
    }

    pub(crate) fn connect(&mut self, id: DeviceId, info: &DeviceInfo, now: UnixMicros) -> Device {
        self.identities.insert(info.identity.clone(), id);
        self.gone.remove(&id);
        let known = self.devices.get(&id);
        let (connections, values) =
            known.map(|device| (device.connections, device.values)).unwrap_or_default();
        let since = known.filter(|device| device.connections > 0).map_or(now, |device| device.since);
        let device = DeviceState {
            identity: info.identity.clone(),
            name: info.name.clone(),
            connections: connections + 1,
            since,
            last_seen: now,
            about: info.about.clone(),
            applied: info.applied,
            values,
        };
        let shown = shown(id, &device);
        self.devices.insert(id, device);
        shown
    }

    /// Notes which connection holds a session, and returns the one that did.
    pub(crate) fn hold_session(
        &mut self,
        name: String,
        open: OpenSession,
        receipts: &Arc<Receipts>,
    ) -> Option<Arc<Receipts>> {
        let held = HeldSession { open, receipts: Arc::downgrade(receipts) };
        match self.sessions.get(&name) {
            // two connections of one session came together and the newer one was faster here
            Some(newer) if newer.open.generation > open.generation => Some(Arc::clone(receipts)),
            _ => self.sessions.insert(name, held).and_then(|older| older.receipts.upgrade()),
        }
    }

    /// The numbers of the sessions that connections hold.
    pub(crate) fn held_sessions(&self) -> impl Iterator<Item = i64> {
        self.sessions.values().map(|held| held.open.id)
    }

    pub(crate) fn release_session(&mut self, name: &str, receipts: &Arc<Receipts>) {
        if self.sessions.get(name).is_some_and(|held| held.receipts.ptr_eq(&Arc::downgrade(receipts))) {
            self.sessions.remove(name);
        }
    }

    /// The device as it is now, if that was its last connection.
    pub(crate) fn disconnect(&mut self, id: DeviceId, now: UnixMicros) -> Option<Device> {
        let device = self.devices.get_mut(&id)?;
        device.connections = device.connections.saturating_sub(1);
        device.last_seen = now;
        (device.connections == 0).then(|| shown(id, device))
    }

    // --- what was committed ---

    pub(crate) fn apply(&mut self, write: Write, written: Written) -> Option<Event> {
        if written != Written::Done {
            self.unannounce(&write);
        }
        match (write, written) {
            (Write::Logs { device, received, entries, .. }, Written::Logs { first_seq }) => {
                Some(Event::Logs(self.apply_logs(device, received, entries, first_seq)))
            }
            (Write::Connect { gives_way: Some(gives_way), .. }, Written::Connected { .. }) => {
                self.forget_device(gives_way);
                // how many those are by now is kept beside the state
                Some(Event::Forgotten { devices: vec![gives_way], gave_way: 1 })
            }
            (Write::ForgetDevice { device, .. }, _) => {
                self.forget_device(device);
                Some(Event::Forgotten { devices: vec![device], gave_way: 0 })
            }
            (Write::ForgetVar { name, note, .. }, Written::Forgotten { let_go }) => {
                self.forget_var(&name, let_go, note);
                Some(Event::VarsForgotten { names: vec![name] })
            }
            (Write::Report { device, at, declared, values, .. }, Written::Done) => {
                self.touch(device, at);
                self.apply_report(device, at, &declared, &values);
                self.announced.remove(&declared);
                self.held.release(&declared, &values);
                Some(Event::Reported { device, at, declared, values })
            }
            // the device may be away by now: it says nothing just then
            (Write::Declare { device, at, declared, values, note, .. }, Written::Done) => {
                self.apply_report(device, at, &declared, &values);
                if note.is_none() {
                    self.announced.remove(&declared);
                }
                Some(Event::Reported { device, at, declared, values })
            }
            (Write::Edit { author_name, at, changes, .. }, Written::Edit { revision, set: Some(set) }) => {
                self.revision = self.revision.max(revision);
                Some(Event::Edited { desired: self.apply_edit(&author_name, at, changes, set) })
            }
            (Write::Seen { device, at, .. }, _) => {
                self.touch(device, at);
                None
            }
            // nothing to show, or nothing of it was stored
            (
                Write::Connect { .. }
                | Write::Logs { .. }
                | Write::Report { .. }
                | Write::Declare { .. }
                | Write::Edit { .. }
                | Write::ForgetVar { .. }
                | Write::Refused { .. }
                | Write::Outcomes { .. },
                _,
            ) => None,
        }
    }

    fn apply_logs(
        &mut self,
        device: DeviceId,
        received: UnixMicros,
        entries: Vec<LogEntry>,
        first_seq: u64,
    ) -> Vec<LogLine> {
        self.touch(device, received);
        let line = |(seq, entry): (u64, LogEntry)| LogLine {
            seq,
            device,
            at: entry.at.unwrap_or(received),
            received,
            level: entry.level,
            message: entry.message,
            fields: entry.fields,
        };
        let lines: Vec<LogLine> = (first_seq..).zip(entries).map(line).collect();
        // of very many only the last ones would stay
        let first_kept = lines.len().saturating_sub(SNAPSHOT_LOGS);
        self.keep_logs(lines[first_kept..].iter().cloned());
        lines
    }

    /// Of the log, the newest lines.
    fn keep_logs(&mut self, lines: impl Iterator<Item = LogLine>) {
        for line in lines {
            self.log_bytes += weight_of(&line);
            self.logs.push_back(line);
            while self.logs.len() > SNAPSHOT_LOGS
                || (self.log_bytes > SNAPSHOT_LOG_BYTES && self.logs.len() > 1)
            {
                let Some(oldest) = self.logs.pop_front() else { break };
                self.log_bytes -= weight_of(&oldest);
            }
        }
    }

    /// The number of the newest log line; 0: there is none.
    pub(crate) fn newest_log(&self) -> u64 {
        self.logs.back().map_or(0, |line| line.seq)
    }

    fn apply_report(
        &mut self,
        device: DeviceId,
        at: UnixMicros,
        declared: &[(VarName, VarSpec)],
        values: &[(VarName, Value)],
    ) {
        for (name, spec) in declared {
            let spec = match self.announced.get(name) {
                Some(announced) if **announced == *spec => Arc::clone(announced),
                _ => Arc::new(spec.clone()),
            };
            match self.vars.get_mut(name) {
                Some(var) => {
                    let before = var.held();
                    var.spec = spec;
                    var.declared_by = Some(device);
                    var.fit();
                    self.held.change(before, var.held());
                    if var.desired.is_some() {
                        self.pushes.forget();
                    }
                }
                None => self.add_var(name, spec, device),
            }
        }
        // of one that has given way meanwhile, nothing is kept
        let Some(state) = self.devices.get_mut(&device) else { return };
        let (mut before, mut now) = (Weight::default(), Weight::default());
        for (name, value) in values {
            let Some(var) = self.vars.get_mut(name) else { continue };
            now += Weight { text: value.weight(), entries: 1 };
            match var.reported.insert(device, (value.clone(), at)) {
                Some((old, _)) => before += Weight { text: old.weight(), entries: 1 },
                None => state.values += 1,
            }
        }
        self.held.change(before, now);
    }

    /// A variable that is new, or was forgotten and comes back: then games that lack the edit that let go of it are
    /// still told.
    fn add_var(&mut self, name: &VarName, spec: Arc<VarSpec>, by: DeviceId) {
        let desired = self.removed.remove(name);
        if let Some(edit) = &desired {
            self.revised.set(name, None, edit.revision);
            self.pushes.forget();
        }
        let (declared_by, reported, applied) = (Some(by), IndexMap::new(), Marks::default());
        let var = VarState { spec, declared_by, desired, reported, applied };
        self.held.change(Weight::default(), var.held());
        self.vars.insert(name.clone(), var);
    }

    fn apply_edit(
        &mut self,
        author: &str,
        at: UnixMicros,
        changes: Vec<Change>,
        revision: VarRevision,
    ) -> Vec<(VarName, Desired)> {
        let mut desired = Vec::with_capacity(changes.len());
        for Change { name, value, .. } in changes {
            let new = Desired { value, revision, author: author.to_owned(), at };
            if let Some(var) = self.vars.get_mut(&name) {
                let before = var.held();
                let old = var.desired.replace(new.clone()).map(|old| old.revision);
                var.applied = Marks::default();
                var.fit();
                self.held.change(before, var.held());
                self.revised.set(&name, old, revision);
            }
            desired.push((name, new));
        }
        desired
    }

    fn touch(&mut self, device: DeviceId, at: UnixMicros) {
        if let Some(device) = self.devices.get_mut(&device) {
            device.last_seen = device.last_seen.max(at);
        }
    }

    // --- what people and games are given ---

    /// Whether these may be set or let go; which of them would change anything, and which would not, with the edit that
    /// made them so.
    #[expect(clippy::type_complexity, reason = "two lists of changes, for one caller")]
    pub(crate) fn check_edit(
        &self,
        changes: Vec<Change>,
    ) -> Result<(Vec<Change>, Vec<(Change, VarRevision)>), ProtocolError> {
        let mut news: IndexMap<VarName, Change> = IndexMap::new();
        let mut more = 0;
        for change in changes {
            let name = &change.name;
            let Some(var) = self.vars.get(name).filter(|_| !self.forgetting.contains(name)) else {
                return Err(ProtocolError::new(ErrorCode::BadName, format!("there is no variable {name}")));
            };
            let value = change.value.map(|value| match var.spec.widened(&value) {
                Some(wider) => wider.var_type.fit(value),
                None => var.spec.var_type.fit(value),
            });
            value.as_ref().map_or(Ok(()), |value| var.spec.check_edit(value))?;
            if let Some(value) = value.as_ref().filter(|value| !is_small(value)) {
                more += value.weight().saturating_sub(var.wanted().map_or(0, Value::weight));
                if !self.held.fits(more) {
                    return Err(ProtocolError::new(ErrorCode::TooMany, FULL));
                }
            }
            news.insert(change.name.clone(), Change { value, ..change });
        }
        let is_news = |change: &Change| {
            let is_again = change.again && change.value.is_some();
            is_again || self.vars[&change.name].wanted() != change.value.as_ref()
        };
        let (news, known): (Vec<Change>, Vec<Change>) = news.into_values().partition(is_news);
        let set_by = |name: &VarName| self.vars[name].desired.as_ref().map_or(NOT_DESIRED, |d| d.revision);
        Ok((news, known.into_iter().map(|change| (change.clone(), set_by(&change.name))).collect()))
    }

    /// The desired values that a game lacks which has everything up to `since`, encoded for it.
    pub(crate) fn push(
        &mut self,
        since: Option<Revision>,
        forms: &Arc<Forms>,
        wire: Wire,
        epoch: &str,
    ) -> Option<Pushed> {
        let Self { vars, removed, pushes, revision, .. } = self;
        let lacks = |edit: VarRevision| since.is_none_or(|since| !since.includes(edit));
        let changed = vars.iter().filter_map(|(name, var)| {
            let desired = var.desired.as_ref().filter(|desired| lacks(desired.revision))?;
            Some(Changed { name, edit: Some((&var.spec, desired)) })
        });
        let removed = removed.iter().filter(|(_, edit)| lacks(edit.revision));
        let removed = removed.map(|(name, _)| Changed { name, edit: None });
        pushes.get(since, *revision, forms, (wire, epoch), changed.chain(removed))
    }

    /// The JSON types that a game uses, shared with every game that uses the same.
    pub(crate) fn forms(&mut self, seen: &Seen) -> Arc<Forms> {
        self.pushes.intern(seen.forms())
    }

    pub(crate) fn rename(&mut self, name: &str) {
        self.name = name.to_owned();
    }

    /// In the order in which they were first seen.
    pub(crate) fn devices(&self) -> Vec<Device> {
        self.devices.iter().map(|(id, device)| shown(*id, device)).collect()
    }

    /// The name of a device, also of one that is not there any more and wrote some of the log, and whether it is connected.
    pub(crate) fn name_of(&self, id: DeviceId) -> (String, bool) {
        match self.devices.get(&id) {
            Some(device) => (device.name.clone(), device.connections > 0),
            None => (self.gone.get(&id).cloned().unwrap_or_else(|| format!("device {id}")), false),
        }
    }

    pub(crate) fn var(&self, name: &VarName) -> Option<Var> {
        self.vars.get_key_value(name).map(|(name, var)| shown_var(name, var))
    }

    /// Variables in the order in which they were first declared, behind one of them if that is given; `None` when
    /// there is none of that name. Ends before the values would be more than `max_bytes`, but has one at least.
    /// And whether more follow.
    pub(crate) fn vars_after(
        &self,
        after: Option<&VarName>,
        limit: usize,
        max_bytes: usize,
    ) -> Option<(Vec<Var>, bool)> {
        let start = match after {
            Some(name) => self.vars.get_index_of(name)? + 1,
            None => 0,
        };
        /// About what an entry of a list takes beside its text.
        const ENTRY_BYTES: usize = 64;
        let (mut found, mut bytes) = (Vec::new(), 0);
        for (name, var) in self.vars.iter().skip(start).take(limit) {
            // each device may have something to say of what is wanted
            let said = if var.desired.is_some() { self.devices.len() } else { 0 };
            bytes += var.held().text + ENTRY_BYTES * (var.reported.len() + said);
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push(shown_var(name, var));
        }
        let has_more = start + found.len() < self.vars.len();
        Some((found, has_more))
    }

    /// About what it takes in memory, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let vars: usize = self.vars.iter().map(|(name, var)| name.as_str().len() + var.footprint()).sum();
        let devices: usize = self.devices.values().map(|device| device.footprint()).sum();
        let logs: usize = self.logs.iter().map(|line| size_of::<LogLine>() + weight_of(line)).sum();
        size_of::<Self>() + vars + devices + logs
    }

    /// Whether it is news.
    pub(crate) fn set_storing(&mut self, storing: bool) -> bool {
        std::mem::replace(&mut self.storing, storing) != storing
    }

    /// Whether it is news.
    pub(crate) fn set_full(&mut self, full: Option<Full>) -> bool {
        std::mem::replace(&mut self.full, full) != full
    }

    /// Whether dashboards are to be told soon, and nobody else is about to.
    pub(crate) fn note_refusal(&mut self, device: Option<DeviceId>) -> bool {
        let is_first = self.refused.is_empty();
        self.refused.insert(device);
        is_first
    }

    /// Of whom something was refused since the last time.
    pub(crate) fn take_refused(&mut self) -> BTreeSet<Option<DeviceId>> {
        std::mem::take(&mut self.refused)
    }

    /// Returns how many records were lost by now.
    pub(crate) fn add_lost(&mut self, records: u64) -> u64 {
        self.lost += records;
        self.lost
    }
}

impl VarState {
    /// A type that no game has declared holds what people want, whatever games report; values are read by the type.
    fn fit(&mut self) {
        if let Some(wider) = self.wanted().and_then(|wanted| self.spec.widened(wanted)) {
            self.spec = Arc::new(wider);
        }
        let var_type = &self.spec.var_type;
        let wanted = self.desired.as_mut().and_then(|desired| desired.value.as_mut());
        wanted.into_iter().for_each(|value| var_type.refit(value));
        self.reported.values_mut().for_each(|(value, _)| var_type.refit(value));
    }

    /// What people want it to be.
    fn wanted(&self) -> Option<&Value> {
        self.desired.as_ref()?.value.as_ref()
    }

    /// Size of the values in bytes, for limits.
    fn weight(&self) -> usize {
        let desired = self.wanted().map_or(0, Value::weight);
        desired + self.reported.values().map(|(value, _)| value.weight()).sum::<usize>()
    }
}

impl VarState {
    /// About what it takes in memory, in bytes, with its place in a table.
    fn footprint(&self) -> usize {
        /// A value of a device, with its place in a table.
        const REPORTED: usize = size_of::<(DeviceId, (Value, UnixMicros))>() + 24;
        let desired = self.desired.as_ref().map_or(0, |desired| desired.author.len());
        2 * size_of::<Self>() + self.spec.weight() + desired + self.weight() + REPORTED * self.reported.len()
    }
}

impl DeviceState {
    /// About what it takes in memory, in bytes, with its places in tables.
    fn footprint(&self) -> usize {
        2 * size_of::<Self>() + 2 * self.identity.len() + self.name.len() + self.about.len()
    }
}

/// A line with no more fields than a new one may have: rows of older versions have up to a megabyte of them, which a
/// download has whole.
pub fn shorten(line: LogLine) -> LogLine {
    let fields = line.fields.map(|fields| match fields.len() > MAX_LOG_FIELDS_BYTES {
        true => shorten_fields(&fields),
        false => fields,
    });
    LogLine { fields, ..line }
}

/// Size of the texts of a line, in bytes.
fn weight_of(line: &LogLine) -> usize {
    line.message.len() + line.fields.as_ref().map_or(0, String::len)
}

fn shown_var(name: &VarName, var: &VarState) -> Var {
    let reported = |(device, (value, at)): (&DeviceId, &(Value, UnixMicros))| Reported {
        device: *device,
        value: value.clone(),
        at: *at,
    };
    Var {
        name: name.clone(),
        spec: (*var.spec).clone(),
        declared_by: var.declared_by,
        desired: var.desired.clone(),
        reported: var.reported.iter().map(reported).collect(),
        applied: var.applied.to_vec(),
    }
}

fn shown(id: DeviceId, device: &DeviceState) -> Device {
    Device {
        id,
        name: device.name.clone(),
        online: device.connections > 0,
        since: device.since,
        last_seen: device.last_seen,
        about: device.about.clone(),
        acknowledges: device.applied.is_some(),
        applied: device.applied.unwrap_or(Revision(0)),
    }
}
