//! One variable as the page knows it: what was declared, wanted, reported, applied and just typed.

use std::collections::HashMap;

use protocol::model::{DeviceId, Integer, UnixMicros, Value, VarName, VarRevision, VarSpec};
use protocol::{
    live::{EditRefused, EditSaved},
    model::{Applied, Change, Desired, Gesture, NOT_DESIRED, Reported, Var},
};

use super::by_device::ByDevice;
use super::hand::{Conflict, Hand};
use super::runs::Runs;
use super::scope::Scope;

/// The code of an edit of which the server can't say whether it is saved.
const UNDECIDED: &str = "undecided";
/// The code of an edit that somebody else's came before.
const CONFLICT: &str = "conflict";

/// A variable with the edit that is on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct VarState {
    /// As last declared.
    pub spec: VarSpec,
    /// By which device, if that is known.
    pub declared_by: Option<DeviceId>,
    /// Its newest edit.
    pub desired: Option<Desired>,
    /// What each device last said it is.
    pub reported: ByDevice<Reported>,
    /// What devices said that they did with `desired`; nothing older.
    pub applied: ByDevice<Applied>,
    /// When the newest report of each device was received that it had sent before it said that it applied `desired`:
    /// that one says nothing of what became of the value since.
    pub heard: ByDevice<UnixMicros>,
    /// The own edit that the server has not yet confirmed in a delta.
    pub pending: Option<Pending>,
    /// The newest message with an edit of this variable that was sent and not answered, and its gesture.
    pub unanswered: Option<(u32, Gesture)>,
    /// Why the last own edit was not taken.
    pub refused: Option<String>,
    /// The last own edit, while even the server can't say whether it is saved.
    pub undecided: Option<Wish>,
    /// The newest own edit.
    pub own: Option<VarRevision>,
    /// The hand that is in its control, or has left a draft there.
    pub hand: Option<Hand>,
    /// The last own edit, when somebody else's came before it and the person has not decided yet.
    pub conflict: Option<Conflict>,
    /// The newest run, if it is an action.
    pub runs: Runs,
}

/// What somebody wants a variable to be: a value, or what the game makes it.
pub type Wish = Option<Value>;

/// An own edit, shown at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The new value; `None` lets go.
    pub value: Wish,
    /// It is sent even if it is desired already.
    pub again: bool,
    /// The drag that it is part of.
    pub gesture: Gesture,
    /// How far it has come.
    pub stage: Stage,
    /// The newest edit that he could have seen when he edited: on this his own is based.
    pub seen: Option<VarRevision>,
    /// The newest value of this edit that was sent already.
    pub sent: Option<Wish>,
}

/// How far an own edit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To be sent with the next message.
    Unsent,
    /// Sent in the message of this number.
    Sent(u32),
    /// Saved; the delta that shows this edit is still to come.
    Saved(VarRevision),
}

impl Pending {
    /// The revision under which it is saved.
    pub(super) fn saved(&self) -> Option<VarRevision> {
        match self.stage {
            Stage::Saved(revision) => Some(revision),
            Stage::Unsent | Stage::Sent(_) => None,
        }
    }
}

impl VarState {
    /// A variable that a device has just declared.
    pub fn declared(spec: VarSpec, by: Option<DeviceId>) -> Self {
        Self {
            spec,
            declared_by: by,
            desired: None,
            reported: ByDevice::default(),
            applied: ByDevice::default(),
            heard: ByDevice::default(),
            pending: None,
            unanswered: None,
            refused: None,
            undecided: None,
            own: None,
            hand: None,
            conflict: None,
            runs: Runs::default(),
        }
    }

    /// A variable from a snapshot. The own edit on top of it stays unless the snapshot has it.
    pub fn from_snapshot(var: Var, before: Option<Self>) -> (VarName, Self) {
        let reported = var.reported.into_iter().map(|reported| (reported.device, reported)).collect();
        let mut state = Self { reported, ..before.unwrap_or_else(|| Self::declared(var.spec.clone(), None)) };
        (state.spec, state.declared_by) = (var.spec, var.declared_by);
        if state.revision() != var.desired.as_ref().map(|desired| desired.revision) {
            state.heard.clear();
        }
        state.desired = var.desired;
        state.applied.clear();
        state.runs.interrupt();
        for applied in var.applied {
            state.apply(applied);
        }
        state.settle();
        (var.name, state)
    }

    /// What people want it to be, the own edit first; `None`: what the game makes it.
    pub fn wanted(&self) -> Option<&Value> {
        match (&self.pending, &self.desired) {
            (Some(pending), _) => pending.value.as_ref(),
            (None, Some(desired)) => desired.value.as_ref(),
            (None, None) => None,
        }
    }

    /// The newest edit that is known.
    pub fn revision(&self) -> Option<VarRevision> {
        self.desired.as_ref().map(|desired| desired.revision)
    }

    /// The value that most of these devices report, the earliest of equals.
    pub(super) fn most_reported(&self, scope: &Scope) -> Option<&Value> {
        let reported = self.reported.iter().filter(|(device, _)| scope.covers(*device));
        most_frequent(reported.map(|(_, reported)| &reported.value))
    }

    /// Whether one of these devices has the variable. One that nobody reports is everybody's.
    pub fn is_on(&self, scope: &Scope) -> bool {
        scope.is_all()
            || self.reported.is_empty()
            || scope.selected().iter().any(|device| self.reported.get(*device).is_some())
    }

    /// A device is not there any more.
    pub fn forget_device(&mut self, device: DeviceId) {
        self.reported.remove(device);
        self.applied.remove(device);
        self.heard.remove(device);
    }

    /// Takes a declaration.
    pub fn declare(&mut self, spec: VarSpec, by: DeviceId) {
        (self.spec, self.declared_by) = (spec, Some(by));
        self.fit();
    }

    /// As the server does it: a type that no game has declared holds what people want, whatever games report; values are
    /// read by the type. Whether the type is another one now.
    fn fit(&mut self) -> bool {
        let desired = self.desired.as_ref().and_then(|desired| desired.value.as_ref());
        let wider = desired.and_then(|value| self.spec.widened(value));
        let is_wider = wider.is_some();
        if let Some(wider) = wider {
            self.spec = wider;
        }
        let var_type = &self.spec.var_type;
        let desired = self.desired.iter_mut().filter_map(|desired| desired.value.as_mut());
        let pending = self.pending.iter_mut().filter_map(|pending| pending.value.as_mut());
        desired.chain(pending).for_each(|value| var_type.refit(value));
        self.reported.values_mut().for_each(|reported| var_type.refit(&mut reported.value));
        is_wider
    }

    /// Takes a device's report; `true` when it is the device's first one.
    pub fn report(&mut self, reported: Reported) -> bool {
        self.reported.set(reported.device, reported)
    }

    /// Takes what a device did with the desired value. What it did with an earlier one says nothing any more.
    pub fn apply(&mut self, applied: Applied) {
        if self.desired.as_ref().is_some_and(|d| applied.revision >= d.revision) {
            self.applied.set(applied.device, applied);
        }
    }

    /// Takes somebody's edit, unless a newer one is known. Whether it takes another type to hold it.
    pub fn set_desired(&mut self, desired: Desired) -> bool {
        if self.desired.as_ref().is_none_or(|d| d.revision < desired.revision) {
            self.desired = Some(desired);
            self.applied.clear();
            self.heard.clear();
        }
        let is_wider = self.fit();
        self.settle();
        is_wider
    }

    /// A device says that it has applied `desired`: what it reported before was another time.
    pub fn hear(&mut self, device: DeviceId) {
        if let Some(at) = self.reported.get(device).map(|reported| reported.at) {
            self.heard.set(device, at);
        }
    }

    /// Takes the person's edit, before the server knows. It is based on what they saw when their hand began: where somebody
    /// else's edit has come since, both are told and nothing is sent. `again`: send it even if it is desired already.
    pub fn begin(&mut self, value: Wish, gesture: Gesture, again: bool) {
        if self.gives_way(&value, gesture) {
            return;
        }
        let known = self.seen();
        let (seen, sent) = match self.pending.take() {
            // what waits, perhaps for the connection, stays based on what was seen when it began to
            Some(Pending { stage: Stage::Unsent, seen, sent, .. }) => (seen, sent),
            Some(Pending { stage: Stage::Sent(_), seen, sent, .. }) => (known.max(seen), sent),
            Some(Pending { stage: Stage::Saved(_), .. }) | None => (known, None),
        };
        self.pending = Some(Pending { value, again, gesture, stage: Stage::Unsent, seen, sent });
        self.refused = None;
        self.undecided = None;
        self.conflict = None;
    }

    /// Whether the last edit, or run, is one of this page.
    pub fn is_own(&self) -> bool {
        let newest = self.revision();
        let is_edit =
            self.pending.is_some() || self.refused.is_some() || (newest.is_some() && newest == self.own);
        is_edit || self.runs.is_own()
    }

    /// Whether an edit is to be sent. The first one of a new gesture waits for the answer to the gesture before: only then
    /// is known on what it is based.
    pub fn is_unsent(&self) -> bool {
        let Some(pending) = self.pending.as_ref().filter(|p| p.stage == Stage::Unsent) else { return false };
        self.unanswered.is_none_or(|(_, gesture)| gesture == pending.gesture)
    }

    /// The edit that waits, as the message of that number carries it.
    pub fn send(&mut self, name: &VarName, id: u32) -> Option<Change> {
        let pending = self.pending.as_mut()?;
        pending.stage = Stage::Sent(id);
        pending.sent = Some(pending.value.clone());
        self.unanswered = Some((id, pending.gesture));
        let base = Some(pending.seen.unwrap_or(NOT_DESIRED));
        Some(Change { name: name.clone(), value: pending.value.clone(), base, again: pending.again })
    }

    /// Takes the server's answer to the edit that was sent in that message; `false` when it says nothing here.
    pub fn answer(&mut self, name: &VarName, id: u32, outcome: &Result<EditSaved, EditRefused>) -> bool {
        if self.unanswered.is_some_and(|(unanswered, _)| unanswered == id) {
            self.unanswered = None;
            if let Ok(saved) = outcome {
                self.see(revision_of(saved, name));
            }
        }
        match &mut self.pending {
            Some(pending) if pending.stage == Stage::Sent(id) => self.decide(name, outcome),
            // he has moved on since
            Some(pending) if pending.stage == Stage::Unsent => match outcome {
                Ok(saved) => pending.seen = pending.seen.max(revision_of(saved, name)),
                Err(_) => return false,
            },
            _ => return false,
        }
        true
    }

    fn decide(&mut self, name: &VarName, outcome: &Result<EditSaved, EditRefused>) {
        match outcome {
            Ok(saved) => {
                let revision = revision_of(saved, name).unwrap_or(NOT_DESIRED);
                self.own = Some(revision);
                if let Some(pending) = &mut self.pending {
                    pending.stage = Stage::Saved(revision);
                }
                self.settle();
            }
            Err(refused) => {
                let pending = self.pending.take();
                match (refused.code.as_str(), pending) {
                    (UNDECIDED, pending) => self.undecided = pending.map(|pending| pending.value),
                    (CONFLICT, Some(pending)) => self.give_way(pending.value, pending.gesture),
                    _ => {}
                }
                self.refused = Some(refused.text.clone());
                self.settle();
            }
        }
    }

    /// Before an edit that waited is sent: whether somebody else's came between. Then both values are told and
    /// neither is forced on the other.
    pub fn check_stale(&mut self) {
        let (Some(pending), Some(desired)) = (&mut self.pending, &self.desired) else { return };
        let overtaken = pending.stage == Stage::Unsent && Some(desired.revision) > pending.seen;
        if !overtaken {
            return;
        }
        if pending.sent.as_ref() == Some(&desired.value) {
            pending.seen = Some(desired.revision);
            return;
        }
        let (mine, gesture) = (pending.value.clone(), pending.gesture);
        if desired.value != mine {
            self.give_way(mine, gesture);
        }
        self.pending = None;
    }

    /// Forgets the own edit once the desired value is as new, and that it was in doubt once it is the desired one.
    pub fn settle(&mut self) {
        if let Some(desired) = self.desired.as_ref().filter(|d| Some(&d.value) == self.undecided.as_ref()) {
            self.own = Some(desired.revision);
            self.undecided = None;
            self.refused = None;
            self.see(self.own);
        }
        let known = self.revision().unwrap_or(NOT_DESIRED);
        self.pending.take_if(|pending| pending.saved().is_some_and(|saved| known >= saved));
    }
}

fn revision_of(saved: &EditSaved, name: &VarName) -> Option<VarRevision> {
    saved.vars.iter().find(|(of, _)| of == name).map(|(_, revision)| *revision)
}

/// The value that is there most often, the earliest of equals.
pub(super) fn most_frequent<'a>(values: impl Iterator<Item = &'a Value> + Clone) -> Option<&'a Value> {
    let mut votes: HashMap<Identity<'_>, usize> = HashMap::new();
    for value in values.clone() {
        *votes.entry(identity(value)).or_default() += 1;
    }
    let most = votes.values().copied().max()?;
    values.into_iter().find(|value| votes[&identity(value)] == most)
}

/// Whether a game that reports `reported` does what `wanted` says.
pub fn same_value(reported: &Value, wanted: &Value) -> bool {
    reported.agrees_with(wanted)
}

/// A value as a key of a map: a thousand devices that all report something else are counted in one pass.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Identity<'a> {
    Bool(bool),
    Int(Integer),
    Float(u64),
    Text(&'a str),
    Json(&'a str),
}

pub(super) fn identity(value: &Value) -> Identity<'_> {
    match value {
        Value::Bool(on) => Identity::Bool(*on),
        Value::Int(number) => Identity::Int(*number),
        Value::Float(number) => Identity::Float(number.to_bits()),
        Value::Text(text) => Identity::Text(text),
        Value::Json(text) => Identity::Json(text),
    }
}
