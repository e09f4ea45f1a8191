//! What a game, the server and the browser say to each other.
//!
//! Bytes go in, values come out, and back. Nothing in here does I/O, reads a clock or knows an async
//! runtime, so the same code runs in the server, in the browser, in a game and in a fuzzer.
//!
//! A game needs [`line`](mod@line) and the nouns it speaks of. What only the dashboard and the server behind it need (its messages,
//! the log filter, accounts and rights) is behind the feature `dashboard`.
//!
//! ```
//! use protocol::line::{Command, Grammar, LineDecoder, parse_command, parse_report};
//!
//! let mut lines = LineDecoder::new(4096);
//! lines.feed(b"v:0123456789ab\r\ni:0123456789ab:[{\"name\":\"speed\",\"type\":\"integer\",\"value\":\"7\"}]\n");
//!
//! let first = lines.next_line().unwrap().unwrap();
//! assert!(matches!(parse_command(&first, Grammar::Original), Ok(Command::Verify { .. })));
//!
//! let second = lines.next_line().unwrap().unwrap();
//! let Ok(Command::Report { payload, .. }) = parse_command(&second, Grammar::Original) else { panic!() };
//! let report = parse_report(payload).unwrap();
//! assert_eq!(report[0].value.to_string(), "7");
//! ```
#![deny(missing_docs)]

pub mod error;
#[cfg(feature = "dashboard")]
pub mod filter;
mod json;
pub mod limits;
pub mod line;
#[cfg(feature = "dashboard")]
pub mod live;
pub mod model;
#[cfg(feature = "dashboard")]
pub mod pattern;

pub use error::{ErrorCode, ProtocolError, Remedy};
