//! What the page reads of its state.

use protocol::live::{Full, LeftOut};
use protocol::model::{Device, DeviceId, ProjectId, ProjectRole, Refused, UnixMicros, Value, VarName};

use super::{LiveState, device_name};
use crate::live::delivery::{Ranking, Status};
use crate::live::vars::VarState;
use crate::live::verdict::{Delivery, DeviceRow};

impl LiveState {
    /// The project.
    pub fn project(&self) -> ProjectId {
        self.project
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The person's role. It changes only with a snapshot: the server closes the connection when it changes.
    pub fn role(&self) -> ProjectRole {
        self.role
    }

    /// Whether they may set values and run actions.
    pub fn may_edit(&self) -> bool {
        self.role >= ProjectRole::Designer
    }

    /// The time by the server's clock, as far as the page knows it.
    pub fn now(&self) -> UnixMicros {
        self.now
    }

    /// Whether the database accepts writes.
    pub fn storing(&self) -> bool {
        self.storing
    }

    /// Whether log entries are refused because the daily limit is reached.
    pub fn full(&self) -> Option<Full> {
        self.full
    }

    /// Records that were accepted but could not be stored, since the server started.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Declarations that wait for an admin's consent.
    pub fn declarations_waiting(&self) -> u32 {
        self.declarations_waiting
    }

    /// What was too large to be loaded.
    pub fn left_out(&self) -> Option<&LeftOut> {
        self.left_out.as_ref()
    }

    /// What was refused of a device, or of games that were turned away.
    pub fn refused(&self, device: Option<DeviceId>) -> Option<&Refused> {
        self.refused.get(&device)
    }

    /// All that was refused since the server started.
    pub fn refused_in_all(&self) -> u64 {
        self.refused.values().map(Refused::total).sum()
    }

    /// Devices that made room for new ones, since the server started.
    pub fn gave_way(&self) -> u64 {
        self.gave_way
    }

    /// Every device, in the order in which they were first seen.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().map(|(_, device)| device)
    }

    /// How many are connected.
    pub fn online(&self) -> usize {
        self.devices().filter(|device| device.online).count()
    }

    /// One device.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.get(id)
    }

    /// The names of the variables, in the order of their declaration.
    pub fn var_names(&self) -> &[VarName] {
        &self.order
    }

    /// One variable.
    pub fn var(&self, name: &VarName) -> Option<&VarState> {
        self.vars.get(name)
    }

    /// What a device is called.
    pub fn device_name(&self, id: DeviceId) -> &str {
        device_name(&self.devices, &self.gone, id)
    }

    /// The value that a variable's control shows: the desired one, unless most of the connected games have drifted from it;
    /// without one, what most devices report. Only the selected devices count.
    pub fn shown(&self, name: &VarName) -> Option<&Value> {
        self.delivery(name)?.shown()
    }

    /// Whether the control shows another value than the desired one.
    pub(super) fn has_drifted(&self, name: &VarName) -> bool {
        self.delivery(name).is_some_and(|delivery| delivery.prevailing_drift().is_some())
    }

    /// The status of a variable's last edit.
    pub fn status(&self, name: &VarName) -> Status {
        self.delivery(name).map_or(Status::Untouched, |delivery| delivery.status(self.open))
    }

    /// The devices that a variable's edit concerns, the worst first: at most so many of those whose name contains `wanted`.
    pub fn rank(&self, name: &VarName, wanted: &str, most: usize) -> Ranking {
        self.delivery(name).map_or_else(Ranking::default, |delivery| delivery.rank(wanted, most))
    }

    /// The outcome of a variable's last edit on one device.
    pub fn device_row(&self, name: &VarName, device: DeviceId) -> Option<DeviceRow> {
        Some(self.delivery(name)?.row(self.devices.get(device)?))
    }

    fn delivery(&self, name: &VarName) -> Option<Delivery<'_>> {
        Some(Delivery { var: self.vars.get(name)?, devices: &self.devices, scope: &self.scope })
    }
}
