//! One variable as the page knows it: what was declared, wanted, reported, applied and just typed.

use std::collections::HashMap;

use protocol::live::{Applied, Desired, EditRefused, EditSaved, Gesture, Reported, Var};
use protocol::model::{DeviceId, Integer, Revision, Value, VarName, VarSpec};

use super::by_device::ByDevice;
use super::runs::Runs;

/// The code of an edit of which the server can't say whether it is saved.
const UNDECIDED: &str = "undecided";

/// A variable with the edit that is on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct VarState {
    /// As last declared.
    pub spec: VarSpec,
    /// What people want it to be.
    pub desired: Option<Desired>,
    /// What each device last said it is.
    pub reported: ByDevice<Reported>,
    /// What devices said that they did with `desired`; nothing older.
    pub applied: ByDevice<Applied>,
    /// The own edit that the server has not yet confirmed in a delta.
    pub pending: Option<Pending>,
    /// The newest message with an edit of this variable that was sent and not answered, and its gesture.
    pub unanswered: Option<(u32, Gesture)>,
    /// Why the last own edit was not taken.
    pub refused: Option<String>,
    /// The last own edit, while even the server can't say whether it is saved.
    pub undecided: Option<Value>,
    /// The newest revision that an own edit made.
    pub own: Option<Revision>,
    /// The newest run, if it is an action.
    pub runs: Runs,
}

/// An own edit, shown at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The new value.
    pub value: Value,
    /// The drag that it is part of.
    pub gesture: Gesture,
    /// How far it has come.
    pub stage: Stage,
    /// The newest revision that he could have seen when he edited: on this his edit is based.
    pub seen: Option<Revision>,
    /// The newest value of this edit that was sent already.
    pub sent: Option<Value>,
}

/// How far an own edit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To be sent with the next message.
    Unsent,
    /// Sent in the message of this number.
    Sent(u32),
    /// Saved as this revision; the delta that shows it is still to come.
    Saved(Revision),
}

impl VarState {
    /// A variable that a device has just declared.
    pub fn declared(spec: VarSpec) -> Self {
        Self {
            spec,
            desired: None,
            reported: ByDevice::default(),
            applied: ByDevice::default(),
            pending: None,
            unanswered: None,
            refused: None,
            undecided: None,
            own: None,
            runs: Runs::default(),
        }
    }

    /// A variable from a snapshot. The own edit on top of it stays unless the snapshot has it.
    pub fn from_snapshot(var: Var, before: Option<Self>) -> (VarName, Self) {
        let reported = var.reported.into_iter().map(|reported| (reported.device, reported)).collect();
        let mut state = Self { reported, ..before.unwrap_or_else(|| Self::declared(var.spec.clone())) };
        state.spec = var.spec;
        state.desired = var.desired;
        state.applied.clear();
        state.runs.interrupt();
        for applied in var.applied {
            state.apply(applied);
        }
        state.settle();
        (var.name, state)
    }

    /// The value that the control shows: the own edit, else the desired one, else the one that most
    /// devices report (the earliest of equals).
    pub fn shown(&self) -> Option<&Value> {
        self.wanted().or_else(|| self.most_reported())
    }

    /// What people want it to be, the own edit first.
    pub fn wanted(&self) -> Option<&Value> {
        self.pending.as_ref().map(|p| &p.value).or(self.desired.as_ref().map(|d| &d.value))
    }

    fn most_reported(&self) -> Option<&Value> {
        let mut votes: HashMap<Identity<'_>, usize> = HashMap::new();
        for (_, reported) in self.reported.iter() {
            *votes.entry(identity(&reported.value)).or_default() += 1;
        }
        let most = votes.values().copied().max()?;
        let mut values = self.reported.iter().map(|(_, reported)| &reported.value);
        values.find(|value| votes[&identity(value)] == most)
    }

    /// A device is not there any more.
    pub fn forget_device(&mut self, device: DeviceId) {
        self.reported.remove(device);
        self.applied.remove(device);
    }

    /// Takes a declaration.
    pub fn declare(&mut self, spec: VarSpec) {
        self.spec = spec;
        self.fit();
    }

    /// As the server does it: a type that no game has declared holds what people want, whatever games report; values are
    /// read by the type. Whether the type is another one now.
    fn fit(&mut self) -> bool {
        let wider = self.desired.as_ref().and_then(|desired| self.spec.widened(&desired.value));
        let is_wider = wider.is_some();
        if let Some(wider) = wider {
            self.spec = wider;
        }
        let var_type = &self.spec.var_type;
        self.desired.iter_mut().for_each(|desired| var_type.refit(&mut desired.value));
        self.pending.iter_mut().for_each(|pending| var_type.refit(&mut pending.value));
        self.reported.values_mut().for_each(|reported| var_type.refit(&mut reported.value));
        is_wider
    }

    /// Takes a device's report.
    pub fn report(&mut self, reported: Reported) {
        self.reported.set(reported.device, reported);
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
        }
        let is_wider = self.fit();
        self.settle();
        is_wider
    }

    /// Takes the person's edit, before the server knows.
    pub fn begin(&mut self, value: Value, gesture: Gesture) {
        let known = self.desired.as_ref().map(|d| d.revision);
        let (seen, sent) = match self.pending.take() {
            Some(Pending { stage: Stage::Saved(revision), .. }) => (known.max(Some(revision)), None),
            // what waits, perhaps for the connection, stays based on what was seen when it began to
            Some(Pending { stage: Stage::Unsent, seen, sent, .. }) => (seen, sent),
            Some(Pending { stage: Stage::Sent(_), seen, sent, .. }) => (known.max(seen), sent),
            None => (known, None),
        };
        self.pending = Some(Pending { value, gesture, stage: Stage::Unsent, seen, sent });
        self.refused = None;
        self.undecided = None;
    }

    /// Whether the last edit, or run, is one of this page.
    pub fn is_own(&self) -> bool {
        let newest = self.desired.as_ref().map(|d| d.revision);
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

    /// Takes the server's answer to the edit that was sent in that message; `false` when it says nothing here.
    pub fn answer(&mut self, id: u32, outcome: &Result<EditSaved, EditRefused>) -> bool {
        if self.unanswered.is_some_and(|(unanswered, _)| unanswered == id) {
            self.unanswered = None;
        }
        match &mut self.pending {
            Some(pending) if pending.stage == Stage::Sent(id) => self.decide(outcome),
            // he has moved on since
            Some(pending) if pending.stage == Stage::Unsent => match outcome {
                Ok(saved) => pending.seen = pending.seen.max(Some(saved.revision)),
                Err(_) => return false,
            },
            _ => return false,
        }
        true
    }

    fn decide(&mut self, outcome: &Result<EditSaved, EditRefused>) {
        match outcome {
            Ok(EditSaved { revision, .. }) => {
                self.own = Some(*revision);
                if let Some(pending) = &mut self.pending {
                    pending.stage = Stage::Saved(*revision);
                }
                self.settle();
            }
            Err(refused) => {
                let pending = self.pending.take();
                if refused.code == UNDECIDED {
                    self.undecided = pending.map(|pending| pending.value);
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
        if desired.value != pending.value {
            let Desired { author, value, .. } = desired;
            self.refused = Some(format!(
                "{author} set it to {value} meanwhile; yours was {}. Set it again if you want that.",
                pending.value
            ));
        }
        self.pending = None;
    }

    /// Forgets the own edit once the desired value is as new, and that it was in doubt once it is the desired one.
    pub fn settle(&mut self) {
        if let Some(desired) = self.desired.as_ref().filter(|d| Some(&d.value) == self.undecided.as_ref()) {
            self.own = Some(desired.revision);
            self.undecided = None;
            self.refused = None;
        }
        let known = self.desired.as_ref().map(|d| d.revision);
        if let Some(Pending { stage: Stage::Saved(revision), .. }) = self.pending
            && known.is_some_and(|known| known >= revision)
        {
            self.pending = None;
        }
    }
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
