//! Many people sign in at once, again and again, while somebody edits.

use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::time::{sleep, sleep_until};

use super::{Common, mebibytes, project::Project};
use crate::{
    answers::Window,
    client::Version2,
    crowd::{Crowd, Player},
    editor::{Edit, Editor, known_at},
    http,
    report::{Goal, Report, Run, Times, quantiles, record, times},
    stored::Stored,
    system,
};

/// Twenty edits a second, as a dashboard sends them while somebody drags a slider.
const EDIT_EVERY: Duration = Duration::from_millis(50);
const GAMES: u32 = 10;
/// Until the first sign-ins are under way, and until the last edits have arrived.
const REST: Duration = Duration::from_secs(1);
const PASSWORD: &str = "brown-gloves-92-moons";
/// How much longer than in quiet the slowest edits may take.
const MOST_TIMES: f64 = 2.0;

/// How many people, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Logins {
    #[command(flatten)]
    common: Common,
    /// People who sign in at once, each with their own account
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    people: u32,
    /// How long the quiet and the sign-ins are measured, each
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    seconds: f64,
}

impl Logins {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        self.common.prepare((self.people + GAMES) as usize)?;
        let server = self.common.start().await?;
        let cookie = http::set_up(&server.http, &server.setup_token).await?;
        let mut stored = Stored::open(&server).await?;
        let project = Project::create(&server, &mut stored, 1).await?;
        drop(stored);
        for number in 0..self.people {
            http::register_user(&server.http, &email(number), PASSWORD).await?;
        }

        let game = |number| Version2::new(number, project.key, 1);
        let mut games = Crowd::gather(&server.games, (0..GAMES).map(game).collect())?;
        games.ready().await?;
        let editor = Editor::start(project.watch(&server, &cookie).await?, project.id, EDIT_EVERY);

        sleep(REST).await;
        let from = Instant::now();
        let quiet = Window { from, until: from + self.length() };
        sleep_until(quiet.until.into()).await;
        let base_kib = server.resident_kib();

        let from = Instant::now() + REST;
        let storm = Window { from, until: from + self.length() };
        let signing = (0..self.people).map(|number| sign_in_until(&server.http, number, storm.until));
        let processes = [server.process(), Some(std::process::id())];
        let (answered, cores) = tokio::join!(try_join_all(signing), system::busy_cores(storm, processes));
        let answered: Vec<Duration> = answered?.into_iter().flatten().collect();
        let peak_kib = server.resident_kib();

        let edits = editor.stop().await?;
        sleep(REST).await;
        let games = games.leave().await?;

        let mut run = Run::new(format!("{} people sign in at once, again and again", self.people));
        let [quiet, storm] = [quiet, storm].map(|window| known_within(window, &edits, &games));
        let ratio = quantiles(&storm)[1] / quantiles(&quiet)[1];
        run.times("edit → game, in quiet", quiet);
        run.times("edit → game, during the logins", storm);
        run.number_with("p99 during the logins ÷ in quiet", ratio, "", 1, Some(Goal::AtMost(MOST_TIMES)));
        let refused = edits.iter().filter(|edit| edit.saved.is_none()).count();
        run.number_with(
            "edits that were refused",
            refused as f64,
            "",
            edits.len() as u64,
            Some(Goal::AtMost(0.0)),
        );
        let mut signed_in = times();
        answered.iter().for_each(|time| record(&mut signed_in, *time));
        run.times("sign-in → signed in", signed_in);
        run.known("cores busy with the server", cores[0], "");
        run.known("cores busy with the generator", cores[1], "");
        if let Some((base, peak)) = base_kib.zip(peak_kib) {
            run.number("more memory than before", mebibytes(peak) - mebibytes(base), "MiB", 1);
        }
        let settings = vec![("people", json!(self.people)), ("seconds", json!(self.seconds))];
        self.common.publish(&Report { scenario: "logins", settings, runs: vec![run] })
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

fn email(number: u32) -> String {
    format!("designer{number}@example.org")
}

/// Signs in, and again as soon as that is done; how long each took.
async fn sign_in_until(host: &str, number: u32, until: Instant) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        let head = http::sign_in(host, &email(number), PASSWORD).await?;
        ensure!(head.to_ascii_lowercase().contains("\r\nset-cookie:"), "nobody was signed in: {head}");
        took.push(began.elapsed());
    }
    Ok(took)
}

fn known_within(window: Window, edits: &[Edit], games: &[Player<Version2>]) -> Times {
    let mut within = times();
    for game in games {
        for (edit, at) in known_at(edits, &game.client.arrived) {
            if let Some(at) = at.filter(|_| window.holds(edit.due)) {
                record(&mut within, at.duration_since(edit.due));
            }
        }
    }
    within
}
