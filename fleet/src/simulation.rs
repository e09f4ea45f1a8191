//! The simulation of one device, without a socket or a clock: what people tuned and a step of time go in, events come out.

use fastrand::Rng;
use observerio::{Level, Value};

use crate::profile::{Mood, Platform};

/// Enemies that the game has room for.
pub(crate) const MAX_ENEMIES: u32 = 64;
/// Each enemy lives for so many seconds on average.
const ENEMY_LIFE: f64 = 8.0;
/// Health that comes back each second.
const HEALING: f64 = 2.5;
/// Log entries each second, and how many may come at once.
const LOGS_PER_SECOND: f64 = 1.0;
const LOG_BURST: f64 = 4.0;
/// Frames per second below which the game complains.
const LOW_FPS: f64 = 24.0;
/// Seconds between two complaints.
const COMPLAINT_PAUSE: f64 = 10.0;
const MAX_PLAYERS: i64 = 8;

/// What people tuned.
#[derive(Clone, Debug)]
pub(crate) struct Tuning {
    /// Enemies a second.
    pub(crate) spawn_rate: f64,
    /// Metres a second.
    pub(crate) enemy_speed: f64,
    pub(crate) enemy: Enemy,
    pub(crate) max_hp: i64,
    pub(crate) god_mode: bool,
    /// How much longer a frame takes than at the lowest quality and half the resolution.
    pub(crate) picture_cost: f64,
}

/// A kind of enemy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Enemy {
    Slime,
    Bat,
    Golem,
}

impl Enemy {
    pub(crate) const NAMES: [&str; 3] = ["slime", "bat", "golem"];

    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "bat" => Self::Bat,
            "golem" => Self::Golem,
            _ => Self::Slime,
        }
    }

    fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Compared to a slime.
    fn strength(self) -> f64 {
        match self {
            Self::Slime => 1.0,
            Self::Bat => 0.7,
            Self::Golem => 2.2,
        }
    }
}

/// What the game tells about itself.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// A log entry with fields.
    Log { level: Level, message: &'static str, fields: Vec<(&'static str, Value)> },
    /// A player marks the moment.
    Mark { mark: &'static str, note: &'static str },
    /// The game is gone for so many seconds.
    Crash { away: f64 },
}

/// What the game measures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) fps: f64,
    pub(crate) frame_ms: f64,
    pub(crate) hp: i64,
    pub(crate) enemies: i64,
    pub(crate) players: i64,
}

/// One running game.
pub(crate) struct Simulation {
    platform: &'static Platform,
    mood: Mood,
    rng: Rng,
    enemies: u32,
    hp: f64,
    players: i64,
    /// A slow wandering around 0, between −1 and 1.
    drift: f64,
    /// Log entries that may be written now.
    log_room: f64,
    complains_in: f64,
    uptime: f64,
}

impl Simulation {
    pub(crate) fn new(platform: &'static Platform, mood: Mood, rng: Rng, max_hp: i64) -> Self {
        let players = if mood == Mood::Busy { 4 } else { 1 };
        Self {
            platform,
            mood,
            rng,
            enemies: 0,
            hp: max_hp as f64,
            players,
            drift: 0.0,
            log_room: LOG_BURST,
            complains_in: 0.0,
            uptime: 0.0,
        }
    }

    /// The boss comes with company. Returns how many there were room for.
    pub(crate) fn spawn_boss(&mut self) -> u32 {
        let company = 5.min(MAX_ENEMIES - self.enemies);
        self.enemies += company;
        company
    }

    /// The level begins again, as after a crash.
    pub(crate) fn restart(&mut self, max_hp: i64) {
        (self.enemies, self.hp, self.uptime) = (0, max_hp as f64, 0.0);
    }

    /// Lets `dt` seconds pass, which are less than one.
    pub(crate) fn step(&mut self, tuning: &Tuning, dt: f64) -> Vec<Event> {
        self.uptime += dt;
        self.log_room = (self.log_room + LOGS_PER_SECOND * dt).min(LOG_BURST);
        self.complains_in -= dt;
        let wander = self.rng.f64() * 2.0 - 1.0;
        self.drift = (self.drift + wander * dt.sqrt() * 0.4 - self.drift * dt * 0.5).clamp(-1.0, 1.0);
        let mut events = Vec::new();
        self.spawn(tuning, dt, &mut events);
        self.fight(tuning, dt, &mut events);
        self.complain(tuning, &mut events);
        self.socialise(dt, &mut events);
        self.crash(dt, &mut events);
        events
    }

    pub(crate) fn measured(&self, tuning: &Tuning) -> Measured {
        let frame_ms = self.frame_ms(tuning);
        Measured {
            fps: round((1_000.0 / frame_ms).min(self.platform.refresh), 1),
            frame_ms: round(frame_ms, 2),
            hp: self.hp.ceil() as i64,
            enemies: self.enemies.into(),
            players: self.players,
        }
    }

    fn frame_ms(&self, tuning: &Tuning) -> f64 {
        let enemies = f64::from(self.enemies) * self.platform.enemy_ms * tuning.enemy.strength().sqrt();
        (self.platform.base_ms * tuning.picture_cost + enemies) * (1.0 + 0.08 * self.drift)
    }

    /// Whether something that happens so often each second happens now.
    fn happens(&mut self, each_second: f64, dt: f64) -> bool {
        self.rng.f64() < each_second * dt
    }

    fn log(
        &mut self,
        events: &mut Vec<Event>,
        level: Level,
        message: &'static str,
        fields: Vec<(&'static str, Value)>,
    ) {
        if self.log_room >= 1.0 {
            self.log_room -= 1.0;
            events.push(Event::Log { level, message, fields });
        }
    }

    fn spawn(&mut self, tuning: &Tuning, dt: f64, events: &mut Vec<Event>) {
        // several may come in one step
        let due = tuning.spawn_rate * dt;
        let count = due.trunc() as u32 + u32::from(self.rng.f64() < due.fract());
        let room = MAX_ENEMIES - self.enemies;
        self.enemies += count.min(room);
        if count > room {
            let fields = vec![
                ("capacity", Value::Int(i64::from(MAX_ENEMIES).into())),
                ("rate", Value::Float(round(tuning.spawn_rate, 2))),
            ];
            return self.log(events, Level::Error, "enemy pool is full, spawn skipped", fields);
        }
        if count > 0 {
            let place = |rng: &mut Rng| Value::Float(round(rng.f64() * 100.0, 1));
            let fields = vec![
                ("kind", text(tuning.enemy.name())),
                ("x", place(&mut self.rng)),
                ("y", place(&mut self.rng)),
                ("alive", Value::Int(i64::from(self.enemies).into())),
            ];
            self.log(events, Level::Debug, "enemy spawned", fields);
        }
    }

    fn fight(&mut self, tuning: &Tuning, dt: f64, events: &mut Vec<Event>) {
        let dying = f64::from(self.enemies) / ENEMY_LIFE * dt;
        let killed = dying.trunc() as u32 + u32::from(self.rng.f64() < dying.fract());
        self.enemies -= killed.min(self.enemies);
        let max_hp = tuning.max_hp as f64;
        self.hp = (self.hp + HEALING * dt).min(max_hp);
        if tuning.god_mode {
            return;
        }
        let force = f64::from(self.enemies) * tuning.enemy_speed * tuning.enemy.strength();
        self.hp -= force * (0.6 + 0.5 * self.drift) * 0.07 * dt;
        if self.hp > 0.0 {
            return;
        }
        let fields = vec![
            ("killer", text(tuning.enemy.name())),
            ("enemies", Value::Int(i64::from(self.enemies).into())),
            ("survived_s", Value::Float(round(self.uptime, 1))),
        ];
        self.log(events, Level::Warn, "player died", fields);
        self.restart(tuning.max_hp);
    }

    fn complain(&mut self, tuning: &Tuning, events: &mut Vec<Event>) {
        let fps = 1_000.0 / self.frame_ms(tuning);
        if fps < LOW_FPS && self.complains_in <= 0.0 {
            self.complains_in = COMPLAINT_PAUSE;
            let fields = vec![
                ("fps", Value::Float(round(fps, 1))),
                ("enemies", Value::Int(i64::from(self.enemies).into())),
            ];
            self.log(events, Level::Warn, "frame rate is low", fields);
        }
    }

    /// Players come and go, and sometimes mark a moment.
    fn socialise(&mut self, dt: f64, events: &mut Vec<Event>) {
        if self.mood != Mood::Busy {
            if self.happens(1.0 / 20.0, dt) {
                let fields = vec![("checkpoint", Value::Int(self.rng.i64(1..=12).into()))];
                self.log(events, Level::Info, "checkpoint reached", fields);
            }
            return;
        }
        if self.happens(1.0 / 6.0, dt) {
            let joins = self.players == 1 || self.players < MAX_PLAYERS && self.rng.bool();
            self.players += if joins { 1 } else { -1 };
            let message = if joins { "player joined" } else { "player left" };
            let fields = vec![("players", Value::Int(self.players.into()))];
            self.log(events, Level::Info, message, fields);
        }
        if self.happens(1.0 / 90.0, dt) {
            let (mark, note) =
                if self.rng.bool() { ("fun", "close fight") } else { ("odd", "stuck in a wall") };
            events.push(Event::Mark { mark, note });
        }
    }

    fn crash(&mut self, dt: f64, events: &mut Vec<Event>) {
        if self.mood != Mood::Shaky || !self.happens(1.0 / 40.0, dt) {
            return;
        }
        let fields = vec![
            ("code", text("0xc0000005")),
            ("module", text(["audio", "particles", "navmesh"][self.rng.usize(..3)])),
            ("uptime_s", Value::Float(round(self.uptime, 1))),
        ];
        // a crash is always logged
        events.push(Event::Log { level: Level::Error, message: "crash: access violation", fields });
        events.push(Event::Crash { away: 3.0 + 7.0 * self.rng.f64() });
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn round(number: f64, places: i32) -> f64 {
    let factor = 10f64.powi(places);
    (number * factor).round() / factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    const DT: f64 = 0.05;

    fn tuning() -> Tuning {
        Tuning {
            spawn_rate: 1.5,
            enemy_speed: 3.0,
            enemy: Enemy::Slime,
            max_hp: 100,
            god_mode: false,
            picture_cost: 1.0,
        }
    }

    fn game(mood: Mood) -> Simulation {
        let mut rng = Rng::with_seed(7);
        let profile = Profile::choose(1, &mut rng);
        Simulation::new(profile.platform, mood, rng, 100)
    }

    fn run(game: &mut Simulation, tuning: &Tuning, seconds: f64) -> Vec<Event> {
        (0..(seconds / DT) as usize).flat_map(|_| game.step(tuning, DT)).collect()
    }

    fn logs(events: &[Event], wanted: &str) -> usize {
        let is_it = |event: &&Event| matches!(event, Event::Log { message, .. } if *message == wanted);
        events.iter().filter(is_it).count()
    }

    /// The average number of frames a second over a minute.
    fn fps(tuning: &Tuning) -> f64 {
        let mut one = game(Mood::Calm);
        run(&mut one, tuning, 30.0);
        let fps = (0..1_200).map(|_| {
            one.step(tuning, DT);
            one.measured(tuning).fps
        });
        fps.sum::<f64>() / 1_200.0
    }

    #[test]
    fn the_same_seed_plays_the_same_game() {
        let (mut one, mut other) = (game(Mood::Shaky), game(Mood::Shaky));
        let (of_one, of_other) = (run(&mut one, &tuning(), 120.0), run(&mut other, &tuning(), 120.0));
        assert!(!of_one.is_empty());
        assert_eq!(of_one, of_other);
        assert_eq!(one.measured(&tuning()), other.measured(&tuning()));
    }

    #[test]
    fn more_enemies_cost_frames() {
        let (few, many) = (fps(&tuning()), fps(&Tuning { spawn_rate: 6.0, ..tuning() }));
        assert!(many < 0.75 * few, "{many} of {few}");
        let sharp = fps(&Tuning { picture_cost: 3.0, ..tuning() });
        assert!(sharp < 0.75 * few, "{sharp} of {few}");
    }

    #[test]
    fn too_many_enemies_are_an_error_and_few_are_none() {
        const FULL: &str = "enemy pool is full, spawn skipped";
        assert_eq!(logs(&run(&mut game(Mood::Calm), &tuning(), 120.0), FULL), 0);
        let tuning = Tuning { spawn_rate: 20.0, god_mode: true, ..tuning() };
        let mut one = game(Mood::Calm);
        assert!(logs(&run(&mut one, &tuning, 120.0), FULL) > 10);
        assert!(one.measured(&tuning).enemies <= i64::from(MAX_ENEMIES));
    }

    #[test]
    fn players_die_of_many_enemies_unless_nothing_hurts_them() {
        let hard = Tuning { spawn_rate: 6.0, enemy: Enemy::Golem, ..tuning() };
        assert!(logs(&run(&mut game(Mood::Calm), &hard, 120.0), "player died") > 0);
        let immortal = Tuning { god_mode: true, ..hard };
        assert_eq!(logs(&run(&mut game(Mood::Calm), &immortal, 120.0), "player died"), 0);
    }

    #[test]
    fn health_follows_its_maximum_at_once() {
        let mut one = game(Mood::Calm);
        let weak = Tuning { max_hp: 10, ..tuning() };
        one.step(&weak, DT);
        assert!(one.measured(&weak).hp <= 10);
    }

    #[test]
    fn the_log_is_bounded_whatever_happens() {
        let worst = Tuning { spawn_rate: 1_000.0, enemy_speed: 1_000.0, ..tuning() };
        let events = run(&mut game(Mood::Busy), &worst, 60.0);
        let count = events.iter().filter(|event| matches!(event, Event::Log { .. })).count();
        assert!(count <= 60 + LOG_BURST as usize + 1, "{count}");
    }

    #[test]
    fn only_shaky_devices_crash() {
        let crashes = |mood| {
            let events = run(&mut game(mood), &tuning(), 600.0);
            events.iter().filter(|event| matches!(event, Event::Crash { .. })).count()
        };
        assert_eq!((crashes(Mood::Calm), crashes(Mood::Busy)), (0, 0));
        assert!(crashes(Mood::Shaky) > 5);
    }

    #[test]
    fn a_boss_has_company_if_there_is_room() {
        let mut one = game(Mood::Calm);
        let brought: u32 = (0..20).map(|_| one.spawn_boss()).sum();
        assert_eq!(brought, MAX_ENEMIES);
        one.restart(100);
        assert_eq!(one.measured(&tuning()).enemies, 0);
    }
}
