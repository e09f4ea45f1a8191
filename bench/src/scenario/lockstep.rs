//! Games that say one thing at a time: the next line only after the acknowledgement.

use clap::Args;
use serde_json::json;

use super::{
    Common,
    ingest::{Ingest, Pace, Phase, Rounds},
};
use crate::report::Report;

/// How many games.
#[derive(Debug, Args)]
pub(crate) struct Lockstep {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    rounds: Rounds,
    /// Connected games
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
}

impl Lockstep {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        let Self { common, rounds, sessions } = self;
        let phase = Phase {
            title: "one entry a line, the next after the acknowledgement".to_owned(),
            pace: Pace::FlatOut,
            window: 1,
            least_per_second: Some(15_000.0),
            most_p99_ms: None,
        };
        let ingest = Ingest { common, rounds, sessions: *sessions, entries: 1, phases: vec![phase] };
        let runs = ingest.measure().await?;
        let settings = vec![("sessions", json!(sessions)), ("seconds", json!(rounds.seconds))];
        common.publish(&Report { scenario: "lockstep", settings, runs })
    }
}
