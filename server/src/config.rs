//! What the operator wants: flags, `OBSERVERIO_*` variables and defaults become one checked [`Config`].

mod address;
mod database;
mod origin;
mod token;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{
    ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, error::ErrorKind,
    parser::ValueSource,
};
use tracing_subscriber::EnvFilter;

pub use database::Database;
pub use origin::PublicUrl;
pub(crate) use origin::without_port;
pub use token::MetricsToken;

use crate::{
    copies::Copy,
    ingest::{AddressLimit, AddressLimits, GameTimes},
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
        and 78 for a setting that can't work.",
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
        /// The file to make
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
}

/// Where the data is, as for the server.
#[derive(Debug, Args)]
struct Storage {
    /// Where files are kept
    #[arg(long, env = "OBSERVERIO_DATA_DIR", value_name = "DIR", default_value = "./observerio-data")]
    data_dir: PathBuf,
    /// postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH [default: sqlite, observerio.db in the data directory]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl Storage {
    fn database(self, source: impl FnOnce() -> Source) -> Result<Database, ConfigError> {
        match filled(self.database_url) {
            Some(url) => Database::parse(&url).map_err(|why| source().refuse(why)),
            None => Ok(Database::Sqlite(self.data_dir.join("observerio.db"))),
        }
    }
}

/// What the program is to do.
#[derive(Debug)]
pub enum Task {
    /// Serve, and log by this filter.
    Serve(Box<(Config, EnvFilter)>),
    /// Copy everything from or to a database.
    Copy(Copy, Database),
}

// Texts, not parsed values: a bad variable and a bad flag end with different exit statuses, and clap would
// print the whole value, which for a database may hold a password.
#[derive(Debug, Args)]
struct Settings {
    /// Where browsers and scripts connect (port 0: any free one)
    #[arg(long, env = "OBSERVERIO_HTTP", value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    #[arg(help_heading = "Network")]
    http: String,
    /// Where games connect (port 0: any free one)
    #[arg(long, env = "OBSERVERIO_TCP", value_name = "HOST:PORT", default_value = "127.0.0.1:6667")]
    #[arg(help_heading = "Network")]
    tcp: String,
    /// The address that people type, such as https://tune.example.org, when it is not that of --http
    #[arg(long, env = "OBSERVERIO_PUBLIC_URL", value_name = "URL", help_heading = "Network")]
    public_url: Option<String>,

    /// Where files are kept; made if it is missing
    #[arg(long, env = "OBSERVERIO_DATA_DIR", value_name = "DIR", default_value = "./observerio-data")]
    #[arg(help_heading = "Storage")]
    data_dir: PathBuf,
    /// postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH [default: sqlite, observerio.db in the data directory]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, help_heading = "Storage")]
    database_url: Option<String>,

    /// Whether scripts may make accounts and keys over HTTP [default: open while both ports listen on
    /// this machine only]
    #[arg(long, env = "OBSERVERIO_REGISTRATION", value_name = "open|closed", help_heading = "Access")]
    registration: Option<String>,
    /// What a monitoring system must send to read /metrics: Authorization: Bearer TOKEN [default: /metrics is open while
    /// both ports listen on this machine only and there is no --public-url, else closed]
    #[arg(long, env = "OBSERVERIO_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    #[arg(help_heading = "Access")]
    metrics_token: Option<String>,

    /// Games connected at once
    #[arg(long, env = "OBSERVERIO_MAX_GAMES", value_name = "COUNT", default_value = "10000")]
    #[arg(help_heading = "Limits")]
    max_games: String,
    /// Browsers and scripts connected at once
    #[arg(long, env = "OBSERVERIO_MAX_HTTP", value_name = "COUNT", default_value = "2000")]
    #[arg(help_heading = "Limits")]
    max_http: String,
    /// Connections of games that one address may make in a second, ten times as many at once [default: 100, and any
    /// number from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_CONNECTS_PER_ADDRESS", value_name = "COUNT", help_heading = "Limits")]
    max_connects_per_address: Option<String>,
    /// Wrong keys that one address may say in five minutes [default: 100, and any number from this machine itself]
    #[arg(long, env = "OBSERVERIO_MAX_BAD_KEYS_PER_ADDRESS", value_name = "COUNT", help_heading = "Limits")]
    max_bad_keys_per_address: Option<String>,

    /// Seconds in which a game must say its key
    #[arg(long, env = "OBSERVERIO_VERIFY_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    #[arg(help_heading = "Limits")]
    verify_timeout: String,
    /// Seconds in which a game must read what it is sent
    #[arg(long, env = "OBSERVERIO_WRITE_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    #[arg(help_heading = "Limits")]
    write_timeout: String,
    /// Seconds of silence after which a game that speaks version 2 is asked whether it is there
    #[arg(long, env = "OBSERVERIO_PING", value_name = "SECONDS", default_value = "20")]
    #[arg(help_heading = "Limits")]
    ping: String,
    /// Seconds of silence after which a game's machine is asked whether it is there (TCP keep-alive)
    #[arg(long, env = "OBSERVERIO_KEEP_ALIVE", value_name = "SECONDS", default_value = "30")]
    #[arg(help_heading = "Limits")]
    keep_alive: String,

    /// What is logged on standard error, such as debug or warn,gateway=trace
    #[arg(long, env = "OBSERVERIO_LOG", value_name = "FILTER", default_value = telemetry::DEFAULT_FILTER)]
    #[arg(help_heading = "Diagnostics")]
    log: String,
    /// A WebSocket at /echo that says back what it hears, for testers of the protocol
    #[arg(long, env = "OBSERVERIO_ECHO", hide = true, help_heading = "Diagnostics")]
    echo: bool,
}

/// Who may make accounts and keys over the HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Everybody who reaches the HTTP port.
    Open,
    /// Nobody.
    Closed,
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
    /// Where files are kept.
    pub data_dir: PathBuf,
    /// Where everything is stored.
    pub database: Database,
    /// Who may make accounts and keys over the HTTP API.
    pub registration: Registration,
    /// What must be sent to read the metrics.
    pub metrics_token: Option<MetricsToken>,
    /// Games connected at once.
    pub max_games: usize,
    /// Browsers and scripts connected at once.
    pub max_http: usize,
    /// What one address may do at the game port.
    pub(crate) address_limits: AddressLimits,
    /// How long is waited for games.
    pub(crate) game_times: GameTimes,
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
            Task::Copy(..) => Err(ConfigError::Usage("this starts no server".to_owned())),
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
            (Some(command), Some((_, matches))) => return copy(command, matches),
            _ => (cli.settings, &matches),
        };
        let from = |id: &'static str, variable: &'static str| Source {
            on_command_line: matches.value_source(id) == Some(ValueSource::CommandLine),
            flag: format!("--{}", id.replace('_', "-")),
            variable,
        };
        Ok(Self::Serve(Box::new(settings.check(from)?)))
    }
}

/// `backup` and `restore`.
fn copy(command: Command, matches: &ArgMatches) -> Result<Task, ConfigError> {
    let source = || Source {
        on_command_line: matches.value_source("database_url") == Some(ValueSource::CommandLine),
        flag: "--database-url".to_owned(),
        variable: "DATABASE_URL",
    };
    match command {
        Command::Backup { file, force, storage } => {
            Ok(Task::Copy(Copy::BackUp { file, force }, storage.database(source)?))
        }
        Command::Restore { file, no_backup, storage } => {
            let kept_in = (!no_backup).then(|| storage.data_dir.clone());
            Ok(Task::Copy(Copy::Restore { file, kept_in }, storage.database(source)?))
        }
        Command::Serve(_) => unreachable!("the caller serves"),
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

/// Where a setting comes from, for the sentence that says what is wrong with it.
struct Source {
    on_command_line: bool,
    flag: String,
    variable: &'static str,
}

impl Source {
    fn refuse(&self, why: impl std::fmt::Display) -> ConfigError {
        match self.on_command_line {
            true => ConfigError::Usage(format!("{}: {why}", self.flag)),
            false => ConfigError::Setting(format!("{}: {why}", self.variable)),
        }
    }
}

impl Settings {
    fn check(
        self,
        from: impl Fn(&'static str, &'static str) -> Source,
    ) -> Result<(Config, EnvFilter), ConfigError> {
        let address = |text: &str, source: Source| address::parse(text).map_err(|why| source.refuse(why));
        let http = address(&self.http, from("http", "OBSERVERIO_HTTP"))?;
        let tcp = address(&self.tcp, from("tcp", "OBSERVERIO_TCP"))?;

        let source = from("public_url", "OBSERVERIO_PUBLIC_URL");
        let public_url = filled(self.public_url).map(|url| PublicUrl::parse(&url)).transpose();
        let public_url = public_url.map_err(|why| source.refuse(why))?;

        let source = from("database_url", "DATABASE_URL");
        let database = match filled(self.database_url) {
            Some(url) => Database::parse(&url).map_err(|why| source.refuse(why))?,
            None => Database::Sqlite(self.data_dir.join("observerio.db")),
        };

        let source = from("registration", "OBSERVERIO_REGISTRATION");
        let registration = match filled(self.registration) {
            Some(word) => {
                Registration::from_str(word.trim(), true).map_err(|_| source.refuse("say open or closed"))?
            }
            None if http.ip().is_loopback() && tcp.ip().is_loopback() => Registration::Open,
            None => Registration::Closed,
        };

        let source = from("metrics_token", "OBSERVERIO_METRICS_TOKEN");
        let metrics_token = filled(self.metrics_token).map(|token| MetricsToken::parse(&token)).transpose();
        let metrics_token = metrics_token.map_err(|why| source.refuse(why))?;

        let count = |text: &str, source: Source| match text.trim().parse() {
            Ok(count @ 1..=1_000_000) => Ok(count),
            _ => Err(source.refuse("say a number from 1 to 1000000")),
        };
        let max_games = count(&self.max_games, from("max_games", "OBSERVERIO_MAX_GAMES"))?;
        let max_http = count(&self.max_http, from("max_http", "OBSERVERIO_MAX_HTTP"))?;
        // a proxy on this machine speaks for everybody, unless the operator says that it does not
        let per_address = |text: Option<String>, default: AddressLimit, source: Source| match filled(text) {
            None => Ok(default),
            Some(text) => {
                let count = u32::try_from(count(&text, source)?).expect("it is at most a million");
                Ok(AddressLimit { count, for_own_machine: true })
            }
        };
        let AddressLimits { connects_per_second, bad_keys } = AddressLimits::default();
        let source = from("max_connects_per_address", "OBSERVERIO_MAX_CONNECTS_PER_ADDRESS");
        let connects_per_second = per_address(self.max_connects_per_address, connects_per_second, source)?;
        let source = from("max_bad_keys_per_address", "OBSERVERIO_MAX_BAD_KEYS_PER_ADDRESS");
        let bad_keys = per_address(self.max_bad_keys_per_address, bad_keys, source)?;

        let seconds = |text: &str, most: f64, source: Source| match text.trim().parse::<f64>() {
            Ok(seconds) if (0.05..=most).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
            _ => Err(source.refuse(format!("say a number of seconds from 0.05 to {most}"))),
        };
        let keep_alive = match self.keep_alive.trim().parse() {
            Ok(seconds @ 1..=3600) => Duration::from_secs(seconds),
            _ => {
                let source = from("keep_alive", "OBSERVERIO_KEEP_ALIVE");
                return Err(source.refuse("say a number of seconds from 1 to 3600"));
            }
        };
        let game_times = GameTimes {
            verify: seconds(&self.verify_timeout, 60.0, from("verify_timeout", "OBSERVERIO_VERIFY_TIMEOUT"))?,
            write: seconds(&self.write_timeout, 60.0, from("write_timeout", "OBSERVERIO_WRITE_TIMEOUT"))?,
            ping: seconds(&self.ping, 3600.0, from("ping", "OBSERVERIO_PING"))?,
            keep_alive,
        };

        if self.echo && !(http.ip().is_loopback() && tcp.ip().is_loopback()) {
            let why = "only while both ports listen on this machine only; it asks nobody who he is";
            return Err(from("echo", "OBSERVERIO_ECHO").refuse(why));
        }
        let source = from("log", "OBSERVERIO_LOG");
        let filter = telemetry::parse_filter(&self.log).map_err(|why| source.refuse(why))?;
        let data_dir = self.data_dir;
        Ok((
            Config {
                http,
                tcp,
                public_url,
                data_dir,
                database,
                registration,
                metrics_token,
                max_games,
                max_http,
                address_limits: AddressLimits { connects_per_second, bad_keys },
                game_times,
                echo: self.echo,
            },
            filter,
        ))
    }
}

/// An empty variable is an unset one: that is what `OBSERVERIO_X= observerio` means to people.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// clap explains in several lines; the first says it.
fn from_clap(error: clap::Error) -> ConfigError {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ConfigError::Asked(text),
        _ => {
            let first = text.lines().next().unwrap_or_default();
            ConfigError::Usage(first.strip_prefix("error: ").unwrap_or(first).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn this_machine_is_limited_only_by_a_limit_that_somebody_set() {
        let AddressLimits { connects_per_second, bad_keys } = parse(&[]).unwrap().address_limits;
        assert!(!connects_per_second.for_own_machine && !bad_keys.for_own_machine);
        let set = parse(&["--max-connects-per-address", "10000", "--max-bad-keys-per-address", "5"]).unwrap();
        assert_eq!(
            set.address_limits.connects_per_second,
            AddressLimit { count: 10_000, for_own_machine: true }
        );
        assert_eq!(set.address_limits.bad_keys, AddressLimit { count: 5, for_own_machine: true });
    }

    #[test]
    fn a_wrong_flag_is_one_sentence() {
        for arguments in [
            &["--nonsense"][..],
            &["--http", "nonsense"],
            &["--registration", "maybe"],
            &["--max-games", "0"],
            &["--max-connects-per-address", "0"],
            &["--max-bad-keys-per-address", "many"],
            &["--verify-timeout", "0"],
            &["--write-timeout", "61"],
            &["--ping", "NaN"],
            &["--echo", "--http", "0.0.0.0:1"],
            &["--echo", "--tcp", "0.0.0.0:1"],
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
            "OBSERVERIO_VERIFY_TIMEOUT",
            "OBSERVERIO_WRITE_TIMEOUT",
            "OBSERVERIO_PING",
            "OBSERVERIO_KEEP_ALIVE",
            "OBSERVERIO_LOG",
            "Network:",
            "Storage:",
            "Access:",
            "Limits:",
            "Diagnostics:",
        ] {
            assert!(help.contains(name), "{name} is not in:\n{help}");
        }
    }
}
