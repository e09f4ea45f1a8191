//! Devices that are not there any more.

use std::collections::HashMap;

use protocol::live::Device;
use protocol::model::DeviceId;

use super::by_device::ByDevice;
use super::state::{LiveState, Touched};

/// Devices that are not there any more, and whose names a page keeps for their log lines.
const MAX_GONE: usize = 10_000;

impl LiveState {
    /// A device gave way to a new one: nothing of it is shown but the lines that it wrote.
    pub(super) fn forget_device(&mut self, id: DeviceId, touched: &mut Touched) {
        let Some(device) = self.devices.remove(id) else { return };
        if self.gone.len() < MAX_GONE {
            self.gone.insert(id, device.name);
        }
        self.refused.remove(&Some(id));
        for var in self.vars.values_mut() {
            var.forget_device(id);
        }
        touched.devices = true;
        touched.all_vars = true;
        touched.refused = true;
        if self.scope.is_selected(id) {
            let scope = self.scope.clone();
            touched.join(self.set_scope(scope));
        }
    }
}

/// What a device is, or was, called.
pub(super) fn device_name<'a>(
    devices: &'a ByDevice<Device>,
    gone: &'a HashMap<DeviceId, String>,
    id: DeviceId,
) -> &'a str {
    let name = devices.get(id).map(|device| &device.name).or_else(|| gone.get(&id));
    name.map_or("", String::as_str)
}
