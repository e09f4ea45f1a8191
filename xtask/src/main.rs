//! The project's commands: `cargo xtask run` builds and starts observerio, `cargo xtask test` runs every check, including those
//! in a browser, and `cargo xtask sdk` builds the C library for every platform. They install what a new machine lacks.
//!
//! They only run `cargo build`, `cargo test` and `npx playwright test` in order and with what they need; they never do anything
//! that those would do differently.

mod bevy;
mod check;
mod compress;
mod conformance;
mod counts;
mod css;
mod fuzz;
mod postgres;
mod sdk;
mod setup;
mod shell;
mod site;
mod steps;
mod temporary;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
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
        /// Build without optimisation: faster to build, slower to run
        #[arg(long)]
        dev: bool,
        /// Arguments for observerio, after `--`
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Build target/release/observerio, including the website, without starting it
    Build {
        /// Build without optimisation, as target/debug/observerio
        #[arg(long)]
        dev: bool,
    },
    /// Run every check and test, including those in a browser
    Test {
        /// Run only this step; can be repeated
        #[arg(long = "only", value_name = "STEP")]
        only: Vec<Step>,
    },
    /// Build the C library for every platform into target/sdk/dist, and try it out where that can be done
    Sdk {
        /// Build only for this platform; can be repeated
        #[arg(long = "only", value_name = "PLATFORM", value_parser = PossibleValuesParser::new(sdk::names()))]
        only: Vec<String>,
    },
    /// Fuzz the protocol's parsers
    Fuzz {
        /// A file in fuzz/fuzz_targets, without its extension [default: all]
        target: Option<String>,
        /// Number of inputs for each target
        #[arg(long)]
        runs: Option<u64>,
        /// Seconds for each target [default: 60, unless --runs is given]
        #[arg(long)]
        seconds: Option<u64>,
        /// Run the target on this file only
        #[arg(long, value_name = "FILE", requires = "target", conflicts_with_all = ["runs", "seconds"])]
        input: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Run { dev, args } => run(Flavour::from_dev(dev), &args),
        Task::Build { dev } => build(Flavour::from_dev(dev)),
        Task::Test { only } => return steps::run(&only),
        Task::Sdk { only } => sdk::run(&only),
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

/// Replaces this process with the program, so that signals and the exit status are the program's own.
fn run(flavour: Flavour, args: &[String]) -> Result<()> {
    setup::wasm_target()?;
    site::build(flavour)?;
    site::build_server(flavour)?;
    let program = flavour.program();
    let error = Command::new(&program).args(args).exec();
    Err(error).with_context(|| format!("{} does not start", program.display()))
}
