//! The nouns: keys, names, values, variables, log entries, times. Made only by parsing.

mod bound;
#[cfg(feature = "dashboard")]
mod dashboard;
mod ids;
mod log;
#[cfg(feature = "dashboard")]
mod log_histogram;
#[cfg(feature = "dashboard")]
mod log_order;
mod outcome;
mod read;
mod time;
mod value;
mod var;
mod var_type;
mod widen;

pub use bound::Bound;
#[cfg(feature = "dashboard")]
pub use dashboard::*;
pub use ids::{DeviceId, Key, KeyId, ProjectId, Revision, RunId, TokenId, UserId, VarName, VarRevision};
pub use log::{Level, LogEntry, LogLine, LogNote};
#[cfg(feature = "dashboard")]
pub use log_histogram::{LogBar, LogHistogram};
#[cfg(feature = "dashboard")]
pub use log_order::LogOrder;
pub use outcome::Outcome;
pub(crate) use read::{no_nul, read_value};
pub use time::UnixMicros;
pub use value::{Integer, Value, WireForm};
pub use var::{Report, VarOption, VarSpec};
pub use var_type::VarType;
