//! Who may do what without an account.

use clap::{Args, ValueEnum};

use super::{
    ConfigError, MetricsToken,
    source::{Sources, filled},
};

/// As given.
#[derive(Debug, Args)]
pub(super) struct Access {
    /// Whether scripts may make accounts and keys over HTTP [default: open while both ports listen on
    /// this machine only]
    #[arg(long, env = "OBSERVERIO_REGISTRATION", value_name = "open|closed")]
    registration: Option<String>,
    /// What a monitoring system must send to read /metrics: Authorization: Bearer TOKEN [default: /metrics is open while
    /// both ports listen on this machine only and there is no --public-url, else closed]
    #[arg(long, env = "OBSERVERIO_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    metrics_token: Option<String>,
}

/// Checked.
pub(super) struct CheckedAccess {
    pub(super) registration: Registration,
    pub(super) metrics_token: Option<MetricsToken>,
}

/// Who may make accounts and keys over the HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Everybody who reaches the HTTP port.
    Open,
    /// Nobody.
    Closed,
}

impl Access {
    /// `is_private`: both ports listen on this machine only.
    pub(super) fn check(self, sources: Sources<'_>, is_private: bool) -> Result<CheckedAccess, ConfigError> {
        let source = sources.of("registration", "OBSERVERIO_REGISTRATION");
        let registration = match filled(self.registration) {
            Some(word) => {
                Registration::from_str(word.trim(), true).map_err(|_| source.refuse("say open or closed"))?
            }
            None if is_private => Registration::Open,
            None => Registration::Closed,
        };
        let source = sources.of("metrics_token", "OBSERVERIO_METRICS_TOKEN");
        let metrics_token = filled(self.metrics_token).map(|token| MetricsToken::parse(&token)).transpose();
        let metrics_token = metrics_token.map_err(|why| source.refuse(why))?;
        Ok(CheckedAccess { registration, metrics_token })
    }
}
