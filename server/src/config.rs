//! The operator's settings: flags, `OBSERVERIO_*` variables and defaults become one checked [`Config`].

mod access;
mod address;
mod database;
mod demo;
mod error;
mod limits;
mod memory;
mod network;
mod origin;
mod proxies;
mod size;
mod source;
mod storage;
mod tls;
mod token;

use std::{
    ffi::OsStr,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, FromArgMatches as _, builder::Resettable};
use protocol::model::ProjectId;
use tracing_subscriber::EnvFilter;

pub use self::demo::{Demo, DemoSettings};
pub use access::{MetricsAccess, Registration};
pub use database::Database;
pub use error::ConfigError;
pub use memory::Memory;
pub use origin::PublicUrl;
pub(crate) use origin::without_port;
pub use proxies::TrustedProxies;
pub use tls::{TlsFiles, TlsSettings};
pub use token::MetricsToken;

use self::{access::Access, limits::Limits, network::Network};
pub(crate) use self::{demo::DemoArguments, source::Sources, storage::Storage};
use crate::{
    ingest::{AddressLimits, GameTimes},
    telemetry,
};

// Strings, not parsed values: a bad variable and a bad flag exit with different statuses, and clap would print the
// whole value, which may contain a database password. One file for each heading of the help.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    #[command(flatten, next_help_heading = "Network")]
    network: Network,
    #[command(flatten, next_help_heading = "TLS")]
    tls: tls::Tls,
    #[command(flatten, next_help_heading = "Storage")]
    storage: Storage,
    #[command(flatten, next_help_heading = "Access")]
    access: Access,
    #[command(flatten, next_help_heading = "Limits")]
    limits: Limits,
    /// What to log on standard error, such as debug or warn,gateway=trace
    #[arg(long, env = "OBSERVERIO_LOG", value_name = "FILTER", default_value = telemetry::DEFAULT_FILTER)]
    #[arg(help_heading = "Diagnostics")]
    log: String,
    /// Serve a WebSocket at /echo that echoes every message, for protocol test suites
    #[arg(long, env = "OBSERVERIO_ECHO", hide = true, help_heading = "Diagnostics")]
    echo: bool,
}

/// Checked settings.
#[derive(Debug)]
pub struct Config {
    /// Address for browsers and scripts.
    pub http: SocketAddr,
    /// Address for games.
    pub tcp: SocketAddr,
    /// The dashboard's public address, if it differs from `http`.
    pub public_url: Option<PublicUrl>,
    /// The proxies that are trusted to say where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// TLS for both ports; `None` disables it.
    pub tls: Option<TlsSettings>,
    /// The data directory.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// Who may create accounts and keys over the HTTP API.
    pub registration: Registration,
    /// Who may read the metrics.
    pub metrics: MetricsAccess,
    /// How much memory the program may use.
    pub memory: Memory,
    /// How long an unused session lives.
    pub session_idle: Duration,
    /// Whether projects require a second factor.
    pub require_second_factor: bool,
    /// Maximum number of connected games.
    pub max_games: usize,
    /// The same for one address; `None`: a share of `max_games`.
    pub(crate) max_games_per_address: Option<usize>,
    /// Limits for each key and project.
    pub(crate) gateway_limits: gateway::Limits,
    /// Maximum number of connected browsers and scripts.
    pub max_http: usize,
    /// Rate limits at the game port, for each address.
    pub(crate) address_limits: AddressLimits,
    /// HTTP API requests per second for each token or person, with bursts of four times that.
    pub api_requests_per_second: u32,
    /// Timeouts for game connections.
    pub(crate) game_times: GameTimes,
    /// Timeout for a request's headers, and for the TLS handshake before the first request.
    pub head_timeout: Duration,
    /// Whether `/echo` is served.
    pub(crate) echo: bool,
    /// The project of a demo: the one-time link signs in at once, and leads there.
    pub(crate) demo: Option<ProjectId>,
}

impl Config {
    /// A server that is reachable from this machine alone, with the default of every other setting: a demo must not get
    /// into the database that the environment names.
    pub(crate) fn private(http_port: u16, tcp_port: u16, data_dir: &Path) -> Self {
        let without_variables = |arg: clap::Arg| arg.env(Resettable::<clap::builder::OsStr>::Reset);
        let command = Settings::augment_args(clap::Command::new("observerio")).mut_args(without_variables);
        let (http, tcp) = (format!("127.0.0.1:{http_port}"), format!("127.0.0.1:{tcp_port}"));
        let arguments = ["observerio", "--http", &http, "--tcp", &tcp, "--data-dir"].map(OsStr::new);
        let matches = command.try_get_matches_from(arguments.into_iter().chain([data_dir.as_os_str()]));
        let matches = matches.expect("these arguments are right");
        let settings = Settings::from_arg_matches(&matches).expect("these arguments are complete");
        let (config, _) = settings.check(Sources::new(&matches)).expect("the defaults are valid");
        config
    }

    /// Where the data is, for people: the data directory, or else the configured database.
    pub fn storage(&self) -> String {
        match &self.database {
            Database::Sqlite(path) if path.starts_with(&self.data_dir) => self.data_dir.display().to_string(),
            other => other.to_string(),
        }
    }
}

impl Settings {
    pub(crate) fn check(self, sources: Sources<'_>) -> Result<(Config, EnvFilter), ConfigError> {
        let network = self.network.check(sources)?;
        let tls = self.tls.check(sources)?;
        let (data_dir, database) = self.storage.check(sources)?;
        let access = self.access.check(sources, network.is_private())?;
        let limits = self.limits.check(sources)?;
        if self.echo && !network.is_private() {
            let why = "only allowed while the server is reachable from this machine alone, because it requires no authentication";
            return Err(sources.of("echo").refuse(why));
        }
        let filter = telemetry::parse_filter(&self.log).map_err(|why| sources.of("log").refuse(why))?;
        let config = Config {
            http: network.http,
            tcp: network.tcp,
            public_url: network.public_url,
            trusted_proxies: network.trusted_proxies,
            tls,
            data_dir,
            database,
            registration: access.registration,
            metrics: access.metrics,
            memory: limits.memory,
            session_idle: access.session_idle,
            require_second_factor: access.require_second_factor,
            max_games: limits.max_games,
            max_games_per_address: limits.max_games_per_address,
            gateway_limits: limits.gateway,
            max_http: limits.max_http,
            address_limits: limits.address_limits,
            api_requests_per_second: limits.api_requests_per_second,
            game_times: limits.game_times,
            head_timeout: limits.head_timeout,
            echo: self.echo,
            demo: None,
        };
        Ok((config, filter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::AddressLimit;

    fn parse(arguments: &[&str]) -> Result<Config, ConfigError> {
        Config::parse(std::iter::once(&"observerio").chain(arguments)).map(|(config, _)| config)
    }

    #[test]
    fn registration_is_open_only_while_both_ports_are_private() {
        let registration = |http, tcp| parse(&["--http", http, "--tcp", tcp]).unwrap().registration;
        assert_eq!(registration("127.0.0.1:1", "[::1]:2"), Registration::Open);
        assert_eq!(registration("0.0.0.0:1", "127.0.0.1:2"), Registration::Closed);
        assert_eq!(registration("127.0.0.1:1", "0.0.0.0:2"), Registration::Closed);
        let open = parse(&["--http", "0.0.0.0:1", "--registration", "open"]).unwrap();
        assert_eq!(open.registration, Registration::Open);
    }

    #[test]
    fn a_proxy_in_front_closes_what_is_open_on_one_machine() {
        assert!(matches!(parse(&[]).unwrap().metrics, MetricsAccess::Everybody));
        for proxy in [["--public-url", "https://tune.example.org"], ["--trusted-proxies", "127.0.0.1"]] {
            let config = parse(&proxy).unwrap();
            assert_eq!(config.registration, Registration::Closed, "{proxy:?}");
            assert!(matches!(config.metrics, MetricsAccess::Nobody), "{proxy:?}");
            let open = parse(&[&proxy[..], &["--registration", "open"]].concat()).unwrap();
            assert_eq!(open.registration, Registration::Open, "{proxy:?}");
            assert!(parse(&[&proxy[..], &["--echo"]].concat()).is_err(), "{proxy:?}");
        }
    }

    #[test]
    fn a_limit_that_somebody_set_is_for_this_machine_too() {
        assert_eq!(parse(&[]).unwrap().address_limits, AddressLimits::default());
        let limits = ["connects", "bad-keys", "new-devices", "new-sessions"];
        let flags = limits.map(|limit| format!("--max-{limit}-per-address=7"));
        let set = parse(&flags.each_ref().map(String::as_str)).unwrap().address_limits;
        let AddressLimits { connects_per_second, bad_keys, new_devices, new_sessions, .. } = set;
        for limit in [connects_per_second, bad_keys, new_devices, new_sessions] {
            assert_eq!(limit, AddressLimit::of_all(7));
        }
    }

    #[test]
    fn a_key_has_most_of_the_games_and_a_project_so_many_bytes_a_day() {
        let limits = |flags: &[&str]| parse(flags).map(|config| config.gateway_limits);
        let gateway::Limits { games_per_key, bytes_per_day, log_bytes, audit_days } = limits(&[]).unwrap();
        assert_eq!((games_per_key, bytes_per_day), (8_750, 8 << 30));
        assert_eq!((log_bytes, audit_days), (None, None));
        assert_eq!(limits(&["--max-games", "1"]).unwrap().games_per_key, 1);
        assert_eq!(limits(&["--max-games-per-key", "20000"]).unwrap().games_per_key, 20_000);
        for (text, bytes) in [("1", 1), ("500M", 500 << 20), (" 2k ", 2_048), ("1T", 1 << 40)] {
            assert_eq!(limits(&["--max-bytes-per-day", text]).unwrap().bytes_per_day, bytes, "{text}");
        }
        for bad in ["0", "", "M", "-1", "8GB", "1.5G", "99999999999999T"] {
            assert!(limits(&["--max-bytes-per-day", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_forgotten_on_the_whole_server_unless_somebody_says_so() {
        let limits = |flags: &[&str]| parse(flags).map(|config| config.gateway_limits);
        assert_eq!(limits(&["--max-log-bytes", "50G"]).unwrap().log_bytes, Some(50 << 30));
        assert_eq!(limits(&["--audit-days", "365"]).unwrap().audit_days, Some(365));
        for bad in [["--max-log-bytes", "0"], ["--audit-days", "364"], ["--audit-days", "36501"]] {
            assert!(limits(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn tls_is_optional_as_soon_as_there_is_a_certificate() {
        let tls = |more: &[&str]| {
            let arguments = [&["--tls-cert", "c.pem", "--tls-key", "k.pem"], more].concat();
            parse(&arguments).unwrap().tls.map(|tls| tls.is_required)
        };
        assert_eq!(tls(&[]), Some(false));
        assert_eq!(tls(&["--tls", "optional"]), Some(false));
        assert_eq!(tls(&["--tls", "required"]), Some(true));
        assert_eq!(tls(&["--tls", "off"]), None);
        assert_eq!(parse(&["--tls", "off"]).unwrap().tls, None);
        assert_eq!(parse(&[]).unwrap().tls, None);
    }
}
