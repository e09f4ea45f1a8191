//! What observerio does, without a socket or a page.
//!
//! The [`Gateway`] has one method for each thing that can be done. Each checks, commits and then
//! publishes, so that nothing is seen that is not saved. It is the only writer: games and dashboards
//! reach the database through it alone. It knows no HTTP, no Leptos and no socket.
#![deny(missing_docs)]

mod access;
mod accounts;
mod actions;
mod audit;
mod budgets;
mod bus;
mod cache;
mod caller;
mod clock;
mod confirm;
mod edits;
mod error;
mod follow;
mod forget;
mod forgetting;
mod games;
mod gateway;
mod history;
mod idle;
mod index;
mod indexer;
mod inner;
#[cfg(test)]
mod interleaved;
mod keys;
mod live;
mod logs;
mod members;
mod outgoing;
mod passwords;
mod patterns;
mod projects;
mod receipts;
mod refusals;
mod retention;
mod schema;
mod searches;
mod second_factor;
mod secrets;
mod sessions;
mod setup;
mod shares;
mod sign_in;
mod steps;
pub mod store;
mod sweeper;
mod text;
mod tokens;
mod vars;
mod vitals;
mod waiting;
mod watch;
mod writer;

pub use access::Action;
pub use accounts::{SignedIn, is_for_tls};
pub use audit::{AuditFilter, AuditPages};
pub use budgets::{Budgets, UnreadLine};
pub use caller::{Caller, Credential, Origin, Secret};
pub use clock::Clock;
pub use edits::FoundEdit;
pub use error::GatewayError;
pub use games::{Content, GameEvent, GameLine, Push};
pub use gateway::{Gateway, Status};
pub use history::HistoryPage;
pub use inner::LogVerdicts;
pub use keys::MAX_KEY_OVERLAP_DAYS;
pub use live::{ActionCall, Delta, SaidPlace, VarPage, shorten};
pub use logs::{LogContext, LogMatcher, LogPages, LogQuery, LogRange, LogsFound};
pub use outgoing::{Payload, SMALL_PAYLOAD_BYTES};
pub use patterns::PatternQuery;
pub use receipts::Settled;
pub use retention::{Disk, NewPin, PinRange};
pub use second_factor::{Enrolment, FactorState};
pub use shares::Limits;
pub use sign_in::SignIn;
pub use tokens::{MAX_TOKEN_DAYS, TOKEN_PREFIX};
pub use vars::VarPart;
pub use vitals::{Death, Vitals};
pub use watch::{SnapshotParts, Watched, Watcher};
pub use writer::{Room, WriterCounts};
