//! One entry for each device, in order of arrival, with lookup in constant time.

use std::collections::HashMap;

use protocol::model::DeviceId;

/// A thousand devices may report sixty times a second, so lookups must not search.
#[derive(Clone, Debug, PartialEq)]
pub struct ByDevice<T> {
    entries: Vec<(DeviceId, T)>,
    places: HashMap<DeviceId, usize>,
}

impl<T> ByDevice<T> {
    /// The entry of one device.
    pub fn get(&self, device: DeviceId) -> Option<&T> {
        looked_at(1);
        self.places.get(&device).map(|place| &self.entries[*place].1)
    }

    /// The entry of one device, mutable.
    pub fn get_mut(&mut self, device: DeviceId) -> Option<&mut T> {
        looked_at(1);
        self.places.get(&device).map(|place| &mut self.entries[*place].1)
    }

    /// Sets a device's entry; `true` if it had none.
    pub fn set(&mut self, device: DeviceId, entry: T) -> bool {
        match self.get_mut(device) {
            Some(old) => {
                *old = entry;
                false
            }
            None => {
                self.places.insert(device, self.entries.len());
                self.entries.push((device, entry));
                true
            }
        }
    }

    /// Removes a device's entry; those after it move up.
    pub fn remove(&mut self, device: DeviceId) -> Option<T> {
        let place = self.places.remove(&device)?;
        let (_, entry) = self.entries.remove(place);
        for (place, (device, _)) in self.entries.iter().enumerate().skip(place) {
            self.places.insert(*device, place);
        }
        Some(entry)
    }

    /// Every entry, in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (DeviceId, &T)> + Clone {
        self.entries.iter().map(|(device, entry)| {
            looked_at(1);
            (*device, entry)
        })
    }

    /// Every entry, mutable.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|(_, entry)| entry)
    }

    /// How many devices have an entry.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no device has one.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.places.clear();
    }
}

impl<T> Default for ByDevice<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: HashMap::new() }
    }
}

/// Later entries of the same device replace earlier ones.
impl<T> FromIterator<(DeviceId, T)> for ByDevice<T> {
    fn from_iter<I: IntoIterator<Item = (DeviceId, T)>>(entries: I) -> Self {
        let mut all = Self::default();
        for (device, entry) in entries {
            all.set(device, entry);
        }
        all
    }
}

#[cfg(not(test))]
fn looked_at(_: u64) {}

/// Tests count the entries that were visited: the work for a message must not grow with the number of devices.
#[cfg(test)]
fn looked_at(entries: u64) {
    LOOKED_AT.with(|count| count.set(count.get() + entries));
}

#[cfg(test)]
thread_local! {
    pub(super) static LOOKED_AT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}
