//! What `acks` and `lockstep` share: sessions that write log entries and wait for acknowledgements.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Args;
use protocol::model::Key;
use tokio::time::sleep_until;

use super::{Common, mebibytes};
use crate::{
    answers::{Answers, Window},
    client::{Client, Redis, Version2, total},
    crowd::{Crowd, Player},
    http,
    peer::{Peer, RedisServer},
    report::{Goal, Run},
    schedule::Load,
    stored::Stored,
    system,
};

const KEY: &str = "bench0123456";
/// Time for the load to reach every client before its first moment.
const NOTICE: Duration = Duration::from_millis(50);
/// Between two loads, until what the first left unanswered is answered.
const PAUSE: Duration = Duration::from_secs(1);

/// How long, how often, and beside whom.
#[derive(Debug, Args)]
pub(crate) struct Rounds {
    /// How long each load is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    pub(crate) seconds: f64,
    /// How long each load runs before it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    pub(crate) warm_up: f64,
    /// How often everything is repeated, each time with a new server
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) rounds: usize,
    /// Do the same with another program, in turn with observerio
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) peer: Option<Peer>,
}

/// The sessions and one after another what they do.
pub(crate) struct Ingest<'a> {
    pub(crate) common: &'a Common,
    pub(crate) rounds: &'a Rounds,
    pub(crate) sessions: u32,
    pub(crate) entries: u32,
    pub(crate) phases: Vec<Phase>,
}

/// One load and what is expected under it.
pub(crate) struct Phase {
    pub(crate) title: String,
    pub(crate) pace: Pace,
    pub(crate) window: usize,
    pub(crate) least_per_second: Option<f64>,
    pub(crate) most_p99_ms: Option<f64>,
}

/// How fast.
pub(crate) enum Pace {
    FlatOut,
    /// Entries a second of all sessions together.
    PerSecond(f64),
}

/// One load as it was: when, and how many cores were busy with it, where the system tells.
struct Played {
    window: Window,
    /// Of the program that is measured, and of the generator.
    cores: [Option<f64>; 2],
}

/// What counts in a comparison.
#[derive(Clone, Copy)]
struct Figure {
    per_second: f64,
    p99_nanos: f64,
}

impl Ingest<'_> {
    pub(crate) async fn measure(&self) -> anyhow::Result<Vec<Run>> {
        let several = self.rounds.rounds > 1;
        ensure!(
            !(several && self.common.has_database_url()),
            "each round needs a new, empty database: with --database-url it can be one round only"
        );
        self.common.prepare(self.sessions as usize)?;
        let (mut runs, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=self.rounds.rounds {
            let label = |program: &str| match several {
                true => format!("round {round}, {program}"),
                false => program.to_owned(),
            };
            ours.push(self.measure_observerio(&label("observerio"), &mut runs).await?);
            if let Some(Peer::Redis) = self.rounds.peer {
                theirs.push(self.measure_redis(&label("Redis"), &mut runs).await?);
            }
        }
        if !theirs.is_empty() {
            runs.push(self.compare(&ours, &theirs));
        }
        Ok(runs)
    }

    async fn measure_observerio(&self, label: &str, runs: &mut Vec<Run>) -> anyhow::Result<Vec<Figure>> {
        let mut server = self.common.start().await?;
        http::register_key(&server.http, KEY).await?;
        let key = Key::parse(KEY.as_bytes())?;
        let clients = (0..self.sessions).map(|number| Version2::new(number, key, self.entries)).collect();
        let (played, players) = self.play(&server.games, server.process(), clients).await?;
        let peak_kib = server.peak_resident_kib();
        // what was acknowledged must be there after an end without a farewell
        server.kill().await?;
        let promised: Vec<_> = players.iter().map(|player| player.client.promised()).collect();
        let stored = Stored::open(&server).await?.verify(&promised).await?;

        let figures = self.describe(label, &played, &players, runs);
        let run = runs.last_mut().context("there is at least one phase")?;
        run.known("resident memory of the server, most", peak_kib.map(mebibytes), "MiB");
        run.number("log entries stored, compared one by one after kill -9", stored as f64, "", stored);
        run.number(
            "connections lost",
            players.iter().map(|player| player.disconnects).sum::<u64>() as f64,
            "",
            1,
        );
        for (code, count) in total(players.iter().map(|player| &player.client.counts)) {
            run.number(format!("refused or not taken at once: {code}"), count as f64, "times", count);
        }
        Ok(figures)
    }

    async fn measure_redis(&self, label: &str, runs: &mut Vec<Run>) -> anyhow::Result<Vec<Figure>> {
        let server = RedisServer::start().await?;
        let clients = (0..self.sessions).map(|number| Redis::new(number, self.entries)).collect();
        let (played, players) = self.play(&server.address, server.process(), clients).await?;
        let said: u64 = players.iter().map(|player| player.client.said_entries()).sum();
        let stored = server.entry_count().await?;
        ensure!(stored == said, "Redis acknowledged {said} entries and has {stored}");
        let figures = self.describe(label, &played, &players, runs);
        let run = runs.last_mut().context("there is at least one phase")?;
        run.number("entries stored, counted", stored as f64, "", stored);
        Ok(figures)
    }

    /// Plays all phases one after another with the same connections.
    async fn play<C: Client>(
        &self,
        address: &str,
        process: Option<u32>,
        clients: Vec<C>,
    ) -> anyhow::Result<(Vec<Played>, Vec<Player<C>>)> {
        let mut crowd = Crowd::gather(address, clients)?;
        crowd.ready().await?;
        let mut played = Vec::new();
        for phase in &self.phases {
            let start = Instant::now() + NOTICE;
            crowd.tell(self.load(phase, start));
            let from = start + Duration::from_secs_f64(self.rounds.warm_up);
            let window = Window { from, until: from + Duration::from_secs_f64(self.rounds.seconds) };
            let cores = system::busy_cores(window, [process, Some(std::process::id())]).await;
            crowd.tell(Load::Idle);
            played.push(Played { window, cores });
            sleep_until((window.until + PAUSE).into()).await;
        }
        Ok((played, crowd.leave().await?))
    }

    fn load(&self, phase: &Phase, from: Instant) -> Load {
        let window = phase.window;
        match phase.pace {
            Pace::FlatOut => Load::FlatOut { window },
            Pace::PerSecond(entries) => {
                let per_second = entries / f64::from(self.entries) / f64::from(self.sessions);
                Load::Paced { from, per_second, burst: 1, window }
            }
        }
    }

    fn describe<C: Client>(
        &self,
        label: &str,
        played: &[Played],
        players: &[Player<C>],
        runs: &mut Vec<Run>,
    ) -> Vec<Figure> {
        let mut figures = Vec::new();
        for (phase, &Played { window, cores }) in self.phases.iter().zip(played) {
            let lines = players.iter().flat_map(|player| player.client.answered());
            let answers = Answers::within(window, lines);
            let per_second = answers.entries as f64 / window.seconds();
            figures.push(Figure { per_second, p99_nanos: answers.latency.value_at_quantile(0.99) as f64 });
            let mut run = Run::new(format!("{label}: {}", phase.title));
            let least = phase.least_per_second.map(Goal::AtLeast);
            run.number_with("acknowledged", per_second, "entries/s", answers.entries, least);
            let most = phase.most_p99_ms.map(Goal::AtMost);
            run.times_with("line due → acknowledged", answers.latency, most);
            run.times("of it: line due → sent", answers.held_back);
            run.known("cores busy with the program that is measured", cores[0], "");
            run.known("cores busy with the generator", cores[1], "");
            runs.push(run);
        }
        figures
    }

    /// Medians of the rounds, as ratios.
    fn compare(&self, ours: &[Vec<Figure>], theirs: &[Vec<Figure>]) -> Run {
        let n = ours.len() as u64;
        let mut run = Run::new("observerio ÷ Redis, medians of the rounds");
        for (i, phase) in self.phases.iter().enumerate() {
            let ratio = |figure: fn(&Figure) -> f64| {
                let of =
                    |rounds: &[Vec<Figure>]| median(rounds.iter().map(|round| figure(&round[i])).collect());
                of(ours) / of(theirs)
            };
            run.number(format!("{}: entries/s", phase.title), ratio(|figure| figure.per_second), "×", n);
            run.number(format!("{}: p99", phase.title), ratio(|figure| figure.p99_nanos), "×", n);
        }
        run
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
