//! The project's two commands: `cargo xtask run` builds observerio and starts it, `cargo xtask test`
//! runs every check there is, the browser's included. Both install what a fresh machine lacks.
//!
//! What it never does: anything that plain `cargo build`, `cargo test` or `npx playwright test` would do
//! differently. It only puts them in order and hands them what they need.

mod check;
mod compress;
mod conformance;
mod counts;
mod css;
mod fuzz;
mod postgres;
mod setup;
mod shell;
mod site;
mod steps;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::site::Flavour;
use crate::steps::Step;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Builds, starts and tests observerio",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the release program and start it
    Run {
        /// Build without optimisation: quicker to build, slower to run
        #[arg(long)]
        dev: bool,
        /// Arguments for observerio, after `--`
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Build target/release/observerio, the website inside, and stop there
    Build {
        /// Build without optimisation, as target/debug/observerio
        #[arg(long)]
        dev: bool,
    },
    /// Run every check and test, the browser's included
    Test {
        /// Run only this step; may be given several times
        #[arg(long = "only", value_name = "STEP")]
        only: Vec<Step>,
    },
    /// Feed the protocol's parsers with what nobody would think of
    Fuzz {
        /// One file of fuzz/fuzz_targets, without its end; all when none is named
        target: Option<String>,
        /// How many inputs for each target
        #[arg(long)]
        runs: Option<u64>,
        /// How long for each target, in seconds; a minute when --runs is not given either
        #[arg(long)]
        seconds: Option<u64>,
        /// Feed the target this file and nothing else
        #[arg(long, value_name = "FILE", requires = "target", conflicts_with_all = ["runs", "seconds"])]
        input: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Run { dev, args } => run(Flavour::from_dev(dev), &args),
        Task::Build { dev } => build(Flavour::from_dev(dev)),
        Task::Test { only } => return steps::run(&only),
        Task::Fuzz { target: Some(target), input: Some(input), .. } => fuzz::repeat(&target, &input),
        Task::Fuzz { target, runs, seconds, .. } => {
            fuzz::run(target.as_deref(), fuzz::Extent::new(runs, seconds))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build(flavour: Flavour) -> Result<()> {
    setup::wasm_target()?;
    site::build(flavour)?;
    site::build_server(flavour)?;
    println!("built {}", shell::relative(&flavour.program()));
    Ok(())
}

/// Replaces this process by the program, so that signals and the exit code are the program's own.
fn run(flavour: Flavour, args: &[String]) -> Result<()> {
    setup::wasm_target()?;
    site::build(flavour)?;
    site::build_server(flavour)?;
    let program = flavour.program();
    let error = Command::new(&program).args(args).exec();
    Err(error).with_context(|| format!("{} does not start", program.display()))
}
