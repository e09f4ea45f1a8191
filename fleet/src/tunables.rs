//! What people see of a device: its variables, its measurements and its actions, declared with the SDK.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use observerio::{Game, Outcome, Value, Var};

use crate::{
    profile::{OLD_BUILD, Profile},
    simulation::{Enemy, Measured, Tuning},
};

const QUALITIES: [&str; 4] = ["low", "medium", "high", "ultra"];
const MAX_BANNER_CHARS: usize = 40;

/// A device's variables and measurements.
pub(crate) struct Tunables {
    spawn_rate: Var<f64>,
    enemy_speed: Var<f64>,
    enemy: Var<String>,
    max_hp: Var<i64>,
    god_mode: Var<bool>,
    jump_speed: Var<f64>,
    gravity: Var<f64>,
    quality: Var<String>,
    scale: Var<f64>,
    fps: Var<f64>,
    frame_ms: Var<f64>,
    hp: Var<i64>,
    enemies: Var<i64>,
    players: Var<i64>,
    jump_height: Var<f64>,
    pressed: Arc<Pressed>,
}

/// How often actions were run that the device has not taken yet.
#[derive(Default)]
struct Pressed {
    bosses: AtomicU32,
    restarts: AtomicU32,
}

/// What people pressed since the last frame.
pub(crate) struct Taken {
    pub(crate) bosses: u32,
    pub(crate) has_restarted: bool,
}

impl Tunables {
    pub(crate) fn declare(game: &Game, profile: &Profile) -> Self {
        let pressed = Arc::new(Pressed::default());
        add_actions(game, &pressed);
        add_looks(game);
        let enemy = game.text("enemy.kind", "slime").options(Enemy::NAMES).group("enemies");
        let enemy = enemy.help("Golems need build 1.5.").check(knows_golems(profile.build)).declare();
        let spawn_rate = game.var("enemy.spawn_rate", 1.5).range(0.0..=10.0).step(0.1).unit("1/s");
        let spawn_rate =
            spawn_rate.group("enemies").help("More enemies cost frames; above 8 the pool fills up.");
        let enemy_speed =
            game.var("enemy.speed", 3.0).range(0.0..=12.0).step(0.1).unit("m/s").group("enemies");
        let gravity =
            game.var("world.gravity", 9.8).range(-20.0..=20.0).step(0.1).unit("m/s²").group("world");
        let gravity = gravity.check(|value| match value.as_f64() {
            Some(0.0) => Err("without gravity, a jump would never end".to_owned()),
            _ => Ok(()),
        });
        Self {
            spawn_rate: spawn_rate.declare(),
            enemy_speed: enemy_speed.declare(),
            enemy,
            max_hp: game.var("player.max_hp", 100_i64).range(1..=500).group("player").declare(),
            god_mode: game.var("player.god_mode", false).group("player").declare(),
            jump_speed: game
                .var("player.jump_speed", 6.0)
                .range(0.0..=20.0)
                .unit("m/s")
                .group("player")
                .declare(),
            gravity: gravity.declare(),
            quality: quality(game, profile),
            scale: scale(game, profile),
            fps: game.measurement("fps", 0.0).group("measured").declare(),
            frame_ms: game.measurement("frame_time", 0.0).unit("ms").group("measured").declare(),
            hp: game.measurement("player.hp", 100_i64).group("measured").declare(),
            enemies: game.measurement("enemy.count", 0_i64).group("measured").declare(),
            players: game.measurement("players", 1_i64).group("measured").declare(),
            jump_height: game.measurement("player.jump_height", 0.0).unit("m").group("measured").declare(),
            pressed,
        }
    }

    /// What people tuned, as it is in force.
    pub(crate) fn tuning(&self) -> Tuning {
        let quality = QUALITIES.iter().position(|name| *name == &*self.quality.get()).unwrap_or_default();
        Tuning {
            spawn_rate: self.spawn_rate.get(),
            enemy_speed: self.enemy_speed.get(),
            enemy: Enemy::parse(&self.enemy.get()),
            max_hp: self.max_hp.get(),
            god_mode: self.god_mode.get(),
            picture_cost: (0.6 + 0.25 * quality as f64) * (0.5 + 0.5 * self.scale.get().powi(2)),
        }
    }

    pub(crate) fn show(&self, measured: &Measured) {
        self.fps.set(measured.fps);
        self.frame_ms.set(measured.frame_ms);
        self.hp.set(measured.hp);
        self.enemies.set(measured.enemies);
        self.players.set(measured.players);
        let height = self.jump_speed.get().powi(2) / (2.0 * self.gravity.get().abs());
        self.jump_height.set((height * 100.0).round() / 100.0);
    }

    pub(crate) fn take_pressed(&self) -> Taken {
        Taken {
            bosses: self.pressed.bosses.swap(0, Relaxed),
            has_restarted: self.pressed.restarts.swap(0, Relaxed) > 0,
        }
    }
}

fn add_actions(game: &Game, pressed: &Arc<Pressed>) {
    game.button("boss.spawn").label("Spawn a boss").group("enemies").declare();
    let count = Arc::clone(pressed);
    game.action("boss.spawn", move |_| {
        let number = count.bosses.fetch_add(1, Relaxed) + 1;
        Ok(Some(format!("{{\"waiting\":{number}}}")))
    });
    game.button("level.restart").label("Restart the level").group("world").declare();
    let count = Arc::clone(pressed);
    game.action("level.restart", move |_| {
        count.restarts.fetch_add(1, Relaxed);
        Ok(None)
    });
}

/// What would change the picture, if there were one.
fn add_looks(game: &Game) {
    game.color("world.sky", "#1b2a4a").group("world").declare();
    let banner = game.text("ui.banner", "Welcome back!").group("player").help("At most 40 characters.");
    let is_short = |value: &Value| match value {
        Value::Text(text) if text.chars().count() > MAX_BANNER_CHARS => {
            Err(format!("longer than {MAX_BANNER_CHARS} characters"))
        }
        _ => Ok(()),
    };
    banner.check(is_short).declare();
}

fn knows_golems(build: &'static str) -> impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static {
    move |value| match value {
        Value::Text(kind) if kind == "golem" && build == OLD_BUILD => {
            Err(format!("build {OLD_BUILD} has no golem"))
        }
        _ => Ok(()),
    }
}

fn quality(game: &Game, profile: &Profile) -> Var<String> {
    let is_mobile = profile.platform.is_mobile;
    let judge = move |value: &Value| match value {
        Value::Text(text) if text == "ultra" && is_mobile => Outcome::Clamped {
            value: Some(Value::Text("high".to_owned())),
            reason: Some("mobile devices have no ultra".to_owned()),
        },
        _ => Outcome::Applied,
    };
    // one declaration for all devices, or each that connects would change the others'
    let quality =
        game.text("render.quality", "high").options(QUALITIES).group("rendering").judge(judge).declare();
    if is_mobile {
        quality.set("medium");
    }
    quality
}

fn scale(game: &Game, profile: &Profile) -> Var<f64> {
    let is_mobile = profile.platform.is_mobile;
    let judge = move |value: &Value| match value.as_f64() {
        Some(scale) if scale > 1.0 && is_mobile => Outcome::Clamped {
            value: Some(Value::Float(1.0)),
            reason: Some("the display has no more pixels".to_owned()),
        },
        _ => Outcome::Applied,
    };
    let scale = game.var("render.scale", 1.0).range(0.5..=2.0).step(0.05).group("rendering");
    scale.label("Resolution scale").judge(judge).declare()
}
