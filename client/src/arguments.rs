//! The commands as they are typed. Doc comments in here are the help that `--help` prints.

use std::path::PathBuf;

use clap::{Args, Subcommand, builder::FalseyValueParser};
use clap_complete::Shell;

use crate::{
    export::{Format, What},
    set::Assignment,
};

const MAX_WAIT_SECONDS: u64 = 3600;
const MAX_LINES: u64 = 10_000;

/// What somebody who works with a server can say.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in to a server with an API token
    Login(LoginArguments),
    /// Forget the API token that is stored here
    Logout,
    /// List the projects
    Projects(ProjectsArguments),
    /// List a project's variables
    Vars(VarsArguments),
    /// Set variables, all of them or none
    Set(SetArguments),
    /// Let go of what was set, all of it or nothing: games go back to their own values
    Unset(UnsetArguments),
    /// Forget a variable or a device that is not in use any more
    #[command(subcommand)]
    Forget(Forget),
    /// Follow the log
    Tail(TailArguments),
    /// Write the whole log or audit trail into a file
    Export(ExportArguments),
    /// Print the completion script for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Transport {
    /// Send the token over plain HTTP to another machine, where others can read it on its way
    // as a variable it is set by any value but 0, false, no and off
    #[arg(long, env = "OBSERVERIO_INSECURE", value_parser = FalseyValueParser::new())]
    pub(crate) insecure: bool,
}

#[derive(Debug, Args)]
pub struct Target {
    /// The project's name or number; needed when there are several
    #[arg(long, short, env = "OBSERVERIO_PROJECT", value_name = "PROJECT")]
    pub(crate) project: Option<String>,
    #[command(flatten)]
    pub(crate) transport: Transport,
}

#[derive(Debug, Args)]
pub struct LoginArguments {
    /// Its address, such as https://tune.example.org [default: OBSERVERIO_URL, or http://127.0.0.1:8080]
    // a text: clap would repeat it when it is wrong, and it may hold a password
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
    /// Words that must be in the name, the label or the group
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
    /// A variable and its new value, read by its declared type
    #[arg(value_name = "NAME=VALUE", required = true, value_parser = Assignment::parse)]
    pub(crate) assignments: Vec<Assignment>,
    /// Only if each of them is still at this revision; 0: only if nobody has set it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) if_revision: Option<i64>,
    /// Send the values to the games even if they are set already: some games have other ones by now
    #[arg(long)]
    pub(crate) again: bool,
    /// Wait until each connected game that says what it applies has applied it; status 1 when one does not
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=MAX_WAIT_SECONDS))]
    pub(crate) wait: Option<u64>,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
pub struct UnsetArguments {
    /// A variable
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Only if each of them is still at this revision
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) if_revision: Option<i64>,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// What can be forgotten.
#[derive(Debug, Subcommand)]
pub enum Forget {
    /// Forget a variable that no connected game has reported: its values go and what was set is let go, its history stays
    Variable {
        /// The variable
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Forget a device that is not connected: what it reported goes, its log lines stay
    Device {
        /// The device's name or number
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Args)]
pub struct TailArguments {
    /// What to show, as in the box above the log: words, "a phrase", level>=warn, device:name, !word
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// Begin with so many lines of before
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
pub struct ExportArguments {
    /// What to write
    pub(crate) what: What,
    /// Which log lines, as in the box above the log
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// How to write it [default: csv into a file with this ending, else ndjson]
    #[arg(long)]
    pub(crate) format: Option<Format>,
    /// The file to make or to replace [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) target: Target,
}
