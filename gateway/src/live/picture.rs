//! A project's current state: its devices, variables and log, and what devices did with values. Derived from committed facts and
//! from what devices say of themselves; it knows nothing of this server's connections. No locks and no clock.

mod applied;
mod desired;
mod log;
mod marks;
mod page;
mod revised;
mod var_state;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use indexmap::IndexMap;
use protocol::{
    live::Event,
    model::{
        Change, Desired, Device, DeviceId, LogEntry, LogLine, Project, ProjectId, Revision, UnixMicros,
        Value, VarName, VarRevision, VarSpec,
    },
};

use self::revised::Revised;
pub(super) use self::{desired::Changed, log::Log, marks::Marks, var_state::VarState};
pub use self::{
    log::shorten,
    page::{SaidPlace, VarPage},
};
use super::weight::{Held, Weight, weight_of_mark};
use crate::store::{AuditRow, DeviceInfo, LeftOut, ProjectState, StoredDevice, StoredVar, Write, Written};

#[derive(Clone, Debug)]
pub(super) struct DeviceState {
    pub(super) identity: String,
    pub(super) name: String,
    pub(super) last_seen: UnixMicros,
    pub(super) about: String,
    /// `None`: it does not say what it applied.
    pub(super) applied: Option<Revision>,
    /// Variables that it has reported.
    pub(super) values: usize,
}

/// Finds an equal declaration that somebody has, so that it is there once.
pub(super) type Share<'a> = &'a dyn Fn(&VarName, &VarSpec) -> Option<Arc<VarSpec>>;

pub(crate) struct Picture {
    project: ProjectId,
    name: String,
    is_frozen: bool,
    revision: Revision,
    pub(super) devices: IndexMap<DeviceId, DeviceState>,
    identities: HashMap<String, DeviceId>,
    /// Devices that were here and are not any more.
    devices_gone: u64,
    pub(super) vars: IndexMap<VarName, VarState>,
    /// Variables that were forgotten, with the edit that let go of them.
    pub(super) removed: BTreeMap<VarName, Desired>,
    revised: Revised,
    rewritten: u64,
    log: Log,
    /// What was too large to be loaded.
    pub(super) left_out: LeftOut,
    /// What the declarations and values weigh.
    pub(super) held: Held,
}

impl Picture {
    pub(super) fn new(loaded: ProjectState) -> Self {
        let Project { id, name, .. } = loaded.project;
        let mut values: HashMap<DeviceId, usize> = HashMap::new();
        for reported in loaded.vars.iter().flat_map(|var| &var.reported) {
            *values.entry(reported.device).or_default() += 1;
        }
        let of_device = |id: DeviceId| values.get(&id).copied().unwrap_or(0);
        let identities = loaded.devices.iter().map(|d| (d.identity.clone(), d.device.id)).collect();
        let device = |stored: StoredDevice| (stored.device.id, DeviceState::new(stored, &of_device));
        let desired = |v: &StoredVar| Some((v.name.clone(), v.desired.as_ref()?.revision));
        let revised = loaded.vars.iter().filter_map(desired).collect();
        let vars = loaded.vars.into_iter().map(VarState::stored).collect::<IndexMap<VarName, VarState>>();
        let mut held = Held::default();
        vars.values().for_each(|var| held.change(Weight::default(), var.held()));
        Self {
            project: id,
            name,
            is_frozen: loaded.is_frozen,
            revision: loaded.revision,
            devices: loaded.devices.into_iter().map(device).collect(),
            identities,
            devices_gone: 0,
            vars,
            removed: loaded.removed.into_iter().collect(),
            revised,
            rewritten: 0,
            log: Log::new(loaded.logs, loaded.gone),
            left_out: loaded.left_out,
            held,
        }
    }

    /// Applies a committed fact; returns what dashboards are told of it.
    pub(super) fn apply(&mut self, write: Write, written: Written, share: Share<'_>) -> Option<Event> {
        match (write, written) {
            (Write::Logs { device, received, entries, .. }, Written::Logs { first_seq }) => {
                Some(Event::Logs(self.apply_logs(device, received, entries, first_seq)))
            }
            (Write::Connect { device: info, gives_way, at, .. }, Written::Connected { device, .. }) => {
                gives_way.into_iter().for_each(|device| self.forget_device(device));
                if !self.devices.contains_key(&device) {
                    self.put_device(device, &info, at);
                }
                // how many those are by now is kept beside the state
                gives_way.map(|device| Event::Forgotten { devices: vec![device], gave_way: 1 })
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
                self.apply_report(device, at, &declared, &values, share);
                Some(Event::Reported { device, at, declared, values })
            }
            // the device may be away by now: it says nothing just then
            (Write::Declare { device, at, declared, values, .. }, Written::Done) => {
                self.apply_report(device, at, &declared, &values, share);
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
        self.log.extend(&lines);
        lines
    }

    fn apply_report(
        &mut self,
        device: DeviceId,
        at: UnixMicros,
        declared: &[(VarName, VarSpec)],
        values: &[(VarName, Value)],
        share: Share<'_>,
    ) {
        for (name, spec) in declared {
            let spec = share(name, spec).unwrap_or_else(|| Arc::new(spec.clone()));
            self.declare(name, spec, device);
        }
        // of one that has given way since, nothing is kept
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

    fn declare(&mut self, name: &VarName, spec: Arc<VarSpec>, by: DeviceId) {
        let Some(var) = self.vars.get_mut(name) else {
            return self.add_var(name, spec, by);
        };
        let before = var.held();
        var.spec = spec;
        var.declared_by = Some(by);
        var.fit();
        self.held.change(before, var.held());
        if var.desired.is_some() {
            self.rewritten += 1;
        }
    }

    /// A variable that is new, or was forgotten and comes back: then games that lack the edit that let go of it are
    /// still told.
    fn add_var(&mut self, name: &VarName, spec: Arc<VarSpec>, by: DeviceId) {
        let desired = self.removed.remove(name);
        if let Some(edit) = &desired {
            self.revised.set(name, None, edit.revision);
            self.rewritten += 1;
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

    /// A variable is not there any more. Games that lack the edit that let go of it are still told.
    fn forget_var(&mut self, name: &VarName, let_go: Option<VarRevision>, note: AuditRow) {
        let known = self.vars.shift_remove(name);
        if known.is_none() && !self.left_out.vars.remove(name) {
            return;
        }
        self.rewritten += 1;
        if let Some(var) = &known {
            self.drop_var(name, var);
        }
        let newest = match let_go {
            Some(revision) => {
                self.revision = self.revision.max(Revision(revision.0));
                Some(Desired { value: None, revision, author: note.actor, at: note.at })
            }
            None => known.and_then(|var| var.desired),
        };
        if let Some(edit) = newest {
            self.removed.insert(name.clone(), edit);
        }
    }

    fn drop_var(&mut self, name: &VarName, var: &VarState) {
        self.held.change(var.held(), Weight::default());
        for device in var.reported.keys() {
            if let Some(device) = self.devices.get_mut(device) {
                device.values -= 1;
            }
        }
        if let Some(edit) = &var.desired {
            self.revised.remove(name, edit.revision);
        }
    }

    /// A device is not there any more. Its log lines keep its name.
    pub(super) fn forget_device(&mut self, id: DeviceId) {
        let Some(device) = self.devices.shift_remove(&id) else { return };
        self.devices_gone += 1;
        self.identities.remove(&device.identity);
        if device.values > 0 {
            let mut gone = Weight::default();
            for var in self.vars.values_mut() {
                if let Some((value, _)) = var.reported.shift_remove(&id) {
                    gone += Weight { text: value.weight(), entries: 1 };
                }
                if let Some(mark) = var.applied.remove(id) {
                    gone += weight_of_mark(&mark);
                }
            }
            self.held.change(gone, Weight::default());
        }
        self.log.keep_name(id, device.name);
    }

    /// A device has connected and says what it is.
    pub(super) fn put_device(&mut self, id: DeviceId, info: &DeviceInfo, now: UnixMicros) {
        self.identities.insert(info.identity.clone(), id);
        self.log.name_by_device(id);
        let device = DeviceState {
            identity: info.identity.clone(),
            name: info.name.clone(),
            last_seen: now,
            about: info.about.clone(),
            applied: info.applied,
            values: self.devices.get(&id).map_or(0, |known| known.values),
        };
        self.devices.insert(id, device);
    }

    fn touch(&mut self, device: DeviceId, at: UnixMicros) {
        if let Some(device) = self.devices.get_mut(&device) {
            device.last_seen = device.last_seen.max(at);
        }
    }

    pub(super) fn project(&self) -> ProjectId {
        self.project
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn rename(&mut self, name: &str) {
        self.name = name.to_owned();
    }

    /// Whether new and changed declarations wait for a person's consent.
    pub(crate) fn is_frozen(&self) -> bool {
        self.is_frozen
    }

    pub(crate) fn freeze(&mut self, is_frozen: bool) {
        self.is_frozen = is_frozen;
    }

    /// A variable's declaration.
    pub(crate) fn spec(&self, name: &VarName) -> Option<VarSpec> {
        self.vars.get(name).map(|var| (*var.spec).clone())
    }

    /// Whether everything of it is in memory.
    pub(crate) fn is_whole(&self) -> bool {
        self.left_out.is_empty()
    }

    /// Forgets lines of the log that a policy has removed.
    pub(crate) fn forget_lines(&mut self, is_gone: impl Fn(&LogLine) -> bool) {
        self.log.forget(is_gone);
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// The device that is known by this, if there is one.
    pub(super) fn device_of(&self, identity: &str) -> Option<DeviceId> {
        self.identities.get(identity).copied()
    }

    /// Grows whenever places in the lists of what devices say change.
    pub(super) fn devices_gone(&self) -> u64 {
        self.devices_gone
    }

    /// About what it takes in memory, in bytes.
    pub(super) fn footprint(&self) -> usize {
        let vars: usize = self.vars.iter().map(|(name, var)| name.as_str().len() + var.footprint()).sum();
        let devices: usize = self.devices.values().map(DeviceState::footprint).sum();
        vars + devices + self.log.footprint()
    }
}

impl DeviceState {
    fn new(StoredDevice { identity, device }: StoredDevice, values: &dyn Fn(DeviceId) -> usize) -> Self {
        let Device { id, name, last_seen, about, acknowledges, applied, .. } = device;
        let (applied, values) = (acknowledges.then_some(applied), values(id));
        Self { identity, name, last_seen, about, applied, values }
    }

    /// About what it takes in memory, in bytes, with its places in tables.
    fn footprint(&self) -> usize {
        2 * size_of::<Self>() + 2 * self.identity.len() + self.name.len() + self.about.len()
    }
}
