//! The nouns: keys, names, values, variables, log entries, times. Made only by parsing.

mod access;
mod account;
mod bound;
mod change;
mod device;
mod ids;
mod log;
mod read;
mod refused;
mod schema;
mod state;
mod time;
mod typed;
mod value;
mod var;
mod widen;

pub use access::{
    ApiToken, AuditCursor, AuditEntry, AuditPage, GameKey, Handle, Invitation, Member, ProjectRole,
    SessionInfo, TokenScope, UnknownWord,
};
pub use account::{Account, Project, ProjectInfo, ProjectSummary, Role, User};
pub use bound::Bound;
pub use change::{Change, Gesture, NOT_DESIRED};
pub use device::Device;
pub use ids::{DeviceId, Key, KeyId, ProjectId, Revision, RunId, TokenId, UserId, VarName, VarRevision};
pub use log::{Level, LogEntry, LogLine, LogNote};
pub(crate) use read::{no_nul, read_value};
pub use refused::{Refused, RefusedLine};
pub use schema::{Difference, Schema, WaitingDeclaration, differences, outline};
pub use state::{Applied, Desired, Outcome, Reported, Var};
pub use time::UnixMicros;
pub use value::{Integer, Value, WireForm};
pub use var::{Report, VarOption, VarSpec, VarType};
