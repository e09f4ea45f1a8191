//! How a session goes, in numbers.

use super::{Link, Session};
use crate::Stats;

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
