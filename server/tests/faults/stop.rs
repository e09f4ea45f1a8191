//! SIGTERM in the midst of work: everybody is told, what was taken in is committed and acknowledged, and it is over in time. A second signal ends it
//! at once, and that is as safe as a crash.

use std::time::{Duration, Instant};

use crate::world::{
    cluster::Cluster,
    game::{Dialect, Game},
    rounds,
    server::{How, Server},
    stage::Stage,
    within,
};

/// How long it may take.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// The same after a second signal.
const AT_ONCE: Duration = Duration::from_secs(1);
/// How it ends by a second signal.
const EXIT_BY_SECOND_SIGNAL: i32 = 130;

#[tokio::test]
async fn stopped_under_load() {
    let story = "stopped_under_load";
    let mut stage = Stage::set(Server::start().await, 6, 2).await;
    let mut chance = rounds::chance(story);
    let rounds = rounds::count("OBSERVERIO_STOPS", 2);
    let mut slowest = Duration::ZERO;
    for round in 1..=rounds {
        stage.load.more_lines(chance.u64(0..1_000)).await;
        let begun = Instant::now();
        stage.server.signal("TERM").await;
        let status = within(STOP_LIMIT, "the program to stop", stage.server.ended()).await;
        assert_eq!(status.code(), Some(0));
        slowest = slowest.max(begun.elapsed());
        stage.load.until("the end of the connection", |tally| tally.disconnects == u64::from(round)).await;
        stage.server.restart().await;
        // before the games go on
        stage.truth.check(&stage.load).await;
        for game in stage.load.games.iter().filter(|game| is_of_version_2(game)) {
            let (name, tally) = (&game.settings.name, game.tally());
            assert_eq!(tally.drains, u64::from(round), "{name} was not told");
        }
        stage.all_at_work().await;
    }
    let done = stage.finish().await;
    println!(
        "{story}: {rounds} times, the slowest took {slowest:?}, {} log lines; nothing lost, nothing twice",
        done.log_lines
    );
}

/// The database hangs, so that it can't finish: it ends all the same.
#[tokio::test]
async fn stopped_while_the_database_hangs() {
    let story = "stopped_while_the_database_hangs";
    let Some(mut cluster) = Cluster::start(story).await else { return };
    let how = How { database_url: Some(cluster.url()), ..How::default() };
    let mut stage = Stage::set(Server::start_with(how).await, 4, 1).await;
    let mut took = Vec::new();
    for signals in [1, 2] {
        cluster.order("freeze").await;
        let begun = Instant::now();
        stage.server.signal("TERM").await;
        if signals == 2 {
            stage.server.log_says("a second signal stops immediately", signals).await;
            stage.server.signal("TERM").await;
        }
        let limit = if signals == 2 { AT_ONCE } else { STOP_LIMIT };
        let status = within(limit, "the program to end", stage.server.ended()).await;
        assert_eq!(status.code(), Some(if signals == 2 { EXIT_BY_SECOND_SIGNAL } else { 0 }));
        took.push(begun.elapsed());
        cluster.order("thaw").await;
        stage.server.restart().await;
        stage.all_at_work().await;
        stage.truth.check(&stage.load).await;
    }
    stage.finish().await;
    println!("{story}: {:?} after one signal, {:?} after two; nothing lost, nothing twice", took[0], took[1]);
}

fn is_of_version_2(game: &Game) -> bool {
    game.settings.dialect == Dialect::Acknowledged
}
