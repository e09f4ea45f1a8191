//! The disk is full: what games send is put off, what people set is refused at once, everything else goes on; and when there is room
//! again, it all goes through without a restart.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use tokio::process::Command;

use crate::{
    support::http::Browser,
    world::{
        designer::{Outcome, Page},
        game::{Game, Order},
        rounds,
        server::{How, Server},
        small_disk::SmallDisk,
        stage::Stage,
        within,
    },
};

const DISK_MEGABYTES: u32 = 64;
/// How soon an edit is answered all the while.
const ANSWER_LIMIT: Duration = Duration::from_secs(6);
/// How soon all is well after there is room again.
const RECOVERY_LIMIT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn full_and_free_again() {
    let story = "full_and_free_again";
    let Some(disk) = SmallDisk::mount(story, DISK_MEGABYTES).await else { return };
    let how = How { data_dir: Some(disk.data_dir()), ..How::default() };
    let mut stage = Stage::set(Server::start_with(how).await, 4, 2).await;
    // a device that is known comes back on the full disk; one that is new needs a place in the database
    let leaves = stage.load.games.pop().expect("the last one is an original game");
    let settings = leaves.settings.clone();
    leaves.leave().await;
    let rounds = rounds::count("OBSERVERIO_DISK_FILLS", 2);
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        disk.fill();
        let refused = |edits: &[crate::world::designer::Edit]| {
            edits.last().is_some_and(
                |edit| matches!(&edit.outcome, Outcome::Refused { code, .. } if code == "unavailable"),
            )
        };
        stage.designer.until("an edit that is refused", refused).await;
        stage.load.all_held_up().await;
        is_not_ready(&stage.server).await;

        // reads go on, and so does a game that comes now
        let (revision, desired) = stage.truth.desired().await;
        assert_eq!(stage.owner.get("/").await.status, 200);
        let page =
            within(ANSWER_LIMIT, "the page", Page::open(&stage.owner, stage.truth.project)).await.unwrap();
        assert_eq!(u64::try_from(page.snapshot.revision.0).unwrap(), revision);
        let mut late = Game::start(settings.clone(), tokio::sync::watch::Sender::new(0));
        late.order(Order::Rest);
        let known = |tally: &crate::world::game::Tally| tally.values.get("speed") == Some(&json!(desired));
        within(ANSWER_LIMIT, "what is known", late.until("what is known", known)).await;
        late.leave().await;
        assert_eq!(stage.load.sum(|tally| tally.disconnects), 0);

        disk.free();
        let freed = Instant::now();
        within(RECOVERY_LIMIT, "all to be well", stage.all_at_work()).await;
        within(RECOVERY_LIMIT, "readiness", until_ready(&stage.server)).await;
        slowest = slowest.max(freed.elapsed());
        stage.truth.check(&stage.load).await;
    }
    let done = stage.finish().await;
    assert_eq!(done.load.sum(|tally| tally.disconnects), 0);
    let edits: Vec<_> = done.edits.iter().filter(|edit| edit.took > ANSWER_LIMIT).collect();
    assert!(edits.is_empty(), "{edits:?}");
    println!(
        "{story}: full {rounds} times, all well after {slowest:?} at most, {} log lines",
        done.log_lines
    );
}

/// A probe says so, and says it again as long as nothing is stored.
async fn is_not_ready(server: &Server) {
    let ask = async || {
        let answer = Browser::new(server.http).get("/readyz").await;
        (answer.status, answer.json()["reason"].clone())
    };
    within(ANSWER_LIMIT, "a probe to fail", async { while ask().await.0 != 503 {} }).await;
    // what the disk was asked lately counts for a second
    let mut answer = ask().await;
    while answer == (503, json!("database_failed")) {
        answer = within(ANSWER_LIMIT, "the reason", ask()).await;
    }
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        assert_eq!(ask().await, (503, json!("disk_full")), "after {:?}", begun.elapsed());
    }
}

async fn until_ready(server: &Server) {
    while Browser::new(server.http).get("/readyz").await.status != 200 {}
}

#[tokio::test]
async fn a_probe_tells_before_anything_is_lost() {
    let story = "a_probe_tells_before_anything_is_lost";
    let Some(disk) = SmallDisk::mount(story, DISK_MEGABYTES).await else { return };
    let how = How { data_dir: Some(disk.data_dir()), ..How::default() };
    let server = Server::start_with(how).await;
    until_ready(&server).await;
    // nobody sends anything
    disk.fill();
    is_not_ready(&server).await;
    disk.free();
    within(RECOVERY_LIMIT, "readiness", until_ready(&server)).await;
}

#[tokio::test]
async fn a_backup_without_room_leaves_nothing() {
    let story = "a_backup_without_room_leaves_nothing";
    let Some(disk) = SmallDisk::mount(story, 8).await else { return };
    let server = Server::start().await;
    let back_up = async |file: &Path, force: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_observerio"));
        command.env_clear().arg("backup").arg(file).arg("--data-dir").arg(server.data_dir());
        let output = command.args(force.then_some("--force")).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let names = || {
        let folder = disk.data_dir().parent().unwrap().to_owned();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    };
    let file = disk.data_dir().with_file_name("backup.db");
    assert_eq!(back_up(&file, false).await, (Some(0), String::new()));
    let before = fs::read(&file).unwrap();
    disk.fill();
    for (name, force) in [("another.db", false), ("backup.db", true)] {
        let (status, stderr) = back_up(&file.with_file_name(name), force).await;
        assert_eq!((status, stderr.lines().count()), (Some(78), 1), "{stderr}");
        assert_eq!(names(), ["backup.db", "filler"], "{stderr}");
    }
    assert!(fs::read(&file).unwrap() == before, "the one that was there is another");
    disk.free();
    assert_eq!(back_up(&file, true).await, (Some(0), String::new()));
}
