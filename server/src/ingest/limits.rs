//! What a game may take up of the server.

use std::time::Duration;

use protocol::limits::VERIFY_TIMEOUT;

/// Limits of this port that are settings or are shortened by tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GameLimits {
    /// Connections at once, verified or not.
    pub(crate) max_connections: usize,
    /// Time to verify.
    pub(crate) verify_timeout: Duration,
    /// Time in which what was sent must be read.
    pub(crate) write_timeout: Duration,
}

impl GameLimits {
    /// The contract's limits.
    pub(crate) fn new(max_connections: usize) -> Self {
        Self { max_connections, verify_timeout: VERIFY_TIMEOUT, write_timeout: Duration::from_secs(10) }
    }
}
