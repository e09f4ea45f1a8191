//! A game that starts where it has no server.

use std::time::Duration;

use observerio::{Game, Settings, Value};
use tempfile::TempDir;

use super::{PATIENCE, server::Server, until};

#[test]
fn without_a_server_a_game_begins_with_the_last_good_values() {
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    server.stored.lock().unwrap().wanted =
        r#"{"name":"speed","value":9,"rev":1},{"name":"lives","value":500,"rev":1},{"name":"sky","value":"red","rev":1}"#.to_owned();
    let key = "0123456789ab".parse().unwrap();
    let settings = || Settings::new(key).values_in(folder.path());
    let declare = |game: &Game| {
        let speed = game.var("speed", 2.5).range(0.0..=10.0).declare();
        let lives = game.var("lives", 3u8).range(1..=9).declare();
        let sky = game.text("sky", "blue").check(|_: &Value| Err("at night".to_owned())).declare();
        (speed, lives, sky)
    };

    let (game, driver) = Game::new(settings());
    let (speed, lives, sky) = declare(&game);
    assert_eq!((speed.get(), lives.get(), &*sky.get()), (2.5, 3, "blue"), "there are none yet");
    let connection = observerio::connect(driver, server.address.to_string()).unwrap();
    until("the values", || game.frame() > 0);
    assert_eq!((speed.get(), lives.get(), &*sky.get()), (9.0, 9, "blue"));
    connection.close(PATIENCE);

    let (game, driver) = Game::new(settings());
    let (speed, lives, sky) = declare(&game);
    assert_eq!((speed.get(), lives.get(), &*sky.get()), (9.0, 9, "blue"));
    // nobody listens at port 1
    let connection = observerio::connect(driver, "127.0.0.1:1").unwrap();
    until("its own boundary", || game.frame() > 0);
    assert_eq!((speed.get(), lives.get()), (9.0, 9));
    connection.close(Duration::ZERO);

    // released in between: back to the code's own value, and nothing is left of the edit
    server.stored.lock().unwrap().wanted.clear();
    let (game, driver) = Game::new(settings());
    let (speed, lives, _sky) = declare(&game);
    assert_eq!((speed.get(), lives.get()), (9.0, 9));
    let connection = observerio::connect(driver, server.address.to_string()).unwrap();
    until("the release", || {
        game.frame();
        (speed.get(), lives.get()) == (2.5, 3)
    });
    connection.close(PATIENCE);
    let (game, _driver) = Game::new(settings());
    assert_eq!((declare(&game).0.get(), declare(&game).1.get()), (2.5, 3));
}
