//! Variables of a project: what people want them to be, and what games say they are.

use serde::{Deserialize, Serialize};

use crate::model::{DeviceId, Outcome, UnixMicros, Value, VarName, VarRevision, VarSpec};

/// A variable of the project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Var {
    /// Its name.
    pub name: VarName,
    /// As last declared.
    pub spec: VarSpec,
    /// By which device, if that is known. It may be away: what it declared counts until another one declares otherwise.
    pub declared_by: Option<DeviceId>,
    /// What people want it to be; `None` until somebody edits it.
    pub desired: Option<Desired>,
    /// What each device last said it is.
    pub reported: Vec<Reported>,
    /// What devices did with `desired`: one entry at most for each. A device that acknowledges, has applied
    /// `desired.revision` or a newer one and is missing here took the value as it is.
    pub applied: Vec<Applied>,
}

/// The newest edit of a variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    /// What it shall be; `None`: it was let go, and is what the game makes it.
    pub value: Option<Value>,
    /// The revision of the edit.
    pub revision: VarRevision,
    /// Who made it: a name for people.
    pub author: String,
    /// When it was saved.
    pub at: UnixMicros,
}

/// What a device did with the desired value of a variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// Who.
    pub device: DeviceId,
    /// The edit that it did it with.
    pub revision: VarRevision,
    /// What it did.
    pub outcome: Outcome,
    /// From sending the revision to hearing that it is applied, in microseconds; `None` when it was applied
    /// before the game connected here.
    pub round_trip_micros: Option<u32>,
}

/// A reported value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// Who says so.
    pub device: DeviceId,
    /// The value.
    pub value: Value,
    /// When it was received.
    pub at: UnixMicros,
}
