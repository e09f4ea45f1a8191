//! A disk that is about to fill up.

use serde::{Deserialize, Serialize};

/// A disk that is about to fill up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LowDisk {
    /// Bytes that can still be written.
    pub free_bytes: u64,
    /// In how many whole days it is full, if the next ones are like the last one; `None`: nothing came in.
    pub full_in_days: Option<u64>,
}

impl LowDisk {
    /// The server's disk, if somebody should do something about it.
    #[cfg(feature = "ssr")]
    pub(super) fn of(gateway: &gateway::Gateway) -> Option<Self> {
        const DAY_SECONDS: u64 = 24 * 3600;
        let disk = gateway.disk().filter(gateway::Disk::is_low)?;
        let full_in_days = disk.full_in().map(|time| time.as_secs() / DAY_SECONDS);
        Some(Self { free_bytes: disk.free_bytes, full_in_days })
    }
}
