//! The state in parts, each of few bytes, for slow readers: what is not sent yet is not held for them, but looked
//! up when its turn comes. So a part may be newer than the one before; the deltas that follow make all of it the same.

use std::vec::IntoIter;

use protocol::{
    live::{LeftOut, Snapshot, SnapshotPart},
    model::{Device, DeviceId, ProjectRole, Reported, UnixMicros, Value, Var, VarName, VarSpec},
};

use super::{
    super::{picture::VarState, weight::text_of_outcome},
    State,
};

/// Bytes of a part: it ends before it would have more, but has one device, or one value, at least.
pub(crate) const PART_BYTES: usize = 128 * 1024;
/// Variables that were left out which a page names.
const MAX_LEFT_OUT_NAMES: usize = 100;
/// About what an entry of a list takes beside its texts.
const ENTRY_BYTES: usize = 24;

/// What is still to be shown, in the order of the state.
#[derive(Debug)]
pub(crate) struct Walk {
    devices: IntoIter<DeviceId>,
    vars: IntoIter<VarName>,
    rest: Option<Rest>,
}

/// A variable of which not all is shown.
#[derive(Debug)]
struct Rest {
    name: VarName,
    /// What was shown: of the reported values, then of what devices did.
    shown: usize,
    /// The state's count of devices that are gone: when it changes, places in the lists do.
    gone: u64,
}

impl State {
    /// What a new dashboard is shown first, with as many devices and variables as fit into so many bytes each. The
    /// others follow by [`State::next_part`].
    pub(crate) fn begin_parts(
        &self,
        now: UnixMicros,
        role: ProjectRole,
        max_bytes: usize,
    ) -> (Snapshot, Walk) {
        let Self { picture, feed, .. } = self;
        let devices: Vec<DeviceId> = picture.devices.keys().copied().collect();
        let vars: Vec<VarName> = picture.vars.keys().cloned().collect();
        let mut walk = Walk { devices: devices.into_iter(), vars: vars.into_iter(), rest: None };
        let devices = self.next_devices(&mut walk, max_bytes).0;
        let vars = self.next_vars(&mut walk, max_bytes);
        let head = Snapshot {
            seq: feed.seq,
            now,
            project: picture.project(),
            name: picture.name().to_owned(),
            role,
            revision: picture.revision(),
            devices,
            vars,
            more: !walk.is_over(),
            logs: picture.log().lines().cloned().collect(),
            storing: feed.storing,
            lost: feed.lost,
            // kept beside the state: it stays when nobody uses the project
            refused: Vec::new(),
            gone: picture.log().gone().iter().map(|(id, name)| (*id, name.clone())).collect(),
            gave_way: 0,
            full: None,
            // kept beside the state, too
            declarations_waiting: 0,
            left_out: self.left_out(),
        };
        (head, walk)
    }

    /// What was too large to be loaded.
    fn left_out(&self) -> Option<LeftOut> {
        let crate::store::LeftOut { vars, values } = &self.picture.left_out;
        let names = vars.iter().take(MAX_LEFT_OUT_NAMES).cloned().collect();
        let vars = u32::try_from(vars.len()).unwrap_or(u32::MAX);
        (!self.picture.is_whole()).then_some(LeftOut { vars, names, values: *values })
    }

    /// What follows; `None`: that was all.
    pub(crate) fn next_part(&self, walk: &mut Walk) -> Option<SnapshotPart> {
        if walk.is_over() {
            return None;
        }
        let (devices, bytes) = self.next_devices(walk, PART_BYTES);
        let vars = match PART_BYTES.checked_sub(bytes) {
            Some(left) if left > 0 => self.next_vars(walk, left),
            _ => Vec::new(),
        };
        Some(SnapshotPart { devices, vars, more: !walk.is_over() })
    }

    fn next_devices(&self, walk: &mut Walk, max_bytes: usize) -> (Vec<Device>, usize) {
        let (mut devices, mut bytes) = (Vec::new(), 0);
        while bytes < max_bytes
            && let Some(id) = walk.devices.next()
        {
            // one that is gone by now is told of by a delta
            let Some(device) = self.device(id) else { continue };
            bytes += ENTRY_BYTES + device.name.len() + device.about.len();
            devices.push(device);
        }
        (devices, bytes)
    }

    fn next_vars(&self, walk: &mut Walk, max_bytes: usize) -> Vec<Var> {
        let (mut vars, mut bytes) = (Vec::new(), 0);
        while bytes < max_bytes {
            let rest = walk.rest.take().or_else(|| {
                Some(Rest { name: walk.vars.next()?, shown: 0, gone: self.picture.devices_gone() })
            });
            let Some(mut rest) = rest else { break };
            let Some(var) = self.picture.vars.get(&rest.name) else { continue };
            if rest.gone != self.picture.devices_gone() {
                rest = Rest { shown: 0, gone: self.picture.devices_gone(), ..rest };
            }
            let (part, part_bytes) = shown_from(&rest.name, var, rest.shown, max_bytes - bytes);
            bytes += part_bytes;
            rest.shown += part.reported.len() + part.applied.len();
            vars.push(part);
            if rest.shown < var.reported.len() + var.applied.iter().len() {
                walk.rest = Some(rest);
            }
        }
        vars
    }
}

impl Walk {
    fn is_over(&self) -> bool {
        self.rest.is_none() && self.devices.as_slice().is_empty() && self.vars.as_slice().is_empty()
    }
}

/// A variable with what devices say of it from a place on: at least one of them, and no more than so many bytes.
fn shown_from(name: &VarName, var: &VarState, from: usize, max_bytes: usize) -> (Var, usize) {
    let wanted = var.wanted().map_or(0, Value::weight);
    let mut bytes = ENTRY_BYTES + name.as_str().len() + text_of(&var.spec) + wanted;
    let (mut reported, mut applied) = (Vec::new(), Vec::new());
    let is_full = |bytes: usize, count: usize| bytes >= max_bytes && count > 0;
    for (device, (value, at)) in var.reported.iter().skip(from) {
        if is_full(bytes, reported.len()) {
            break;
        }
        bytes += ENTRY_BYTES + value.weight();
        reported.push(Reported { device: *device, value: value.clone(), at: *at });
    }
    if from + reported.len() >= var.reported.len() {
        let from = (from + reported.len()) - var.reported.len();
        for mark in var.applied.iter().skip(from) {
            if is_full(bytes, reported.len() + applied.len()) {
                break;
            }
            bytes += ENTRY_BYTES + text_of_outcome(&mark.outcome);
            applied.push(mark.clone());
        }
    }
    let spec = (*var.spec).clone();
    let (declared_by, desired) = (var.declared_by, var.desired.clone());
    (Var { name: name.clone(), spec, declared_by, desired, reported, applied }, bytes)
}

fn text_of(spec: &VarSpec) -> usize {
    spec.weight() - size_of::<VarSpec>()
}

#[cfg(test)]
mod tests {
    use protocol::{
        live::{ServerMessage, encode},
        model::{ProjectId, VarType},
    };

    use super::*;
    use crate::{
        live::test_live,
        store::{DeviceInfo, Write, Written},
    };

    const DEVICES: i64 = 40;
    const VARS: usize = 30;

    /// Of many devices with values of 8 KiB and more.
    fn fill(state: &mut State) {
        for id in 1..=DEVICES {
            let info = DeviceInfo {
                identity: format!("id:{id}"),
                name: format!("device {id}"),
                about: String::new(),
                build: String::new(),
                attrs: None,
                applied: None,
            };
            state.connect(DeviceId(id), &info, UnixMicros(id));
            report(state, id, "x");
        }
    }

    fn report(state: &mut State, device: i64, letter: &str) {
        let name = |n: usize| VarName::parse(&format!("v{n}")).unwrap();
        let declared = (0..VARS).map(|n| (name(n), VarSpec::bare(VarType::String))).collect();
        let values = (0..VARS).map(|n| (name(n), Value::Text(letter.repeat(8 << 10)))).collect();
        let (project, at, line) = (ProjectId(1), UnixMicros(device), None);
        let device = DeviceId(device);
        state.apply(Write::Report { project, device, at, declared, values, line }, Written::Done);
    }

    /// All parts in one, with what may happen between two of them.
    fn walk(live: &crate::live::Live, mut between: impl FnMut(&mut State)) -> (Snapshot, usize) {
        let role = ProjectRole::Viewer;
        let (mut whole, mut walk) = live.state().begin_parts(UnixMicros(0), role, PART_BYTES / 2);
        let mut parts = 1;
        let next = |walk: &mut Walk| live.state().next_part(walk);
        while let Some(part) = next(&mut walk) {
            let bytes = encode(&ServerMessage::More(Box::new(part.clone()))).len();
            assert!(bytes < PART_BYTES + (10 << 10), "{bytes}");
            whole.add(part);
            between(&mut live.state());
            parts += 1;
        }
        (whole, parts)
    }

    #[test]
    fn parts_make_the_whole() {
        let live = test_live(1);
        fill(&mut live.state());
        let (whole, parts) = walk(&live, |_| {});
        assert!(parts > 20, "{parts}");
        assert_eq!(whole, live.snapshot(UnixMicros(0), ProjectRole::Viewer));
    }

    #[test]
    fn what_changes_or_goes_between_parts_takes_nothing_else_along() {
        let live = test_live(1);
        fill(&mut live.state());
        let mut gone = 0;
        let (whole, _) = walk(&live, |state| {
            if gone < DEVICES - 2 {
                gone += 1;
                state.picture.forget_device(DeviceId(gone));
                report(state, DEVICES, "y");
            }
        });
        for var in &whole.vars {
            let newest = |id: i64| var.reported.iter().rev().find(|r| r.device == DeviceId(id)).is_some();
            assert!(newest(DEVICES - 1) && newest(DEVICES), "{}", var.name);
        }
        assert_eq!(whole.vars.len(), VARS);
    }
}
