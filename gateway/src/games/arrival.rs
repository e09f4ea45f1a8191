//! A game's device on its way into a project.

use std::sync::Arc;

use protocol::{ErrorCode, ProtocolError, model::DeviceId};

use crate::live::Live;

/// Most devices of a project that games may add to.
const MAX_DEVICES_PER_PROJECT: usize = 10_000;

/// Keeps a device's place until its game is connected, or is not.
pub(super) struct Arrival {
    live: Arc<Live>,
    identity: String,
    /// `None`: it is new.
    pub(super) known: Option<DeviceId>,
    /// Which one it takes the place of.
    pub(super) gives_way: Option<DeviceId>,
}

impl Arrival {
    /// # Errors
    /// `rate` when the device is new and `may_add` says no, `quota` when too many devices are connected.
    pub(super) fn begin(
        live: &Arc<Live>,
        identity: &str,
        may_add: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self, ProtocolError> {
        let mut state = live.state();
        let known = state.expect(identity);
        if known.is_none() && !may_add() {
            let text = "too many new devices came from this address; wait a minute and connect again";
            return Err(ProtocolError::new(ErrorCode::Rate, text));
        }
        let gives_way = match known {
            Some(_) => None,
            None => state.make_way(identity, MAX_DEVICES_PER_PROJECT)?,
        };
        Ok(Self { live: Arc::clone(live), identity: identity.to_owned(), known, gives_way })
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.live.end_arrival(&self.identity, self.known, self.gives_way);
    }
}
