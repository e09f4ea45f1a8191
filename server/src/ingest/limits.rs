//! What a game may take up of the server.

use std::time::Duration;

use protocol::limits::PING_TIMEOUT;

use super::conversation::{HeartbeatTimes, Patience};

/// What the system keeps of a game's bytes until they are read. Left to itself it keeps megabytes for each game, which
/// all have to be stored when a flood is over. At a round trip of 100 ms it lets a game send 1.3 MB a second.
pub(crate) const RECEIVE_BYTES: u32 = 128 * 1024;

/// Limits of this port that are settings or are shortened by tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GameLimits {
    /// Times to verify and to answer pings.
    pub(crate) patience: Patience,
    /// Time in which what was sent must be read.
    pub(crate) write_timeout: Duration,
    /// Time in which lines that were taken must be settled when the server goes down.
    pub(crate) settle_timeout: Duration,
    /// Silence after which the peer's machine is asked whether it is there.
    pub(crate) keep_alive: Duration,
}

/// Times that are settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GameTimes {
    /// In which a game must say its key.
    pub(crate) verify: Duration,
    /// In which it must read what it is sent.
    pub(crate) write: Duration,
    /// Silence after which a game of version 2 is asked whether it is there.
    pub(crate) ping: Duration,
    /// Silence after which its machine is asked; after twice that it is gone.
    pub(crate) keep_alive: Duration,
}

impl GameLimits {
    /// The contract's limits, with these times.
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
