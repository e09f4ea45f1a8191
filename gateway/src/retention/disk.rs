//! Whether the disk is about to fill up.

use std::time::Duration;

use protocol::model::UnixMicros;

use crate::store::{Result, Store};

const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;
/// With less than that it is low, in bytes.
const LEAST_FREE: u64 = 1 << 30;
/// And with less than what so many days like the last one bring.
const LEAST_DAYS: u64 = 7;

/// The disk of the database, as last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Bytes that can still be written.
    pub free_bytes: u64,
    /// Bytes of log that came in during the last 24 hours, with 64 for each line. Its index comes on top.
    pub day_bytes: u64,
}

impl Disk {
    pub(super) async fn measure(store: &dyn Store, now: UnixMicros) -> Result<Option<Self>> {
        let Some(free_bytes) = store.free_bytes().await else { return Ok(None) };
        let day_bytes = store.bytes_since(UnixMicros(now.0 - DAY_MICROS)).await?;
        Ok(Some(Self { free_bytes, day_bytes }))
    }

    /// Whether somebody should do something about it.
    pub fn is_low(&self) -> bool {
        self.free_bytes < LEAST_FREE.max(LEAST_DAYS.saturating_mul(self.day_bytes))
    }

    /// In which time it is full if the next days are like the last one; `None`: nothing came in.
    pub fn full_in(&self) -> Option<Duration> {
        let seconds = u128::from(self.free_bytes) * 24 * 3600 / u128::from(self.day_bytes.max(1));
        (self.day_bytes > 0).then(|| Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_low_a_week_before_it_is_full() {
        const GIB: u64 = 1 << 30;
        let disk = |free_bytes, day_bytes| Disk { free_bytes, day_bytes };
        assert!(!disk(GIB, 0).is_low() && disk(GIB - 1, 0).is_low());
        assert!(!disk(14 * GIB, 2 * GIB).is_low() && disk(14 * GIB - 1, 2 * GIB).is_low());
        assert_eq!(disk(3 * GIB, 2 * GIB).full_in(), Some(Duration::from_secs(36 * 3600)));
        assert_eq!(disk(GIB, 0).full_in(), None);
    }
}
