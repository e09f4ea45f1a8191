//! What the page shows of its state: the selected devices and the lines of the log that pass.

use std::collections::BTreeSet;

use protocol::filter::Filter;
use protocol::live::Snapshot;
use protocol::model::{DeviceId, Level};

use super::{LiveState, Touched, device_name};
use crate::live::log_query::{Known, LogQuery};
use crate::live::log_range::{Bounds, LogRange};
use crate::live::scope::Scope;
use crate::live::view::View;

impl LiveState {
    /// The same, with the view in an address.
    pub fn with_view(snapshot: Snapshot, view: &View) -> Self {
        let mut state = Self::new(snapshot);
        state.set_scope(Scope::of(view.devices.iter().copied()));
        state.set_log_bounds(view.range.resolve(state.now));
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

    /// Sets the query. Returns whether it changed.
    pub fn set_log_query(&mut self, query: LogQuery) -> bool {
        let (devices, gone) = (&self.devices, &self.gone);
        let known = Known { name: &|id| device_name(devices, gone, id), now: self.now };
        self.logs.set_query(query, known)
    }

    /// Sets filter and level; `None`, for a filter that can't be parsed, keeps the last valid one.
    pub fn set_log_filter(&mut self, text: String, filter: Option<Filter>, at_least: Level) -> bool {
        let known = self.logs.query().clone();
        self.set_log_query(match filter {
            Some(filter) => LogQuery { text, filter, at_least, ..known },
            None => LogQuery { at_least, ..known },
        })
    }

    /// Time has passed: a range that moves with it begins and ends later.
    pub fn move_log_range(&mut self, range: LogRange) {
        let bounds = range.resolve(self.now);
        match (bounds.since, range.to) {
            (Some(since), None) => self.logs.slide_to(since),
            // lines come in at its end, too, which the page may not have
            _ => {
                self.set_log_bounds(bounds);
            }
        }
    }

    /// Shows only the log lines that were received then.
    pub fn set_log_bounds(&mut self, bounds: Bounds) -> bool {
        self.set_log_query(LogQuery { bounds, ..self.logs.query().clone() })
    }

    /// Shows only the log lines of these devices; empty: all.
    pub fn set_log_devices(&mut self, devices: BTreeSet<DeviceId>) -> bool {
        let query = LogQuery { devices, ..self.logs.query().clone() };
        self.set_log_query(query)
    }
}

#[cfg(test)]
mod tests {
    use protocol::live::Event;

    use super::*;
    use crate::live::delivery::Status;
    use crate::live::fixture::*;
    use crate::live::verdict::Fate;
    use crate::live::view::Place;

    fn scope(devices: &[i64]) -> Scope {
        Scope::of(devices.iter().copied().map(DeviceId))
    }

    fn selected(scope: &Scope) -> Vec<i64> {
        scope.selected().iter().map(|device| device.0).collect()
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
        // offline: it waits, whatever else is connected
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
        let view = View::parse("?d=2,404&log=two&level=info", Place::Live);
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
        assert_eq!(
            LiveState::with_view(snapshot(1), &View::parse("?log=level>=loud", Place::Live))
                .logs
                .shown()
                .len(),
            2
        );
    }
}
