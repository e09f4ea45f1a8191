//! The line protocol over TCP: bytes → lines → commands → reports and log entries, and replies → bytes.

mod command;
mod excerpt;
mod fields;
mod frame;
mod hello;
mod log;
mod payload;
mod receipt;
mod reply;

pub use crate::json::compact_json;
pub use command::{Command, Grammar, is_whole, parse_command};
pub use excerpt::{excerpt, excerpt_of_content};
pub use fields::flatten;
pub use frame::{LineDecoder, LineTooLong};
pub use hello::{Caps, Hello, parse_hello, write_hello};
pub use log::{Logs, RefusedEntries, log_notes, parse_logs, shorten_fields};
pub use payload::parse_report;
pub use receipt::{parse_action_result, parse_outcomes};
pub use reply::{
    Edited, OK, Revised, encode_edits, encode_error, encode_revised, write_ack, write_action, write_drain,
    write_edits, write_entries_nack, write_in_sync, write_nack, write_ping, write_pong, write_revised,
};
