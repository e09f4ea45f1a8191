//! `kill -9` in the midst of work, again and again, on the same data: nothing that was acknowledged is lost, nothing is there
//! twice, and everybody is back in sync.

use crate::world::{
    cluster::Cluster,
    rounds,
    server::{How, Server},
    stage::Stage,
};

/// The moment of a kill is so many lines after everybody was at work again: from the very first commit to a busy server.
const MOST_LINES: u64 = 1_500;

#[tokio::test]
async fn killed_on_sqlite() {
    let stage = Stage::set(Server::start().await, 6, 2).await;
    kill_often("killed_on_sqlite", stage, None, rounds::count("OBSERVERIO_KILLS_SQLITE", 3)).await;
}

/// In every third round the database is killed too.
#[tokio::test]
async fn killed_on_postgres() {
    let story = "killed_on_postgres";
    let Some(cluster) = Cluster::start(story).await else { return };
    let how = How { database_url: Some(cluster.url()), ..How::default() };
    let stage = Stage::set(Server::start_with(how).await, 6, 2).await;
    kill_often(story, stage, Some(cluster), rounds::count("OBSERVERIO_KILLS_POSTGRES", 3)).await;
}

async fn kill_often(story: &str, mut stage: Stage, mut cluster: Option<Cluster>, rounds: u32) {
    let mut chance = rounds::chance(story);
    for round in 1..=rounds {
        stage.load.more_lines(chance.u64(0..MOST_LINES)).await;
        stage.server.kill().await;
        if let Some(cluster) = cluster.as_mut().filter(|_| round % 3 == 0) {
            cluster.order("crash").await;
            cluster.order("start").await;
            stage.truth.reopen(&stage.server).await;
        }
        stage.server.restart().await;
        stage.all_at_work().await;
        stage.truth.check(&stage.load).await;
        stage.truth.check_integrity().await;
    }
    let done = stage.finish().await;
    let disconnects = done.load.sum(|tally| tally.disconnects);
    println!(
        "{story}: {rounds} kills, {disconnects} connections cut, {} log lines, {} edits; nothing lost, nothing twice",
        done.log_lines,
        done.edits.len(),
    );
}
