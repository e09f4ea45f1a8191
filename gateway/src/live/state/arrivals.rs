//! Devices that come while a project is full: which one gives way.

use protocol::{
    ErrorCode, ProtocolError,
    model::{Device, DeviceId},
};

use super::State;

impl State {
    /// A game connects: its device, if that is known and stays. It does not give way until [`State::end_arrival`].
    pub(crate) fn expect(&mut self, identity: &str) -> Option<DeviceId> {
        let device = self.picture.device_of(identity)?;
        self.connections.arrivals.expect(device).then_some(device)
    }

    /// Makes room for a new device where a project has at most so many: the device that gives way, if one has to.
    ///
    /// Anybody with the game's key can make any number of names, so none of them is safe from the next one but while its
    /// game is connected: otherwise names could be piled up until nobody gets in. Those that hold no value go first, and of
    /// those the one that was seen the longest ago. One that comes back is the same device again.
    pub(crate) fn make_way(
        &mut self,
        identity: &str,
        most: usize,
    ) -> Result<Option<DeviceId>, ProtocolError> {
        let Self { picture, connections, .. } = self;
        let mut gives_way = None;
        let device_of = |identity: &str| picture.device_of(identity);
        if connections.arrivals.reach(most, picture.devices.len(), device_of) {
            let away = picture.devices.iter().filter(|(id, d)| connections.may_go(**id, &d.identity));
            let Some((id, _)) = away.min_by_key(|(id, d)| (d.values > 0, d.last_seen, **id)) else {
                let text = format!("{most} devices of this project are connected, which is the limit");
                return Err(ProtocolError::new(ErrorCode::Quota, text));
            };
            gives_way = Some(*id);
        }
        connections.arrivals.begin(identity, gives_way);
        Ok(gives_way)
    }

    /// The device has come, or will not. Returns it if it is new and stored, and its game left before it was connected:
    /// nobody has told dashboards of it.
    pub(crate) fn end_arrival(
        &mut self,
        identity: &str,
        known: Option<DeviceId>,
        gives_way: Option<DeviceId>,
    ) -> Option<Device> {
        self.connections.arrivals.end(identity, known, gives_way);
        if known.is_some() || self.connections.arrivals.is_new(identity) {
            return None;
        }
        let id = self.picture.device_of(identity)?;
        let was_connected = self.connections.presence.since(id).is_some();
        self.device(id).filter(|_| !was_connected)
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::UnixMicros;

    use super::*;
    use crate::{
        live::test_live,
        store::{DeviceInfo, Write, Written},
    };

    /// Devices that are away, numbered from 1 and last seen in this order.
    fn state_of(devices: i64, then: impl FnOnce(&mut State)) {
        let live = test_live(1);
        let mut state = live.state();
        for id in 1..=devices {
            let info = DeviceInfo {
                identity: format!("id:{id}"),
                name: String::new(),
                about: String::new(),
                build: String::new(),
                attrs: None,
                applied: None,
            };
            state.connect(DeviceId(id), &info, UnixMicros(id));
            state.disconnect(DeviceId(id), UnixMicros(id));
        }
        then(&mut state);
    }

    /// Which one goes for the new device of that name.
    fn chosen(state: &mut State, new: &str, most: usize) -> Option<DeviceId> {
        state.make_way(new, most).unwrap()
    }

    /// The database has a new device.
    fn store(state: &mut State, identity: &str, id: i64) {
        let device = DeviceInfo {
            identity: identity.to_owned(),
            name: String::new(),
            about: String::new(),
            build: String::new(),
            attrs: None,
            applied: None,
        };
        let (project, session, gives_way, at) = (state.picture.project(), None, None, UnixMicros(id));
        let write = Write::Connect { project, device, session, gives_way, at };
        let told = state.apply(write, Written::Connected { device: DeviceId(id), session: None });
        assert_eq!(told, [None, None], "its game is connecting");
    }

    #[test]
    fn up_to_the_limit_nobody_goes_and_then_the_one_seen_longest_ago() {
        state_of(3, |state| {
            assert_eq!(chosen(state, "a", 4), None);
            // the new one counts before it is there
            assert_eq!(chosen(state, "b", 4), Some(DeviceId(1)));
            assert_eq!(chosen(state, "c", 4), Some(DeviceId(2)));
            assert_eq!(chosen(state, "d", 4), Some(DeviceId(3)));
            assert_eq!(state.make_way("e", 4).unwrap_err().code, ErrorCode::Quota);
            // one that came to nothing leaves its place to the next
            state.end_arrival("c", None, Some(DeviceId(2)));
            assert_eq!(chosen(state, "f", 4), Some(DeviceId(2)));
        });
    }

    #[test]
    fn a_new_device_is_there_once_it_is_stored_and_counts_once() {
        state_of(2, |state| {
            assert_eq!(chosen(state, "a", 4), None);
            store(state, "a", 7);
            assert_eq!(state.devices().len(), 3);
            // it does not give way before its game is there
            assert_eq!(chosen(state, "x", 3), Some(DeviceId(1)));
            assert_eq!(chosen(state, "y", 3), Some(DeviceId(2)));
            assert!(state.make_way("z", 3).is_err());
            state.end_arrival("x", None, Some(DeviceId(1)));
            state.end_arrival("y", None, Some(DeviceId(2)));
            assert_eq!(chosen(state, "b", 4), None);
            // the game left before it was told
            assert!(state.end_arrival("a", None, None).is_some_and(|device| device.id == DeviceId(7)));
            assert_eq!(chosen(state, "c", 5), None);
            assert_eq!(chosen(state, "d", 5), Some(DeviceId(1)));
        });
    }

    #[test]
    fn one_that_holds_values_goes_last_and_one_that_is_connecting_stays() {
        state_of(3, |state| {
            state.picture.devices[&DeviceId(1)].values = 7;
            assert_eq!(state.expect("id:2"), Some(DeviceId(2)));
            assert_eq!(chosen(state, "a", 3), Some(DeviceId(3)));
            assert_eq!(chosen(state, "b", 3), Some(DeviceId(1)));
            assert!(state.make_way("c", 3).is_err());
            state.end_arrival("id:2", Some(DeviceId(2)), None);
            assert_eq!(chosen(state, "c", 3), Some(DeviceId(2)));
        });
    }

    #[test]
    fn one_that_comes_back_while_it_gives_way_is_new() {
        state_of(1, |state| {
            assert_eq!(chosen(state, "a", 1), Some(DeviceId(1)));
            assert_eq!(state.expect("id:1"), None);
            // and counts as one more
            assert_eq!(chosen(state, "id:1", 2), None);
            assert!(state.make_way("b", 2).is_err());
            state.end_arrival("id:1", None, None);
            state.picture.forget_device(DeviceId(1));
            assert_eq!(state.expect("id:1"), None);
            assert!(state.devices().is_empty());
        });
    }
}
