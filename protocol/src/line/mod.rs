//! The line protocol over TCP, both sides of it. The server's: bytes → lines → commands → reports and log entries, and
//! replies → bytes. The game's: commands → bytes, and lines → replies. What one side writes the other reads as the same.

mod command;
mod encode;
mod excerpt;
mod fields;
mod frame;
mod hello;
mod log;
mod payload;
mod receipt;
mod reply;

pub use crate::json::compact_json;
pub use command::{Command, Grammar, is_whole, parse_command, write_command};
pub use encode::{
    encode_action_result, encode_hello, encode_logs, encode_outcomes, encode_report, to_base64,
};
pub use excerpt::{excerpt, excerpt_of_content};
pub use fields::flatten;
pub use frame::{LineDecoder, LineTooLong};
pub use hello::{Caps, Hello, parse_hello, write_server_hello};
pub use log::{Logs, RefusedEntries, log_notes, parse_logs, shorten_fields};
pub use payload::parse_report;
pub use receipt::{parse_action_result, parse_outcomes};
pub use reply::{
    Changes, Edit, Edited, OK, Reply, Revised, ServerHello, encode_edits, encode_error, encode_revised,
    parse_action, parse_edits, parse_reply, parse_revised, parse_server_hello, write_ack, write_action,
    write_drain, write_edits, write_entries_nack, write_in_sync, write_nack, write_ping, write_pong,
    write_revised,
};
