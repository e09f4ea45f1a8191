//! Where a fleet plays, and how large it is.

use observerio::Key;

/// The largest fleet: all devices share one thread.
pub const MAX_DEVICES: usize = 200;

/// What a fleet needs to know.
#[derive(Clone, Debug)]
pub struct FleetSettings {
    /// The server's address for games, as `host:port`.
    pub address: String,
    /// The project's key.
    pub key: Key,
    /// How many devices play; at most [`MAX_DEVICES`], further ones are left out.
    pub devices: usize,
    /// The same seed gives the same devices, which do the same with the same values.
    pub seed: u64,
}
