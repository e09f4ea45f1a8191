//! The cable is pulled: no word, no end of the connection, just silence. The server notices, shows the device as unreachable, and an
//! edit made in that time is there when the game is back.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::watch;

use crate::world::{
    designer::{Outcome, Page},
    game::{Dialect, Game, Order, Settings},
    load::KEY,
    network::Network,
    rounds,
    server::{How, Server},
    truth::Truth,
    within,
};

/// How soon it must be noticed with the times that the program has by itself.
const LIMIT_OF_VERSION_2: Duration = Duration::from_secs(45);
const LIMIT_OF_ORIGINAL: Duration = Duration::from_secs(75);
/// … and with times of a second.
const SHORT_LIMIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_cable_is_pulled_on_version_2() {
    pull("a_cable_is_pulled_on_version_2", Dialect::Acknowledged, LIMIT_OF_VERSION_2).await;
}

#[tokio::test]
async fn a_cable_is_pulled_on_an_original_game() {
    pull("a_cable_is_pulled_on_an_original_game", Dialect::Original, LIMIT_OF_ORIGINAL).await;
}

async fn pull(story: &str, dialect: Dialect, long_limit: Duration) {
    let Some(network) = Network::make(story).await else { return };
    let is_long = rounds::count("OBSERVERIO_REAL_TIMES", 0) > 0;
    let short = match dialect {
        Dialect::Acknowledged => ["--ping", "1"],
        Dialect::Original => ["--keep-alive", "1"],
    };
    let how = How {
        http_host: Some(network.http_host()),
        tcp_host: Some(network.tcp_host()),
        wrapper: network.wrapper(),
        flags: if is_long { Vec::new() } else { short.map(str::to_owned).to_vec() },
        ..How::default()
    };
    let limit = if is_long { long_limit } else { SHORT_LIMIT };
    let server = Server::start_with(how).await;
    let owner = server.owner().await;
    server.register(KEY).await;
    let project = Truth::open(&server).await.project;
    let settings = Settings {
        server: server.tcp,
        key: KEY.to_owned(),
        name: "far-away".to_owned(),
        dialect,
        window: 8,
        patience: Duration::from_secs(1),
    };
    let mut game = Game::start(settings.clone(), watch::Sender::new(0));
    game.until("its first lines", |tally| tally.sent > 0).await;
    game.order(Order::Rest);
    let mut page = Page::open(&owner, project).await.unwrap();
    page.until_known("speed").await;

    network.cut().await;
    let cut = Instant::now();
    within(limit, "the device to be shown as unreachable", until_offline(&mut page)).await;
    let noticed = cut.elapsed();
    let saved = page.edit(7).await;
    assert!(matches!(saved, Some(Outcome::Saved { .. })), "{saved:?}");
    network.mend().await;
    if dialect == Dialect::Original {
        // it has nothing to tell it that the line is dead: the player starts it anew
        drop(game);
        game = Game::start(settings, watch::Sender::new(0));
    }
    let returned = Instant::now();
    game.until("the edit", |tally| tally.values.get("speed") == Some(&json!(7))).await;
    println!(
        "{story}: noticed after {noticed:?}, the edit delivered {:?} after the return",
        returned.elapsed()
    );
}

/// Until the page shows its one device as offline.
async fn until_offline(page: &mut Page) {
    while page.count_online() > 0 {
        page.next().await.expect("the page is not cut off");
    }
}
