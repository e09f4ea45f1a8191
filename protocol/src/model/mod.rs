//! The nouns: keys, names, values, variables, log entries, times. Made only by parsing.

mod account;
mod ids;
mod log;
mod time;
mod value;
mod var;

pub use account::{Project, ProjectSummary, Role, User};
pub use ids::{DeviceId, Key, ProjectId, Revision, UserId, VarName};
pub use log::{Level, LogEntry};
pub use time::UnixMicros;
pub(crate) use value::json_depth;
pub use value::{Integer, Value, WireForm};
pub use var::{Report, VarOption, VarSpec, VarType};
