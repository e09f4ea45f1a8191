//! Edits and log entries one after another: how long each takes to arrive.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Args;
use futures_util::future::try_join_all;
use protocol::{
    line::{Edited, encode_edits, write_edits},
    live::{Event, ServerMessage},
    model::{Key, ProjectId, Value, VarName, WireForm},
};
use serde_json::json;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use super::{Common, mebibytes, milliseconds};
use crate::{
    client::{DECLARATION, VARIABLE},
    dashboard::Dashboard,
    game::{Arrival, Game},
    http,
    report::{Report, Run, Times, record, times},
};

const KEY: &str = "bench0123456";
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(30);

/// How many games, edits and log entries.
#[derive(Debug, Args)]
pub(crate) struct Latency {
    #[command(flatten)]
    common: Common,
    /// Connected games, one run for each number
    #[arg(long, value_name = "COUNT,…", value_delimiter = ',', default_value = "1,1000")]
    games: Vec<usize>,
    /// Edits of each run, one after another; more than these in a burst are paced by the server
    #[arg(long, value_name = "COUNT", default_value_t = 400)]
    edits: usize,
    /// Log entries of each run, one after another
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    logs: usize,
}

impl Latency {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        ensure!(!self.games.contains(&0), "an edit needs at least one game to arrive at");
        self.common.prepare(self.games.iter().max().copied().unwrap_or_default())?;
        let mut runs = Vec::new();
        for &games in &self.games {
            runs.push(self.measure(games).await.with_context(|| format!("with {games} games"))?);
        }
        let settings = vec![("edits", json!(self.edits)), ("logs", json!(self.logs))];
        self.common.publish(&Report { scenario: "latency", settings, runs })
    }

    async fn measure(&self, count: usize) -> anyhow::Result<Run> {
        let server = self.common.start().await?;
        let cookie = http::set_up(&server.http, &server.setup_token).await?;
        http::register_key(&server.http, KEY).await?;
        let idle_kib = server.resident_kib();

        let (arrivals, mut arrived) = unbounded_channel();
        let began = Instant::now();
        let key = Key::parse(KEY.as_bytes())?;
        let connecting = (0..count).map(|_| Game::connect(&server.games, key, DECLARATION, arrivals.clone()));
        let mut games = try_join_all(connecting).await?;
        let connect_time = began.elapsed();

        let mut dashboard = Dashboard::open(&server.http, &cookie).await?;
        let project = settled(&mut dashboard, count).await?;
        let connected_kib = server.resident_kib();

        let mut run = Run::new(format!("{count} {}", if count == 1 { "game" } else { "games" }));
        let mut edits = Edits { project, key, name: VarName::parse(VARIABLE)?, games: count };
        let ([first, median, last], saved) = edits.measure(self.edits, &mut dashboard, &mut arrived).await?;
        if count == 1 {
            run.times("edit → game", first);
        } else {
            run.times("edit → first game", first);
            run.times("edit → median game", median);
            run.times("edit → last game", last);
        }
        run.times("edit → saved, told to the dashboard", saved);
        run.times("log entry → dashboard", measure_logs(self.logs, &mut games[0], &mut dashboard).await?);
        run.number("server ready after", milliseconds(server.start_time), "ms", 1);
        run.number("all connected and verified after", milliseconds(connect_time), "ms", 1);
        run.known("resident memory, nobody connected", idle_kib.map(mebibytes), "MiB");
        run.known("resident memory, with the games", connected_kib.map(mebibytes), "MiB");
        run.known("resident memory, at the end", server.resident_kib().map(mebibytes), "MiB");
        Ok(run)
    }
}

/// Finds the project that the games are in, and waits until all of them have reported.
async fn settled(dashboard: &mut Dashboard, games: usize) -> anyhow::Result<ProjectId> {
    for number in 1..100 {
        let project = ProjectId(number);
        let Some(mut snapshot) = dashboard.subscribe(project).await? else { continue };
        if snapshot.devices.iter().filter(|device| device.online).count() != games {
            continue;
        }
        // a device that was known reports nothing new, so the database of a run must be a new one
        while snapshot.vars.iter().map(|var| var.reported.len()).sum::<usize>() < games {
            dashboard.next().await.context("not every game's report was shown")?;
            snapshot = dashboard.subscribe(project).await?.context("the project is gone")?;
        }
        return Ok(project);
    }
    anyhow::bail!("no project has the games; was the database new?")
}

struct Edits {
    project: ProjectId,
    key: Key,
    name: VarName,
    games: usize,
}

impl Edits {
    /// Edits one after another: the next begins when every game has the last and the answer is there.
    async fn measure(
        &mut self,
        count: usize,
        dashboard: &mut Dashboard,
        arrived: &mut UnboundedReceiver<Arrival>,
    ) -> anyhow::Result<([Times; 3], Times)> {
        let (mut to_game, mut to_answer) = ([times(), times(), times()], times());
        for number in 1..=count {
            let value = Value::Int((number as u64).into());
            let expected = self.line(&value);
            let sent = Instant::now();
            let edit = dashboard.edit(self.project, &self.name, value).await?;
            let (saved, at) = tokio::try_join!(
                async { dashboard.saved(edit).await.map(|saved| (saved, sent.elapsed())) },
                self.arrivals(&expected, arrived)
            )?;
            ensure!(saved.0.games as usize == self.games, "the edit went to {} games", saved.0.games);
            record(&mut to_answer, saved.1);
            let places = [0, at.len() / 2, at.len() - 1];
            for (times, place) in to_game.iter_mut().zip(places) {
                record(times, at[place].duration_since(sent));
            }
        }
        Ok((to_game, to_answer))
    }

    /// When the line reached each game, in order of time.
    async fn arrivals(
        &self,
        expected: &[u8],
        arrived: &mut UnboundedReceiver<Arrival>,
    ) -> anyhow::Result<Vec<Instant>> {
        let mut at = Vec::with_capacity(self.games);
        while at.len() < self.games {
            let arrival = timeout(ARRIVAL_TIMEOUT, arrived.recv())
                .await
                .with_context(|| format!("the edit reached {} of {} games", at.len(), self.games))?
                .context("every game has hung up")?;
            let what = String::from_utf8_lossy(&arrival.line);
            ensure!(arrival.line == expected, "a game got another line: {what}");
            at.push(arrival.at);
        }
        at.sort_unstable();
        Ok(at)
    }

    /// What a game is to receive, without the newline.
    fn line(&self, value: &Value) -> Vec<u8> {
        let edited = Edited { name: &self.name, type_name: "integer", value, form: WireForm::Native };
        let mut line = Vec::new();
        write_edits(&mut line, self.key, &encode_edits(&[edited]));
        line.pop();
        line
    }
}

/// Log entries of one game, one after another: the next is sent when the dashboard has the last.
async fn measure_logs(count: usize, game: &mut Game, dashboard: &mut Dashboard) -> anyhow::Result<Times> {
    let mut found = times();
    for number in 0..count {
        let message = format!("log entry {number} of the bench");
        let sent = Instant::now();
        game.log(&message).await?;
        while !has_message(&dashboard.next().await?, &message) {}
        record(&mut found, sent.elapsed());
    }
    Ok(found)
}

fn has_message(message: &ServerMessage, wanted: &str) -> bool {
    let ServerMessage::Delta { events, .. } = message else { return false };
    events.iter().any(|event| match event {
        Event::Logs(lines) => lines.iter().any(|line| line.message == wanted),
        _ => false,
    })
}
