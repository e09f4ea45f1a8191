//! One variable as the page knows it: declared, desired, reported, applied, and just edited.

mod hand;

use protocol::live::{EditRefused, EditSaved};
use protocol::model::{
    Applied, Change, Desired, DeviceId, Gesture, NOT_DESIRED, Reported, UnixMicros, Value, Var, VarName,
    VarRevision, VarSpec,
};

use super::by_device::ByDevice;
use super::runs::Runs;
use super::scope::Scope;
use super::values::most_frequent;

/// The error code of an edit that may or may not be saved.
const UNDECIDED: &str = "undecided";
/// The error code of an edit that somebody else's preceded.
const CONFLICT: &str = "conflict";

/// A variable, with the own edit in flight.
#[derive(Clone, Debug, PartialEq)]
pub struct VarState {
    /// As last declared.
    pub spec: VarSpec,
    /// Which device declared it, if known.
    pub declared_by: Option<DeviceId>,
    /// Its newest edit.
    pub desired: Option<Desired>,
    /// What each device last reported.
    pub reported: ByDevice<Reported>,
    /// What devices did with `desired`; nothing older.
    pub applied: ByDevice<Applied>,
    /// When the last report of each device was received before it acknowledged `desired`: that report says nothing about the
    /// value since.
    pub heard: ByDevice<UnixMicros>,
    /// The own edit that no delta has confirmed yet.
    pub pending: Option<Pending>,
    /// The newest unanswered message with an edit of this variable, and its gesture.
    pub unanswered: Option<(u32, Gesture)>,
    /// Why the last own edit was refused.
    pub refused: Option<String>,
    /// The last own edit, while it is unknown whether it is saved.
    pub undecided: Option<Wish>,
    /// The newest own edit.
    pub own: Option<VarRevision>,
    /// The hand in its control, or one that has left a draft there.
    pub hand: Option<Hand>,
    /// The last own edit, if somebody else's preceded it and the person has not decided yet.
    pub conflict: Option<Conflict>,
    /// The newest run, if it is an action.
    pub runs: Runs,
}

/// What a variable is set to: a value, or `None` to let go.
pub type Wish = Option<Value>;

/// An own edit, shown before it is saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The new value; `None` lets go.
    pub value: Wish,
    /// It is sent even if it is already desired.
    pub again: bool,
    /// The drag that it is part of.
    pub gesture: Gesture,
    /// How far it has got.
    pub stage: Stage,
    /// The newest revision that the person could have seen: the edit is based on it.
    pub seen: Option<VarRevision>,
    /// The newest value of this edit that was sent.
    pub sent: Option<Wish>,
}

/// How far an own edit has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To be sent with the next message.
    Unsent,
    /// Sent in the message of this number.
    Sent(u32),
    /// Saved; its delta is still to come.
    Saved(VarRevision),
}

/// What the person knows, while a hand is in the control or has left a draft there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    /// The newest revision that they had seen when it began, or have made since.
    pub seen: Option<VarRevision>,
}

/// An own value that was not set because somebody else's edit came first.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// What the person wanted.
    pub mine: Wish,
    /// The drag, or run of keys, in which they wanted it.
    pub gesture: Gesture,
    /// The edit that came first, if known.
    pub over: Option<VarRevision>,
}

impl Pending {
    /// The revision as which it is saved.
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

    /// A variable from a snapshot. The own edit stays unless the snapshot includes it.
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

    /// The desired value, the own edit first; `None`: the game decides.
    pub fn wanted(&self) -> Option<&Value> {
        match (&self.pending, &self.desired) {
            (Some(pending), _) => pending.value.as_ref(),
            (None, Some(desired)) => desired.value.as_ref(),
            (None, None) => None,
        }
    }

    /// The newest known revision.
    pub fn revision(&self) -> Option<VarRevision> {
        self.desired.as_ref().map(|desired| desired.revision)
    }

    /// The value that most of the selected devices report; of equally frequent ones the first.
    pub(super) fn most_reported(&self, scope: &Scope) -> Option<&Value> {
        let reported = self.reported.iter().filter(|(device, _)| scope.covers(*device));
        most_frequent(reported.map(|(_, reported)| &reported.value))
    }

    /// Whether a selected device has the variable. One that nobody reports counts for all.
    pub fn is_on(&self, scope: &Scope) -> bool {
        scope.is_all()
            || self.reported.is_empty()
            || scope.selected().iter().any(|device| self.reported.get(*device).is_some())
    }

    /// A device is gone.
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

    /// As the server does: an inferred type is widened to hold the desired value, and values are converted to the type. Returns
    /// whether the type changed.
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

    /// Takes a device's report; `true` if it is its first one.
    pub fn report(&mut self, reported: Reported) -> bool {
        self.reported.set(reported.device, reported)
    }

    /// Takes what a device did with the desired value; for an earlier one it is ignored.
    pub fn apply(&mut self, applied: Applied) {
        if self.desired.as_ref().is_some_and(|d| applied.revision >= d.revision) {
            self.applied.set(applied.device, applied);
        }
    }

    /// Takes an edit, unless a newer one is known. Returns whether the type changed.
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

    /// A device has acknowledged `desired`: its earlier reports don't count any more.
    pub fn hear(&mut self, device: DeviceId) {
        if let Some(at) = self.reported.get(device).map(|reported| reported.at) {
            self.heard.set(device, at);
        }
    }

    /// Takes the person's edit, before the server knows. It is based on what they saw when their hand took hold: if somebody
    /// else's edit has come since, both are reported and nothing is sent. `again`: send it even if it is already desired.
    pub fn begin(&mut self, value: Wish, gesture: Gesture, again: bool) {
        if self.gives_way(&value, gesture) {
            return;
        }
        let known = self.seen();
        let (seen, sent) = match self.pending.take() {
            // while it waits, perhaps for the connection, it stays based on what was seen at first
            Some(Pending { stage: Stage::Unsent, seen, sent, .. }) => (seen, sent),
            Some(Pending { stage: Stage::Sent(_), seen, sent, .. }) => (known.max(seen), sent),
            Some(Pending { stage: Stage::Saved(_), .. }) | None => (known, None),
        };
        self.pending = Some(Pending { value, again, gesture, stage: Stage::Unsent, seen, sent });
        self.refused = None;
        self.undecided = None;
        self.conflict = None;
    }

    /// Whether the last edit or run is this page's own.
    pub fn is_own(&self) -> bool {
        let newest = self.revision();
        let is_edit =
            self.pending.is_some() || self.refused.is_some() || (newest.is_some() && newest == self.own);
        is_edit || self.runs.is_own()
    }

    /// Whether an edit is to be sent. The first one of a new gesture waits for the answer to the previous gesture, which decides
    /// what it is based on.
    pub fn is_unsent(&self) -> bool {
        let Some(pending) = self.pending.as_ref().filter(|p| p.stage == Stage::Unsent) else { return false };
        self.unanswered.is_none_or(|(_, gesture)| gesture == pending.gesture)
    }

    /// The waiting edit, for the message of that number.
    pub fn send(&mut self, name: &VarName, id: u32) -> Option<Change> {
        let pending = self.pending.as_mut()?;
        pending.stage = Stage::Sent(id);
        pending.sent = Some(pending.value.clone());
        self.unanswered = Some((id, pending.gesture));
        let base = Some(pending.seen.unwrap_or(NOT_DESIRED));
        Some(Change { name: name.clone(), value: pending.value.clone(), base, again: pending.again })
    }

    /// Takes the server's answer to that message; `false` if it changes nothing here.
    pub fn answer(&mut self, name: &VarName, id: u32, outcome: &Result<EditSaved, EditRefused>) -> bool {
        if self.unanswered.is_some_and(|(unanswered, _)| unanswered == id) {
            self.unanswered = None;
            if let Ok(saved) = outcome {
                self.see(revision_of(saved, name));
            }
        }
        match &mut self.pending {
            Some(pending) if pending.stage == Stage::Sent(id) => self.decide(name, outcome),
            // the person has moved on
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

    /// Before an edit that waited is sent: if somebody else's came in between, both values are reported and neither is
    /// overwritten.
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

    /// Drops the own edit once the desired value is as new, and the doubt about one once it is the desired value.
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
