//! The real connections, gateway and batch rules, in a world that fails: a network that stalls and breaks, a database
//! that hangs, is slow, cuts its answers off and is restored, a process that dies, a clock that jumps, projects that are deleted,
//! and people and games that stop reading. Time is virtual and everything random comes from one seed,
//! so a run takes milliseconds and can be repeated.
//!
//! `OBSERVERIO_SEEDS` is how many seeds are run, `OBSERVERIO_SEED` the first one. A failure prints the command that
//! repeats it.

mod calm;
mod database;
mod designer;
mod game;
mod host;
mod journal;
mod link;
mod model;
mod original;
mod stories;
mod tables;
mod talk;
mod values;

use std::{
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use protocol::model::Key;
use tokio::time::{sleep, timeout};

use self::{
    calm::Calm,
    database::{Disk, Faults, Reading},
    designer::Designer,
    game::{Game, Memory},
    host::Host,
    journal::Journal,
    link::Link,
    original::{Obeyed, Original},
};

/// Seeds of the ordinary test run.
const SEEDS: u64 = 1_000;
/// Each project's key; the last one may be deleted.
const KEYS: [&str; 3] = ["0123456789ab", "ba9876543210", "mortalmortal"];
const MORTAL: i64 = 3;
/// What may wait to be written: as much as is shared, one line more for each connection that came last, and edits.
const MOST_QUEUED_BYTES: u64 = 40 * 1024 * 1024;
/// What dashboards may have before them: of each project as much as may be, and one delta more.
const MOST_UNTAKEN_BYTES: u64 = 3 * (8 + 32) * 1024 * 1024;
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Longer than anybody waits for a commit and for the word whether it has happened.
const GIVE_UP_TIME: Duration = Duration::from_secs(20);
/// For so long a database is slow in which something happens to what is read.
const READING_TIME: Duration = Duration::from_secs(5);
/// When everything works again, everybody is settled after so long.
const SETTLE_TIME: Duration = Duration::from_secs(120);
const SETTLE_STEP: Duration = Duration::from_millis(500);

/// One run.
struct World {
    rng: fastrand::Rng,
    host: Arc<Host>,
    journal: Journal,
    is_quiet: Arc<AtomicBool>,
    games: Vec<Arc<Mutex<Memory>>>,
    originals: Vec<Arc<Mutex<Obeyed>>>,
    /// A game of the project that may be deleted.
    mortal: Option<Arc<Mutex<Obeyed>>>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let journal = Journal::new();
        let keys = KEYS.map(|key| Key::parse(key.as_bytes()).expect("it is a key"));
        let faults =
            Faults { slow: rng.u8(0..15), hang: rng.u8(0..4), fail: rng.u8(0..10), cut_off: rng.u8(0..10) };
        let disk = Disk::new(rng.fork(), journal.clone(), &keys, faults);
        let host = Host::new(rng.fork(), &disk, &journal);
        let (is_quiet, games, originals, mortal) = (Arc::default(), Vec::new(), Vec::new(), None);
        Self { rng, host, journal, is_quiet, games, originals, mortal }
    }

    async fn run(mut self) -> Journal {
        self.host.boot().await;
        self.populate();
        tokio::spawn(look_at_memory(Arc::clone(&self.host)));
        self.break_things().await;
        self.host.disk.heal();
        if self.host.gateway().is_none() {
            self.host.boot().await;
        }
        self.host.for_each_link(Link::heal);
        self.is_quiet.store(true, Relaxed);
        self.journal.note("world", format_args!("is quiet"));
        self.settle().await;
        // what a database that hung was asked before is given up by then
        sleep(GIVE_UP_TIME).await;
        self.settle().await;
        self.calm_down().await;
        self.games.iter().for_each(|game| game.lock().expect("no holder panics").check(&self.host));
        self.originals.iter().for_each(|game| game.lock().expect("no holder panics").check(&self.host));
        self.journal
    }

    fn populate(&mut self) {
        for number in 1..=self.rng.u8(1..5) {
            let project = usize::from(self.rng.u8(0..4) == 0);
            let of = (project as i64 + 1, KEYS[project]);
            let (game, memory) = Game::new(&self.host, self.rng.fork(), number, of, &self.is_quiet);
            self.games.push(memory);
            tokio::spawn(game.run());
        }
        for number in 1..=self.rng.u8(0..3) {
            let of = (1, KEYS[0]);
            let (game, obeyed) = Original::new(&self.host, self.rng.fork(), number, of, &self.is_quiet);
            self.originals.push(obeyed);
            tokio::spawn(game.run());
        }
        for project in 1..=self.rng.i64(1..=2) {
            for number in 0..self.rng.i64(1..=2) {
                let rng = self.rng.fork();
                tokio::spawn(Designer::new(&self.host, rng, project, number, &self.is_quiet).run());
            }
        }
        if self.rng.u8(0..3) == 0 {
            let (rng, of) = (self.rng.fork(), (MORTAL, KEYS[2]));
            let (game, obeyed) = Original::new(&self.host, rng, 9, of, &self.is_quiet);
            self.mortal = Some(obeyed);
            tokio::spawn(game.run());
        }
    }

    async fn break_things(&mut self) {
        for _ in 0..self.rng.u8(2..12) {
            let pause = self.rng.u64(20..1_200);
            sleep(Duration::from_millis(pause)).await;
            let time = Duration::from_millis(self.rng.u64(50..8_000));
            let dice = self.rng.u8(0..127);
            let link = self.host.pick_link(&mut self.rng);
            let what = match (dice, link) {
                (0..25, Some(link)) => {
                    link.stall(time);
                    "a link stalls"
                }
                (25..45, Some(link)) => {
                    link.reset();
                    "a link breaks"
                }
                (45..53, Some(link)) => {
                    link.kill();
                    "a link vanishes"
                }
                (53..65, _) => {
                    self.host.disk.go_away(time);
                    "the database is away"
                }
                (65..83, _) => {
                    self.host.crash();
                    self.come_back().await;
                    continue;
                }
                (83..90, _) => {
                    self.host.stop().await;
                    self.come_back().await;
                    continue;
                }
                (90..93, _) => {
                    self.host.disk.back_up();
                    "a backup is made"
                }
                (93..99, _) if self.host.disk.restore() => "a backup is restored",
                (99..106, _) => {
                    self.host.disk.slow_down(2 * time);
                    "the database is slow"
                }
                (106..109, _) => {
                    self.host.jump_ahead();
                    "the clock jumps"
                }
                (109..113, _) if self.mortal.is_some() => self.end_the_mortal(),
                (113..115, _) => {
                    self.long_outage().await;
                    continue;
                }
                (115..121, _) => {
                    self.restore_while_reading().await;
                    continue;
                }
                (121..127, _) if self.mortal.is_some() => {
                    self.end_while_reading().await;
                    continue;
                }
                _ => continue,
            };
            self.journal.note("world", format_args!("{what}, {} ms", time.as_millis()));
        }
    }

    /// A game sends more than there is room for, and the database is away longer than a silent game may be silent.
    async fn long_outage(&mut self) {
        let game = self.rng.usize(..self.games.len());
        self.games[game].lock().expect("no holder panics").is_to_flood = true;
        let time = Duration::from_millis(self.rng.u64(60_000..110_000));
        self.host.disk.go_away(time);
        self.journal.note("world", format_args!("the database is away for long, {} ms", time.as_millis()));
        sleep(time).await;
    }

    /// Its project is deleted, or its key is revoked.
    fn end_the_mortal(&mut self) -> &'static str {
        if self.rng.bool() {
            self.host.delete(MORTAL);
            "a project is deleted"
        } else {
            self.host.revoke(MORTAL, KEYS[2]);
            "a key is revoked"
        }
    }

    /// A server that knows nothing yet reads a project, and before it has the answer, a backup is restored.
    async fn restore_while_reading(&mut self) {
        if !self.host.disk.has_backup() {
            self.host.disk.back_up();
        }
        self.host.crash();
        self.come_back().await;
        self.host.disk.slow_down(READING_TIME);
        if self.is_reading(|reading| reading.projects > 0).await && self.host.disk.restore() {
            self.journal.note("world", format_args!("a backup is restored while a project is read"));
        }
        sleep(READING_TIME).await;
    }

    /// A server that knows nothing yet reads a key, and before it has the answer, the key ends.
    async fn end_while_reading(&mut self) {
        self.host.crash();
        self.come_back().await;
        self.host.disk.slow_down(READING_TIME);
        if self.is_reading(|reading| reading.keys > 0).await {
            let what = self.end_the_mortal();
            self.journal.note("world", format_args!("{what} while a key is read"));
        }
        sleep(READING_TIME).await;
    }

    /// Whether something is being read soon.
    async fn is_reading(&self, what: impl Fn(Reading) -> bool) -> bool {
        let waiting = async {
            while !what(self.host.disk.reading()) {
                sleep(LOOK / 50).await;
            }
        };
        timeout(READING_TIME, waiting).await.is_ok()
    }

    async fn come_back(&mut self) {
        let pause = self.rng.u64(0..1_000);
        sleep(Duration::from_millis(pause)).await;
        self.host.boot().await;
    }

    /// Waits until everybody is settled, which must not take long.
    async fn settle(&self) {
        let mut left = SETTLE_TIME;
        while let Some(why) = self.unsettled() {
            if left.is_zero() || self.journal.has_failed() {
                return self.journal.violate("world", format_args!("never gets settled: {why}"));
            }
            sleep(SETTLE_STEP).await;
            left = left.saturating_sub(SETTLE_STEP);
        }
    }

    /// When all is well, everything can be told exactly; and whatever is edited then, everybody gets.
    async fn calm_down(&mut self) {
        if self.journal.has_failed() {
            return;
        }
        self.journal.note("world", format_args!("is calm"));
        let rng = self.rng.fork();
        let played = async { Calm::begin(&self.host, rng, KEYS[0]).await?.play().await };
        match played.await {
            Ok(()) => self.settle().await,
            Err(fault) => self.journal.violate("calm", format_args!("{fault}")),
        }
    }

    fn unsettled(&self) -> Option<String> {
        // where nobody is waited for, nothing else tells whether the server has heard of it
        if self.host.gateway().is_some_and(|gateway| !gateway.is_storing()) {
            return Some("the server takes the database to be away".to_owned());
        }
        if !self.host.has_heard() {
            return Some("the server has not heard of a restore".to_owned());
        }
        for game in &self.games {
            let game = game.lock().expect("no holder panics");
            let (revision, values) = self.host.disk.desired(game.project);
            if !game.is_settled() {
                return Some(format!("{} waits for acknowledgements", game.label));
            }
            if game.revision != revision || game.values != values {
                let (has, have) = (&game.values, game.revision);
                return Some(format!("{} has {has:?} of {have} for {values:?} of {revision}", game.label));
            }
        }
        for game in &self.originals {
            let game = game.lock().expect("no holder panics");
            let (_, values) = self.host.disk.desired(game.project);
            // it has no word for letting go, and keeps what it was told last; so it does with what a restore took back
            let obeys = values.iter().all(|(name, value)| game.values.get(name) == Some(value));
            if !game.is_connected || !obeys {
                return Some(format!("an original game has {:?} for {values:?}", game.values));
            }
        }
        if let Some(game) = &self.mortal {
            let is_connected = game.lock().expect("no holder panics").is_connected;
            if is_connected == self.host.disk.is_ended(MORTAL) {
                return Some(format!("a game whose key may end is connected: {is_connected}"));
            }
        }
        self.uncounted()
    }

    /// Games and dashboards that are connected, and are not known to be.
    fn uncounted(&self) -> Option<String> {
        let (gateway, watching) = (self.host.gateway()?, self.host.watching()?);
        let games = self.games.len() + self.originals.len();
        let (status, watching) = (gateway.status(), watching.load(Relaxed));
        let are_known = status.games >= games as u64 && status.watchers >= watching;
        (!are_known).then(|| format!("{games} games, {watching} watchers: {status:?}"))
    }
}

/// What waits is bounded all the while.
async fn look_at_memory(host: Arc<Host>) {
    loop {
        if let Some(status) = host.gateway().map(|gateway| gateway.status()) {
            let (queued, untaken) = (status.queued_bytes, status.untaken_bytes);
            let what = format_args!("{queued} bytes wait to be written, {untaken} to be shown");
            let is_bounded = queued <= MOST_QUEUED_BYTES && untaken <= MOST_UNTAKEN_BYTES;
            host.journal.check(is_bounded, "memory", what);
        }
        sleep(LOOK).await;
    }
}

/// Runs one seed; returns the fingerprint of what happened, or what went wrong.
fn run(seed: u64) -> Result<u64, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing");
    let journal = runtime.block_on(async { World::new(seed).run().await });
    match journal.failure() {
        None => Ok(journal.fingerprint()),
        Some(failure) => Err(failure),
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a whole number"))
}

#[test]
fn whatever_fails_the_promises_are_kept() {
    let first = number("OBSERVERIO_SEED").unwrap_or(0);
    let last = first + number("OBSERVERIO_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(first);
    let failed: Mutex<Vec<(u64, String)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while failed.lock().expect("no holder panics").is_empty() {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= last {
                        break;
                    }
                    if let Err(failure) = run(seed) {
                        failed.lock().expect("no holder panics").push((seed, failure));
                    }
                }
            });
        }
    });
    if let Some((seed, failure)) = failed.into_inner().expect("no holder panics").into_iter().min() {
        panic!(
            "seed {seed}: {failure}\nrepeat it: OBSERVERIO_SEED={seed} OBSERVERIO_SEEDS=1 cargo test -p server --lib simulation"
        );
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..20 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
}
