//! The live page as a pure state machine: state + message → state. No clock, no socket, no signals.

mod edits;
mod gone;
mod hands;
mod read;
mod selection;
mod undo;
mod witness;

use std::collections::{BTreeMap, HashMap};

use protocol::live::{ClientMessage, Event, Full, LeftOut, Seq, ServerMessage, Snapshot, SnapshotPart};
use protocol::model::{
    Applied, Desired, Device, DeviceId, LogLine, ProjectId, ProjectRole, Refused, Reported, Revision,
    UnixMicros, VarName, VarSpec,
};

use super::by_device::ByDevice;
use super::log_query::Known;
use super::logs::Logs;
use super::runs::Answer;
use super::scope::Scope;
use super::undo::Undo;
use super::vars::VarState;

pub use super::touched::Touched;
pub use edits::VIEWER;
pub use gone::Forgettable;

/// A project as one page shows it.
#[derive(Debug)]
pub struct LiveState {
    pub(super) project: ProjectId,
    name: String,
    /// The person's role.
    role: ProjectRole,
    seq: Seq,
    /// A snapshot was requested and has not arrived: deltas are ignored until then.
    waiting: bool,
    /// The request for it is still to be sent.
    unasked: bool,
    /// A snapshot of which only some parts have arrived.
    gathered: Option<Gathered>,
    /// Connected and up to date.
    pub(super) open: bool,
    now: UnixMicros,
    storing: bool,
    full: Option<Full>,
    lost: u64,
    declarations_waiting: u32,
    /// What was too large to be loaded.
    pub(super) left_out: Option<LeftOut>,
    /// By device; `None`: games that were turned away.
    pub(super) refused: BTreeMap<Option<DeviceId>, Refused>,
    pub(super) devices: ByDevice<Device>,
    /// Names of devices that are gone but wrote some of the log.
    pub(super) gone: HashMap<DeviceId, String>,
    /// Devices that made room for new ones, since the server started.
    gave_way: u64,
    pub(super) scope: Scope,
    pub(super) order: Vec<VarName>,
    pub(super) vars: HashMap<VarName, VarState>,
    pub(super) next_id: u32,
    pub(super) undo: Undo,
    /// What happened to an own edit of a variable that was forgotten.
    pub(super) given_up: Option<String>,
    /// Runs that are still to be sent.
    pub(super) runs: Vec<ClientMessage>,
    /// The log.
    pub logs: Logs,
}

/// A snapshot of which only some parts have arrived, and the deltas since its first part.
#[derive(Debug)]
struct Gathered {
    snapshot: Snapshot,
    deltas: Vec<(Seq, Vec<Event>)>,
}

impl LiveState {
    /// The page as the server rendered it; of a large project the beginning, which the first snapshot completes.
    pub fn new(snapshot: Snapshot) -> Self {
        let mut state = Self {
            project: snapshot.project,
            name: String::new(),
            role: snapshot.role,
            seq: 0,
            waiting: false,
            unasked: false,
            gathered: None,
            open: true,
            now: UnixMicros(0),
            storing: true,
            full: None,
            lost: 0,
            declarations_waiting: 0,
            left_out: None,
            refused: BTreeMap::new(),
            devices: ByDevice::default(),
            gone: HashMap::new(),
            gave_way: 0,
            scope: Scope::default(),
            order: Vec::new(),
            vars: HashMap::new(),
            next_id: 1,
            undo: Undo::default(),
            given_up: None,
            runs: Vec::new(),
            logs: Logs::default(),
        };
        state.replace(snapshot);
        state
    }

    /// Applies one message of the server.
    pub fn apply(&mut self, message: ServerMessage) -> Touched {
        match message {
            ServerMessage::Snapshot(snapshot) if snapshot.more => {
                self.gathered = Some(Gathered { snapshot: *snapshot, deltas: Vec::new() });
                Touched::default()
            }
            ServerMessage::Snapshot(snapshot) => {
                self.gathered = None;
                self.replace(*snapshot)
            }
            ServerMessage::More(part) => self.gather(*part),
            ServerMessage::Delta { seq, events } => match &mut self.gathered {
                Some(gathered) => {
                    gathered.deltas.push((seq, events));
                    Touched::default()
                }
                None => self.apply_delta(seq, events),
            },
            ServerMessage::EditResult { id, outcome } => self.apply_edit_result(id, &outcome),
            ServerMessage::RunResult { id, outcome } => self.apply_run_result(id, &outcome),
            // a refusal names no edit; each edit has a result of its own
            ServerMessage::Pong { .. } | ServerMessage::Refused { .. } => Touched::default(),
        }
    }

    /// The message that asks for a snapshot, once after a gap.
    pub fn take_resubscribe(&mut self) -> Option<ClientMessage> {
        std::mem::take(&mut self.unasked).then_some(ClientMessage::Subscribe { project: self.project })
    }

    /// Adds a part of a snapshot; the last one puts the whole in place.
    fn gather(&mut self, part: SnapshotPart) -> Touched {
        let Some(gathered) = &mut self.gathered else { return Touched::default() };
        gathered.snapshot.add(part);
        let Some(Gathered { snapshot, deltas }) = self.gathered.take_if(|gathered| !gathered.snapshot.more)
        else {
            return Touched::default();
        };
        let mut touched = self.replace(snapshot);
        for (seq, events) in deltas {
            touched.join(self.apply_delta(seq, events));
        }
        touched
    }

    fn replace(&mut self, snapshot: Snapshot) -> Touched {
        let mut before = std::mem::take(&mut self.vars);
        self.seq = snapshot.seq;
        self.waiting = false;
        self.unasked = false;
        self.now = snapshot.now;
        self.name = snapshot.name;
        self.role = snapshot.role;
        self.storing = snapshot.storing;
        self.full = snapshot.full;
        self.lost = snapshot.lost;
        self.declarations_waiting = snapshot.declarations_waiting;
        self.left_out = snapshot.left_out;
        self.refused = snapshot.refused.into_iter().map(|refused| (refused.device, refused)).collect();
        self.gone.extend(snapshot.gone);
        self.gave_way = snapshot.gave_way;
        self.devices = snapshot.devices.into_iter().map(|device| (device.id, device)).collect();
        self.order = snapshot.vars.iter().map(|var| var.name.clone()).collect();
        for var in snapshot.vars {
            let known = before.remove(&var.name);
            let (name, state) = VarState::from_snapshot(var, known);
            self.vars.insert(name, state);
        }
        before.into_iter().for_each(|(name, var)| self.give_up(&name, var));
        if !self.may_edit() {
            self.drop_edits();
        }
        let (devices, gone) = (&self.devices, &self.gone);
        let known = Known { name: &|id| device_name(devices, gone, id), now: self.now };
        self.logs.resume(snapshot.logs, known);
        let scope = self.scope.clone();
        self.set_scope(scope);
        Touched {
            scope: true,
            all_vars: true,
            layout: true,
            devices: true,
            logs: true,
            refused: true,
            storing: true,
            role: true,
            ..Touched::default()
        }
    }

    fn apply_delta(&mut self, seq: Seq, events: Vec<Event>) -> Touched {
        let mut touched = Touched::default();
        if self.waiting || seq <= self.seq {
            return touched;
        }
        if seq != self.seq + 1 {
            self.waiting = true;
            self.unasked = true;
            touched.resubscribe = true;
            return touched;
        }
        self.seq = seq;
        for event in events {
            self.apply_event(event, &mut touched);
        }
        touched
    }

    fn apply_event(&mut self, event: Event, touched: &mut Touched) {
        match event {
            Event::Device(device) => self.apply_device(device, touched),
            Event::Reported { device, at, declared, values } => {
                self.tick(at);
                for (name, spec) in declared {
                    self.declare(name, spec, device, touched);
                }
                for (name, value) in values {
                    self.apply_report(name, Reported { device, value, at }, touched);
                }
            }
            Event::Edited { desired } => {
                self.witness_edit(&desired);
                touched.logs = true;
                for (name, desired) in desired {
                    self.apply_edited(name, desired, touched);
                }
            }
            Event::Logs(lines) => self.apply_logs(lines, touched),
            Event::Applied { devices, vars } => self.apply_applied(devices, vars, touched),
            Event::ActionDone { run, name, device, outcome, round_trip_micros } => {
                if let Some(var) = self.vars.get_mut(&name) {
                    var.runs.done(run, device, Answer { outcome, round_trip_micros });
                    touched.vars.insert(name);
                }
            }
            Event::Storing(storing) => {
                self.storing = storing;
                touched.storing = true;
            }
            Event::Full(full) => {
                self.full = full;
                touched.storing = true;
            }
            Event::DeclarationsWaiting(count) => {
                self.declarations_waiting = count;
                touched.layout = true;
            }
            Event::Lost { records } => {
                self.lost = records;
                touched.logs = true;
            }
            Event::Forgotten { devices, gave_way } => {
                self.gave_way = gave_way;
                devices.into_iter().for_each(|device| self.forget_device(device, touched));
            }
            Event::VarsForgotten { names } => self.forget_vars(&names, touched),
            Event::Refused(news) => {
                self.refused.extend(news.into_iter().map(|refused| (refused.device, refused)));
                touched.refused = true;
            }
        }
    }

    fn apply_report(&mut self, name: VarName, reported: Reported, touched: &mut Touched) {
        let Some(var) = self.vars.get_mut(&name) else { return };
        let device = reported.device;
        // a variable that is new on a selected device
        touched.layout |= var.report(reported) && self.scope.is_selected(device);
        touched.vars.insert(name);
    }

    fn apply_logs(&mut self, lines: Vec<LogLine>, touched: &mut Touched) {
        if let Some(line) = lines.last() {
            self.tick(line.received);
        }
        let (devices, gone) = (&self.devices, &self.gone);
        let known = Known { name: &|id| device_name(devices, gone, id), now: self.now };
        self.logs.append(lines, known);
        touched.logs = true;
    }

    fn apply_device(&mut self, device: Device, touched: &mut Touched) {
        self.tick(device.last_seen);
        touched.devices = true;
        touched.logs |= self.witness_device(&device);
        match self.devices.get_mut(device.id) {
            Some(slot) => {
                let differs = slot.online != device.online
                    || slot.name != device.name
                    || slot.acknowledges != device.acknowledges
                    || slot.applied != device.applied;
                touched.all_vars |= differs;
                touched.logs |= slot.name != device.name;
                *slot = device;
            }
            None => {
                touched.all_vars = true;
                self.devices.set(device.id, device);
            }
        }
    }

    fn apply_applied(
        &mut self,
        devices: Vec<(DeviceId, Revision)>,
        vars: Vec<(VarName, Vec<Applied>)>,
        touched: &mut Touched,
    ) {
        // the lowest revision that a device had, and the highest that one has now: only variables that were set in between look
        // different
        let mut between = None::<(Revision, Revision)>;
        let mut moved = Vec::with_capacity(devices.len());
        for (id, revision) in devices {
            let Some(device) = self.devices.get_mut(id) else { continue };
            let before = std::mem::replace(&mut device.applied, revision);
            moved.push((id, before, revision));
            let (low, high) = between.unwrap_or((before, before));
            between = Some((low.min(before).min(revision), high.max(before).max(revision)));
        }
        if let Some((low, high)) = between {
            let set_between =
                |var: &VarState| var.revision().is_some_and(|d| !low.includes(d) && high.includes(d));
            for (name, var) in self.vars.iter_mut().filter(|(_, var)| set_between(var)) {
                for (device, before, after) in &moved {
                    if var.revision().is_some_and(|edit| !before.includes(edit) && after.includes(edit)) {
                        var.hear(*device);
                    }
                }
                touched.vars.insert(name.clone());
            }
        }
        for (name, applied) in vars {
            if let Some(var) = self.vars.get_mut(&name) {
                applied.into_iter().for_each(|applied| var.apply(applied));
                touched.vars.insert(name);
            }
        }
    }

    fn declare(&mut self, name: VarName, spec: VarSpec, by: DeviceId, touched: &mut Touched) {
        touched.layout = true;
        touched.vars.insert(name.clone());
        match self.vars.get_mut(&name) {
            Some(var) => var.declare(spec, by),
            None => {
                self.order.push(name.clone());
                self.vars.insert(name, VarState::declared(spec, Some(by)));
            }
        }
    }

    fn apply_edited(&mut self, name: VarName, desired: Desired, touched: &mut Touched) {
        self.tick(desired.at);
        if let Some(var) = self.vars.get_mut(&name) {
            touched.layout |= var.set_desired(desired);
            touched.vars.insert(name);
        }
    }

    /// Time has passed, at least until then.
    pub(super) fn tick(&mut self, at: UnixMicros) {
        self.now = self.now.max(at);
    }
}

/// What a device is, or was, called.
fn device_name<'a>(
    devices: &'a ByDevice<Device>,
    gone: &'a HashMap<DeviceId, String>,
    id: DeviceId,
) -> &'a str {
    let name = devices.get(id).map(|device| &device.name).or_else(|| gone.get(&id));
    name.map_or("", String::as_str)
}
