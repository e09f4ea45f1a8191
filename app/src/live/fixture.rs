//! A project to tell stories with.

use protocol::live::{ClientMessage, EditSaved, Event, ServerMessage, Snapshot};
use protocol::model::{
    Applied, Change, Desired, Device, DeviceId, Gesture, Level, LogLine, Outcome, ProjectId, ProjectRole,
    Reported, Revision, UnixMicros, Value, Var, VarName, VarRevision, VarSpec, VarType,
};

use super::delivery::Status;
use super::state::LiveState;

pub(super) fn name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

pub(super) fn int(number: i64) -> Value {
    Value::Int(number.into())
}

pub(super) fn device(id: i64, online: bool) -> Device {
    Device {
        id: DeviceId(id),
        name: format!("device-{id}"),
        online,
        since: UnixMicros(0),
        last_seen: UnixMicros(0),
        about: String::new(),
        acknowledges: false,
        applied: Revision(0),
    }
}

/// A device of version 2 that has applied everything up to this revision.
pub(super) fn acknowledging(id: i64, applied: i64) -> Device {
    Device { acknowledges: true, applied: Revision(applied), ..device(id, true) }
}

pub(super) fn line(seq: u64, level: Level, message: &str) -> LogLine {
    LogLine {
        seq,
        device: DeviceId(1),
        at: UnixMicros(0),
        received: UnixMicros(0),
        level,
        message: message.to_owned(),
        fields: None,
    }
}

pub(super) fn desired(value: Value, revision: i64) -> Desired {
    Desired { value: Some(value), revision: VarRevision(revision), author: "ann".into(), at: UnixMicros(0) }
}

/// The variable was let go by this revision.
pub(super) fn let_go(revision: i64) -> Desired {
    Desired { value: None, ..desired(int(0), revision) }
}

/// Of a variable that had this revision, 0 for none.
pub(super) fn change(variable: &str, value: i64, base: i64) -> Change {
    Change::from((name(variable), int(value))).on(VarRevision(base))
}

pub(super) fn reported(device: i64, value: Value) -> Reported {
    Reported { device: DeviceId(device), value, at: UnixMicros(0) }
}

/// `speed` and `lives`, reported as 1 by two connected devices.
pub(super) fn snapshot(seq: u64) -> Snapshot {
    let var = |text: &str| Var {
        name: name(text),
        spec: VarSpec { max: Some(100.0.into()), ..VarSpec::bare(VarType::Integer) },
        declared_by: Some(DeviceId(1)),
        desired: None,
        reported: vec![reported(1, int(1)), reported(2, int(1))],
        applied: Vec::new(),
    };
    Snapshot {
        seq,
        now: UnixMicros(0),
        project: ProjectId(7),
        name: "Mr. Rescue".into(),
        revision: Revision(0),
        devices: vec![device(1, true), device(2, true)],
        vars: vec![var("speed"), var("lives")],
        more: false,
        logs: vec![line(1, Level::Info, "one"), line(2, Level::Warn, "two")],
        storing: true,
        lost: 0,
        refused: Vec::new(),
        gone: Vec::new(),
        gave_way: 0,
        full: None,
        declarations_waiting: 0,
        left_out: None,
        role: ProjectRole::Designer,
    }
}

pub(super) fn state() -> LiveState {
    LiveState::new(snapshot(10))
}

pub(super) fn delta(seq: u64, event: Event) -> ServerMessage {
    ServerMessage::Delta { seq, events: vec![event] }
}

pub(super) fn reports(device: i64, value: Value) -> Event {
    reports_at(device, value, 1)
}

/// The same, after so many microseconds.
pub(super) fn reports_at(device: i64, value: Value, micros: i64) -> Event {
    Event::Reported {
        device: DeviceId(device),
        at: UnixMicros(micros),
        declared: vec![],
        values: vec![(name("speed"), value)],
    }
}

pub(super) fn edited(value: Value, revision: i64) -> Event {
    Event::Edited { desired: vec![(name("speed"), desired(value, revision))] }
}

/// Devices applied `revision`, and did this with `speed` after so many milliseconds.
pub(super) fn applied(revision: i64, outcomes: Vec<(i64, Outcome, u32)>) -> Event {
    let mark = |(device, outcome, millis): (i64, Outcome, u32)| Applied {
        device: DeviceId(device),
        revision: VarRevision(revision),
        outcome,
        round_trip_micros: Some(millis * 1_000),
    };
    let devices = outcomes.iter().map(|(device, ..)| (DeviceId(*device), Revision(revision))).collect();
    Event::Applied { devices, vars: vec![(name("speed"), outcomes.into_iter().map(mark).collect())] }
}

pub(super) fn clamped(value: i64, reason: &str) -> Outcome {
    Outcome::Clamped { value: Some(int(value)), reason: Some(reason.into()) }
}

pub(super) fn rejected(reason: &str) -> Outcome {
    Outcome::Rejected { reason: Some(reason.into()) }
}

/// The edit of `speed` or `lives` is saved as this revision of the project and of both.
pub(super) fn saved(id: u32, revision: i64) -> ServerMessage {
    known(id, revision, revision)
}

/// The project is at one revision, and `speed` and `lives` are as another one made them.
pub(super) fn known(id: u32, project: i64, set_by: i64) -> ServerMessage {
    let vars = ["speed", "lives"].map(|var| (name(var), VarRevision(set_by))).to_vec();
    ServerMessage::EditResult { id, outcome: Ok(EditSaved { revision: Revision(project), vars, games: 2 }) }
}

pub(super) fn shown(state: &LiveState) -> Option<Value> {
    state.shown(&name("speed")).cloned()
}

pub(super) fn status(state: &LiveState) -> Status {
    state.status(&name("speed"))
}

pub(super) fn edit(state: &mut LiveState, value: i64) -> u32 {
    state.edit(&name("speed"), int(value), Gesture(1));
    match state.take_unsent().as_slice() {
        [ClientMessage::Edit { id, .. }] => *id,
        other => panic!("one message expected, got {other:?}"),
    }
}
