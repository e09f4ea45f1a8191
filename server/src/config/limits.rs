//! How much of everything, and how long.

use std::time::Duration;

use clap::Args;

use super::{
    ConfigError,
    source::{Source, Sources, filled},
};
use crate::ingest::{AddressLimit, AddressLimits};

/// As given.
#[derive(Debug, Args)]
pub(super) struct Limits {
    /// Games connected at once
    #[arg(long, env = "OBSERVERIO_MAX_GAMES", value_name = "COUNT", default_value = "10000")]
    max_games: String,
    /// Browsers and scripts connected at once
    #[arg(long, env = "OBSERVERIO_MAX_HTTP", value_name = "COUNT", default_value = "2000")]
    max_http: String,
    /// Connections of games that one address may make in a second, ten times as many at once [default: 100, and any
    /// number from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_CONNECTS_PER_ADDRESS", value_name = "COUNT")]
    max_connects_per_address: Option<String>,
    /// Wrong keys that one address may say in five minutes [default: 100, and any number from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_BAD_KEYS_PER_ADDRESS", value_name = "COUNT")]
    max_bad_keys_per_address: Option<String>,

    /// Seconds of silence after which a game that speaks version 2 is asked whether it is there
    #[arg(long, env = "OBSERVERIO_PING", value_name = "SECONDS", default_value = "20")]
    ping: String,
    /// Seconds of silence after which a game's machine is asked whether it is there (TCP keep-alive)
    #[arg(long, env = "OBSERVERIO_KEEP_ALIVE", value_name = "SECONDS", default_value = "30")]
    keep_alive: String,
}

/// Checked.
pub(super) struct CheckedLimits {
    pub(super) max_games: usize,
    pub(super) max_http: usize,
    pub(super) address_limits: AddressLimits,
    pub(super) ping_interval: Duration,
    pub(super) keep_alive: Duration,
}

impl Limits {
    pub(super) fn check(self, sources: Sources<'_>) -> Result<CheckedLimits, ConfigError> {
        let max_games = count(&self.max_games, &sources.of("max_games", "OBSERVERIO_MAX_GAMES"))?;
        let max_http = count(&self.max_http, &sources.of("max_http", "OBSERVERIO_MAX_HTTP"))?;

        let AddressLimits { connects_per_second, bad_keys } = AddressLimits::default();
        let source = sources.of("max_connects_per_address", "OBSERVERIO_MAX_CONNECTS_PER_ADDRESS");
        let connects_per_second = per_address(self.max_connects_per_address, connects_per_second, &source)?;
        let source = sources.of("max_bad_keys_per_address", "OBSERVERIO_MAX_BAD_KEYS_PER_ADDRESS");
        let bad_keys = per_address(self.max_bad_keys_per_address, bad_keys, &source)?;

        let source = sources.of("ping", "OBSERVERIO_PING");
        let ping_interval = match self.ping.trim().parse() {
            Ok(seconds @ 0.05..=3600.0) => Duration::from_secs_f64(seconds),
            _ => return Err(source.refuse("say a number of seconds from 0.05 to 3600")),
        };
        let source = sources.of("keep_alive", "OBSERVERIO_KEEP_ALIVE");
        let keep_alive = match self.keep_alive.trim().parse() {
            Ok(seconds @ 1..=3600) => Duration::from_secs(seconds),
            _ => return Err(source.refuse("say a number of seconds from 1 to 3600")),
        };
        let address_limits = AddressLimits { connects_per_second, bad_keys };
        Ok(CheckedLimits { max_games, max_http, address_limits, ping_interval, keep_alive })
    }
}

fn count(text: &str, source: &Source) -> Result<usize, ConfigError> {
    match text.trim().parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err(source.refuse("say a number from 1 to 1000000")),
    }
}

/// A proxy on this machine speaks for everybody, unless the operator says that it does not.
fn per_address(
    text: Option<String>,
    default: AddressLimit,
    source: &Source,
) -> Result<AddressLimit, ConfigError> {
    match filled(text) {
        None => Ok(default),
        Some(text) => {
            let count = u32::try_from(count(&text, source)?).expect("it is at most a million");
            Ok(AddressLimit { count, for_own_machine: true })
        }
    }
}
