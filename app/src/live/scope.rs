//! Which devices are selected; none means all of them.

use std::collections::BTreeSet;

use protocol::filter::Filter;
use protocol::live::Snapshot;
use protocol::model::DeviceId;

use super::state::{LiveState, Touched};
use super::view::View;

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

impl LiveState {
    /// The same, with the view in an address.
    pub fn with_view(snapshot: Snapshot, view: &View) -> Self {
        let mut state = Self::new(snapshot);
        state.set_scope(Scope::of(view.devices.iter().copied()));
        // an invalid filter is shown with its fault, and hides nothing
        state.set_log_filter(view.log.clone(), Filter::parse(&view.log).ok(), view.level);
        state
    }

    /// The selected devices.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Shows only these devices. Unknown ones are skipped.
    pub fn set_scope(&mut self, mut scope: Scope) -> Touched {
        scope.retain(|device| self.devices.get(device).is_some());
        if scope.selected() == self.scope.selected() {
            self.scope = scope;
            return Touched::default();
        }
        self.scope = scope;
        self.set_log_devices(self.scope.selected().clone());
        Touched { all_vars: true, layout: true, logs: true, scope: true, ..Touched::default() }
    }
}

#[cfg(test)]
mod tests {
    use protocol::live::Event;
    use protocol::model::Level;

    use super::super::delivery::Status;
    use super::super::fixture::*;
    use super::super::verdict::Fate;
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

    /// Two devices that report different values, the second one away; each wrote a line.
    fn differing() -> LiveState {
        let mut start = snapshot(10);
        start.devices[1].online = false;
        start.vars[0].reported = vec![reported(1, int(1)), reported(2, int(2))];
        start.vars[1].reported.truncate(1);
        start.logs[1].device = DeviceId(2);
        LiveState::new(start)
    }

    fn about(state: &mut LiveState, devices: &[i64]) -> Touched {
        state.set_scope(scope(devices))
    }

    fn lines(state: &LiveState) -> Vec<&str> {
        state.logs.shown().iter().map(|line| line.message.as_str()).collect()
    }

    fn is_on(state: &LiveState, variable: &str) -> bool {
        state.var(&name(variable)).is_some_and(|var| var.is_on(state.scope()))
    }

    #[test]
    fn values_lines_and_variables_are_those_of_the_selected_devices() {
        let mut state = differing();
        assert_eq!((shown(&state), lines(&state)), (Some(int(1)), vec!["one", "two"]));
        let touched = about(&mut state, &[2]);
        assert!(touched.all_vars && touched.layout && touched.logs && touched.scope && !touched.devices);
        assert_eq!((shown(&state), lines(&state)), (Some(int(2)), vec!["two"]));
        assert!(is_on(&state, "speed") && !is_on(&state, "lives"));
        // the same goes for what arrives later
        state.apply(delta(11, Event::Logs(vec![line(3, Level::Info, "three")])));
        assert_eq!(lines(&state), ["two"]);
        about(&mut state, &[]);
        assert_eq!((shown(&state), lines(&state)), (Some(int(1)), vec!["one", "two", "three"]));
        assert_eq!(about(&mut state, &[]), Touched::default());
    }

    #[test]
    fn the_chip_counts_the_selected_devices() {
        let mut state = differing();
        state.apply(delta(11, Event::Device(device(2, true))));
        assert!(matches!(status(&state), Status::Mixed(spread) if spread.values == 2));
        about(&mut state, &[1]);
        assert_eq!(status(&state), Status::Untouched);
        edit(&mut state, 5);
        state.apply(saved(1, 4));
        state.apply(delta(12, edited(int(5), 4)));
        state.apply(delta(13, reports(2, int(5))));
        let Status::Sent(tally) = status(&state) else { panic!("{:?}", status(&state)) };
        assert_eq!((tally.games, tally.applied), (1, 0));
        let fates = |state: &LiveState| {
            let ids = state.rank(&name("speed"), "", 9).shown;
            ids.iter().map(|id| state.device_row(&name("speed"), *id).unwrap().fate).collect::<Vec<_>>()
        };
        assert_eq!(fates(&state), [Fate::Pending]);
        about(&mut state, &[2]);
        let Status::Sent(tally) = status(&state) else { panic!("{:?}", status(&state)) };
        assert_eq!((tally.games, tally.applied), (1, 1));
        assert_eq!(fates(&state), [Fate::Applied]);
        // offline: it waits, whoever else is connected
        state.apply(delta(14, Event::Device(device(2, false))));
        state.apply(delta(15, edited(int(6), 5)));
        assert_eq!(status(&state), Status::Offline(1));
    }

    #[test]
    fn a_device_that_gets_a_variable_shows_it() {
        let mut state = differing();
        about(&mut state, &[2]);
        let lives = Event::Reported {
            device: DeviceId(2),
            at: protocol::model::UnixMicros(1),
            declared: vec![],
            values: vec![(name("lives"), int(9))],
        };
        assert!(state.apply(delta(11, lives.clone())).layout);
        assert!(is_on(&state, "lives"));
        assert!(!state.apply(delta(12, lives)).layout, "only the first report changes the list");
    }

    #[test]
    fn an_address_selects_only_devices_that_are_there() {
        let view = View::parse("?d=2,404&log=two&level=info");
        let mut state = LiveState::with_view(snapshot(10), &view);
        assert_eq!(selected(state.scope()), [2]);
        assert!(lines(&state).is_empty());
        about(&mut state, &[1]);
        assert_eq!(lines(&state), ["two"], "the filter goes on");
        // a snapshot without the device deselects it
        let mut later = snapshot(20);
        later.devices.remove(0);
        assert!(state.apply(protocol::live::ServerMessage::Snapshot(Box::new(later))).scope);
        assert!(state.scope().is_all());
        // and so does its making room for another while it is shown
        about(&mut state, &[2]);
        assert!(state.apply(delta(21, Event::Forgotten { devices: vec![DeviceId(2)], gave_way: 1 })).scope);
        assert!(state.scope().is_all());
        assert_eq!(LiveState::with_view(snapshot(1), &View::parse("?log=level>=loud")).logs.shown().len(), 2);
    }
}
