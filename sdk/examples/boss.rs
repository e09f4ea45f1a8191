// A boss whose speed people tune while it walks: cargo run --example boss -- YOUR_KEY [HOST:PORT]

use std::{env, error::Error, thread, time::Duration};

use observerio::{Game, Level, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let key = arguments.next().unwrap_or("YOUR_KEY".to_owned());
    let address = arguments.next().unwrap_or("127.0.0.1:6667".to_owned());

    let (game, driver) = Game::new(Settings::new(key.parse()?).device("my-laptop").app("1.0"));
    let speed = game.var("boss.speed", 2.5).range(0.0..=20.0).unit("m/s").declare();
    let playing = game.var("game.playing", true).declare();
    // a thread of its own, for as long as this value lives
    let connection = observerio::connect(driver, address)?;

    let mut x = 0.0;
    while playing.get() {
        // what people want is applied here, all of one revision together
        if game.frame() > 0 {
            game.log(Level::Info, "somebody tuned the boss");
        }
        x += speed.get() * 0.016; // an atomic load
        thread::sleep(Duration::from_millis(16));
    }
    println!("the boss walked {x:.1} m");
    // waits until the log is stored, at most this long
    connection.close(Duration::from_secs(2));
    Ok(())
}
