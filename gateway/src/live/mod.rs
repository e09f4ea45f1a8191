//! The state of a project that somebody uses now: its games, its dashboards and their latest values.
//!
//! It is loaded from the database when the first game or dashboard comes, and let go some time after the last. Only
//! what is committed gets in (`facts.rs`), so it never shows what a crash could take back.

mod backlog;
mod connections;
mod delta;
mod facts;
mod feed;
mod kept;
mod picture;
mod project;
mod push;
mod registry;
mod split;
mod state;
mod weight;

pub(crate) use backlog::{Deltas, Lagged};
pub use connections::ActionCall;
pub(crate) use connections::{Seen, lock_seen};
pub use delta::Delta;
pub use picture::{SaidPlace, VarPage, shorten};
#[cfg(test)]
pub(crate) use project::test_live;
pub(crate) use project::{Beside, Budgets, Live};
pub(crate) use push::{Forms, NoRoom, Wire};
pub(crate) use registry::{MAX_LOADED_DEVICES, Registry};
pub(crate) use state::{Checked, News, PART_BYTES, Restored, Speaker, State, Walk};
