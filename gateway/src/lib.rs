//! What observerio does, without a socket or a page.
//!
//! The [`Gateway`] has one method for each thing that can be done. Each checks, commits and then
//! publishes, so that nothing is seen that is not saved. It is the only writer: games and dashboards
//! reach the database through it alone. It knows no HTTP, no Leptos and no socket.
#![deny(missing_docs)]

mod accounts;
mod actions;
mod clock;
mod edits;
mod error;
mod games;
mod gateway;
mod keys;
mod live;
mod passwords;
mod projects;
pub mod store;
mod watch;
mod writer;

pub use accounts::{SetupToken, SignedIn};
pub use actions::ActionCall;
pub use clock::Clock;
pub use error::GatewayError;
pub use games::{Content, GameEvent, GameLine, Push};
pub use gateway::{Gateway, Status};
pub use live::Delta;
pub use watch::{Watched, Watcher};
pub use writer::{Room, Settled};
