//! The commands for people who work with a server: sign in, list projects and variables, set values, follow the log,
//! export.
//!
//! They use version 1 of the HTTP API and nothing else of a server. Each command is a sequence of blocking calls. A token
//! never appears in an argument, a message or `Debug` output.
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
mod declarations;
mod endpoint;
mod environment;
mod error;
mod export;
mod forget;
mod login;
mod logs;
mod patterns;
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
mod variable;
mod vars;

pub use arguments::Command;
pub use command::run;
pub use error::Error;
pub use export::Unfinished;
pub use token::without_tokens;
