//! The nouns: keys, names, values, variables, log entries, times. Made only by parsing.

mod bound;
#[cfg(feature = "dashboard")]
mod dashboard;
mod ids;
mod log;
mod outcome;
mod time;
mod value;
mod var;
mod widen;
mod words;

pub use bound::Bound;
#[cfg(feature = "dashboard")]
pub use dashboard::*;
pub use ids::{DeviceId, Key, KeyId, ProjectId, Revision, RunId, TokenId, UserId, VarName, VarRevision};
pub use log::{Level, LogEntry, LogLine, LogNote};
pub use outcome::Outcome;
pub use time::UnixMicros;
pub(crate) use value::json_depth;
pub use value::{Integer, Value, WireForm};
pub use var::{Report, VarOption, VarSpec, VarType};
