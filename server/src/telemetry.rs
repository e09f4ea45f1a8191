//! Logging to standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// The default filter: warnings of libraries, and observerio's own messages.
pub const DEFAULT_FILTER: &str = "warn,observerio=info,server=info,gateway=info,app=info";

/// Parses a filter such as `debug` or `warn,gateway=trace`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse_filter(text: &str) -> Result<EnvFilter, String> {
    EnvFilter::try_new(text).map_err(|error| error.to_string())
}

/// Starts logging to standard error; standard output is for the banner.
pub fn start(filter: EnvFilter) {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    if log.try_init().is_err() {
        tracing::debug!("logging was already started");
    }
}
