//! Simulated devices: games without pictures that connect over TCP with the SDK, so that a designer has something to tune before
//! a game is connected, and a developer of the dashboard has a fleet to look at.
//!
//! A device has a `profile` (its name, platform, build and mood), `tunables` (what people tune, what it measures, its
//! actions) and a `simulation`, without a socket or a clock. `device` connects them, and `fleet` runs all devices in one
//! thread.
//!
//! Devices only know a server's address and a game key. They never use anything else of a server.
#![deny(missing_docs)]

mod device;
mod fleet;
mod profile;
mod settings;
mod simulation;
mod tunables;

pub use fleet::{Fleet, Status};
pub use settings::{FleetSettings, MAX_DEVICES};
