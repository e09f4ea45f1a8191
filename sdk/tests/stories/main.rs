//! Games with the SDK, on a real socket and a real disk, and a small server that keeps the contract's promises.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod constants;
mod kill;
mod logging;
mod offline;
mod server;
mod tls;
mod tunes;

use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that other threads or processes do.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
