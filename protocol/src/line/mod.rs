//! The line protocol over TCP: bytes → lines → commands → reports and log entries, and replies → bytes.

mod command;
mod frame;
mod payload;
mod reply;

pub use command::{Command, parse_command};
pub use frame::{LineDecoder, LineTooLong};
pub use payload::{parse_logs, parse_report};
pub use reply::{Edited, OK, encode_edits, encode_error, write_edits};
