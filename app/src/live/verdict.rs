//! The outcome of a variable's newest edit on one device.

use protocol::model::{Applied, Device, Outcome, UnixMicros, Value, VarRevision, VarType};

use super::by_device::ByDevice;
use super::runs::Answer;
use super::scope::Scope;
use super::values::same_value;
use super::vars::{Stage, VarState};
use crate::format;

/// Characters of a value or a reason in a row.
const ROW_CHARS: usize = 300;

/// The outcome of a value on one device; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// The game rejected it.
    Rejected,
    /// The game could not run the action.
    Failed,
    /// The game applied the nearest one that it can.
    Clamped,
    /// The game applied it, and has another value by now.
    Drifted,
    /// Sent; not answered yet.
    Pending,
    /// It was let go, which the original grammar has no way to tell the game.
    Untold,
    /// The device is offline and gets it when it reconnects.
    Waiting,
    /// The game applied it.
    Applied,
    /// It was let go, and the game has its own value.
    Back,
    /// The game ran the action.
    Done,
    /// Nothing was sent; it only reports.
    Reporting,
}

/// One device's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its name.
    pub name: String,
    /// Whether it is connected.
    pub online: bool,
    /// The outcome there.
    pub fate: Fate,
    /// The value in force instead, or the result of an action.
    pub value: Option<String>,
    /// What it last reported, if that is another value.
    pub reports: Option<String>,
    /// Why, in the game's words.
    pub reason: Option<String>,
    /// From sending to the answer, in microseconds.
    pub round_trip_micros: Option<u32>,
}

/// The answer to "did the device apply it?"
pub(super) enum Verdict<'a> {
    Pending,
    /// Unknown.
    Untold,
    /// With what it said about it.
    Took(Option<&'a Applied>),
}

/// The newest edit that a device can have applied.
#[derive(Clone, Copy)]
pub(super) struct Newest<'a> {
    /// `None`: it was let go.
    pub value: Option<&'a Value>,
    pub revision: VarRevision,
    /// When it was saved, once that is known.
    at: Option<UnixMicros>,
}

/// One variable on the selected devices.
pub(super) struct Delivery<'a> {
    pub var: &'a VarState,
    pub devices: &'a ByDevice<Device>,
    pub scope: &'a Scope,
}

impl<'a> Delivery<'a> {
    /// `None` while nobody has edited the variable, and while an own edit is not saved.
    pub fn newest(&self) -> Option<Newest<'a>> {
        match (&self.var.pending, &self.var.desired) {
            (Some(pending), _) => match pending.stage {
                Stage::Saved(revision) => Some(Newest { value: pending.value.as_ref(), revision, at: None }),
                Stage::Unsent | Stage::Sent(_) => None,
            },
            (None, Some(desired)) => {
                let (value, revision, at) = (desired.value.as_ref(), desired.revision, Some(desired.at));
                Some(Newest { value, revision, at })
            }
            (None, None) => None,
        }
    }

    pub fn verdict(&self, device: &Device) -> Verdict<'a> {
        let Some(newest) = self.newest() else { return Verdict::Pending };
        if device.acknowledges {
            if !device.applied.includes(newest.revision) {
                return Verdict::Pending;
            }
            let applied = self.var.applied.get(device.id);
            return Verdict::Took(applied.filter(|applied| applied.revision == newest.revision));
        }
        let reported = self.var.reported.get(device.id);
        match (newest.value, &self.var.spec.default) {
            (Some(wanted), _) => match reported {
                Some(reported) if same_value(&reported.value, wanted) => Verdict::Took(None),
                _ => Verdict::Pending,
            },
            // what it has reported since is its own value
            (None, _) if reported.is_none_or(|reported| Some(reported.at) > newest.at) => Verdict::Took(None),
            // it was sent the default instead
            (None, Some(default)) => match reported {
                Some(reported) if same_value(&reported.value, default) => Verdict::Took(None),
                _ => Verdict::Pending,
            },
            (None, None) => Verdict::Untold,
        }
    }

    /// What a device reports that had applied the desired value and has drifted from it.
    pub fn drift(&self, device: &Device) -> Option<&'a Value> {
        match self.verdict(device) {
            Verdict::Took(said) => self.drift_from(device, said),
            Verdict::Pending | Verdict::Untold => None,
        }
    }

    fn drift_from(&self, device: &Device, said: Option<&'a Applied>) -> Option<&'a Value> {
        let newest = self.newest().filter(|_| device.acknowledges)?;
        let in_force = match said.map(|said| &said.outcome) {
            Some(Outcome::Rejected { .. }) => return None,
            Some(Outcome::Clamped { value, .. }) => value.as_ref()?,
            Some(Outcome::Applied) | None => newest.value?,
        };
        let (reported, saved_at) = (self.var.reported.get(device.id)?, newest.at?);
        // what it reported before the edit is no drift
        let differs = reported.at > saved_at && !same_value(&reported.value, in_force);
        let is_newer = || self.var.heard.get(device.id).is_none_or(|heard| reported.at > *heard);
        (differs && is_newer()).then_some(&reported.value)
    }

    pub fn fate(&self, device: &Device) -> Fate {
        self.judge(device).0
    }

    /// A device's outcome, and what it said about the newest edit.
    pub fn judge(&self, device: &Device) -> (Fate, Option<&'a Applied>) {
        if let Some(answer) = self.answer(device) {
            return (if answer.outcome.is_ok() { Fate::Done } else { Fate::Failed }, None);
        }
        if self.var.pending.is_none() && self.var.desired.is_none() {
            return (Fate::Reporting, None);
        }
        let is_let_go = self.newest().is_some_and(|newest| newest.value.is_none());
        let said = match self.verdict(device) {
            // it starts with its own value when it reconnects
            Verdict::Pending | Verdict::Untold if is_let_go && !device.online && !device.acknowledges => {
                return (Fate::Reporting, None);
            }
            Verdict::Untold => return (Fate::Untold, None),
            Verdict::Pending if device.online => return (Fate::Pending, None),
            Verdict::Pending => return (Fate::Waiting, None),
            Verdict::Took(said) => said,
        };
        let fate = match said.map(|said| &said.outcome) {
            Some(Outcome::Rejected { .. }) => Fate::Rejected,
            _ if self.drift_from(device, said).is_some() => Fate::Drifted,
            Some(Outcome::Clamped { .. }) => Fate::Clamped,
            Some(Outcome::Applied) | None if is_let_go => Fate::Back,
            Some(Outcome::Applied) | None => Fate::Applied,
        };
        (fate, said)
    }

    fn answer(&self, device: &Device) -> Option<&'a Answer> {
        match self.var.spec.var_type {
            VarType::Action => self.var.runs.answers().get(device.id),
            _ => None,
        }
    }

    /// What one device did, as text.
    pub fn row(&self, device: &Device) -> DeviceRow {
        let (fate, said) = self.judge(device);
        let mut row = DeviceRow {
            name: device.name.clone(),
            online: device.online,
            fate,
            value: None,
            reports: None,
            reason: None,
            round_trip_micros: None,
        };
        if let Some(Answer { outcome, round_trip_micros }) = self.answer(device) {
            row.round_trip_micros = Some(*round_trip_micros);
            match outcome {
                Ok(result) => row.value = result.as_deref().map(short),
                Err(text) => row.reason = Some(short(text)),
            }
            return row;
        }
        if let Some(applied) = said {
            row.round_trip_micros = applied.round_trip_micros;
            match &applied.outcome {
                Outcome::Applied => {}
                Outcome::Clamped { value, reason } => {
                    row.value = value.as_ref().map(|value| short(&value.to_string()));
                    row.reason = reason.as_deref().map(short);
                }
                Outcome::Rejected { reason } => row.reason = reason.as_deref().map(short),
            }
        }
        row.reports = self.contradiction(device, row.fate).map(|value| short(&value.to_string()));
        row
    }

    /// What a device reports, if that differs from what its outcome implies.
    fn contradiction(&self, device: &Device, fate: Fate) -> Option<&'a Value> {
        let reported = self.var.reported.get(device.id).map(|reported| &reported.value);
        match fate {
            Fate::Drifted => self.drift(device),
            Fate::Applied | Fate::Clamped => None,
            Fate::Pending | Fate::Waiting => {
                let wanted = self.var.wanted();
                reported.filter(|value| wanted.is_none_or(|wanted| !same_value(value, wanted)))
            }
            _ => reported,
        }
    }
}

pub(super) fn short(text: &str) -> String {
    format::shortened(text, ROW_CHARS).into_owned()
}
