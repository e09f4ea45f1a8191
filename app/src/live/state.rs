//! The live page without a page: state + message → state. No clock, no socket, no signal.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use protocol::filter::Filter;
use protocol::limits;
use protocol::live::{ClientMessage, Desired, Device, EditRefused, EditSaved, Event, Gesture, Reported, Seq};
use protocol::live::{ServerMessage, Snapshot};
use protocol::model::{DeviceId, Level, ProjectId, Revision, UnixMicros, Value, VarName, VarSpec};

use super::logs::Logs;
use super::vars::{Pending, Stage, Status, VarState};

/// What a message changed, so that only the rows concerned are drawn again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// These variables.
    pub vars: BTreeSet<VarName>,
    /// Every variable may look different (a device came or went, or all is new).
    pub all_vars: bool,
    /// The list of variables, or how they are declared.
    pub layout: bool,
    /// The devices.
    pub devices: bool,
    /// The log.
    pub logs: bool,
    /// A delta is missing: ask for a snapshot.
    pub resubscribe: bool,
}

impl Touched {
    /// Adds what another message changed.
    pub fn join(&mut self, other: Self) {
        self.vars.extend(other.vars);
        self.all_vars |= other.all_vars;
        self.layout |= other.layout;
        self.devices |= other.devices;
        self.logs |= other.logs;
        self.resubscribe |= other.resubscribe;
    }

    fn var(name: &VarName) -> Self {
        Self { vars: BTreeSet::from([name.clone()]), ..Self::default() }
    }
}

/// A project as one page shows it.
#[derive(Debug)]
pub struct LiveState {
    project: ProjectId,
    name: String,
    seq: Seq,
    /// A snapshot was asked for and has not come: deltas say nothing until then.
    waiting: bool,
    /// The question for it is still to be sent.
    unasked: bool,
    open: bool,
    now: UnixMicros,
    devices: Vec<Device>,
    order: Vec<VarName>,
    vars: HashMap<VarName, VarState>,
    next_id: u32,
    /// The log.
    pub logs: Logs,
}

impl LiveState {
    /// The page as the server rendered it.
    pub fn new(snapshot: Snapshot) -> Self {
        let mut state = Self {
            project: snapshot.project,
            name: String::new(),
            seq: 0,
            waiting: false,
            unasked: false,
            open: true,
            now: UnixMicros(0),
            devices: Vec::new(),
            order: Vec::new(),
            vars: HashMap::new(),
            next_id: 1,
            logs: Logs::new(),
        };
        state.replace(snapshot);
        state
    }

    /// The project.
    pub fn project(&self) -> ProjectId {
        self.project
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's clock when it last spoke of time.
    pub fn now(&self) -> UnixMicros {
        self.now
    }

    /// Every device, in the order in which they were first seen.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The names of the variables, in the order of their declaration.
    pub fn var_names(&self) -> &[VarName] {
        &self.order
    }

    /// One variable.
    pub fn var(&self, name: &VarName) -> Option<&VarState> {
        self.vars.get(name)
    }

    /// What a device is called.
    pub fn device_name(&self, id: DeviceId) -> &str {
        device_name(&self.devices, id)
    }

    /// What became of a variable's last edit.
    pub fn status(&self, name: &VarName) -> Status {
        let online: HashSet<DeviceId> = self.devices.iter().filter(|d| d.online).map(|d| d.id).collect();
        self.vars.get(name).map_or(Status::Untouched, |var| var.status(&online, self.open))
    }

    /// Takes one message of the server.
    pub fn apply(&mut self, message: ServerMessage) -> Touched {
        match message {
            ServerMessage::Snapshot(snapshot) => self.replace(*snapshot),
            ServerMessage::Delta { seq, events } => self.apply_delta(seq, events),
            ServerMessage::EditResult { id, outcome } => self.apply_result(id, outcome),
            // a refusal names no edit; whatever was sent is answered by its own result
            ServerMessage::Pong { .. } | ServerMessage::Refused { .. } | ServerMessage::RunResult { .. } => {
                Touched::default()
            }
        }
    }

    /// Sets a variable as the person wants it, before the server knows.
    pub fn edit(&mut self, name: &VarName, value: Value, gesture: Gesture) -> Touched {
        let Some(var) = self.vars.get_mut(name) else { return Touched::default() };
        match var.spec.check_edit(&value) {
            Ok(()) => {
                var.pending = Some(Pending { value, gesture, stage: Stage::Unsent });
                var.refused = None;
            }
            Err(error) => var.refused = Some(error.text),
        }
        Touched::var(name)
    }

    /// Whether an edit waits to be sent.
    pub fn has_unsent(&self) -> bool {
        self.vars.values().any(VarState::is_unsent)
    }

    /// The messages with every edit that waits to be sent: one for each gesture, in a stable order.
    pub fn take_unsent(&mut self) -> Vec<ClientMessage> {
        let mut by_gesture: BTreeMap<Gesture, Vec<VarName>> = BTreeMap::new();
        for name in &self.order {
            if let Some(pending) =
                self.vars.get(name).filter(|v| v.is_unsent()).and_then(|v| v.pending.as_ref())
            {
                by_gesture.entry(pending.gesture).or_default().push(name.clone());
            }
        }
        let mut messages = Vec::new();
        for (gesture, names) in by_gesture {
            for names in names.chunks(limits::MAX_EDITS_PER_MESSAGE) {
                messages.push(self.send(gesture, names));
            }
        }
        messages
    }

    fn send(&mut self, gesture: Gesture, names: &[VarName]) -> ClientMessage {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let mut changes = Vec::with_capacity(names.len());
        for name in names {
            if let Some(pending) = self.vars.get_mut(name).and_then(|var| var.pending.as_mut()) {
                pending.stage = Stage::Sent(id);
                changes.push((name.clone(), pending.value.clone()));
            }
        }
        ClientMessage::Edit { id, project: self.project, gesture, changes }
    }

    /// Shows only the log lines that pass.
    pub fn set_log_filter(&mut self, filter: Filter, at_least: Level) {
        let devices = &self.devices;
        self.logs.set_filter(filter, at_least, &|id| device_name(devices, id));
    }

    /// After a gap, once: the message that asks for a snapshot.
    pub fn take_resubscribe(&mut self) -> Option<ClientMessage> {
        std::mem::take(&mut self.unasked).then_some(ClientMessage::Subscribe { project: self.project })
    }

    /// The connection is there or away. What was sent and not answered is sent again on return: the
    /// same value in the same gesture, so twice does no harm.
    pub fn set_open(&mut self, open: bool) -> Touched {
        self.open = open;
        if !open {
            for pending in self.vars.values_mut().filter_map(|var| var.pending.as_mut()) {
                if matches!(pending.stage, Stage::Sent(_)) {
                    pending.stage = Stage::Unsent;
                }
            }
        }
        Touched { all_vars: true, ..Touched::default() }
    }

    fn replace(&mut self, snapshot: Snapshot) -> Touched {
        let mut before = std::mem::take(&mut self.vars);
        self.seq = snapshot.seq;
        self.waiting = false;
        self.unasked = false;
        self.now = snapshot.now;
        self.name = snapshot.name;
        self.devices = snapshot.devices;
        self.order = snapshot.vars.iter().map(|var| var.name.clone()).collect();
        for var in snapshot.vars {
            let known = before.remove(&var.name);
            let (name, state) = VarState::from_snapshot(var, known);
            self.vars.insert(name, state);
        }
        let devices = &self.devices;
        self.logs.resume(snapshot.logs, &|id| device_name(devices, id));
        Touched { all_vars: true, layout: true, devices: true, logs: true, ..Touched::default() }
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
            Event::Applied { .. } | Event::ActionDone { .. } | Event::Storing(_) | Event::Lost { .. } => {}
            Event::Device(device) => self.apply_device(device, touched),
            Event::Reported { device, at, declared, values } => {
                self.tick(at);
                for (name, spec) in declared {
                    self.declare(name, spec, touched);
                }
                for (name, value) in values {
                    if let Some(var) = self.vars.get_mut(&name) {
                        var.report(Reported { device, value, at });
                        touched.vars.insert(name);
                    }
                }
            }
            Event::Edited { desired } => {
                for (name, desired) in desired {
                    self.apply_edited(name, desired, touched);
                }
            }
            Event::Logs(lines) => {
                if let Some(line) = lines.last() {
                    self.tick(line.received);
                }
                let devices = &self.devices;
                self.logs.append(lines, &|id| device_name(devices, id));
                touched.logs = true;
            }
        }
    }

    fn apply_device(&mut self, device: Device, touched: &mut Touched) {
        self.tick(device.last_seen);
        touched.devices = true;
        match self.devices.iter_mut().find(|d| d.id == device.id) {
            Some(slot) => {
                touched.all_vars |= slot.online != device.online || slot.name != device.name;
                touched.logs |= slot.name != device.name;
                *slot = device;
            }
            None => {
                touched.all_vars = true;
                self.devices.push(device);
            }
        }
    }

    fn declare(&mut self, name: VarName, spec: VarSpec, touched: &mut Touched) {
        touched.layout = true;
        touched.vars.insert(name.clone());
        match self.vars.get_mut(&name) {
            Some(var) => var.spec = spec,
            None => {
                self.order.push(name.clone());
                self.vars.insert(name, VarState::declared(spec));
            }
        }
    }

    fn apply_edited(&mut self, name: VarName, desired: Desired, touched: &mut Touched) {
        self.tick(desired.at);
        if let Some(var) = self.vars.get_mut(&name) {
            var.set_desired(desired);
            touched.vars.insert(name);
        }
    }

    fn apply_result(&mut self, id: u32, outcome: Result<EditSaved, EditRefused>) -> Touched {
        let mut touched = Touched::default();
        for (name, var) in &mut self.vars {
            if var.pending.as_ref().is_some_and(|p| p.stage == Stage::Sent(id)) {
                var.answer(&outcome);
                touched.vars.insert(name.clone());
            }
        }
        touched
    }

    fn tick(&mut self, at: UnixMicros) {
        self.now = self.now.max(at);
    }
}

impl VarState {
    fn is_unsent(&self) -> bool {
        self.pending.as_ref().is_some_and(|p| p.stage == Stage::Unsent)
    }

    fn answer(&mut self, outcome: &Result<EditSaved, EditRefused>) {
        match outcome {
            Ok(EditSaved { revision: Revision(number), .. }) => {
                if let Some(pending) = &mut self.pending {
                    pending.stage = Stage::Saved(Revision(*number));
                }
                self.settle();
            }
            Err(refused) => {
                self.pending = None;
                self.refused = Some(refused.text.clone());
            }
        }
    }
}

fn device_name(devices: &[Device], id: DeviceId) -> &str {
    devices.iter().find(|d| d.id == id).map_or("", |d| d.name.as_str())
}
