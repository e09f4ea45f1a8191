//! Limits and timeouts.

use std::time::Duration;

use clap::Args;

use super::{
    ConfigError, Memory, size,
    source::{Source, Sources, filled},
};
use crate::ingest::{AddressLimit, AddressLimits, GameTimes};

/// As given.
#[derive(Debug, Args)]
pub(super) struct Limits {
    /// Memory the program may use, such as 512M or 4G; beyond it, work waits or is refused [default: half the memory of the
    /// machine or its control group]
    #[arg(long, env = "OBSERVERIO_MEMORY", value_name = "SIZE")]
    memory: Option<String>,
    /// Maximum number of connected games
    #[arg(long, env = "OBSERVERIO_MAX_GAMES", value_name = "COUNT", default_value = "10000")]
    max_games: String,
    /// Maximum number of connected games from one address [default: a quarter of --max-games, three quarters for this
    /// machine itself; the last eighth is reserved for addresses with few connections]
    #[arg(long, env = "OBSERVERIO_MAX_GAMES_PER_ADDRESS", value_name = "COUNT")]
    max_games_per_address: Option<String>,
    /// Maximum number of connected games with one key [default: seven eighths of --max-games]
    #[arg(long, env = "OBSERVERIO_MAX_GAMES_PER_KEY", value_name = "COUNT")]
    max_games_per_key: Option<String>,
    /// Maximum number of connected browsers and scripts
    #[arg(long, env = "OBSERVERIO_MAX_HTTP", value_name = "COUNT", default_value = "2000")]
    max_http: String,
    #[command(flatten)]
    addresses: Addresses,
    /// Bytes of log that one project's games may store per day (UTC), such as 500M or 8G
    #[arg(long, env = "OBSERVERIO_MAX_BYTES_PER_DAY", value_name = "BYTES", default_value = "8G")]
    max_bytes_per_day: String,
    /// Bytes of the logs of all projects together, such as 50G: beyond it, the oldest lines of the largest logs are
    /// forgotten, but no pinned ones [default: no limit]
    #[arg(long, env = "OBSERVERIO_MAX_LOG_BYTES", value_name = "BYTES")]
    max_log_bytes: Option<String>,
    /// Days for which the audit trail is kept, at least 365 [default: for ever]
    #[arg(long, env = "OBSERVERIO_AUDIT_DAYS", value_name = "DAYS")]
    audit_days: Option<String>,
    /// HTTP API requests per second for each token or person, with bursts of four times that
    #[arg(long, env = "OBSERVERIO_API_REQUESTS_PER_SECOND", value_name = "COUNT", default_value = "50")]
    api_requests_per_second: String,
    /// Seconds a browser or script has to send a request's headers, including the TLS handshake
    #[arg(long, env = "OBSERVERIO_HEAD_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    head_timeout: String,
    #[command(flatten)]
    timeouts: Timeouts,
}

/// What one address may do at the game port.
#[derive(Debug, Args)]
struct Addresses {
    /// Connections per second that games at one address may open, with bursts of ten times that [default: 100, and 5000
    /// from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_CONNECTS_PER_ADDRESS", value_name = "COUNT")]
    max_connects_per_address: Option<String>,
    /// Wrong keys that one address may send in five minutes [default: 100, and 10000 from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_BAD_KEYS_PER_ADDRESS", value_name = "COUNT")]
    max_bad_keys_per_address: Option<String>,
    /// New devices per minute from one address, across all projects [default: 500, and 50000 from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_NEW_DEVICES_PER_ADDRESS", value_name = "COUNT")]
    max_new_devices_per_address: Option<String>,
    /// New sessions per minute that games at one address may start, with bursts of ten times that [default: 500, and 5000
    /// from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_NEW_SESSIONS_PER_ADDRESS", value_name = "COUNT")]
    max_new_sessions_per_address: Option<String>,
    /// New sessions per minute that games with one key may start, with bursts of ten times that
    #[arg(long, env = "OBSERVERIO_MAX_NEW_SESSIONS_PER_KEY", value_name = "COUNT", default_value = "10000")]
    max_new_sessions_per_key: String,
}

/// Timeouts for game connections.
#[derive(Debug, Args)]
struct Timeouts {
    /// Seconds a game has to send its key, including the TLS handshake
    #[arg(long, env = "OBSERVERIO_VERIFY_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    verify_timeout: String,
    /// Seconds a game, or a script that follows the log, has to read what it is sent
    #[arg(long, env = "OBSERVERIO_WRITE_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    write_timeout: String,
    /// Seconds of silence after which a version 2 game is pinged
    #[arg(long, env = "OBSERVERIO_PING", value_name = "SECONDS", default_value = "20")]
    ping: String,
    /// Seconds of silence after which TCP keep-alive probes a game's connection
    #[arg(long, env = "OBSERVERIO_KEEP_ALIVE", value_name = "SECONDS", default_value = "30")]
    keep_alive: String,
}

/// Checked.
pub(super) struct CheckedLimits {
    pub(super) memory: Memory,
    pub(super) max_games: usize,
    pub(super) max_games_per_address: Option<usize>,
    pub(super) gateway: gateway::Limits,
    pub(super) max_http: usize,
    pub(super) address_limits: AddressLimits,
    pub(super) api_requests_per_second: u32,
    pub(super) game_times: GameTimes,
    pub(super) head_timeout: Duration,
}

impl Limits {
    pub(super) fn check(self, sources: Sources<'_>) -> Result<CheckedLimits, ConfigError> {
        let memory = filled(self.memory);
        let memory = Memory::check(memory.as_deref(), &sources.of("memory"))?;
        let max_games = count(&self.max_games, &sources.of("max_games"))?;
        let max_http = count(&self.max_http, &sources.of("max_http"))?;
        let source = sources.of("max_games_per_address");
        let max_games_per_address =
            filled(self.max_games_per_address).map(|text| count(&text, &source)).transpose()?;
        let source = sources.of("max_games_per_key");
        let games_per_key = match filled(self.max_games_per_key) {
            Some(text) => count(&text, &source)?,
            None => (max_games - max_games / 8).max(1),
        };
        let bytes_per_day = bytes(&self.max_bytes_per_day, &sources.of("max_bytes_per_day"))?;
        let source = sources.of("max_log_bytes");
        let log_bytes = filled(self.max_log_bytes).map(|text| bytes(&text, &source)).transpose()?;
        let source = sources.of("audit_days");
        let audit_days = filled(self.audit_days).map(|text| audit_days(&text, &source)).transpose()?;
        let api_requests_per_second =
            small_count(&self.api_requests_per_second, &sources.of("api_requests_per_second"))?;
        Ok(CheckedLimits {
            memory,
            max_games,
            max_games_per_address,
            gateway: gateway::Limits { games_per_key, bytes_per_day, log_bytes, audit_days },
            max_http,
            address_limits: self.addresses.check(sources)?,
            api_requests_per_second,
            game_times: self.timeouts.check(sources)?,
            head_timeout: seconds(&self.head_timeout, 60.0, &sources.of("head_timeout"))?,
        })
    }
}

impl Addresses {
    fn check(self, sources: Sources<'_>) -> Result<AddressLimits, ConfigError> {
        let limit = |text, default, id| per_address(text, default, &sources.of(id));
        let default = AddressLimits::default();
        Ok(AddressLimits {
            connects_per_second: limit(
                self.max_connects_per_address,
                default.connects_per_second,
                "max_connects_per_address",
            )?,
            bad_keys: limit(self.max_bad_keys_per_address, default.bad_keys, "max_bad_keys_per_address")?,
            new_devices: limit(
                self.max_new_devices_per_address,
                default.new_devices,
                "max_new_devices_per_address",
            )?,
            new_sessions: limit(
                self.max_new_sessions_per_address,
                default.new_sessions,
                "max_new_sessions_per_address",
            )?,
            new_sessions_per_key: small_count(
                &self.max_new_sessions_per_key,
                &sources.of("max_new_sessions_per_key"),
            )?,
        })
    }
}

impl Timeouts {
    fn check(self, sources: Sources<'_>) -> Result<GameTimes, ConfigError> {
        let keep_alive = match self.keep_alive.trim().parse() {
            Ok(seconds @ 1..=3600) => Duration::from_secs(seconds),
            _ => return Err(sources.of("keep_alive").refuse("use a number of seconds from 1 to 3600")),
        };
        Ok(GameTimes {
            verify: seconds(&self.verify_timeout, 60.0, &sources.of("verify_timeout"))?,
            write: seconds(&self.write_timeout, 60.0, &sources.of("write_timeout"))?,
            ping: seconds(&self.ping, 3600.0, &sources.of("ping"))?,
            keep_alive,
        })
    }
}

fn count(text: &str, source: &Source) -> Result<usize, ConfigError> {
    match text.trim().parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err(source.refuse("use a number from 1 to 1000000")),
    }
}

/// A number, or one with a unit.
fn bytes(text: &str, source: &Source) -> Result<u64, ConfigError> {
    let bytes = text.trim().parse().ok().or_else(|| size::parse(text)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| source.refuse("use a number of bytes, such as 500000000, 500M or 8G"))
}

/// So long that nobody covers something up by making it short.
fn audit_days(text: &str, source: &Source) -> Result<u16, ConfigError> {
    match text.trim().parse() {
        Ok(days @ 365..=36_500) => Ok(days),
        _ => Err(source.refuse("use a number of days from 365 to 36500")),
    }
}

fn seconds(text: &str, most: f64, source: &Source) -> Result<Duration, ConfigError> {
    match text.trim().parse() {
        Ok(seconds) if (0.05..=most).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(source.refuse(format!("use a number of seconds from 0.05 to {most}"))),
    }
}

fn small_count(text: &str, source: &Source) -> Result<u32, ConfigError> {
    Ok(u32::try_from(count(text, source)?).expect("it is at most a million"))
}

/// A configured limit also applies to this machine.
fn per_address(
    text: Option<String>,
    default: AddressLimit,
    source: &Source,
) -> Result<AddressLimit, ConfigError> {
    match filled(text) {
        None => Ok(default),
        Some(text) => Ok(AddressLimit::of_all(small_count(&text, source)?)),
    }
}
