//! The commands as they are typed. Doc comments in here are the help that `--help` prints.

use std::path::PathBuf;

use clap::{Args, Subcommand, builder::FalseyValueParser};
use clap_complete::Shell;
use protocol::filter::Moment;
use protocol::model::Level;

use crate::{
    export::{Format, What},
    logs::Order,
    set::Assignment,
    tail::LineFormat,
};

const MAX_WAIT_SECONDS: u64 = 3600;
const MAX_LINES: u64 = 10_000;
const MAX_HISTORY_LINES: u64 = 1_000_000;

/// The commands that talk to a server.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in to a server with an API token
    Login(LoginArguments),
    /// Remove the API token stored on this machine
    Logout,
    /// List the projects
    Projects(ProjectsArguments),
    /// List a project's variables
    Vars(VarsArguments),
    /// Set variables: all of them, or none
    Set(SetArguments),
    /// Let variables go, all of them or none: games return to their own values
    Unset(UnsetArguments),
    /// Forget a variable or a device that is no longer in use
    #[command(subcommand)]
    Forget(Forget),
    /// Freeze what games declare, and decide on what waits for consent
    #[command(subcommand)]
    Declarations(Declarations),
    /// Search the log
    Logs(LogsArguments),
    /// Follow the log
    Tail(TailArguments),
    /// List what warnings and errors of the log say, how often, and since which build
    Patterns(PatternsArguments),
    /// Export the whole log or audit trail
    Export(ExportArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Transport {
    /// Allow plain HTTP to another machine, where others on the network can read the token
    // as a variable it is set by any value but 0, false, no and off
    #[arg(long, env = "OBSERVERIO_INSECURE", value_parser = FalseyValueParser::new())]
    pub(crate) insecure: bool,
}

#[derive(Debug, Args)]
pub struct Target {
    /// The project's name or number; required if there are several
    #[arg(long, short, env = "OBSERVERIO_PROJECT", value_name = "PROJECT")]
    pub(crate) project: Option<String>,
    #[command(flatten)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
pub struct LoginArguments {
    /// The server's address, such as https://tune.example.org [default: OBSERVERIO_URL, or http://127.0.0.1:8080]
    // a string: clap would repeat a bad value, which may contain a password
    pub(crate) url: Option<String>,
    /// Read the token from standard input instead of asking for it
    #[arg(long)]
    pub(crate) token_stdin: bool,
    #[command(flatten)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
pub struct ProjectsArguments {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
pub struct VarsArguments {
    /// Show only variables with these words in their name, label or group
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
pub struct SetArguments {
    /// A variable and its new value, which is read as the variable's declared type
    #[arg(value_name = "NAME=VALUE", required = true, value_parser = Assignment::parse)]
    pub(crate) assignments: Vec<Assignment>,
    /// Only set them if each is still at this revision (0: nobody has set it)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) if_revision: Option<i64>,
    /// Send the values to games again even if they are already set, because a game may have changed its own
    #[arg(long)]
    pub(crate) again: bool,
    /// Wait until every connected game that reports what it applies has applied it; exit with status 1 if one does not
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=MAX_WAIT_SECONDS))]
    pub(crate) wait: Option<u64>,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
pub struct UnsetArguments {
    /// The variables
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Only let them go if each is still at this revision
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) if_revision: Option<i64>,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// What to forget.
#[derive(Debug, Subcommand)]
pub enum Forget {
    /// Forget a variable that no connected game has: its values are deleted and what was set is let go; its history stays
    Variable {
        /// The variable
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Forget a device that is offline: what it reported is deleted; its log lines stay
    Device {
        /// The device's name or number
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

/// What to do with declarations.
#[derive(Debug, Subcommand)]
pub enum Declarations {
    /// List the declarations that wait for consent
    List {
        /// Print the API's object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Freeze declarations: new and changed ones wait for consent, and values of known variables are accepted
    Freeze {
        #[command(flatten)]
        target: Target,
    },
    /// Let declarations take effect at once; those that are waiting are discarded
    Unfreeze {
        #[command(flatten)]
        target: Target,
    },
    /// Consent to a declaration that is waiting: it takes effect, with the value that came with it
    Consent(DecisionArguments),
    /// Dismiss a declaration that is waiting: the same one does not wait again until the server restarts
    Dismiss(DecisionArguments),
}

#[derive(Debug, Args)]
pub struct DecisionArguments {
    /// The variable
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The declaring device's name or number, if several devices declare the variable
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<String>,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
pub struct LogsArguments {
    /// Show only lines that match, as in the box above the log: words, "a phrase", level>=warn, device:name, hp<10, a OR b, !word
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// Only lines that the server received at this time or later: 15m, 1h30m, 2026-11-22, 2026-11-22T12:00 (UTC) or with an offset
    #[arg(long, visible_alias = "since", value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<String>,
    /// Only lines that the server received before this time
    #[arg(long, visible_alias = "until", value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<String>,
    /// Show at most this many lines
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=MAX_HISTORY_LINES))]
    pub(crate) limit: u64,
    /// Which lines come first [default: the newest lines are shown, in the order in which they came]
    #[arg(long)]
    pub(crate) order: Option<Order>,
    /// The format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: LineFormat,
    /// Then show each new line
    #[arg(short, long, conflicts_with_all = ["to", "order", "context"])]
    pub(crate) follow: bool,
    /// Show this many lines of the same device before and after each line, whatever the filter
    #[arg(short = 'C', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    pub(crate) context: Option<u16>,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// A time as in a filter; the server reads it, whose clock counts.
fn time(text: &str) -> Result<String, String> {
    let why =
        "it must be a length of time before now such as 15m, a date, or a time such as 2026-11-22T12:00";
    Moment::parse(text).map(|_| text.to_owned()).ok_or_else(|| why.to_owned())
}

#[derive(Debug, Args)]
pub struct TailArguments {
    /// Show only lines that match, as in the box above the log: words, "a phrase", level>=warn, device:name, hp<10, since:5m, a OR b, !word
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// Start with this many earlier lines
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(0..=MAX_LINES))]
    pub(crate) lines: u64,
    /// Print each line as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
pub struct PatternsArguments {
    /// Group only lines that match, as in the box above the log; one bounded search is made for them
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// This level or higher: trace, debug, info, warn, error or fatal
    #[arg(long, default_value = "warn", value_parser = level)]
    pub(crate) level: Level,
    /// Only lines received at this time or later, such as 2026-11-22T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only lines received before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) target: Target,
}

fn level(word: &str) -> Result<Level, &'static str> {
    let known = Level::ALL.into_iter().find(|level| level.as_str() == word);
    known.ok_or("trace, debug, info, warn, error or fatal")
}

#[derive(Debug, Args)]
pub struct ExportArguments {
    /// What to export
    pub(crate) what: What,
    /// Export only log lines that match, as in the box above the log
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// Export only log lines that the server received at this time or later, such as 15m or 2026-11-22
    #[arg(long, visible_alias = "since", value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<String>,
    /// Export only log lines that the server received before this time
    #[arg(long, visible_alias = "until", value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<String>,
    /// Which log lines come first [default: newest]
    #[arg(long)]
    pub(crate) order: Option<Order>,
    /// The format [default: csv for a file named .csv, else ndjson]
    #[arg(long)]
    pub(crate) format: Option<Format>,
    /// The file to write, replacing it if it exists [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) target: Target,
}
