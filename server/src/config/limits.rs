//! How much of everything, and how long.

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
    /// Memory that the program may take, such as 512M or 4G: what would exceed it waits or is refused [default: half of
    /// what the machine or its control group has]
    #[arg(long, env = "OBSERVERIO_MEMORY", value_name = "SIZE")]
    memory: Option<String>,
    /// Games connected at once
    #[arg(long, env = "OBSERVERIO_MAX_GAMES", value_name = "COUNT", default_value = "10000")]
    max_games: String,
    /// Games that one address may have connected at once [default: a quarter of them, and three quarters for this
    /// machine itself; the last eighth is for those who have few]
    #[arg(long, env = "OBSERVERIO_MAX_GAMES_PER_ADDRESS", value_name = "COUNT")]
    max_games_per_address: Option<String>,
    /// Games that may be connected with one key at once [default: seven eighths of them]
    #[arg(long, env = "OBSERVERIO_MAX_GAMES_PER_KEY", value_name = "COUNT")]
    max_games_per_key: Option<String>,
    /// Browsers and scripts connected at once
    #[arg(long, env = "OBSERVERIO_MAX_HTTP", value_name = "COUNT", default_value = "2000")]
    max_http: String,
    /// Connections of games that one address may make in a second, ten times as many at once [default: 100, and 5000
    /// from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_CONNECTS_PER_ADDRESS", value_name = "COUNT")]
    max_connects_per_address: Option<String>,
    /// Wrong keys that one address may say in five minutes [default: 100, and 10000 from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_BAD_KEYS_PER_ADDRESS", value_name = "COUNT")]
    max_bad_keys_per_address: Option<String>,
    /// Devices that one address may add in a minute, to any project [default: 500, and 50000 from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_NEW_DEVICES_PER_ADDRESS", value_name = "COUNT")]
    max_new_devices_per_address: Option<String>,
    /// New sessions that games of one address may begin in a minute, ten times as many at once [default: 500, and 5000 from
    /// this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_NEW_SESSIONS_PER_ADDRESS", value_name = "COUNT")]
    max_new_sessions_per_address: Option<String>,
    /// New sessions that games of one key may begin in a minute, ten times as many at once
    #[arg(long, env = "OBSERVERIO_MAX_NEW_SESSIONS_PER_KEY", value_name = "COUNT", default_value = "10000")]
    max_new_sessions_per_key: String,
    /// Bytes of log that the games of one project may store in a day (UTC), such as 500M or 8G
    #[arg(long, env = "OBSERVERIO_MAX_BYTES_PER_DAY", value_name = "BYTES", default_value = "8G")]
    max_bytes_per_day: String,
    /// Requests that one API token or person may make over HTTP in a second, four times as many at once
    #[arg(long, env = "OBSERVERIO_API_REQUESTS_PER_SECOND", value_name = "COUNT", default_value = "50")]
    api_requests_per_second: String,

    /// Seconds in which a game must say its key, with the handshake of TLS
    #[arg(long, env = "OBSERVERIO_VERIFY_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    verify_timeout: String,
    /// Seconds in which a game, or a script that follows the log, must read what it is sent
    #[arg(long, env = "OBSERVERIO_WRITE_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    write_timeout: String,
    /// Seconds in which a browser or script must say what it wants (the head of a request), with the handshake of TLS
    #[arg(long, env = "OBSERVERIO_HEAD_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    head_timeout: String,
    /// Seconds of silence after which a game that speaks version 2 is asked whether it is there
    #[arg(long, env = "OBSERVERIO_PING", value_name = "SECONDS", default_value = "20")]
    ping: String,
    /// Seconds of silence after which a game's machine is asked whether it is there (TCP keep-alive)
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
        let memory = Memory::check(memory.as_deref(), &sources.of("memory", "OBSERVERIO_MEMORY"))?;
        let max_games = count(&self.max_games, &sources.of("max_games", "OBSERVERIO_MAX_GAMES"))?;
        let max_http = count(&self.max_http, &sources.of("max_http", "OBSERVERIO_MAX_HTTP"))?;

        let source = sources.of("max_games_per_address", "OBSERVERIO_MAX_GAMES_PER_ADDRESS");
        let max_games_per_address =
            filled(self.max_games_per_address).map(|text| count(&text, &source)).transpose()?;
        let source = sources.of("max_games_per_key", "OBSERVERIO_MAX_GAMES_PER_KEY");
        let games_per_key = match filled(self.max_games_per_key) {
            Some(text) => count(&text, &source)?,
            None => (max_games - max_games / 8).max(1),
        };
        let source = sources.of("max_bytes_per_day", "OBSERVERIO_MAX_BYTES_PER_DAY");
        let bytes_per_day = bytes(&self.max_bytes_per_day, &source)?;

        let AddressLimits { connects_per_second, bad_keys, new_devices, new_sessions, .. } =
            AddressLimits::default();
        let source = sources.of("max_connects_per_address", "OBSERVERIO_MAX_CONNECTS_PER_ADDRESS");
        let connects_per_second = per_address(self.max_connects_per_address, connects_per_second, &source)?;
        let source = sources.of("max_bad_keys_per_address", "OBSERVERIO_MAX_BAD_KEYS_PER_ADDRESS");
        let bad_keys = per_address(self.max_bad_keys_per_address, bad_keys, &source)?;

        let source = sources.of("max_new_devices_per_address", "OBSERVERIO_MAX_NEW_DEVICES_PER_ADDRESS");
        let new_devices = per_address(self.max_new_devices_per_address, new_devices, &source)?;
        let source = sources.of("max_new_sessions_per_address", "OBSERVERIO_MAX_NEW_SESSIONS_PER_ADDRESS");
        let new_sessions = per_address(self.max_new_sessions_per_address, new_sessions, &source)?;
        let source = sources.of("max_new_sessions_per_key", "OBSERVERIO_MAX_NEW_SESSIONS_PER_KEY");
        let new_sessions_per_key = small_count(&self.max_new_sessions_per_key, &source)?;

        let source = sources.of("api_requests_per_second", "OBSERVERIO_API_REQUESTS_PER_SECOND");
        let api_requests_per_second = small_count(&self.api_requests_per_second, &source)?;

        let source = sources.of("keep_alive", "OBSERVERIO_KEEP_ALIVE");
        let keep_alive = match self.keep_alive.trim().parse() {
            Ok(seconds @ 1..=3600) => Duration::from_secs(seconds),
            _ => return Err(source.refuse("say a number of seconds from 1 to 3600")),
        };
        let address_limits =
            AddressLimits { connects_per_second, bad_keys, new_devices, new_sessions, new_sessions_per_key };
        let verify = sources.of("verify_timeout", "OBSERVERIO_VERIFY_TIMEOUT");
        let write = sources.of("write_timeout", "OBSERVERIO_WRITE_TIMEOUT");
        let game_times = GameTimes {
            verify: seconds(&self.verify_timeout, 60.0, &verify)?,
            write: seconds(&self.write_timeout, 60.0, &write)?,
            ping: seconds(&self.ping, 3600.0, &sources.of("ping", "OBSERVERIO_PING"))?,
            keep_alive,
        };
        let head_timeout = sources.of("head_timeout", "OBSERVERIO_HEAD_TIMEOUT");
        let head_timeout = seconds(&self.head_timeout, 60.0, &head_timeout)?;
        Ok(CheckedLimits {
            memory,
            max_games,
            max_games_per_address,
            gateway: gateway::Limits { games_per_key, bytes_per_day },
            max_http,
            address_limits,
            api_requests_per_second,
            game_times,
            head_timeout,
        })
    }
}

fn count(text: &str, source: &Source) -> Result<usize, ConfigError> {
    match text.trim().parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err(source.refuse("say a number from 1 to 1000000")),
    }
}

/// A number, or one with a unit.
fn bytes(text: &str, source: &Source) -> Result<u64, ConfigError> {
    let bytes = text.trim().parse().ok().or_else(|| size::parse(text)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| source.refuse("say a number of bytes, such as 500000000, 500M or 8G"))
}

fn seconds(text: &str, most: f64, source: &Source) -> Result<Duration, ConfigError> {
    match text.trim().parse() {
        Ok(seconds) if (0.05..=most).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(source.refuse(format!("say a number of seconds from 0.05 to {most}"))),
    }
}

fn small_count(text: &str, source: &Source) -> Result<u32, ConfigError> {
    Ok(u32::try_from(count(text, source)?).expect("it is at most a million"))
}

/// What the operator says is for this machine, too.
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
