//! Starts a real observerio, plays its games and its dashboards, and measures what becomes of them.
//!
//! Everything runs on one machine and shares its cores, so the figures hold the load generator's own
//! work too: they are upper bounds. `docs/benchmarks.md` says what each of them means.

mod answers;
mod background;
mod client;
mod crowd;
mod dashboard;
mod editor;
mod game;
mod http;
mod peer;
mod record;
mod report;
mod scenario;
mod schedule;
mod server;
mod stored;
mod system;

use clap::{Parser, Subcommand};

use scenario::{
    acks::Acks, latency::Latency, lockstep::Lockstep, logins::Logins, overload::Overload,
    reconnect::Reconnect, search::Search,
};

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
    /// Durable log ingest: how many entries are acknowledged, and how soon
    Acks(Acks),
    /// Games that send the next entry after the acknowledgement of the last
    Lockstep(Lockstep),
    /// The server dies and comes back, and every game reconnects in the same moment
    Reconnect(Reconnect),
    /// Far more than can be stored, in one project, while people go on editing
    Overload(Overload),
    /// Many people sign in at once, while somebody edits
    Logins(Logins),
    /// A large log is searched: the newest lines with a word, over all time and a part of it
    Search(Search),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.scenario.unwrap_or(Scenario::Latency(cli.latency)) {
        Scenario::Latency(latency) => latency.run().await,
        Scenario::Acks(acks) => acks.run().await,
        Scenario::Lockstep(lockstep) => lockstep.run().await,
        Scenario::Reconnect(reconnect) => reconnect.run().await,
        Scenario::Overload(overload) => overload.run().await,
        Scenario::Logins(logins) => logins.run().await,
        Scenario::Search(search) => search.run().await,
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
