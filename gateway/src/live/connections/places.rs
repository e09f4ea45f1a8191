//! What games are known by that say nothing of themselves: their address, and a number there.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

/// The numbers that are taken of each peer.
#[derive(Debug, Default)]
pub(in crate::live) struct Places(HashMap<IpAddr, BTreeSet<u32>>);

impl Places {
    /// Takes the lowest free number of a peer.
    pub(in crate::live) fn reserve(&mut self, peer: IpAddr) -> u32 {
        let taken = self.0.entry(peer).or_default();
        let place = (1..).find(|place| !taken.contains(place)).expect("fewer connections than numbers");
        taken.insert(place);
        place
    }

    pub(in crate::live) fn free(&mut self, peer: IpAddr, place: u32) {
        if let Some(taken) = self.0.get_mut(&peer) {
            taken.remove(&place);
            if taken.is_empty() {
                self.0.remove(&peer);
            }
        }
    }
}
