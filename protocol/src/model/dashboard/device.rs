//! Devices: each is one copy of a game.

use serde::{Deserialize, Serialize};

use crate::model::{DeviceId, Revision, UnixMicros};

/// A device: one copy of the game.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Its number.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Whether it is connected.
    pub online: bool,
    /// Since when, while it is. What was reported before is of an earlier run of the game.
    pub since: UnixMicros,
    /// When it last connected, spoke or left.
    pub last_seen: UnixMicros,
    /// What it says of itself, such as `1.4.2 · android 15 · rust/0.1.0`; empty when it says nothing.
    pub about: String,
    /// It says what it applied (version 2 of the protocol). Of others only the reports tell.
    pub acknowledges: bool,
    /// The newest revision that it says it has applied.
    pub applied: Revision,
}
