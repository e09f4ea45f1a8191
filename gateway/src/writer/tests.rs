//! What a person hears of an edit while the database hangs: never that it is not saved when it will be. Time is virtual.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use protocol::model::{DeviceId, Gesture, LogEntry, Revision, UnixMicros, UserId, Value};
use tokio::time::{Instant, sleep};

use super::*;
use crate::{
    bus::test_topic,
    store::{Result as StoreResult, Ticket, Written},
};

const SECOND: Duration = Duration::from_secs(1);

/// What becomes of one commit.
enum Fate {
    /// Done after so long.
    Fine(Duration),
    /// Nothing is sent, ever.
    Hangs,
    /// A fault of the program.
    Panics,
    /// Another server has taken the database.
    Lost,
    /// Sent, and its answer is an error; that it has happened is known after so long.
    CutOff(Duration),
}

/// A database of which only the revisions matter.
#[derive(Default)]
struct Slow {
    fates: Mutex<VecDeque<Fate>>,
    saved: Mutex<Vec<Gesture>>,
    told_at: Mutex<Option<Instant>>,
    /// Log lines of these devices are refused, with whatever comes with them.
    poisoned: Vec<i64>,
    commits: AtomicU64,
    /// Devices whose log lines were saved, in that order.
    logged: Mutex<Vec<i64>>,
}

impl Slow {
    /// With the fates of the next commits; those behind them are done at once.
    fn new(fates: impl IntoIterator<Item = Fate>) -> Arc<Self> {
        Arc::new(Self { fates: Mutex::new(fates.into_iter().collect()), ..Self::default() })
    }

    fn save(&self, batch: &[Write], written: &mut Vec<Written>) {
        let mut saved = self.saved.lock().unwrap();
        for write in batch {
            written.push(match write {
                Write::Edit { gesture, .. } => {
                    saved.push(*gesture);
                    Written::Edit { revision: Revision(saved.len() as i64), set: None }
                }
                Write::Logs { device, .. } => {
                    self.logged.lock().unwrap().push(device.0);
                    Written::Logs { first_seq: 1 }
                }
                _ => Written::Done,
            });
        }
    }

    fn is_saved(&self, edit: u64) -> bool {
        self.saved.lock().unwrap().contains(&Gesture(edit))
    }
}

#[async_trait]
impl Commits for Slow {
    async fn commit(&self, _: &Ticket, batch: &[Write], written: &mut Vec<Written>) -> StoreResult<()> {
        self.commits.fetch_add(1, Relaxed);
        let is_poisoned =
            |write: &Write| matches!(write, Write::Logs { device, .. } if self.poisoned.contains(&device.0));
        if batch.iter().any(is_poisoned) {
            return Err(StoreError::Damaged("a line that it does not take".to_owned()));
        }
        let fate = self.fates.lock().unwrap().pop_front();
        match fate {
            None => self.save(batch, written),
            Some(Fate::Fine(after)) => {
                sleep(after).await;
                self.save(batch, written);
            }
            Some(Fate::Hangs) => pending().await,
            Some(Fate::Panics) => panic!("a fault of the program"),
            Some(Fate::Lost) => return Err(StoreError::InUse("was lost to another one".to_owned())),
            Some(Fate::CutOff(told_after)) => {
                self.save(batch, written);
                *self.told_at.lock().unwrap() = Some(Instant::now() + told_after);
                return Err(StoreError::TimedOut);
            }
        }
        Ok(())
    }

    async fn is_committed(&self, _: &Ticket) -> StoreResult<bool> {
        let told_at = self.told_at.lock().unwrap().expect("a commit was cut off");
        tokio::time::sleep_until(told_at).await;
        Ok(true)
    }

    async fn epoch(&self) -> StoreResult<Epoch> {
        unreachable!("nothing is restored")
    }

    async fn check(&self) -> StoreResult<()> {
        Ok(())
    }
}

struct Desk {
    store: Arc<Slow>,
    writer: Arc<Writer>,
    vitals: Vitals,
    topic: Arc<dyn Topic>,
}

impl Desk {
    fn new(store: Arc<Slow>) -> Self {
        let vitals = Vitals::default();
        let writer = Writer::start(store.clone(), "w".to_owned(), 1, &vitals, 32 << 20);
        Self { store, writer: Arc::new(writer), vitals, topic: test_topic(1) }
    }

    /// Somebody edits, from now on; the outcome and how long they waited for it.
    fn edit(&self, number: u64) -> JoinHandle<(Result<Written, GatewayError>, Duration)> {
        let (writer, topic) = (Arc::clone(&self.writer), Arc::clone(&self.topic));
        let write = Write::Edit {
            project: topic.project(),
            author: UserId(1),
            via: String::new(),
            address: String::new(),
            author_name: "Ana".to_owned(),
            gesture: Gesture(number),
            at: UnixMicros(0),
            changes: vec![(VarName::parse("speed").unwrap(), Value::Bool(true)).into()],
            unchanged: vec![],
            seen: Revision(0),
        };
        tokio::spawn(async move {
            let started = Instant::now();
            let outcome = match writer.ask_edit(topic, write) {
                Ok(asked) => writer.edited(asked).await,
                Err(error) => Err(error),
            };
            (outcome, started.elapsed())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_is_being_saved_is_waited_for() {
    let desk = Desk::new(Slow::new([Fate::Fine(3 * SECOND), Fate::Fine(4 * SECOND)]));
    let first = desk.edit(1);
    sleep(SECOND).await;
    let second = desk.edit(2);
    assert!(matches!(first.await.unwrap(), (Ok(Written::Edit { revision: Revision(1), .. }), _)));
    let (outcome, waited) = second.await.unwrap();
    assert!(matches!(outcome, Ok(Written::Edit { revision: Revision(2), .. })), "{outcome:?}");
    assert!(waited > PATIENCE, "{waited:?}: it was not at stake");
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_still_waits_is_taken_back() {
    let desk = Desk::new(Slow::new([Fate::Hangs, Fate::Hangs]));
    desk.writer.note_seen(Arc::clone(&desk.topic), protocol::model::DeviceId(1), UnixMicros(0), None);
    sleep(SECOND).await;
    let (outcome, waited) = desk.edit(1).await.unwrap();
    assert!(matches!(outcome, Err(GatewayError::Unavailable(_))), "{outcome:?}");
    assert_eq!(waited, PATIENCE);
    desk.writer.flush().await.unwrap();
    assert!(!desk.store.is_saved(1));
}

#[tokio::test(start_paused = true)]
async fn what_hangs_before_it_is_sent_is_not_saved() {
    let desk = Desk::new(Slow::new([Fate::Hangs]));
    let (outcome, _) = desk.edit(1).await.unwrap();
    assert!(matches!(outcome, Err(GatewayError::Unavailable(_))), "{outcome:?}");
    desk.writer.flush().await.unwrap();
    assert!(!desk.store.is_saved(1));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_know_yet_is_said_to_be_open() {
    let desk = Desk::new(Slow::new([Fate::CutOff(60 * SECOND)]));
    let (outcome, waited) = desk.edit(1).await.unwrap();
    assert!(matches!(outcome, Err(GatewayError::Undecided)), "{outcome:?}");
    assert_eq!(waited, PATIENCE);
    // what is known soon is no such case
    let desk = Desk::new(Slow::new([Fate::CutOff(SECOND)]));
    assert!(matches!(desk.edit(1).await.unwrap(), (Ok(Written::Edit { .. }), _)));
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_the_end_overtakes_is_open_and_one_behind_it_is_not_made() {
    let desk = Desk::new(Slow::new([Fate::Fine(4 * SECOND)]));
    let (first, behind) = (desk.edit(1), {
        sleep(SECOND).await;
        desk.edit(2)
    });
    sleep(SECOND).await;
    desk.writer.close().await;
    let ((first, _), (behind, _)) = (first.await.unwrap(), behind.await.unwrap());
    assert!(matches!(first, Err(GatewayError::Undecided)), "{first:?}");
    assert!(matches!(behind, Err(GatewayError::Closed)), "{behind:?}");
    assert!(!desk.store.is_saved(2));
}

/// A writer that died with an edit in its hands and another one behind it.
async fn after(fate: Fate) -> Desk {
    let desk = Desk::new(Slow::new([Fate::Fine(SECOND), fate]));
    let first = desk.edit(1);
    sleep(SECOND / 2).await;
    let (taken, flush) = (desk.edit(2), desk.writer.flush());
    let (flushed, (outcome, _)) = tokio::join!(flush, async { taken.await.unwrap() });
    assert!(matches!(flushed, Err(GatewayError::Closed)), "{flushed:?}");
    assert!(outcome.is_err(), "{outcome:?}");
    assert!(first.await.unwrap().0.is_ok());
    let (late, waited) = desk.edit(3).await.unwrap();
    assert!(matches!(late, Err(GatewayError::Closed)) && waited.is_zero(), "{late:?} after {waited:?}");
    assert!(matches!(desk.writer.flush().await, Err(GatewayError::Closed)));
    assert!(!*desk.writer.storing().borrow());
    let lane = desk.writer.lane(desk.topic.project());
    assert_eq!(desk.writer.try_reserve(lane, 1).err(), Some(NoRoom::Unavailable));
    assert!(!desk.store.is_saved(2) && !desk.store.is_saved(3));
    desk
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_panics_is_noticed_and_nobody_waits_for_it() {
    let desk = after(Fate::Panics).await;
    assert_eq!(desk.vitals.death().unwrap().part, "the writer");
    desk.writer.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_has_lost_its_place_writes_nothing_more() {
    let desk = after(Fate::Lost).await;
    let death = desk.vitals.death().unwrap().to_string();
    assert_eq!(death, "the place at the database was lost to another one");
    desk.writer.close().await;
}

/// Log lines of the devices 1 to `count`, which wait for the same commit.
async fn log_of_each(count: i64, poisoned: Vec<i64>) -> Desk {
    let desk = Desk::new(Arc::new(Slow { poisoned, ..Slow::default() }));
    let lane = desk.writer.lane(desk.topic.project());
    for device in 1..=count {
        let entry =
            LogEntry { message: String::new(), level: protocol::model::Level::Info, at: None, fields: None };
        let write = Write::Logs {
            project: desk.topic.project(),
            device: DeviceId(device),
            received: UnixMicros(0),
            entries: vec![entry],
            line: None,
        };
        let room = desk.writer.try_reserve(lane, 0).unwrap();
        desk.writer.queue(Arc::clone(&desk.topic), write, room, None);
    }
    desk.writer.flush().await.unwrap();
    desk
}

#[tokio::test(start_paused = true)]
async fn a_bad_write_is_found_in_few_attempts_and_takes_no_other_with_it() {
    for bad in [1, 2, 500, 999, 1_000] {
        let desk = log_of_each(1_000, vec![bad]).await;
        let commits = desk.store.commits.load(Relaxed);
        assert!(commits <= 2 * 10 + 2, "{commits} attempts for the {bad}th of 1000");
        let others: Vec<i64> = (1..=1_000).filter(|device| *device != bad).collect();
        assert_eq!(*desk.store.logged.lock().unwrap(), others);
        assert_eq!((desk.writer.counts().lost_records, desk.writer.queued_bytes()), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn where_all_are_bad_each_is_tried_little_more_than_once() {
    let desk = log_of_each(1_000, (1..=1_000).collect()).await;
    let commits = desk.store.commits.load(Relaxed);
    assert!(commits <= 1_000 + 10, "{commits} attempts");
    assert_eq!(desk.writer.counts().lost_records, 1_000);
    // and where every second one is
    let desk = log_of_each(1_000, (1..=1_000).step_by(2).collect()).await;
    let commits = desk.store.commits.load(Relaxed);
    assert!(commits <= 2 * 1_000 + 10, "{commits} attempts");
    assert_eq!(desk.store.logged.lock().unwrap().len(), 500);
}
