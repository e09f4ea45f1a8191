//! How a session goes, in numbers.

use protocol::model::{Level, Revision};

use super::{Link, Session};

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

impl Session {
    /// How it goes.
    pub fn stats(&self) -> Stats {
        Stats {
            is_connected: matches!(self.link, Link::Verified { .. }),
            is_original: matches!(self.link, Link::Verified { granted: None, .. }),
            stored: self.outbox.stored(),
            dropped: self.outbox.dropped(),
            refused: self.refused,
            waiting_bytes: self.outbox.bytes(),
            revision: self.applied.as_ref().map(|(revision, _)| *revision),
            last_error: self.last_error.clone(),
            last_failure: None,
            disk_errors: 0,
            last_disk_error: None,
        }
    }
}
