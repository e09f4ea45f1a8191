//! The state as it is in one moment, to be shown: taken while the project is locked, which is a count for each part, and
//! copied when it is not. What changes meanwhile is copied once by whoever changes it.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use protocol::{
    live::{Device, LogLine, Seq, Snapshot},
    model::{DeviceId, ProjectId, ProjectRole, Revision, UnixMicros, VarName},
};

use super::{DeviceState, State, VarState, shown, shown_var};

/// A part of the state that may be shown while it changes.
#[derive(Debug)]
pub(super) struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    pub(super) fn new(part: T) -> Self {
        Self(Arc::new(part))
    }

    fn share(&self) -> Arc<T> {
        Arc::clone(&self.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

/// One moment of a project.
pub(crate) struct Frozen {
    pub(crate) seq: Seq,
    project: ProjectId,
    name: String,
    revision: Revision,
    devices: Vec<(DeviceId, Arc<DeviceState>)>,
    vars: Vec<(VarName, Arc<VarState>)>,
    logs: Vec<Arc<LogLine>>,
    gone: Vec<(DeviceId, String)>,
    storing: bool,
    lost: u64,
}

impl State {
    pub(crate) fn freeze(&self) -> Frozen {
        Frozen {
            seq: self.seq,
            project: self.project,
            name: self.name.clone(),
            revision: self.revision,
            devices: self.devices.iter().map(|(id, device)| (*id, device.share())).collect(),
            vars: self.vars.iter().map(|(name, var)| (name.clone(), var.share())).collect(),
            logs: self.logs.iter().map(Shared::share).collect(),
            gone: self.gone.iter().map(|(id, name)| (*id, name.clone())).collect(),
            storing: self.storing,
            lost: self.lost,
        }
    }
}

impl Frozen {
    /// What dashboards are shown, but for what is kept beside the state.
    pub(crate) fn snapshot(self, now: UnixMicros, role: ProjectRole) -> Snapshot {
        Snapshot {
            seq: self.seq,
            now,
            project: self.project,
            name: self.name,
            role,
            revision: self.revision,
            devices: self.devices.iter().map(|(id, device)| -> Device { shown(*id, device) }).collect(),
            vars: self.vars.iter().map(|(name, var)| shown_var(name, var)).collect(),
            logs: self.logs.iter().map(|line| (**line).clone()).collect(),
            storing: self.storing,
            lost: self.lost,
            // kept beside the state: it stays when nobody uses the project
            refused: Vec::new(),
            gone: self.gone,
            gave_way: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::{LogEntry, Value, VarSpec, VarType};

    use super::*;
    use crate::{
        live::test_live,
        store::{DeviceInfo, Write, Written},
    };

    const DEVICE: DeviceId = DeviceId(1);

    fn report(state: &mut State, value: i64) {
        let name = VarName::parse("speed").unwrap();
        let (at, project, line) = (UnixMicros(value), ProjectId(1), None);
        let declared = vec![(name.clone(), VarSpec::bare(VarType::Integer))];
        let values = vec![(name, Value::Int(value.into()))];
        state.apply(Write::Report { project, device: DEVICE, at, declared, values, line }, Written::Done);
        let entry = LogEntry {
            message: value.to_string(),
            level: protocol::model::Level::Info,
            at: None,
            fields: None,
        };
        let (received, entries) = (at, vec![entry]);
        let logs = Write::Logs { project, device: DEVICE, received, entries, line };
        state.apply(logs, Written::Logs { first_seq: value.cast_unsigned() });
    }

    #[test]
    fn a_moment_stays_as_it_was_while_the_state_goes_on() {
        let live = test_live(1);
        let info = DeviceInfo {
            identity: "id:1".to_owned(),
            name: "a".to_owned(),
            about: String::new(),
            attrs: None,
            applied: None,
        };
        live.state().connect(DEVICE, &info, UnixMicros(0));
        report(&mut live.state(), 1);
        let moment = live.state().freeze();
        // nobody waits for whoever makes a snapshot of it
        report(&mut live.state(), 2);
        live.state().disconnect(DEVICE, UnixMicros(3));
        let seen = |moment: Frozen| {
            let snapshot = moment.snapshot(UnixMicros(0), ProjectRole::Viewer);
            let value = snapshot.vars[0].reported[0].value.clone();
            (value, snapshot.devices[0].online, snapshot.logs.len())
        };
        let now = live.state().freeze();
        assert_eq!(seen(moment), (Value::Int(1i64.into()), true, 1));
        assert_eq!(seen(now), (Value::Int(2i64.into()), false, 2));
    }

    #[test]
    fn what_nobody_is_shown_is_not_copied() {
        let live = test_live(1);
        let mut state = live.state();
        report(&mut state, 1);
        let place = |state: &State| Arc::as_ptr(&state.vars[0].0);
        let before = place(&state);
        report(&mut state, 2);
        assert_eq!(place(&state), before);
        let moment = state.freeze();
        report(&mut state, 3);
        assert_ne!(place(&state), before);
        drop(moment);
    }
}
