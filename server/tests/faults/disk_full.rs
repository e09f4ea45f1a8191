//! The disk is full: what games send is put off, what people set is refused at once, everything else goes on; and when there is room
//! again, it all goes through without a restart.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::world::{
    designer::{Outcome, Page},
    game::{Game, Order},
    rounds,
    server::{How, Server},
    small_disk::SmallDisk,
    stage::Stage,
    within,
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
