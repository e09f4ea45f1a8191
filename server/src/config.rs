//! What the operator wants: flags, `OBSERVERIO_*` variables and defaults become one checked [`Config`].

mod access;
mod address;
mod database;
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

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind};
use tracing_subscriber::EnvFilter;

pub use access::{MetricsAccess, Registration};
pub use database::Database;
pub use memory::Memory;
pub use origin::PublicUrl;
pub(crate) use origin::without_port;
pub use proxies::TrustedProxies;
pub use tls::{TlsFiles, TlsSettings};
pub use token::MetricsToken;

use self::{access::Access, limits::Limits, network::Network, source::Sources, storage::Storage};
use crate::{
    copies::{Copy, Target},
    ingest::{AddressLimits, GameTimes},
    telemetry,
};

/// The settings as they were given; [`Config`] is what they mean.
#[derive(Debug, Parser)]
#[command(
    name = "observerio",
    version,
    about = "See and change the variables of running games, live, in the browser",
    long_about = "See and change the variables of running games, live, in the browser.\n\n\
        Without a command it starts the server, as `observerio serve` does. Every option can also be set \
        by the variable named beside it; the option wins. The exit status is 2 for a wrong command line \
        and 78 for a setting that can't work. The commands from login on talk to a server, here or elsewhere: \
        1 says that it refused or games did not apply it, 69 that it can't be reached, 77 that nobody is signed in \
        or may not do this.",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server (this is also what happens without a command)
    Serve(Box<Settings>),
    /// Write everything into one file, whether or not a server is running
    Backup {
        /// The file to make, which only you can read; - writes it to standard output
        file: PathBuf,
        /// Replace the file if it exists
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        storage: Storage,
    },
    /// Put what a back-up holds in place of everything; a running server takes it up by itself
    Restore {
        /// A file that `observerio backup` made, from this database or another one
        file: PathBuf,
        /// Don't back up what is there before; otherwise it goes to before-restore-N.db in the data directory
        #[arg(long)]
        no_backup: bool,
        #[command(flatten)]
        storage: Storage,
    },
    /// Let an account sign in with its password alone, when its app and its recovery codes are lost
    RemoveSecondFactor {
        /// The account's e-mail
        email: String,
        #[command(flatten)]
        storage: Storage,
    },
    /// What people say who work with a server, here or elsewhere.
    #[command(flatten)]
    Client(client::Command),
}

/// What the program is to do.
#[derive(Debug)]
pub enum Task {
    /// Serve, and log by this filter.
    Serve(Box<(Config, EnvFilter)>),
    /// Copy everything from or to a database.
    Copy(Copy, Database),
    /// Remove the second factor of the account with this e-mail.
    RemoveSecondFactor(String, Database),
    /// Talk to a server.
    Talk(Box<client::Command>),
}

// Texts, not parsed values: a bad variable and a bad flag end with different exit statuses, and clap would
// print the whole value, which for a database may hold a password. One file for each heading of the help.
#[derive(Debug, Args)]
struct Settings {
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
    /// What is logged on standard error, such as debug or warn,gateway=trace
    #[arg(long, env = "OBSERVERIO_LOG", value_name = "FILTER", default_value = telemetry::DEFAULT_FILTER)]
    #[arg(help_heading = "Diagnostics")]
    log: String,
    /// A WebSocket at /echo that says back what it hears, for testers of the protocol
    #[arg(long, env = "OBSERVERIO_ECHO", hide = true, help_heading = "Diagnostics")]
    echo: bool,
}

/// Checked settings.
#[derive(Debug)]
pub struct Config {
    /// Where browsers and scripts connect.
    pub http: SocketAddr,
    /// Where games connect.
    pub tcp: SocketAddr,
    /// The address that people type, when it is not that of `http`.
    pub public_url: Option<PublicUrl>,
    /// Whose word counts on where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// How both ports speak TLS; `None`: not at all.
    pub tls: Option<TlsSettings>,
    /// Where files are kept.
    pub data_dir: PathBuf,
    /// Where everything is stored.
    pub database: Database,
    /// Who may make accounts and keys over the HTTP API.
    pub registration: Registration,
    /// Who may read the metrics.
    pub metrics: MetricsAccess,
    /// What the program may take.
    pub memory: Memory,
    /// How long a session lives that nobody uses.
    pub session_idle: Duration,
    /// Whether people without a second factor are kept out of every project.
    pub require_second_factor: bool,
    /// Games connected at once.
    pub max_games: usize,
    /// Those of one address; `None`: a share of all.
    pub(crate) max_games_per_address: Option<usize>,
    /// What one key and one project may take.
    pub(crate) gateway_limits: gateway::Limits,
    /// Browsers and scripts connected at once.
    pub max_http: usize,
    /// What one address may do at the game port.
    pub(crate) address_limits: AddressLimits,
    /// Requests that one token or person may make of the HTTP API in a second; four times as many at once.
    pub api_requests_per_second: u32,
    /// How long is waited for games.
    pub(crate) game_times: GameTimes,
    /// How long is waited for the head of a request, and for the handshake before the first.
    pub head_timeout: Duration,
    /// Whether there is a WebSocket that says back what it hears.
    pub(crate) echo: bool,
}

/// Why there is no [`Config`].
#[derive(Debug)]
pub enum ConfigError {
    /// Not an error: the text that was asked for, for standard output.
    Asked(String),
    /// The command line is wrong: one sentence, exit status 2.
    Usage(String),
    /// A setting can't work: one sentence, exit status 78.
    Setting(String),
}

impl Config {
    /// The settings of a server.
    ///
    /// # Errors
    /// [`ConfigError`], also when the arguments ask for something else than a server.
    pub fn parse<I>(arguments: I) -> Result<(Self, EnvFilter), ConfigError>
    where
        I: IntoIterator,
        I::Item: Into<OsString> + Clone,
    {
        match Task::parse(arguments)? {
            Task::Serve(settings) => Ok(*settings),
            Task::Copy(..) | Task::RemoveSecondFactor(..) | Task::Talk(_) => {
                Err(ConfigError::Usage("this starts no server".to_owned()))
            }
        }
    }
}

impl Task {
    /// Reads arguments (the first is the program's name) and the environment.
    ///
    /// # Errors
    /// [`ConfigError`], which never holds a password.
    pub fn parse<I>(arguments: I) -> Result<Self, ConfigError>
    where
        I: IntoIterator,
        I::Item: Into<OsString> + Clone,
    {
        let matches = Cli::command().try_get_matches_from(arguments).map_err(from_clap)?;
        let cli = Cli::from_arg_matches(&matches).map_err(from_clap)?;
        let (settings, matches) = match (cli.command, matches.subcommand()) {
            (Some(Command::Serve(settings)), Some((_, matches))) => (*settings, matches),
            (Some(Command::Client(command)), _) => return Ok(Self::Talk(Box::new(command))),
            (Some(command), Some((_, matches))) => return copy(command, matches),
            _ => (cli.settings, &matches),
        };
        Ok(Self::Serve(Box::new(settings.check(Sources::new(matches))?)))
    }
}

/// The whole command line, for completions.
pub fn command_line() -> clap::Command {
    Cli::command()
}

/// `backup` and `restore`.
fn copy(command: Command, matches: &ArgMatches) -> Result<Task, ConfigError> {
    let sources = Sources::new(matches);
    match command {
        Command::Backup { file, force, storage } => {
            let (_, database) = storage.check(sources)?;
            let to = match file.as_os_str() == "-" {
                true => Target::Output,
                false => Target::File { file, force },
            };
            Ok(Task::Copy(Copy::BackUp(to), database))
        }
        Command::Restore { file, no_backup, storage } => {
            let (data_dir, database) = storage.check(sources)?;
            Ok(Task::Copy(Copy::Restore { file, data_dir, keeps: !no_backup }, database))
        }
        Command::RemoveSecondFactor { email, storage } => {
            let (_, database) = storage.check(sources)?;
            Ok(Task::RemoveSecondFactor(email, database))
        }
        Command::Serve(_) | Command::Client(_) => unreachable!("the caller has done it"),
    }
}

impl Config {
    /// What holds the data, for people: the data directory, or else the database that was named.
    pub fn storage(&self) -> String {
        match &self.database {
            Database::Sqlite(path) if path.starts_with(&self.data_dir) => self.data_dir.display().to_string(),
            other => other.to_string(),
        }
    }
}

impl Settings {
    fn check(self, sources: Sources<'_>) -> Result<(Config, EnvFilter), ConfigError> {
        let network = self.network.check(sources)?;
        let tls = self.tls.check(sources)?;
        let (data_dir, database) = self.storage.check(sources)?;
        let access = self.access.check(sources, network.is_private())?;
        let limits = self.limits.check(sources)?;
        if self.echo && !network.is_private() {
            let why = "only while nobody but this machine reaches the server; it requires no authentication";
            return Err(sources.of("echo", "OBSERVERIO_ECHO").refuse(why));
        }
        let filter = telemetry::parse_filter(&self.log)
            .map_err(|why| sources.of("log", "OBSERVERIO_LOG").refuse(why))?;
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
        };
        Ok((config, filter))
    }
}

/// clap explains in several lines; the first says it, and repeats what was typed: maybe a token in the wrong place.
fn from_clap(error: clap::Error) -> ConfigError {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ConfigError::Asked(text),
        _ => {
            let first = text.lines().next().unwrap_or_default();
            ConfigError::Usage(client::without_tokens(first.strip_prefix("error: ").unwrap_or(first)))
        }
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
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_what_happens_without_a_command() {
        let bare = parse(&["--http", "127.0.0.1:0"]).unwrap();
        let serve = parse(&["serve", "--http", "127.0.0.1:0"]).unwrap();
        assert_eq!(bare.http, serve.http);
        assert_eq!(bare.http.port(), 0);
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
        let gateway::Limits { games_per_key, bytes_per_day } = limits(&[]).unwrap();
        assert_eq!((games_per_key, bytes_per_day), (8_750, 8 << 30));
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

    #[test]
    fn a_wrong_flag_is_one_sentence() {
        for arguments in [
            &["--nonsense"][..],
            &["--http", "nonsense"],
            &["--registration", "maybe"],
            &["--session-idle", "0"],
            &["--session-idle", "721"],
            &["--max-games", "0"],
            &["--memory", "64M"],
            &["--memory", "lots"],
            &["--memory", "512"],
            &["--max-connects-per-address", "0"],
            &["--max-bad-keys-per-address", "many"],
            &["--max-new-devices-per-address", "-1"],
            &["--verify-timeout", "0"],
            &["--write-timeout", "61"],
            &["--head-timeout", "NaN"],
            &["--trusted-proxies", "proxy.example.org"],
            &["--tls-cert", "c.pem"],
            &["--tls-key", "k.pem"],
            &["--tls", "required"],
            &["--tls", "optional"],
            &["--tls-cert", "c.pem", "--tls-key", "k.pem", "--tls", "maybe"],
            &["--ping", "NaN"],
            &["--echo", "--http", "0.0.0.0:1"],
            &["--echo", "--tcp", "0.0.0.0:1"],
            &["--api-requests-per-second", "0"],
            &["--metrics-token", "hunter2"],
            &["--database-url", "mysql://u:hunter2@h/db"],
            &["--public-url", "tune.example.org"],
            &["frobnicate"],
        ] {
            match parse(arguments) {
                Err(ConfigError::Usage(text)) => {
                    assert!(!text.contains('\n') && !text.contains("hunter2"), "{text}");
                }
                other => panic!("{arguments:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn help_is_complete() {
        let Err(ConfigError::Asked(help)) = parse(&["--help"]) else { panic!("no help") };
        for name in [
            "OBSERVERIO_HTTP",
            "OBSERVERIO_TCP",
            "OBSERVERIO_PUBLIC_URL",
            "OBSERVERIO_DATA_DIR",
            "DATABASE_URL",
            "OBSERVERIO_REGISTRATION",
            "OBSERVERIO_METRICS_TOKEN",
            "OBSERVERIO_MAX_GAMES",
            "OBSERVERIO_MAX_HTTP",
            "OBSERVERIO_MAX_CONNECTS_PER_ADDRESS",
            "OBSERVERIO_MAX_BAD_KEYS_PER_ADDRESS",
            "OBSERVERIO_MAX_NEW_DEVICES_PER_ADDRESS",
            "OBSERVERIO_TRUSTED_PROXIES",
            "OBSERVERIO_TLS_CERT",
            "OBSERVERIO_TLS_KEY",
            "OBSERVERIO_TLS=",
            "OBSERVERIO_VERIFY_TIMEOUT",
            "OBSERVERIO_WRITE_TIMEOUT",
            "OBSERVERIO_HEAD_TIMEOUT",
            "OBSERVERIO_API_REQUESTS_PER_SECOND",
            "OBSERVERIO_PING",
            "OBSERVERIO_KEEP_ALIVE",
            "OBSERVERIO_LOG",
            "Network:",
            "TLS:",
            "Storage:",
            "Access:",
            "Limits:",
            "Diagnostics:",
        ] {
            assert!(help.contains(name), "{name} is not in:\n{help}");
        }
    }
}
