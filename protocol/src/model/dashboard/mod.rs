//! Nouns that no game hears of: people and their rights, what people want, what games said so far.

mod access;
mod account;
mod change;
mod device;
mod json;
mod log_pattern;
mod origins;
mod refused;
mod retention;
mod saved_search;
mod schema;
mod state;
mod typed;

pub use access::{
    ApiToken, AuditCursor, AuditEntry, AuditPage, GameKey, Handle, Invitation, Member, ProjectRole,
    SessionInfo, TokenScope, UnknownWord,
};
pub use account::{Account, Project, ProjectInfo, ProjectSummary, Role, User};
pub use change::{Change, Gesture, NOT_DESIRED};
pub use device::Device;
pub use json::json_bytes;
pub use log_pattern::{Fingerprint, LogPattern, LogPatterns};
pub use origins::{AllowedOrigins, MAX_ORIGIN_BYTES, MAX_ORIGINS};
pub use refused::{Refused, RefusedLine};
pub use retention::{
    Forgotten, KEPT_EDITS, LOG_LINE_BYTES, LogBeginning, LogPin, LogSize, MAX_PINS, Retention,
    RetentionEstimate, RetentionPolicy, days_before,
};
pub use saved_search::SavedSearch;
pub use schema::{Difference, Schema, WaitingDeclaration, differences, outline};
pub use state::{Applied, Desired, Reported, Var};
