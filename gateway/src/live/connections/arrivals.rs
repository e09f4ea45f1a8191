//! Devices that are about to come or to go.

use std::{
    borrow::Borrow,
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use protocol::model::DeviceId;

#[derive(Debug, Default)]
pub(in crate::live) struct Arrivals {
    /// Identities of new ones on their way into the picture, with how many of their games are connecting.
    new: HashMap<String, u32>,
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
    pub(in crate::live) fn begin(&mut self, identity: &str, gives_way: Option<DeviceId>) {
        *self.new.entry(identity.to_owned()).or_default() += 1;
        self.leaving.extend(gives_way);
    }

    /// The device has come, or will not.
    pub(in crate::live) fn end(
        &mut self,
        identity: &str,
        known: Option<DeviceId>,
        gives_way: Option<DeviceId>,
    ) {
        match known {
            None => count_down(&mut self.new, identity),
            Some(device) => count_down(&mut self.expected, &device),
        }
        gives_way.into_iter().for_each(|device| self.let_go(device));
    }

    /// Whether games of this new device are connecting.
    pub(in crate::live) fn is_new(&self, identity: &str) -> bool {
        self.new.contains_key(identity)
    }

    /// Whether there will be as many as `most`, of so many now. The picture may hold new ones already: their games are told a
    /// moment later.
    pub(in crate::live) fn reach(
        &self,
        most: usize,
        devices: usize,
        device_of: impl Fn(&str) -> Option<DeviceId>,
    ) -> bool {
        let stay = devices - self.leaving.len();
        let is_counted = |identity: &str| device_of(identity).is_some_and(|id| !self.leaving.contains(&id));
        stay + self.new.len() >= most
            && stay + self.new.keys().filter(|identity| !is_counted(identity)).count() >= most
    }

    pub(super) fn may_go(&self, device: DeviceId, identity: &str) -> bool {
        !self.is_expected(device, identity) && !self.leaving.contains(&device)
    }

    /// Whether a game of this device is connecting.
    pub(in crate::live) fn is_expected(&self, device: DeviceId, identity: &str) -> bool {
        self.expected.contains_key(&device) || self.is_new(identity)
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

/// One of the games less.
fn count_down<K: Borrow<Q> + Eq + Hash, Q: Eq + Hash + ?Sized>(games: &mut HashMap<K, u32>, of: &Q) {
    if let Some(count) = games.get_mut(of) {
        *count -= 1;
        if *count == 0 {
            games.remove(of);
        }
    }
}
