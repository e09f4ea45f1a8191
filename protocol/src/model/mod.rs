//! The nouns: keys, names, values, variables, log entries, times. Made only by parsing.

mod access;
mod account;
mod bound;
mod change;
mod device;
mod ids;
mod log;
mod refused;
mod schema;
mod state;
mod time;
mod typed;
mod value;
mod var;
mod widen;
mod words;

pub use access::{
    Account, ApiToken, AuditCursor, AuditEntry, AuditPage, GameKey, Handle, Invitation, Member, ProjectRole,
    SessionInfo, TokenScope, UnknownWord,
};
pub use account::{Project, ProjectInfo, ProjectSummary, Role, User};
pub use bound::Bound;
pub use change::{Change, Gesture, NOT_DESIRED};
pub use device::Device;
pub use ids::{DeviceId, Key, KeyId, ProjectId, Revision, RunId, TokenId, UserId, VarName, VarRevision};
pub use log::{Level, LogEntry, LogLine, LogNote};
pub use refused::{Refused, RefusedLine};
pub use schema::{Difference, Schema, WaitingDeclaration, differences, outline};
pub use state::{Applied, Desired, Outcome, Reported, Var};
pub use time::UnixMicros;
pub(crate) use value::json_depth;
pub use value::{Integer, Value, WireForm};
pub use var::{Report, VarOption, VarSpec, VarType};
