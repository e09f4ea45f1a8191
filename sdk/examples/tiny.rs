//! A game in a few lines. With the feature `constants` nothing of observerio is left in the program, which the tests look for.

use observerio::{Game, Level, Settings, Tune, tune};

#[derive(Tune)]
struct Boss {
    #[tune(range = 0..=500)]
    tiny_boss_hp: i32,
    tiny_boss_angry: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (game, driver) = Game::new(Settings::new("0123456789ab".parse()?));
    game.install();
    let speed = game.var("tiny_speed", 2.5).range(0.0..=10.0).unit("m/s").declare();
    let fps = game.measurement("tiny_fps", 0.0).declare();
    game.action("tiny_spawn", |_| Ok(None));
    let mut boss = Boss { tiny_boss_hp: 100, tiny_boss_angry: true };
    let tuned = game.tune(&boss);
    let connection = observerio::connect(driver, "127.0.0.1:1")?;
    let mut position = 0.0;
    for _ in 0..3 {
        game.frame();
        tuned.update(&mut boss);
        fps.set(60.0);
        position += speed.get() * tune!("tiny_slow_motion", 0.5, step = 0.1);
    }
    game.log(Level::Info, "tiny game over");
    connection.close(std::time::Duration::ZERO);
    println!("at {position}, with {} and {}", boss.tiny_boss_hp, boss.tiny_boss_angry);
    Ok(())
}
