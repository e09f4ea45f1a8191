//! Games at one address, told apart by a number each.

use std::{net::IpAddr, sync::Arc};

use crate::{live::Live, store::DeviceInfo};

/// Keeps a peer's place while its connection lives, so that the next one beside it gets another.
pub(super) struct Place {
    live: Arc<Live>,
    peer: IpAddr,
    pub(super) number: u32,
}

impl Place {
    pub(super) fn reserve(live: &Arc<Live>, peer: IpAddr) -> Self {
        Self { live: Arc::clone(live), peer, number: live.reserve_place(peer) }
    }

    /// What the device is known by, and what people read.
    pub(super) fn info(&self) -> DeviceInfo {
        let name = match self.number {
            1 => self.peer.to_string(),
            number => format!("{} #{number}", self.peer),
        };
        let identity = format!("peer:{}#{}", self.peer, self.number);
        DeviceInfo { identity, name, about: String::new(), build: String::new(), attrs: None, applied: None }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.live.free_place(self.peer, self.number);
    }
}
