//! A project as it is loaded.

use std::collections::BTreeSet;

use protocol::model::{
    Applied, Desired, Device, DeviceId, LogLine, Project, Reported, Revision, VarName, VarSpec,
};

/// What the live state of a project starts from.
#[derive(Clone, Debug)]
pub struct ProjectState {
    /// The project.
    pub project: Project,
    /// The newest revision.
    pub revision: Revision,
    /// New and changed declarations wait for a person's consent.
    pub is_frozen: bool,
    /// In the order in which they were first seen; all offline.
    pub devices: Vec<StoredDevice>,
    /// In the order in which they were first declared.
    pub vars: Vec<StoredVar>,
    /// Variables that are gone and had been released.
    pub removed: Vec<(VarName, Desired)>,
    /// The newest log lines, oldest first.
    pub logs: Vec<LogLine>,
    /// Forgotten devices that wrote some of `logs`, with their names.
    pub gone: Vec<(DeviceId, String)>,
    /// What was left out, because there was no room for it.
    pub left_out: LeftOut,
}

/// What was not loaded of a project that is larger than it may be in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Variables, with everything that is known of them.
    pub vars: BTreeSet<VarName>,
    /// How many values and outcomes of devices, of other variables.
    pub values: u64,
}

impl LeftOut {
    /// Whether everything was loaded.
    pub fn is_empty(&self) -> bool {
        self.vars.is_empty() && self.values == 0
    }
}

/// Which part of what devices say of a variable is read, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaidRange {
    /// The first one.
    pub from: DeviceId,
    /// Of values, and of outcomes, no more than so many bytes before the last one.
    pub bytes: usize,
}

impl SaidRange {
    /// None of it.
    pub const NONE: Self = Self { from: DeviceId(i64::MAX), bytes: 0 };
}

/// A device as stored.
#[derive(Clone, Debug)]
pub struct StoredDevice {
    /// Unique within the project.
    pub identity: String,
    /// The device, offline.
    pub device: Device,
}

/// A variable as stored.
#[derive(Clone, Debug)]
pub struct StoredVar {
    /// Its name.
    pub name: VarName,
    /// As last declared.
    pub spec: VarSpec,
    /// By which device, if known.
    pub declared_by: Option<DeviceId>,
    /// Its newest edit.
    pub desired: Option<Desired>,
    /// The value that each device last reported.
    pub reported: Vec<Reported>,
    /// What devices did with `desired`, if they did not simply apply it.
    pub applied: Vec<Applied>,
}
