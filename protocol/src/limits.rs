//! Every limit of the wire contract with its unit.

use std::time::Duration;

/// Longest line before `OK`, in bytes without the newline.
pub const MAX_LINE_BEFORE_OK_BYTES: usize = 4 * 1024;
/// Longest line after `OK`, in bytes without the newline.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;
/// How long a connection may take to verify.
pub const VERIFY_TIMEOUT: Duration = Duration::from_secs(10);
/// How many `bad_key` or `unverified` answers a connection gets; the last one closes it.
pub const MAX_REFUSALS: u32 = 5;
/// Deepest nesting of a payload's JSON.
pub const MAX_JSON_DEPTH: usize = 32;
/// Deepest nesting of a desired value: a game must be able to report it, as an entry of an `i:`'s array.
pub const MAX_EDIT_DEPTH: usize = MAX_JSON_DEPTH - 2;
/// Most variables in one `i:` line.
pub const MAX_VARS_PER_LINE: usize = 2_000;
/// Most variables of one project.
pub const MAX_VARS_PER_PROJECT: usize = 5_000;
/// All declarations and values of one project together, in bytes of text: a number counts as 8. What would exceed it is
/// left out by name; a device that reports a variable may always say a short value of it.
pub const MAX_PROJECT_BYTES: usize = 16 * 1024 * 1024;
/// A value that is always taken of a device that has reported the variable before, in bytes.
pub const SMALL_VALUE_BYTES: usize = 64;
/// Most log entries in one `l:` line.
pub const MAX_LOGS_PER_LINE: usize = 10_000;
/// Longest variable name, in bytes.
pub const MAX_NAME_BYTES: usize = 128;
/// Longest value, as JSON, in bytes.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Longest log message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// All fields of a log entry together, in bytes as they came.
pub const MAX_LOG_FIELDS_BYTES: usize = 64 * 1024;
/// Longest text of a declaration (label, help, unit, group, source), in bytes.
pub const MAX_SPEC_TEXT_BYTES: usize = 1024;
/// Most options of an `enum`.
pub const MAX_OPTIONS: usize = 500;
/// Length of a game key, in bytes.
pub const KEY_BYTES: usize = 12;
/// Largest message on the dashboard's WebSocket, in bytes.
pub const MAX_LIVE_MESSAGE_BYTES: usize = 256 * 1024;
/// Longest log filter, in bytes: each of its words is looked for in each line.
pub const MAX_FILTER_BYTES: usize = 512;
/// Most terms of a log filter.
pub const MAX_FILTER_TERMS: usize = 64;
/// Most regular expressions of a log filter: a text costs most to match with them.
pub const MAX_FILTER_REGEXES: usize = 4;
/// Deepest nesting of a log filter's parentheses.
pub const MAX_FILTER_DEPTH: usize = 16;
/// Most bars of a histogram of the log.
pub const MAX_LOG_BARS: u16 = 500;
/// Most lines of context on either side of a log line.
pub const MAX_CONTEXT_LINES: u16 = 200;
/// Log lines in a snapshot.
pub const SNAPSHOT_LOGS: usize = 500;
/// Text of these lines, in bytes: older ones are fetched when somebody looks back. The oldest may go beyond.
pub const SNAPSHOT_LOG_BYTES: usize = 256 * 1024;
/// Most edits of one `ClientMessage::Edit`.
pub const MAX_EDITS_PER_MESSAGE: usize = 500;
/// How long a connection of version 2 may be silent before the other side asks whether it is there.
pub const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long the answer to a ping may take; the second one that is not answered ends the connection.
pub const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Most sequenced lines of a connection that are not acknowledged yet.
pub const MAX_INFLIGHT_LINES: u64 = 256;
/// Longest text of a `h:` (device, session, name, sdk, app, platform, epoch), in bytes.
pub const MAX_HELLO_TEXT_BYTES: usize = 128;
/// Longest `attrs` of a `h:`, as JSON, in bytes.
pub const MAX_ATTRS_BYTES: usize = 2 * 1024;
/// Longest token of a `p:`, in bytes.
pub const MAX_PING_TOKEN_BYTES: usize = 64;
/// Longest result or error of an action, in bytes.
pub const MAX_ACTION_RESULT_BYTES: usize = 64 * 1024;
/// How long a game may take to run an action.
pub const ACTION_TIMEOUT: Duration = Duration::from_secs(30);
