//! The command line of whoever works with an observerio: signs in, lists projects and variables, sets values, follows
//! the log, exports.
//!
//! It speaks HTTP API v1 and knows no server, no store and no socket of a game. Each command is a straight line of blocking
//! calls; nothing runs beside it. No token is ever an argument, in a sentence or in `Debug`.
//!
//! ```
//! use clap::{Parser, error::ErrorKind};
//!
//! #[derive(Debug, Parser)]
//! enum Program {
//!     #[command(flatten)]
//!     Client(client::Command),
//! }
//!
//! let refused = Program::try_parse_from(["observerio", "set", "speed"]).expect_err("no value");
//! assert_eq!(refused.kind(), ErrorKind::ValueValidation);
//! ```

#![deny(missing_docs)]

mod address;

mod api;
mod applied;
mod arguments;
mod command;
mod console;
mod credentials;
mod endpoint;
mod environment;
mod error;
mod export;
mod forget;
mod login;
mod projects;
mod responses;
mod set;
mod sse;
mod table;
mod tail;
#[cfg(test)]
mod testing;
mod text;
mod tls;
mod token;
mod unset;
mod vars;

pub use arguments::Command;
pub use command::run;
pub use error::Error;
pub use export::Unfinished;
pub use token::without_tokens;
