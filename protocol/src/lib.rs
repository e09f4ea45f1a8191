//! What a game, the server and the browser say to each other.
//!
//! Bytes go in, values come out, and back. Nothing in here does I/O, reads a clock or knows an async
//! runtime, so the same code runs in the server, in the browser and in a fuzzer.
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
pub mod filter;
mod json;
pub mod limits;
pub mod line;
pub mod live;
pub mod model;

pub use error::{ErrorCode, ProtocolError, Remedy};
