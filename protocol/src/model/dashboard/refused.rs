//! What was refused, as pages show it.

use serde::{Deserialize, Serialize};

use crate::ErrorCode;
use crate::model::{DeviceId, UnixMicros};

/// What was refused of one device since the server started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which device; `None`: games that were turned away with a key of the project, before they were a device.
    pub device: Option<DeviceId>,
    /// How often with which code, in the order in which the codes were first said.
    pub counts: Vec<(ErrorCode, u64)>,
    /// The last few, oldest first.
    pub last: Vec<RefusedLine>,
}

/// One line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// When.
    pub at: UnixMicros,
    /// Why.
    pub code: ErrorCode,
    /// The sentence that the game was told.
    pub text: String,
    /// The beginning of the line, without keys; empty when it was not read.
    pub line: String,
}

impl Refused {
    /// Nothing yet.
    pub fn new(device: Option<DeviceId>) -> Self {
        Self { device, counts: Vec::new(), last: Vec::new() }
    }

    /// Refusals of every code.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }
}
