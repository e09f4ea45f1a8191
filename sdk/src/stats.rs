//! How it goes, in numbers.

use protocol::model::{Level, Revision};

/// How it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connected and verified.
    pub is_connected: bool,
    /// The server speaks the original grammar only: nothing is acknowledged.
    pub is_original: bool,
    /// Log entries that a server has acknowledged.
    pub stored: u64,
    /// Log entries that were dropped for lack of room, by [`Level`].
    pub dropped: [u64; Level::ALL.len()],
    /// Lines, or entries of them, that the server refused for good.
    pub refused: u64,
    /// Bytes that wait to be stored.
    pub waiting_bytes: usize,
    /// The newest revision that the game has applied.
    pub revision: Option<Revision>,
    /// What the server last refused, as `code text`.
    pub last_error: Option<String>,
    /// Why the last connection ended, or could not be made.
    pub last_failure: Option<String>,
    /// How often a file could not be read or written; the game goes on without it, and tries again.
    pub disk_errors: u64,
    /// The last of them: which file, and why.
    pub last_disk_error: Option<String>,
}
