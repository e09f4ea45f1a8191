//! Starts a real observerio, plays its games and its dashboards, and measures what becomes of them.
//!
//! Everything runs on one machine and shares its cores, so the figures hold the load generator's own
//! work too: they are upper bounds. `docs/benchmarks.md` says what each of them means.

mod dashboard;
mod game;
mod http;
mod report;
mod scenario;
mod server;

use clap::{Parser, Subcommand};

use scenario::latency::Latency;

/// Starts a real observerio, plays its games and its dashboards, and measures
#[derive(Debug, Parser)]
#[command(name = "observerio-bench", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    scenario: Option<Scenario>,
    #[command(flatten)]
    latency: Latency,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Edits and log entries one after another: how long each takes to arrive (also what happens without a name)
    Latency(Latency),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.scenario.unwrap_or(Scenario::Latency(cli.latency)) {
        Scenario::Latency(latency) => latency.run().await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn latency_is_what_happens_without_a_name() {
        let cli = Cli::try_parse_from(["observerio-bench", "--games", "3"]).unwrap();
        assert!(cli.scenario.is_none());
        assert!(format!("{:?}", cli.latency).contains("games: [3]"));
    }
}
