//! The time for everything that waits.

use std::time::Instant;

/// The time of the runtime's clock, which the simulation drives.
pub(crate) fn instant() -> Instant {
    tokio::time::Instant::now().into_std()
}
