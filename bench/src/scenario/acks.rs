//! Durable log ingest: how much is acknowledged, and how soon.

use clap::Args;
use serde_json::json;

use super::{
    Common,
    ingest::{Ingest, Pace, Phase, Rounds},
};
use crate::report::Report;

/// Sessions, lines and the rate.
#[derive(Debug, Args)]
pub(crate) struct Acks {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    rounds: Rounds,
    /// Connected games
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// Log entries in a line
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    entries: u32,
    /// Lines of one game that may be unacknowledged
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    window: u16,
    /// Log entries a second of all games together, while latency is measured
    #[arg(long, value_name = "COUNT", default_value_t = 50_000.0)]
    rate: f64,
}

impl Acks {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        let Self { common, rounds, sessions, entries, window, rate } = self;
        let phases = vec![
            Phase {
                title: format!("{rate} entries a second, whatever happens"),
                pace: Pace::PerSecond(*rate),
                window: (*window).into(),
                least_per_second: None,
                most_p99_ms: Some(40.0),
            },
            Phase {
                title: "as many as the window lets through".to_owned(),
                pace: Pace::FlatOut,
                window: (*window).into(),
                least_per_second: Some(50_000.0),
                most_p99_ms: None,
            },
        ];
        let ingest = Ingest { common, rounds, sessions: *sessions, entries: *entries, phases };
        let runs = ingest.measure().await?;
        let settings = vec![
            ("sessions", json!(sessions)),
            ("entries a line", json!(entries)),
            ("window", json!(window)),
            ("seconds", json!(rounds.seconds)),
        ];
        common.publish(&Report { scenario: "acks", settings, runs })
    }
}
