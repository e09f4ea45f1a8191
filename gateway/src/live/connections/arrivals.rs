//! Devices that are about to come or to go.

use std::collections::{BTreeSet, HashMap};

use protocol::model::DeviceId;

#[derive(Debug, Default)]
pub(in crate::live) struct Arrivals {
    /// New ones on their way to the database.
    new: usize,
    /// Known ones, with how many of their games are connecting.
    expected: HashMap<DeviceId, u32>,
    /// Those that give way to new ones as soon as these are stored, or are being forgotten.
    leaving: BTreeSet<DeviceId>,
}

impl Arrivals {
    /// A game of a known device is connecting; `false` when the device is about to go.
    pub(in crate::live) fn expect(&mut self, device: DeviceId) -> bool {
        let stays = !self.leaving.contains(&device);
        if stays {
            *self.expected.entry(device).or_default() += 1;
        }
        stays
    }

    /// A new device is coming, and perhaps another one goes for it.
    pub(in crate::live) fn begin(&mut self, gives_way: Option<DeviceId>) {
        self.new += 1;
        self.leaving.extend(gives_way);
    }

    /// The device has come, or will not.
    pub(in crate::live) fn end(&mut self, known: Option<DeviceId>, gives_way: Option<DeviceId>) {
        match known {
            None => self.new -= 1,
            Some(device) => {
                if let Some(games) = self.expected.get_mut(&device) {
                    *games -= 1;
                    if *games == 0 {
                        self.expected.remove(&device);
                    }
                }
            }
        }
        gives_way.into_iter().for_each(|device| self.let_go(device));
    }

    /// How many there will be, of so many now.
    pub(in crate::live) fn count(&self, devices: usize) -> usize {
        devices - self.leaving.len() + self.new
    }

    pub(super) fn may_go(&self, device: DeviceId) -> bool {
        !self.is_expected(device) && !self.leaving.contains(&device)
    }

    /// Whether a game of this device is connecting.
    pub(in crate::live) fn is_expected(&self, device: DeviceId) -> bool {
        self.expected.contains_key(&device)
    }

    /// A person forgets a device; `false` when it is as good as gone.
    pub(in crate::live) fn leave(&mut self, device: DeviceId) -> bool {
        self.leaving.insert(device)
    }

    /// It is gone, or stays.
    pub(in crate::live) fn let_go(&mut self, device: DeviceId) {
        self.leaving.remove(&device);
    }
}
