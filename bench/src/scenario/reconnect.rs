//! The server dies and comes back, and every game reconnects in the same moment.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use protocol::model::{Value, VarName};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{Common, mebibytes, milliseconds, project::Project};
use crate::{
    client::{Arrived, Original, VARIABLE, Version2},
    crowd::{Crowd, Player},
    http,
    report::{Goal, Report, Run, Times, record, times},
    server::Server,
    stored::Stored,
    system::ListenQueue,
};

/// After the last edit, until every game must have it.
const LAST_EDIT: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(60);

/// How many games of which kind.
#[derive(Debug, Args)]
pub(crate) struct Reconnect {
    #[command(flatten)]
    common: Common,
    /// Connected games
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    games: u32,
    /// How many of a hundred games speak the original protocol
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=100))]
    original: u32,
    /// Projects, with the same number of games each
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    projects: u32,
}

/// All games, as their kinds.
struct Games {
    version2: Crowd<Version2>,
    original: Crowd<Original>,
}

impl Games {
    async fn ready(&mut self) -> anyhow::Result<Vec<Instant>> {
        let (mut at, original) = tokio::try_join!(self.version2.ready(), self.original.ready())?;
        at.extend(original);
        at.sort_unstable();
        Ok(at)
    }
}

impl Reconnect {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        self.common.prepare(self.games as usize)?;
        let mut server = self.common.start().await?;
        let cookie = http::set_up(&server.http, &server.setup_token).await?;
        let projects = self.create_projects(&server).await?;
        self.edit_all(&projects, &server, &cookie, 1).await?;
        let mut run = Run::new(format!("{} games come back after kill -9", self.games));

        let idle_kib = server.resident_kib();
        let began = Instant::now();
        let mut games = self.gather(&server, &projects)?;
        let first = games.ready().await?;
        self.reported(&server).await?;
        let games_kib = server.resident_kib();

        games.version2.close_gate();
        games.original.close_gate();
        server.kill().await?;
        server.restart().await?;
        let queue_before = ListenQueue::read();
        let released = Instant::now();
        games.version2.open_gate();
        games.original.open_gate();
        let in_sync = games.ready().await?;
        let queue = ListenQueue::read().zip(queue_before).map(|(after, before)| after.since(before));

        let n = u64::from(self.games);
        let last_ms = milliseconds(last(&in_sync)?.duration_since(released));
        run.times("all at once → a game is in sync", since(released, &in_sync));
        run.number_with("the last is in sync after", last_ms, "ms", n, Some(Goal::AtMost(10_000.0)));
        self.describe_server(&mut run, &server, queue).await?;
        let first_ms = milliseconds(last(&first)?.duration_since(began));
        run.number("the first time, the last was in sync after", first_ms, "ms", n);
        run.known("resident memory, nobody connected", idle_kib.map(mebibytes), "MiB");
        run.known("resident memory, with the games before the end", games_kib.map(mebibytes), "MiB");
        run.known("most resident memory since the restart", server.peak_resident_kib().map(mebibytes), "MiB");

        let edited = self.edit_all(&projects, &server, &cookie, 2).await?;
        sleep(LAST_EDIT).await;
        self.describe_games(&mut run, games, &edited).await?;
        let settings = vec![
            ("games", json!(self.games)),
            ("percent original", json!(self.original)),
            ("projects", json!(self.projects)),
        ];
        self.common.publish(&Report { scenario: "reconnect", settings, runs: vec![run] })
    }

    async fn create_projects(&self, server: &Server) -> anyhow::Result<Vec<Project>> {
        let mut stored = Stored::open(server).await?;
        let mut projects = Vec::new();
        for number in 0..self.projects {
            projects.push(Project::create(server, &mut stored, number).await?);
        }
        Ok(projects)
    }

    /// Sets the variable of each project; when each edit was sent.
    async fn edit_all(
        &self,
        projects: &[Project],
        server: &Server,
        cookie: &str,
        value: u64,
    ) -> anyhow::Result<Vec<Instant>> {
        let name = VarName::parse(VARIABLE)?;
        let mut sent = Vec::new();
        for project in projects {
            let mut dashboard = project.watch(server, cookie).await?;
            sent.push(Instant::now());
            let edit = dashboard.edit(project.id, &name, Value::Int(value.into())).await?;
            dashboard.saved(edit).await?;
        }
        Ok(sent)
    }

    fn gather(&self, server: &Server, projects: &[Project]) -> anyhow::Result<Games> {
        let (mut version2, mut original) = (Vec::new(), Vec::new());
        for number in 0..self.games {
            let key = projects[self.project_of(number)].key;
            match number % 100 < self.original {
                true => original.push(Original::new(number, key, 1).awaiting_values()),
                false => version2.push(Version2::new(number, key, 1).declaring()),
            }
        }
        Ok(Games {
            version2: Crowd::gather(&server.games, version2)?,
            original: Crowd::gather(&server.games, original)?,
        })
    }

    fn project_of(&self, game: u32) -> usize {
        // not `game % projects`: each project has games of both kinds
        (game / 100 % self.projects) as usize
    }

    /// Waits until the variable of every game is stored, so that nothing but the connections is left to do.
    async fn reported(&self, server: &Server) -> anyhow::Result<()> {
        let mut stored = Stored::open(server).await?;
        let all = u64::from(self.games + self.projects);
        let wait = async {
            while stored.reported_count().await? < all {
                sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, wait).await.context("not every game's variable is stored")?
    }

    async fn describe_server(
        &self,
        run: &mut Run,
        server: &Server,
        queue: Option<ListenQueue>,
    ) -> anyhow::Result<()> {
        run.number("server ready after", milliseconds(server.start_time), "ms", 1);
        match queue {
            Some(ListenQueue { overflows, drops }) => {
                run.number_with("listen overflows", overflows as f64, "", 1, Some(Goal::AtMost(0.0)));
                run.number_with("listen drops", drops as f64, "", 1, Some(Goal::AtMost(0.0)));
            }
            None => run.known("listen overflows", None, ""),
        }
        let loads = http::metric(&server.http, "observerio_project_loads_total").await?;
        let each = loads.map(|loads| loads / f64::from(self.projects));
        match each {
            Some(each) => {
                let goal = Some(Goal::AtMost(1.0));
                run.number_with("projects read from the database, each", each, "times", 1, goal);
            }
            None => run.known("projects read from the database, each", None, "times"),
        }
        Ok(())
    }

    /// Lets the games go and looks whether each has the last edit.
    async fn describe_games(&self, run: &mut Run, games: Games, edited: &[Instant]) -> anyhow::Result<()> {
        let mut to_game = times();
        let mut note = |number: u32, arrived: &[Arrived]| {
            let last = arrived.last().filter(|arrived| arrived.value == 2);
            let at = last.with_context(|| format!("game {number} does not have the last edit"))?.at;
            record(&mut to_game, at.duration_since(edited[self.project_of(number)]));
            anyhow::Ok(())
        };
        let (version2, original) = tokio::try_join!(games.version2.leave(), games.original.leave())?;
        for Player { client, .. } in &version2 {
            note(client.promised().client, &client.arrived)?;
        }
        for Player { client, .. } in &original {
            note(client.promised().client, &client.arrived)?;
        }
        let pushed = version2.iter().filter(|player| player.client.was_pushed).count();
        run.times("then: edit → game", to_game);
        let n = version2.len() as u64;
        run.number("games of version 2 that were sent what they had", pushed as f64, "", n);
        Ok(())
    }
}

fn last(moments: &[Instant]) -> anyhow::Result<Instant> {
    moments.last().copied().context("there is at least one game")
}

fn since(start: Instant, moments: &[Instant]) -> Times {
    let mut all = times();
    moments.iter().for_each(|at| record(&mut all, at.duration_since(start)));
    all
}
