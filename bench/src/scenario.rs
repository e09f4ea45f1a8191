//! One run: a new server, a number of games, one dashboard.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use protocol::{
    line::{Edited, encode_edits, write_edits},
    live::{Event, ServerMessage},
    model::{Key, ProjectId, Value, VarName, VarType, WireForm},
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use crate::{
    Options,
    dashboard::Dashboard,
    game::{Arrival, Game},
    http,
    server::Server,
};

const KEY: &str = "bench0123456";
const DECLARATION: &str =
    r#"[{"name":"speed","type":"integer","value":0,"min":0,"max":1000000000,"step":1,"group":"player"}]"#;
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(30);

/// Nanoseconds, from 1 µs to 1 minute.
pub(crate) type Times = Histogram<u64>;

/// What one run found.
pub(crate) struct Figures {
    pub(crate) games: usize,
    pub(crate) start_time: Duration,
    pub(crate) connect_time: Duration,
    /// Resident memory in KiB: nobody connected, all games connected, after all edits and log entries.
    pub(crate) resident_kib: [Option<u64>; 3],
    /// Edit sent → it reached the first, the median and the last game.
    pub(crate) edit_to_game: [Times; 3],
    /// Edit sent → the dashboard was told that it is saved.
    pub(crate) edit_to_answer: Times,
    /// Log entry sent → it reached the dashboard.
    pub(crate) log_to_dashboard: Times,
}

pub(crate) async fn run(options: &Options, count: usize) -> anyhow::Result<Figures> {
    let server = Server::start(&options.server, options.database_url.as_deref()).await?;
    let cookie = http::set_up(&server.http, &server.setup_token).await?;
    http::register_key(&server.http, KEY).await?;
    let idle_kib = server.resident_kib();

    let (arrivals, mut arrived) = unbounded_channel();
    let began = Instant::now();
    let connecting = (0..count).map(|_| Game::connect(&server.games, KEY, DECLARATION, arrivals.clone()));
    let mut games = try_join_all(connecting).await?;
    let connect_time = began.elapsed();

    let mut dashboard = Dashboard::open(&server.http, &cookie).await?;
    let project = settled(&mut dashboard, count).await?;
    let connected_kib = server.resident_kib();

    let mut edits = Edits { project, name: VarName::parse("speed")?, games: count };
    let (edit_to_game, edit_to_answer) = edits.measure(options.edits, &mut dashboard, &mut arrived).await?;
    let log_to_dashboard = measure_logs(options.logs, &mut games[0], &mut dashboard).await?;
    Ok(Figures {
        games: count,
        start_time: server.start_time,
        connect_time,
        resident_kib: [idle_kib, connected_kib, server.resident_kib()],
        edit_to_game,
        edit_to_answer,
        log_to_dashboard,
    })
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

fn times() -> Times {
    Histogram::new_with_bounds(1_000, 60_000_000_000, 3).expect("the bounds are in order")
}

fn record(times: &mut Times, time: Duration) {
    times.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
}

struct Edits {
    project: ProjectId,
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
            let expected = self.line(&value)?;
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
    fn line(&self, value: &Value) -> anyhow::Result<Vec<u8>> {
        let edited = Edited { name: &self.name, var_type: &VarType::Integer, value, form: WireForm::Native };
        let mut line = Vec::new();
        write_edits(&mut line, Key::parse(KEY.as_bytes())?, &encode_edits(&[edited]));
        line.pop();
        Ok(line)
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
