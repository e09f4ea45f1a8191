//! Limits and timeouts of game connections.

use std::time::Duration;

use protocol::limits::PING_TIMEOUT;

use super::conversation::{HeartbeatTimes, Patience};

/// The kernel's receive buffer for each game. By default it grows to megabytes, which would all have to be stored after a
/// flood. With a round trip of 100 ms, this allows 1.3 MB per second.
pub(crate) const RECEIVE_BYTES: u32 = 128 * 1024;

/// Limits of the game port that are settings or are shortened by tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GameLimits {
    /// Times to verify and to answer pings.
    pub(crate) patience: Patience,
    /// How long a game has to read what it is sent.
    pub(crate) write_timeout: Duration,
    /// How long accepted lines have to be settled on shutdown.
    pub(crate) settle_timeout: Duration,
    /// Silence after which TCP keep-alive probes the peer.
    pub(crate) keep_alive: Duration,
}

/// Timeouts that are settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GameTimes {
    /// To send the key.
    pub(crate) verify: Duration,
    /// To read what is sent.
    pub(crate) write: Duration,
    /// Silence after which a version 2 game is pinged.
    pub(crate) ping: Duration,
    /// Silence after which TCP keep-alive probes it; after twice that, it is gone.
    pub(crate) keep_alive: Duration,
}

impl GameLimits {
    /// The contract's limits, with these timeouts.
    pub(crate) fn new(times: GameTimes) -> Self {
        let heartbeat = HeartbeatTimes { interval: times.ping, timeout: PING_TIMEOUT.min(times.ping) };
        Self {
            patience: Patience { verify: times.verify, heartbeat },
            write_timeout: times.write,
            settle_timeout: Duration::from_secs(5),
            keep_alive: times.keep_alive,
        }
    }
}
