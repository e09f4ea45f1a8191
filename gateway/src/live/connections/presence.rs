//! Which devices games are connected as.

use std::collections::HashMap;

use protocol::model::{DeviceId, UnixMicros};

/// Each device as which a game was connected to this server.
#[derive(Debug, Default)]
pub(crate) struct Presence(HashMap<DeviceId, Connected>);

#[derive(Debug)]
struct Connected {
    games: u32,
    /// When the first of these came, or the last ones.
    since: UnixMicros,
}

impl Presence {
    pub(in crate::live) fn connect(&mut self, device: DeviceId, now: UnixMicros) {
        let connected = self.0.entry(device).or_insert(Connected { games: 0, since: now });
        if connected.games == 0 {
            connected.since = now;
        }
        connected.games += 1;
    }

    /// Whether that was its last connection.
    pub(in crate::live) fn disconnect(&mut self, device: DeviceId) -> bool {
        let Some(connected) = self.0.get_mut(&device) else { return true };
        connected.games = connected.games.saturating_sub(1);
        connected.games == 0
    }

    /// The device is not there any more.
    pub(super) fn forget(&mut self, device: DeviceId) {
        self.0.remove(&device);
    }

    pub(in crate::live) fn is_online(&self, device: DeviceId) -> bool {
        self.0.get(&device).is_some_and(|connected| connected.games > 0)
    }

    /// When it came, if it was ever here.
    pub(in crate::live) fn since(&self, device: DeviceId) -> Option<UnixMicros> {
        self.0.get(&device).map(|connected| connected.since)
    }

    /// How many devices are connected.
    pub(crate) fn devices(&self) -> u32 {
        self.0.values().filter(|connected| connected.games > 0).count() as u32
    }

    /// How many games are connected.
    pub(crate) fn games(&self) -> u32 {
        self.0.values().map(|connected| connected.games).sum()
    }
}
