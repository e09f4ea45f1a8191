//! Games on a bad network: connections are cut and swallowed in the midst of lines and of answers, the address changes, everything
//! is late. Nothing is lost, nothing is there twice, and nobody gets everything anew who has most of it.

use std::time::Duration;

use crate::world::{
    game::{Dialect, Settings},
    load::{KEY, Load},
    proxy::BadNetwork,
    rounds,
    server::Server,
    stage::Stage,
};

const GAMES: u32 = 6;

#[tokio::test]
async fn games_on_a_bad_network() {
    let story = "games_on_a_bad_network";
    let chance = rounds::chance(story);
    let reconnects = rounds::count("OBSERVERIO_RECONNECTS", 5);
    let mut stage = Stage::set(Server::start().await, 1, 0).await;
    let network = BadNetwork::before(stage.server.tcp, chance).await;
    let settings = |n| Settings {
        server: network.address,
        key: KEY.to_owned(),
        name: format!("phone-{n}"),
        dialect: Dialect::Acknowledged,
        window: 32,
        patience: Duration::from_millis(150),
    };
    let steady = std::mem::replace(&mut stage.load, Load::start_games((0..GAMES).map(settings)));
    // one by one, each with the patience of its own
    for count in 1..=u64::from(reconnects) {
        stage.load.until("another new connection", |tally| tally.disconnects >= count).await;
    }
    network.calm_down();
    stage.all_at_work().await;
    for game in steady.games {
        stage.load.games.push(game);
    }
    let done = stage.finish().await;
    let (cut, swallowed) = network.victims();
    let fulls = done.load.sum(|tally| tally.all_fulls);
    assert!(fulls <= u64::from(GAMES) + 1, "{fulls} full sets for {GAMES} games and one");
    println!(
        "{story}: {cut} connections cut, {swallowed} swallowed, {fulls} full sets, {} log lines; nothing lost, nothing twice",
        done.log_lines
    );
}
