//! Which devices are selected; none means all of them.

use std::collections::BTreeSet;

use protocol::model::DeviceId;

/// A selection of devices. An empty one means all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    selected: BTreeSet<DeviceId>,
    /// Where a range starts: the last device that was selected by itself.
    anchor: Option<DeviceId>,
}

/// More devices than can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("At most {} devices can be selected.", Scope::MAX)]
pub struct TooMany;

impl Scope {
    /// At most so many can be selected: their numbers are in the page's address.
    pub const MAX: usize = 100;

    /// These devices, at most [`Self::MAX`] of them.
    pub fn of(devices: impl IntoIterator<Item = DeviceId>) -> Self {
        Self { selected: devices.into_iter().take(Self::MAX).collect(), anchor: None }
    }

    /// Whether no device is selected, which means all.
    pub fn is_all(&self) -> bool {
        self.selected.is_empty()
    }

    /// Whether the page shows this device's values and log.
    pub fn covers(&self, device: DeviceId) -> bool {
        self.is_all() || self.is_selected(device)
    }

    /// Whether this device was selected.
    pub fn is_selected(&self, device: DeviceId) -> bool {
        self.selected.contains(&device)
    }

    /// The devices that were selected.
    pub fn selected(&self) -> &BTreeSet<DeviceId> {
        &self.selected
    }

    /// Selects all devices.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Selects only this device; if it already was the only one, all of them.
    pub fn select_only(&mut self, device: DeviceId) {
        let alone = self.selected.len() == 1 && self.is_selected(device);
        self.clear();
        if !alone {
            self.selected.insert(device);
            self.anchor = Some(device);
        }
    }

    /// Adds a device to the selection, or removes it.
    ///
    /// # Errors
    /// [`TooMany`]; nothing is changed.
    pub fn toggle(&mut self, device: DeviceId) -> Result<(), TooMany> {
        if self.selected.remove(&device) {
            self.anchor = None;
            return Ok(());
        }
        if self.selected.len() == Self::MAX {
            return Err(TooMany);
        }
        self.selected.insert(device);
        self.anchor = Some(device);
        Ok(())
    }

    /// Selects everything from the last device that was selected by itself to this one, in listed order.
    ///
    /// # Errors
    /// [`TooMany`]; those nearest to the start of the range are selected.
    pub fn extend_to(&mut self, device: DeviceId, listed: &[DeviceId]) -> Result<(), TooMany> {
        let place = |wanted| listed.iter().position(|listed| *listed == wanted);
        let Some(end) = place(device) else { return Ok(()) };
        let start = self.anchor.and_then(place).unwrap_or(end);
        let range = &listed[start.min(end)..=start.max(end)];
        let skipped = range.len().saturating_sub(Self::MAX);
        let taken = if start <= end { &range[..range.len() - skipped] } else { &range[skipped..] };
        self.selected = taken.iter().copied().collect();
        self.anchor = Some(listed[start]);
        if skipped > 0 { Err(TooMany) } else { Ok(()) }
    }

    /// Drops devices that are gone. `true` if one of them was selected.
    pub fn retain(&mut self, is_known: impl Fn(DeviceId) -> bool) -> bool {
        let before = self.selected.len();
        self.selected.retain(|device| is_known(*device));
        self.anchor = self.anchor.filter(|device| is_known(*device));
        self.selected.len() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(devices: &[i64]) -> Scope {
        Scope::of(devices.iter().copied().map(DeviceId))
    }

    fn selected(scope: &Scope) -> Vec<i64> {
        scope.selected().iter().map(|device| device.0).collect()
    }

    fn listed(ids: impl IntoIterator<Item = i64>) -> Vec<DeviceId> {
        ids.into_iter().map(DeviceId).collect()
    }

    #[test]
    fn nothing_selected_is_all() {
        let mut scope = scope(&[]);
        assert!(scope.is_all() && scope.covers(DeviceId(1)) && !scope.is_selected(DeviceId(1)));
        scope.select_only(DeviceId(1));
        assert!(scope.covers(DeviceId(1)) && !scope.covers(DeviceId(2)));
        scope.select_only(DeviceId(2));
        assert_eq!(selected(&scope), [2]);
        scope.select_only(DeviceId(2));
        assert!(scope.is_all(), "the same one again shows all");
    }

    #[test]
    fn devices_are_added_and_taken_out() {
        let mut scope = scope(&[]);
        scope.toggle(DeviceId(1)).unwrap();
        scope.toggle(DeviceId(2)).unwrap();
        assert_eq!(selected(&scope), [1, 2]);
        scope.toggle(DeviceId(1)).unwrap();
        scope.toggle(DeviceId(2)).unwrap();
        assert!(scope.is_all());
    }

    #[test]
    fn a_range_goes_from_the_last_one_that_was_selected_by_itself() {
        let order = listed([5, 3, 9, 1]);
        let mut scope = scope(&[]);
        scope.extend_to(DeviceId(3), &order).unwrap();
        assert_eq!(selected(&scope), [3], "there is no beginning yet");
        scope.extend_to(DeviceId(1), &order).unwrap();
        assert_eq!(selected(&scope), [1, 3, 9]);
        scope.extend_to(DeviceId(5), &order).unwrap();
        assert_eq!(selected(&scope), [3, 5], "it turns round its beginning");
        scope.extend_to(DeviceId(404), &order).unwrap();
        assert_eq!(selected(&scope), [3, 5]);
    }

    #[test]
    fn there_is_a_limit_and_it_is_told() {
        let order = listed(0..=100);
        let mut scope = scope(&[]);
        scope.select_only(DeviceId(0));
        assert_eq!(scope.extend_to(DeviceId(99), &order), Ok(()));
        assert_eq!(scope.selected().len(), Scope::MAX);
        assert_eq!(scope.toggle(DeviceId(100)), Err(TooMany));
        assert_eq!(scope.extend_to(DeviceId(100), &order), Err(TooMany));
        assert_eq!(scope.selected().len(), Scope::MAX);
        assert!(scope.is_selected(DeviceId(0)) && !scope.is_selected(DeviceId(100)));
        assert_eq!(TooMany.to_string(), "At most 100 devices can be selected.");
    }

    #[test]
    fn a_device_that_is_no_more_is_not_selected() {
        let mut scope = scope(&[1, 2]);
        assert!(!scope.retain(|_| true));
        assert!(scope.retain(|device| device == DeviceId(2)));
        assert_eq!(selected(&scope), [2]);
        assert!(scope.retain(|_| false) && scope.is_all());
    }
}
