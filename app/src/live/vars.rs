//! One variable as the page knows it: what was declared, wanted, reported and just typed.

use std::collections::HashSet;

use protocol::live::{Desired, Gesture, Reported, Var};
use protocol::model::{DeviceId, Revision, Value, VarName, VarSpec};

/// A variable with the edit that is on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct VarState {
    /// As last declared.
    pub spec: VarSpec,
    /// What people want it to be.
    pub desired: Option<Desired>,
    /// What each device last said it is.
    pub reported: Vec<Reported>,
    /// The own edit that the server has not yet confirmed in a delta.
    pub pending: Option<Pending>,
    /// Why the last own edit was not taken.
    pub refused: Option<String>,
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

/// What became of a variable's last edit, as its row says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody edited it, and the devices agree.
    Untouched,
    /// Nobody edited it, and the devices differ in so many values.
    Mixed(usize),
    /// Edited while the connection is away; sent on return.
    Kept,
    /// On its way to the server.
    Sending,
    /// Saved and sent; so many of the connected games report it already.
    Sent {
        /// Games that get it.
        games: usize,
        /// Games that report it.
        confirmed: usize,
    },
    /// Every connected game reports it.
    Confirmed(usize),
    /// Saved; no game is connected.
    Offline,
    /// Not taken, with the reason.
    Refused(String),
}

impl VarState {
    /// A variable that a device has just declared.
    pub fn declared(spec: VarSpec) -> Self {
        Self { spec, desired: None, reported: Vec::new(), pending: None, refused: None }
    }

    /// A variable from a snapshot. The own edit on top of it stays unless the snapshot has it.
    pub fn from_snapshot(var: Var, before: Option<Self>) -> (VarName, Self) {
        let (pending, refused) = before.map_or((None, None), |b| (b.pending, b.refused));
        let mut state =
            Self { spec: var.spec, desired: var.desired, reported: var.reported, pending, refused };
        state.settle();
        (var.name, state)
    }

    /// The value that the control shows: the own edit, else the desired one, else the one that most
    /// devices report (the earliest of equals).
    pub fn shown(&self) -> Option<&Value> {
        let wanted = self.pending.as_ref().map(|p| &p.value).or(self.desired.as_ref().map(|d| &d.value));
        wanted.or_else(|| {
            let count = |value: &Value| self.reported.iter().filter(|r| r.value == *value).count();
            self.reported.iter().map(|r| &r.value).rev().max_by_key(|value| count(value))
        })
    }

    /// What became of the last edit. `online` tells which devices are connected, `open` whether we are.
    pub fn status(&self, online: &HashSet<DeviceId>, open: bool) -> Status {
        if let Some(text) = &self.refused {
            return Status::Refused(text.clone());
        }
        match self.pending.as_ref().map(|p| p.stage) {
            Some(Stage::Unsent | Stage::Sent(_)) if !open => return Status::Kept,
            Some(Stage::Unsent | Stage::Sent(_)) => return Status::Sending,
            Some(Stage::Saved(_)) | None => {}
        }
        let Some(wanted) =
            self.pending.as_ref().map(|p| &p.value).or(self.desired.as_ref().map(|d| &d.value))
        else {
            return match self.distinct(online) {
                0 | 1 => Status::Untouched,
                n => Status::Mixed(n),
            };
        };
        // a connected game that never had this variable can't report it
        let having = self.reported.iter().filter(|r| online.contains(&r.device));
        let (games, confirmed) =
            having.fold((0, 0), |(n, k), r| (n + 1, k + usize::from(same_value(&r.value, wanted))));
        match (online.len(), games) {
            (0, _) => Status::Offline,
            (all, 0) => Status::Sent { games: all, confirmed: 0 },
            (_, n) if n == confirmed => Status::Confirmed(n),
            (_, n) => Status::Sent { games: n, confirmed },
        }
    }

    /// How many different values the connected devices report, or all devices when none is connected.
    fn distinct(&self, online: &HashSet<DeviceId>) -> usize {
        let mut values: Vec<&Value> = Vec::new();
        for reported in &self.reported {
            let counts = online.is_empty() || online.contains(&reported.device);
            if counts && !values.contains(&&reported.value) {
                values.push(&reported.value);
            }
        }
        values.len()
    }

    /// The devices whose value should be listed: all of them when any differs from what is shown.
    pub fn differing(&self) -> &[Reported] {
        match self.shown() {
            Some(shown) if self.reported.iter().any(|r| !same_value(&r.value, shown)) => &self.reported,
            _ => &[],
        }
    }

    /// Takes a device's report.
    pub fn report(&mut self, reported: Reported) {
        match self.reported.iter_mut().find(|r| r.device == reported.device) {
            Some(slot) => *slot = reported,
            None => self.reported.push(reported),
        }
    }

    /// Takes somebody's edit, unless a newer one is known.
    pub fn set_desired(&mut self, desired: Desired) {
        if self.desired.as_ref().is_none_or(|d| d.revision <= desired.revision) {
            self.desired = Some(desired);
        }
        self.settle();
    }

    /// Forgets the own edit once the desired value is as new.
    pub fn settle(&mut self) {
        let known = self.desired.as_ref().map(|d| d.revision);
        if let Some(Pending { stage: Stage::Saved(revision), .. }) = self.pending
            && known.is_some_and(|known| known >= revision)
        {
            self.pending = None;
        }
    }
}

/// Whether a game that reports `reported` does what `wanted` says: numbers are compared as numbers,
/// because many games know floats only.
pub fn same_value(reported: &Value, wanted: &Value) -> bool {
    match (reported, wanted) {
        (Value::Int(_), Value::Float(_)) | (Value::Float(_), Value::Int(_)) => {
            reported.as_f64() == wanted.as_f64()
        }
        _ => reported == wanted,
    }
}
