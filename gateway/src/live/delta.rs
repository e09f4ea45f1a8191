//! What dashboards are told of a commit.

use std::sync::{Arc, OnceLock};

use protocol::live::{Event, Seq, encode_delta};

/// What happened in a project, numbered without gaps.
#[derive(Debug)]
pub struct Delta {
    /// Its number.
    pub seq: Seq,
    /// In the order of the commit.
    pub events: Vec<Event>,
    encoded: OnceLock<Arc<[u8]>>,
}

impl Delta {
    pub(super) fn new(seq: Seq, events: Vec<Event>) -> Self {
        Self { seq, events, encoded: OnceLock::new() }
    }

    /// The message for dashboards, encoded once however many there are, and shared by them.
    pub fn encoded(&self) -> Arc<[u8]> {
        Arc::clone(self.encoded.get_or_init(|| encode_delta(self.seq, &self.events).into()))
    }
}
