//! `cargo xtask test`: the steps in order, their results and durations.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;

use crate::bevy;
use crate::check;
use crate::conformance;
use crate::counts::Counts;
use crate::fuzz;

/// The steps, in the order in which they run: those that fail fastest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Formatting
    Fmt,
    /// Lints, for the server and for the browser
    Clippy,
    /// Documentation of the crates
    Docs,
    /// Licences, sources and known holes of the dependencies
    Deny,
    /// The website as it is shipped, and the program and the tests around it
    Build,
    /// Unit and story tests on SQLite and Postgres
    Tests,
    /// Hostile input for every parser, for a few seconds each
    Fuzz,
    /// The WebSocket protocol, by the cases of the Autobahn test suite
    Websocket,
    /// Stories in a real browser
    E2e,
    /// The plugin for Bevy: lints, tests and stories. Only when it is named, because Bevy takes minutes to build
    Bevy,
}

impl Step {
    fn run(self, counts: &mut Counts) -> Result<()> {
        match self {
            Self::Fmt => check::fmt(),
            Self::Clippy => check::clippy(),
            Self::Docs => check::docs(),
            Self::Deny => check::deny(),
            Self::Build => check::build(),
            Self::Tests => check::tests(counts),
            Self::Fuzz => fuzz::check(counts),
            Self::Websocket => conformance::check(counts),
            Self::E2e => check::e2e(counts),
            Self::Bevy => bevy::check(counts),
        }
    }

    /// Whether it runs when no step is named.
    fn is_usual(self) -> bool {
        self != Self::Bevy
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

struct Done {
    step: Step,
    took: Duration,
    counts: Counts,
    error: Option<anyhow::Error>,
}

/// Runs the named steps, or all usual ones if none is named. Stops at the first failure.
pub(crate) fn run(only: &[Step]) -> ExitCode {
    let is_wanted = |step: &&Step| if only.is_empty() { step.is_usual() } else { only.contains(step) };
    let wanted: Vec<Step> = Step::value_variants().iter().filter(is_wanted).copied().collect();
    let mut done = Vec::new();
    for &step in &wanted {
        println!("\n=== {} ===", step.name());
        let started = Instant::now();
        let mut counts = Counts::default();
        let error = step.run(&mut counts).err();
        let failed = error.is_some();
        done.push(Done { step, took: started.elapsed(), counts, error });
        if failed {
            break;
        }
    }
    summarise(&done)
}

fn summarise(done: &[Done]) -> ExitCode {
    println!("\n=== summary ===");
    let mut total = Counts::default();
    for Done { step, took, counts, error } in done {
        let verdict = if error.is_some() { "FAILED" } else { "ok" };
        let tests = match counts.passed + counts.failed {
            0 => String::new(),
            tests => format!("{tests} tests"),
        };
        println!("{:<8} {verdict:<7} {:>8}  {tests}", step.name(), minutes(*took));
        total += *counts;
    }
    println!("{:<8} {:<7} {:>8}", "total", "", minutes(done.iter().map(|done| done.took).sum()));
    let failure = done.iter().find_map(|done| Some((done, done.error.as_ref()?)));
    if let Some((Done { step, counts, .. }, error)) = failure {
        println!("\n{} failed: {error:#}", step.name());
        println!("`cargo xtask test --only {}` runs just that step", step.name());
        // a step that failed without a failing test must not read as success
        total.failed += u64::from(counts.failed == 0);
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if failure.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}
