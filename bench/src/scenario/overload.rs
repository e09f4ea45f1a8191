//! Far more than the server can store, in one project, while people go on editing there and elsewhere.

mod figures;
mod seen;

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use tokio::time::{sleep, sleep_until};

use super::{Common, project::Project};
use crate::{
    answers::Window,
    background::Background,
    client::{Client, Manners, Original, Version2},
    crowd::Crowd,
    editor::{Edit, Editor},
    http,
    report::Report,
    schedule::Load,
    server::Server,
    stored::Stored,
    system,
};
use figures::Figures;
use seen::{Course, Measured, Told};

/// Twenty edits a second, as a dashboard sends them while somebody drags a slider.
const EDIT_EVERY: Duration = Duration::from_millis(50);
/// Games of each project that are no part of the flood, and lines of one of them a second.
const CALM_GAMES: u32 = 10;
const CALM_LINES_PER_SECOND: f64 = 10.0;
/// Unanswered lines of one client while the sustained maximum is looked for.
const SUSTAINED_WINDOW: usize = 8;
/// Time for a load to reach every client before its first moment.
const NOTICE: Duration = Duration::from_millis(50);
/// How much longer a load runs than it is measured, as a part of that.
const WARM_UP: f64 = 0.25;
/// Until what the maximum left unanswered is answered.
const REST: Duration = Duration::from_secs(1);
/// The last edits of all are given so long to arrive.
const LAST_EDITS: Duration = Duration::from_secs(1);
/// Moments of one flooding game are so far apart, with all lines of the time between: a wake-up for each line would cost
/// the generator more than the lines.
const BURST_EVERY: Duration = Duration::from_millis(10);
/// What the system keeps of what a flooding game has written, as over Ethernet. On one machine segments are 45 times as long, and
/// it would keep megabytes for each: a backlog that the flood of a real game does not leave behind.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;
const MEMORY_EVERY: Duration = Duration::from_millis(100);

/// How big a flood, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Overload {
    #[command(flatten)]
    common: Common,
    /// Flooding games of each kind: of version 2 and waiting when told to, of version 2 and not waiting,
    /// and original ones
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// Log entries in a line of the flood
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    entries: u32,
    /// Lines that a flooding game keeps while they are not acknowledged
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    window: u16,
    /// How many times the sustained maximum is offered
    #[arg(long, value_name = "TIMES", default_value_t = 10.0)]
    factor: f64,
    /// How many steps below everybody else the flood's threads run, of 19 (Linux)
    #[arg(long, value_name = "STEPS", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=19))]
    nice: u8,
    /// How long the flood lasts
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    seconds: f64,
    /// How long the quiet before it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 8.0)]
    before: f64,
    /// How long the sustained maximum is measured, before the flood and after it
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0)]
    maximum: f64,
    /// How long the time after it is watched
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    after: f64,
}

/// Everybody who plays.
struct Cast {
    /// Of those who flood: they stand for other machines, so they take no time from this one that anybody else wants.
    threads: Background,
    waiting: Crowd<Version2>,
    going_on: Crowd<Version2>,
    original: Crowd<Original>,
    /// Of the flooded project, and of the other one.
    calm: [Crowd<Version2>; 2],
}

impl Overload {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        self.common.prepare(3 * self.sessions as usize)?;
        let mut server = self.common.start().await?;
        let cookie = http::set_up(&server.http, &server.setup_token).await?;
        let mut stored = Stored::open(&server).await?;
        let flooded = Project::create(&server, &mut stored, 1).await?;
        let other = Project::create(&server, &mut stored, 2).await?;

        let mut cast = self.gather(&server, &flooded, &other)?;
        cast.ready().await?;
        let editors = [
            Editor::start(flooded.watch(&server, &cookie).await?, flooded.id, EDIT_EVERY),
            Editor::start(other.watch(&server, &cookie).await?, other.id, EDIT_EVERY),
        ];
        let course = self.play(&cast, &server, &mut stored, &flooded).await?;

        let [first, second] = editors;
        let edits = [first.stop().await?, second.stop().await?];
        sleep(LAST_EDITS).await;
        let told = cast.leave(edits).await?;
        drop(stored);
        // what was acknowledged must be there after an end without a farewell
        server.kill().await?;
        let compared = Stored::open(&server).await?.verify(&told.promised()).await?;

        let runs = Figures { sessions: self.sessions, course: &course, told: &told, compared }.runs();
        let settings = vec![
            ("games of each kind", json!(self.sessions)),
            ("entries a line", json!(self.entries)),
            ("window", json!(self.window)),
            ("seconds", json!(self.seconds)),
            ("nice", json!(self.nice)),
        ];
        self.common.publish(&Report { scenario: "overload", settings, runs })
    }

    fn gather(&self, server: &Server, flooded: &Project, other: &Project) -> anyhow::Result<Cast> {
        let numbers = |kind: u32| kind * self.sessions..(kind + 1) * self.sessions;
        let version2 = |number| Version2::new(number, flooded.key, self.entries);
        let original = |number| Original::new(number, flooded.key, self.entries);
        let calm = |project: &Project, from: u32| {
            let game = |number| Version2::new(number, project.key, 1);
            Crowd::gather(&server.games, (from..from + CALM_GAMES).map(game).collect())
        };
        let rude = |number| version2(number).with_manners(Manners::GoesOn);
        let first_calm = 3 * self.sessions;
        let calm = [calm(flooded, first_calm)?, calm(other, first_calm + CALM_GAMES)?];
        let threads = Background::start(self.nice)?;
        let entered = threads.enter();
        let waiting = flooding(&server.games, numbers(0).map(version2).collect())?;
        let going_on = flooding(&server.games, numbers(1).map(rude).collect())?;
        let original = flooding(&server.games, numbers(2).map(original).collect())?;
        drop(entered);
        Ok(Cast { threads, waiting, going_on, original, calm })
    }

    /// Quiet, the sustained maximum, rest, the flood, the time after it, and the maximum again.
    async fn play(
        &self,
        cast: &Cast,
        server: &Server,
        stored: &mut Stored,
        flooded: &Project,
    ) -> anyhow::Result<Course> {
        let [before, warm_up, after] =
            [self.before, self.before * WARM_UP, self.after].map(Duration::from_secs_f64);
        let from = Instant::now() + NOTICE;
        let calm = Load::Paced { from, per_second: CALM_LINES_PER_SECOND, burst: 1, window: 256 };
        cast.calm.iter().for_each(|crowd| crowd.tell(calm));
        let quiet = window(Instant::now() + warm_up, before);
        sleep_until(quiet.until.into()).await;
        let base_kib = server.resident_kib();

        let maximum_before = self.maximum(cast, server, stored, flooded).await?;
        sleep(REST).await;

        let flood = window(Instant::now() + NOTICE, Duration::from_secs_f64(self.seconds));
        let offered_per_second = maximum_before.per_second * self.factor;
        let per_second = offered_per_second / f64::from(3 * self.sessions) / f64::from(self.entries);
        let burst = (per_second * BURST_EVERY.as_secs_f64()).ceil().max(1.0) as u32;
        cast.flood(Load::Paced { from: flood.from, per_second, burst, window: self.window.into() }, true);
        let after = window(flood.until, after);
        let in_flood = async {
            let measured = self.measure(flood, server, stored, flooded).await;
            cast.flood(Load::Idle, true);
            measured
        };
        let (flood, peak_kib) = tokio::join!(in_flood, most_memory(server, after.until));
        // what a machine and its disk can do drifts, and a database grows: seen from both sides of the flood
        let maximum_after = self.maximum(cast, server, stored, flooded).await?;
        sleep(REST).await;
        Ok(Course {
            quiet,
            sustained: [maximum_before, maximum_after],
            offered_per_second,
            flood: flood?,
            after,
            base_kib,
            peak_kib,
        })
    }

    /// What can be stored when nothing is sent in vain.
    async fn maximum(
        &self,
        cast: &Cast,
        server: &Server,
        stored: &mut Stored,
        project: &Project,
    ) -> anyhow::Result<Measured> {
        let length = Duration::from_secs_f64(self.maximum);
        let sustained = window(Instant::now() + length.mul_f64(WARM_UP), length);
        cast.flood(Load::FlatOut { window: SUSTAINED_WINDOW }, false);
        let measured = self.measure(sustained, server, stored, project).await;
        cast.flood(Load::Idle, true);
        measured
    }

    async fn measure(
        &self,
        window: Window,
        server: &Server,
        stored: &mut Stored,
        project: &Project,
    ) -> anyhow::Result<Measured> {
        let processes = [server.process(), Some(std::process::id())];
        let (count, cores) =
            tokio::join!(self.stored_within(window, stored, project), system::busy_cores(window, processes));
        Ok(Measured { window, per_second: count? as f64 / window.seconds(), cores })
    }

    /// How many entries the database gains within a stretch of time.
    async fn stored_within(
        &self,
        window: Window,
        stored: &mut Stored,
        project: &Project,
    ) -> anyhow::Result<u64> {
        sleep_until(window.from.into()).await;
        let before = stored.log_count(project.key.as_str()).await?;
        sleep_until(window.until.into()).await;
        Ok(stored.log_count(project.key.as_str()).await? - before)
    }
}

impl Cast {
    async fn ready(&mut self) -> anyhow::Result<()> {
        let [first, second] = &mut self.calm;
        tokio::try_join!(
            self.waiting.ready(),
            self.going_on.ready(),
            self.original.ready(),
            first.ready(),
            second.ready()
        )?;
        Ok(())
    }

    /// Tells those who flood. Original games can't be flooded with: nothing tells how much they may say.
    fn flood(&self, load: Load, with_original: bool) {
        self.waiting.tell(load);
        self.going_on.tell(load);
        if with_original {
            self.original.tell(load);
        }
    }

    async fn leave(self, edits: [Vec<Edit>; 2]) -> anyhow::Result<Told> {
        let [first, second] = self.calm;
        let (waiting, going_on, original, first, second) = tokio::try_join!(
            self.waiting.leave(),
            self.going_on.leave(),
            self.original.leave(),
            first.leave(),
            second.leave()
        )?;
        drop(self.threads);
        Ok(Told { waiting, going_on, original, calm: [first, second], edits })
    }
}

fn flooding<C: Client>(address: &str, clients: Vec<C>) -> anyhow::Result<Crowd<C>> {
    Crowd::gather_with(address, clients, Some(SEND_BUFFER_BYTES))
}

fn window(from: Instant, length: Duration) -> Window {
    Window { from, until: from + length }
}

async fn most_memory(server: &Server, until: Instant) -> Option<u64> {
    let mut most = None;
    while Instant::now() < until {
        most = most.max(server.resident_kib());
        sleep(MEMORY_EVERY).await;
    }
    most
}
