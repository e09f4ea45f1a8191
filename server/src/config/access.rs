//! Settings for access without an account, and for sessions.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{
    ConfigError, MetricsToken,
    source::{Sources, filled},
};

/// As given.
#[derive(Debug, Args)]
pub(super) struct Access {
    /// Whether anyone may create accounts and keys over HTTP [default: open while the server is reachable from this machine
    /// alone: both ports on loopback, without --public-url and --trusted-proxies]
    #[arg(long, env = "OBSERVERIO_REGISTRATION", value_name = "open|closed")]
    registration: Option<String>,
    /// Token for /metrics, sent as Authorization: Bearer TOKEN [default: /metrics is open while the server is reachable from
    /// this machine alone, as for --registration]
    #[arg(long, env = "OBSERVERIO_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    metrics_token: Option<String>,
    /// Hours after which an unused session ends; a session in use lives 30 days
    #[arg(long, env = "OBSERVERIO_SESSION_IDLE", value_name = "HOURS", default_value = "168")]
    session_idle: String,
    /// Require a second factor for every project and for the owner's pages; API tokens keep working
    #[arg(long, env = "OBSERVERIO_REQUIRE_SECOND_FACTOR")]
    require_second_factor: bool,
}

/// Checked.
pub(super) struct CheckedAccess {
    pub(super) registration: Registration,
    pub(super) metrics: MetricsAccess,
    pub(super) session_idle: Duration,
    pub(super) require_second_factor: bool,
}

/// Who may read the metrics.
#[derive(Clone, Debug)]
pub enum MetricsAccess {
    /// Anyone who can reach the HTTP port, which is this machine alone.
    Everybody,
    /// Anyone who sends the token.
    Token(MetricsToken),
    /// Nobody: other machines can reach the port, and there is no token.
    Nobody,
}

/// Who may create accounts and keys over the HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Anyone who can reach the HTTP port.
    Open,
    /// Nobody.
    Closed,
}

impl Access {
    /// `is_private`: the server is reachable from this machine alone.
    pub(super) fn check(self, sources: Sources<'_>, is_private: bool) -> Result<CheckedAccess, ConfigError> {
        let source = sources.of("registration");
        let registration = match filled(self.registration) {
            Some(word) => {
                Registration::from_str(word.trim(), true).map_err(|_| source.refuse("use open or closed"))?
            }
            None if is_private => Registration::Open,
            None => Registration::Closed,
        };
        let source = sources.of("metrics_token");
        let metrics_token = filled(self.metrics_token).map(|token| MetricsToken::parse(&token)).transpose();
        let metrics = match metrics_token.map_err(|why| source.refuse(why))? {
            Some(token) => MetricsAccess::Token(token),
            None if is_private => MetricsAccess::Everybody,
            None => MetricsAccess::Nobody,
        };
        let source = sources.of("session_idle");
        let session_idle = match self.session_idle.trim().parse::<f64>() {
            Ok(hours) if (0.25..=720.0).contains(&hours) => Duration::from_secs_f64(hours * 3600.0),
            _ => return Err(source.refuse("use a number of hours from 0.25 to 720")),
        };
        Ok(CheckedAccess {
            registration,
            metrics,
            session_idle,
            require_second_factor: self.require_second_factor,
        })
    }
}
