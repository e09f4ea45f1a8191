//! The command line: which of its jobs the program is to do, and with which settings.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, ConfigError, Database, Demo, DemoArguments, Settings, Sources, Storage},
    copies::{Copy, Target},
};

/// The settings as they were given; [`Config`] is what they mean.
#[derive(Debug, Parser)]
#[command(
    name = "observerio",
    version,
    about = "See and change a running game's variables, live, in the browser",
    long_about = "See and change a running game's variables, live, in the browser.\n\n\
        Without a command, it starts the server, like `observerio serve`. Every option can also be set \
        with the environment variable shown beside it; the option takes precedence. The exit status is 2 for an \
        invalid command line and 78 for an invalid setting. The commands from login on talk to a server, which may run \
        on another machine; their exit status is 1 if the server refused or games did not apply the change, 69 if the \
        server can't be reached, and 77 if you are not signed in or not allowed to do this.",
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
    /// Try observerio: a server with a game that simulated devices play, on this machine only
    Demo(DemoArguments),
    /// Back up everything to one file; a server may be running
    Backup {
        /// The file to write, which only you can read; - for standard output
        file: PathBuf,
        /// Replace the file if it exists
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        storage: Storage,
    },
    /// Replace everything with the contents of a backup; a running server picks it up
    Restore {
        /// A file written by `observerio backup`, from this database or another
        file: PathBuf,
        /// Skip the backup of the current contents, which otherwise goes to before-restore-N.db in the data directory
        #[arg(long)]
        no_backup: bool,
        #[command(flatten)]
        storage: Storage,
    },
    /// Remove an account's second factor, if its authenticator app and recovery codes are lost
    RemoveSecondFactor {
        /// The account's e-mail address
        email: String,
        #[command(flatten)]
        storage: Storage,
    },
    /// The commands that talk to a server.
    #[command(flatten)]
    Client(client::Command),
}

/// What the program was asked to do.
#[derive(Debug)]
pub enum Task {
    /// Run a server, with this log filter.
    Serve(Box<(Config, EnvFilter)>),
    /// Show what it can do, with this log filter.
    Demo(Box<(Demo, EnvFilter)>),
    /// Back up or restore a database.
    Copy(Copy, Database),
    /// Remove the second factor of the account with this e-mail.
    RemoveSecondFactor(String, Database),
    /// Run a command against a server.
    Talk(Box<client::Command>),
}

impl Config {
    /// The settings of a server.
    ///
    /// # Errors
    /// [`ConfigError`], also if the arguments ask for anything but a server.
    pub fn parse<I>(arguments: I) -> Result<(Self, EnvFilter), ConfigError>
    where
        I: IntoIterator,
        I::Item: Into<OsString> + Clone,
    {
        match Task::parse(arguments)? {
            Task::Serve(settings) => Ok(*settings),
            Task::Demo(_) | Task::Copy(..) | Task::RemoveSecondFactor(..) | Task::Talk(_) => {
                Err(ConfigError::Usage("these arguments do not start a server".to_owned()))
            }
        }
    }
}

impl Task {
    /// Reads the arguments (the first is the program's name) and the environment.
    ///
    /// # Errors
    /// [`ConfigError`], which never contains a password.
    pub fn parse<I>(arguments: I) -> Result<Self, ConfigError>
    where
        I: IntoIterator,
        I::Item: Into<OsString> + Clone,
    {
        let matches = Cli::command().try_get_matches_from(arguments).map_err(from_clap)?;
        let cli = Cli::from_arg_matches(&matches).map_err(from_clap)?;
        let (settings, matches) = match (cli.command, matches.subcommand()) {
            (Some(Command::Serve(settings)), Some((_, matches))) => (*settings, matches),
            (Some(Command::Demo(arguments)), Some((_, matches))) => {
                return Ok(Self::Demo(Box::new(arguments.check(Sources::new(matches))?)));
            }
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
            let to = if file.as_os_str() == "-" { Target::Output } else { Target::File { file, force } };
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
        Command::Serve(_) | Command::Demo(_) | Command::Client(_) => unreachable!("handled by the caller"),
    }
}

/// clap's errors have several lines. The first is enough; it repeats what was typed, which may be a token.
fn from_clap(error: clap::Error) -> ConfigError {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ConfigError::Help(text),
        _ => {
            let first = text.lines().next().unwrap_or_default();
            ConfigError::Usage(client::without_tokens(first.strip_prefix("error: ").unwrap_or(first)))
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
            &["demo", "--devices", "201"],
            &["demo", "--devices", "many"],
            &["demo", "--seed", "-1"],
            &["demo", "--port", "65536"],
            &["demo", "--http", "0.0.0.0:8080"],
            &["demo", "--log", "a=b=c"],
            &["demo", "--server", "127.0.0.1:6667"],
            &["demo", "--key", "0123456789ab"],
            &["demo", "--server", "127.0.0.1", "--key", "0123456789ab"],
            &["demo", "--server", "127.0.0.1:6667", "--key", "short"],
            &["demo", "--server", "127.0.0.1:6667", "--key", "0123456789ab", "--devices", "0"],
            &["demo", "--server", "127.0.0.1:6667", "--key", "0123456789ab", "--port", "1"],
        ] {
            match parse(arguments) {
                Err(ConfigError::Usage(text)) => {
                    assert!(!text.contains('\n') && !text.contains("hunter2"), "{text}");
                }
                other => panic!("{arguments:?}: {other:?}"),
            }
        }
    }

    fn demo(arguments: &[&str]) -> Demo {
        match Task::parse(["observerio", "demo"].iter().chain(arguments)) {
            Ok(Task::Demo(demo)) => demo.0,
            other => panic!("{arguments:?}: {other:?}"),
        }
    }

    #[test]
    fn a_demo_has_a_server_of_its_own_unless_it_plays_elsewhere() {
        let Demo::Here(settings) = demo(&[]) else { panic!("it has a server") };
        assert_eq!(
            (settings.port, settings.game_port, settings.data_dir, settings.devices),
            (0, 0, None, 12)
        );
        let Demo::Here(settings) = demo(&["--port", "8080", "--devices", "0"]) else {
            panic!("it has a server")
        };
        assert_eq!((settings.port, settings.devices), (8080, 0));
        let elsewhere = demo(&["--server", "games.example.org:6667", "--key", "0123456789ab"]);
        let Demo::Elsewhere(fleet) = elsewhere else { panic!("it has no server") };
        assert_eq!((fleet.address.as_str(), fleet.devices), ("games.example.org:6667", 12));
    }

    #[test]
    fn help_is_complete() {
        let Err(ConfigError::Help(help)) = parse(&["--help"]) else { panic!("no help") };
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
