//! Postgres is away, hangs, restarts, or cuts connections in the midst of a transaction: games stay, nothing is lost, nothing is there twice, and
//! people hear at once that it can't be saved now.

use std::time::{Duration, Instant};

use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};

use crate::world::{
    cluster::Cluster,
    designer::{Edit, Outcome},
    rounds,
    server::{How, Server},
    stage::Stage,
    within,
};

/// How soon an edit is answered all the while.
const ANSWER_LIMIT: Duration = Duration::from_secs(6);
/// How soon all is well after the database is.
const RECOVERY_LIMIT: Duration = Duration::from_secs(5);
/// What games may make the server hold while it can't store.
const MEMORY_BYTES: u64 = 64 * 1024 * 1024;

async fn stage(cluster: &Cluster) -> Stage {
    let how = How { database_url: Some(cluster.url()), ..How::default() };
    Stage::set(Server::start_with(how).await, 6, 2).await
}

#[tokio::test]
async fn postgres_is_away() {
    let story = "postgres_is_away";
    let Some(mut cluster) = Cluster::start(story).await else { return };
    let stage = stage(&cluster).await;
    out_of_order(story, stage, &mut cluster, ["stop", "start"]).await;
}

#[tokio::test]
async fn postgres_hangs() {
    let story = "postgres_hangs";
    let Some(mut cluster) = Cluster::start(story).await else { return };
    let stage = stage(&cluster).await;
    out_of_order(story, stage, &mut cluster, ["freeze", "thaw"]).await;
}

async fn out_of_order(story: &str, mut stage: Stage, cluster: &mut Cluster, [out, back]: [&str; 2]) {
    let outage = rounds::seconds("OBSERVERIO_OUTAGE_SECONDS", 2);
    let before = stage.server.memory().resident_bytes();
    stage.server.memory().forget_peak();
    cluster.order(out).await;
    let refused_before = count_refused(&stage.designer.edits());
    stage.designer.until("an edit that is refused", |edits| count_refused(edits) > refused_before).await;
    let acked = stage.load.sum(|tally| tally.acked);
    stage.carry_on(outage).await;
    assert_eq!(stage.load.sum(|tally| tally.acked), acked, "acknowledged without a database");
    cluster.order(back).await;
    let is_back = Instant::now();
    stage.truth.reopen(&stage.server).await;
    within(RECOVERY_LIMIT, "all to be well", stage.all_at_work()).await;
    let recovery = is_back.elapsed();
    let growth = stage.server.memory().peak_resident_bytes().saturating_sub(before);
    assert!(growth <= MEMORY_BYTES, "the server grew by {growth} bytes");
    let edits = finish(stage).await;
    let slowest = edits.iter().map(|edit| edit.took).max().unwrap();
    println!(
        "{story}: for {outage:?}; well again after {recovery:?}, {} edits refused, the slowest answer after {slowest:?}, memory + {growth} bytes",
        count_refused(&edits),
    );
}

#[tokio::test]
async fn postgres_restarts_again_and_again() {
    let story = "postgres_restarts_again_and_again";
    let Some(mut cluster) = Cluster::start(story).await else { return };
    let mut stage = stage(&cluster).await;
    let mut chance = rounds::chance(story);
    let rounds = rounds::count("OBSERVERIO_RESTARTS", 2);
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        stage.load.more_lines(chance.u64(0..1_000)).await;
        for order in if chance.bool() { ["stop", "start"] } else { ["crash", "start"] } {
            cluster.order(order).await;
        }
        let is_back = Instant::now();
        stage.truth.reopen(&stage.server).await;
        within(RECOVERY_LIMIT, "all to be well", stage.all_at_work()).await;
        slowest = slowest.max(is_back.elapsed());
        stage.truth.check(&stage.load).await;
    }
    let edits = finish(stage).await;
    println!("{story}: {rounds} times, well again after {slowest:?} at most, {} edits", edits.len());
}

#[tokio::test]
async fn postgres_cuts_connections() {
    let story = "postgres_cuts_connections";
    let Some(cluster) = Cluster::start(story).await else { return };
    let mut stage = stage(&cluster).await;
    let mut chance = rounds::chance(story);
    let options: PgConnectOptions = cluster.url().parse().unwrap();
    let mut axe = options.connect().await.unwrap();
    let wanted = rounds::count("OBSERVERIO_CUTS", 10);
    let mut cuts = 0;
    while cuts < wanted {
        stage.load.more_lines(chance.u64(0..200)).await;
        cuts += cut(&mut axe).await;
    }
    let last_cut = Instant::now();
    within(RECOVERY_LIMIT, "all to be well", stage.all_at_work()).await;
    let recovery = last_cut.elapsed();
    let edits = finish(stage).await;
    println!(
        "{story}: {cuts} connections cut in a transaction, well again after {recovery:?}, {} edits",
        edits.len()
    );
}

/// Ends every connection of the program that is in a transaction; how many there were.
async fn cut(axe: &mut PgConnection) -> u32 {
    let sql = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = 'observerio' AND xact_start IS NOT NULL) AS ended";
    let ended: i64 = sqlx::query_scalar(sql).fetch_one(axe).await.unwrap();
    u32::try_from(ended).unwrap()
}

/// Nobody was cut off, every edit was answered in time.
async fn finish(stage: Stage) -> Vec<Edit> {
    let done = stage.finish().await;
    assert_eq!(done.load.sum(|tally| tally.disconnects), 0, "games were cut off");
    let slow: Vec<_> = done.edits.iter().filter(|edit| edit.took > ANSWER_LIMIT).collect();
    assert!(slow.is_empty(), "answered late: {slow:?}");
    let unknown: Vec<_> = done.edits.iter().filter(|edit| edit.outcome == Outcome::Unknown).collect();
    assert!(unknown.is_empty(), "not answered: {unknown:?}");
    done.edits
}

fn count_refused(edits: &[Edit]) -> usize {
    edits.iter().filter(|edit| matches!(edit.outcome, Outcome::Refused { .. })).count()
}
