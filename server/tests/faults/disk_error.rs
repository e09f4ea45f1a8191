//! The disk says no, at one call or at every: nothing is acknowledged that is not committed, nothing panics, and all goes through when
//! the disk is well again, without a restart.

use crate::world::{
    designer::{Edit, Outcome},
    rounds,
    server::Server,
    stage::Stage,
    trace::{self, Fault, Place},
};

/// What fails, and how: writing through to the disk, and the writing itself.
const FAULTS: [Fault; 3] = [
    Fault { calls: "fsync,fdatasync", error: "EIO" },
    Fault { calls: "pwrite64", error: "ENOSPC" },
    Fault { calls: "pwrite64", error: "EIO" },
];
/// A commit is some five calls, and every thousand pages all are moved to the database's own file: places in both.
const LAST_PLACE: u32 = 400;
/// The calls of the very first start, counted in each thread.
const LAST_PLACE_OF_START: u32 = 30;
/// A setting can't work, the program says then.
const EXIT_CONFIG: i32 = 78;

/// One call fails, and those before and after it do not.
#[tokio::test]
async fn one_call_fails() {
    let story = "one_call_fails";
    if !trace::is_possible(story).await {
        return;
    }
    let mut chance = rounds::chance(story);
    let rounds = rounds::count("OBSERVERIO_DISK_ERRORS", 2);
    let mut stage = Stage::set(Server::start().await, 4, 1).await;
    let mut strikes = 0;
    for fault in FAULTS {
        for _ in 0..rounds {
            let place = Place::Call(chance.u32(1..=LAST_PLACE));
            let folder = stage.server.folder().to_owned();
            let injection = fault.inject(place, stage.server.pid(), &folder).await;
            while injection.strikes() == 0 {
                stage.load.more_lines(1).await;
            }
            strikes += injection.lift().await;
            stage.all_at_work().await;
            if chance.bool() {
                stage.server.kill().await;
                stage.server.restart().await;
                stage.all_at_work().await;
            }
            stage.truth.check(&stage.load).await;
            stage.truth.check_integrity().await;
        }
    }
    let done = stage.finish().await;
    let put_off = done.load.sum(|tally| tally.put_off.values().sum());
    println!(
        "{story}: {strikes} faults in {} rounds, {put_off} times lines were put off, {} log lines, {} edits; nothing lost, nothing twice",
        3 * rounds,
        done.log_lines,
        done.edits.len(),
    );
}

/// All calls fail: then nothing is acknowledged any more, and nobody waits long to hear it.
#[tokio::test]
async fn every_call_fails() {
    let story = "every_call_fails";
    if !trace::is_possible(story).await {
        return;
    }
    let mut stage = Stage::set(Server::start().await, 4, 1).await;
    for fault in FAULTS {
        let folder = stage.server.folder().to_owned();
        let injection = fault.inject(Place::All, stage.server.pid(), &folder).await;
        let before = count_refused(&stage.designer.edits());
        stage.load.all_held_up().await;
        // an ack of before may still be on its way when the first line is put off, but not when the next edit is refused
        stage.designer.until("an edit that is refused", |edits| count_refused(edits) > before).await;
        let acked = stage.load.sum(|tally| tally.acked);
        stage.designer.until("more edits that are refused", |edits| count_refused(edits) > before + 3).await;
        assert_eq!(stage.load.sum(|tally| tally.acked), acked, "acknowledged in spite of {fault:?}");
        assert_eq!(stage.owner.get("/readyz").await.status, 503);
        assert!(injection.strikes() > 0, "{fault:?} did not strike");
        injection.lift().await;
        stage.all_at_work().await;
        stage.truth.check(&stage.load).await;
        stage.truth.check_integrity().await;
    }
    let done = stage.finish().await;
    assert_eq!(done.load.sum(|tally| tally.disconnects), 0);
    let refused: Vec<_> = done.edits.iter().filter(|edit| is_refused(edit)).collect();
    let slowest = refused.iter().map(|edit| edit.took).max();
    println!(
        "{story}: {} edits refused, the slowest after {slowest:?}; nothing lost, nothing twice",
        refused.len()
    );
}

/// A call of the very first start fails: the program starts all the same or says why not, and the next start is clean.
#[tokio::test]
async fn a_call_of_the_first_start_fails() {
    let story = "a_call_of_the_first_start_fails";
    if !trace::is_possible(story).await {
        return;
    }
    let mut chance = rounds::chance(story);
    let rounds = rounds::count("OBSERVERIO_DISK_ERRORS", 2);
    let (mut strikes, mut refused) = (0, 0);
    for fault in FAULTS {
        for _ in 0..rounds {
            let mut server = Server::install().await;
            let place = chance.u32(1..=LAST_PLACE_OF_START);
            let (wrapper, log) = fault.wrapper(Place::Call(place), server.folder());
            server.wrap(wrapper);
            match server.try_restart().await {
                Ok(()) => server.kill().await,
                Err(status) => {
                    assert_eq!(status.code(), Some(EXIT_CONFIG), "{fault:?} at {place}");
                    refused += 1;
                }
            }
            strikes += log.count();
            server.wrap(Vec::new());
            server.restart().await;
            Stage::set(server, 1, 1).await.finish().await;
        }
    }
    println!(
        "{story}: {strikes} faults in {} starts, {refused} of them refused; all clean the next time",
        3 * rounds
    );
}

fn is_refused(edit: &Edit) -> bool {
    matches!(&edit.outcome, Outcome::Refused { code, .. } if code == "unavailable")
}

fn count_refused(edits: &[Edit]) -> usize {
    edits.iter().filter(|edit| is_refused(edit)).count()
}
