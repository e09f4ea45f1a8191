//! What is too old or too much is forgotten, and nothing else, while everybody goes on.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use gateway::{
    Budgets, Clock, Gateway, GatewayError, Limits, LogPages, LogRange, NewPin, Origin, PinRange,
    store::{DeviceInfo, Store, Ticket, Write, Written},
};
use protocol::{
    filter::Filter,
    model::{DeviceId, Level, LogEntry, ProjectId, RetentionPolicy, UnixMicros},
};
use tokio::time::sleep;

use crate::house::{House, NOW};

const DAY: i64 = 24 * 3600 * 1_000_000;
/// Lines that are committed at once.
const PART: usize = 500;

fn days_ago(days: i64) -> UnixMicros {
    UnixMicros(NOW.0 - days * DAY)
}

fn keep(days: u16, level: Level) -> RetentionPolicy {
    let mut policy = RetentionPolicy::KEEP_ALL;
    policy.log_days[level as usize] = Some(days);
    policy
}

async fn commit(store: &Arc<dyn Store>, writes: &[Write]) -> Vec<Written> {
    let (epoch, writer) = (store.epoch().await.unwrap().number, "a story".to_owned());
    let ticket = Ticket { writer, number: 1, epoch };
    let mut written = Vec::new();
    store.commit(&ticket, writes, &mut written).await.unwrap();
    written
}

impl House {
    /// A house whose first look at the clock is over.
    async fn at_rest(store: Arc<dyn Store>) -> Self {
        let house = Self::new(store).await;
        while house.store.session_clock().await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        house
    }

    async fn device(&self, identity: &str, seen: UnixMicros) -> DeviceId {
        let (identity, name, about) = (format!("id:{identity}"), identity.to_owned(), String::new());
        let device = DeviceInfo { identity, name, about, build: String::new(), attrs: None, applied: None };
        let project = self.project.id;
        let connect = Write::Connect { gives_way: None, project, device, session: None, at: seen };
        match commit(&self.store, &[connect]).await[..] {
            [Written::Connected { device, .. }] => device,
            ref other => panic!("{other:?}"),
        }
    }

    /// Stores lines that were received at these times, all with the same text.
    async fn store_lines(&self, device: DeviceId, text: &str, lines: &[(Level, UnixMicros)]) {
        let write = |(level, received): &(Level, UnixMicros)| Write::Logs {
            project: self.project.id,
            device,
            received: *received,
            entries: vec![LogEntry { message: text.to_owned(), level: *level, at: None, fields: None }],
            line: None,
        };
        for part in lines.chunks(PART) {
            commit(&self.store, &part.iter().map(write).collect::<Vec<_>>()).await;
        }
    }

    /// Starts anew, since nobody tells the indexer of what was not written by the gateway, and waits for it.
    async fn indexed_up_to(self, to: u64) -> Self {
        let house = self.restarted().await;
        while house.store.indexed_to(house.project.id).await.unwrap() < to {
            sleep(Duration::from_millis(20)).await;
        }
        house
    }

    async fn set_policy(&self, policy: RetentionPolicy) {
        self.gateway.set_retention(&self.owner, self.project.id, &policy).await.unwrap();
    }

    async fn pin(&self, range: PinRange, device: Option<DeviceId>) -> Result<i64, GatewayError> {
        let pin = NewPin { name: "crash".to_owned(), range, device };
        self.gateway.pin_logs(&self.owner, self.project.id, &pin).await
    }

    /// The numbers of all lines that are there, oldest first.
    async fn seqs(&self) -> Vec<u64> {
        let (gateway, owner, project) = (self.gateway.clone(), self.owner.clone(), self.project.id);
        let matcher = gateway.log_matcher(&owner, project, Filter::default().into()).await.unwrap();
        let mut pages = LogPages::new(gateway, owner, project, LogRange::ALL);
        let mut seqs = Vec::new();
        while let Some(page) = pages.next(&matcher).await.unwrap() {
            seqs.extend(page.lines.iter().map(|line| line.seq));
        }
        seqs.reverse();
        seqs
    }

    /// The numbers of all lines that pass a filter, oldest first, by as many requests as it takes.
    async fn found(&self, filter: &str) -> Vec<u64> {
        let filter = Filter::parse(filter).unwrap();
        let matcher = self.gateway.log_matcher(&self.owner, self.project.id, filter.into()).await.unwrap();
        let mut range = LogRange { lines: 700, bytes: usize::MAX, ..LogRange::ALL };
        let mut seqs = Vec::new();
        loop {
            let search = self.gateway.search_logs(&self.owner, self.project.id, &matcher, range);
            let found = search.await.unwrap();
            seqs.extend(found.lines.iter().map(|line| line.seq));
            range.before = found.next;
            if found.next.is_none() {
                seqs.reverse();
                return seqs;
            }
        }
    }
}

/// One line a day and level for 100 days, the oldest first: the line of the level `l` and `d` days ago has the number
/// `6 * (100 - d) + l + 1`.
fn a_hundred_days() -> Vec<(Level, UnixMicros)> {
    (0..=100).rev().flat_map(|days| Level::ALL.map(|level| (level, days_ago(days)))).collect()
}

async fn each_level_is_kept_as_long_as_the_policy_says(store: Arc<dyn Store>) {
    let house = House::at_rest(store).await;
    let device = house.device("one", NOW).await;
    let lines = a_hundred_days();
    house.store_lines(device, "tick", &lines).await;
    let all: Vec<u64> = (1..=lines.len() as u64).collect();
    house.set_policy(RetentionPolicy::KEEP_ALL).await;
    house.gateway.forget_now().await.unwrap();
    assert_eq!(house.seqs().await, all);

    house.pin(PinRange::Lines(20, 22), None).await.unwrap();
    let mut policy = keep(1, Level::Debug);
    policy.log_days[Level::Error as usize] = Some(90);
    let told = house.gateway.estimate_retention(&house.owner, house.project.id, &policy).await.unwrap();
    house.set_policy(policy).await;
    // it is in memory, too
    assert_eq!(house.snapshot().await.logs.len(), 500);
    house.gateway.forget_now().await.unwrap();
    let stays = |seq: &u64| {
        let (level, days) = ((seq - 1) % 6, 100 - (seq - 1) / 6);
        (20..=22).contains(seq) || !(level == 1 && days > 1 || level == 4 && days > 90)
    };
    let expected: Vec<u64> = all.iter().copied().filter(stays).collect();
    assert_eq!(house.seqs().await, expected);
    assert_eq!(house.found("").await, expected);
    let newest = all.len() as u64 - 500;
    let in_memory: Vec<u64> = expected.iter().copied().filter(|seq| *seq > newest).collect();
    let shown = house.snapshot().await.logs;
    assert_eq!(shown.iter().map(|line| line.seq).collect::<Vec<_>>(), in_memory);
    // 99 of debug and ten of error, of which a pin has kept one
    assert_eq!((all.len() - expected.len(), told.removed_lines), (108, 108));
    assert_eq!(told.kept.lines as usize, expected.len());

    let known = house.gateway.get_retention(&house.owner, house.project.id).await.unwrap();
    assert_eq!(known.forgotten.map(|told| (told.lines, told.last_lines, told.at)), Some((108, 108, NOW)));
    assert_eq!((known.policy, known.pins.len(), known.log.lines as usize), (policy, 1, expected.len()));
    // what is kept by nobody any more goes next time
    house.gateway.unpin_logs(&house.owner, house.project.id, known.pins[0].id).await.unwrap();
    house.gateway.forget_now().await.unwrap();
    assert_eq!(house.seqs().await.len(), expected.len() - 1);
}

async fn a_pin_keeps_a_session_of_a_device(store: Arc<dyn Store>) {
    let house = House::at_rest(store).await;
    let (one, two) = (house.device("one", NOW).await, house.device("two", NOW).await);
    for day in (50..60).rev() {
        house.store_lines(one, "one", &[(Level::Info, days_ago(day))]).await;
        house.store_lines(two, "two", &[(Level::Info, days_ago(day))]).await;
    }
    let session = PinRange::Times(days_ago(57), days_ago(55));
    house.pin(session, Some(two)).await.unwrap();
    house.set_policy(keep(1, Level::Info)).await;
    house.gateway.forget_now().await.unwrap();
    assert_eq!(house.seqs().await, [6, 8, 10]);
    let nothing =
        [PinRange::Times(NOW, NOW), PinRange::Lines(0, 3), PinRange::Lines(9, 8), PinRange::Lines(21, 30)];
    for range in nothing {
        assert!(matches!(house.pin(range, None).await, Err(GatewayError::Invalid(_))), "{range:?}");
    }
}

async fn what_is_indexed_goes_and_is_searched_at_its_new_beginning(store: Arc<dyn Store>) {
    const LINES: u64 = 20_000;
    let house = House::at_rest(store).await;
    let device = house.device("one", NOW).await;
    // ten days, and every tenth line is an error
    let level = |n: u64| if n.is_multiple_of(10) { Level::Error } else { Level::Debug };
    let received = |n: u64| UnixMicros(days_ago(10).0 + n as i64 * (10 * DAY / LINES as i64));
    let lines: Vec<_> = (1..=LINES).map(|n| (level(n), received(n))).collect();
    house.store_lines(device, "boss spawned", &lines).await;
    let house = house.indexed_up_to(LINES - 512).await;
    house.set_policy(keep(2, Level::Debug)).await;
    house.gateway.forget_now().await.unwrap();
    let stays = |n: &u64| level(*n) == Level::Error || received(*n) >= days_ago(2);
    let expected: Vec<u64> = (1..=LINES).filter(stays).collect();
    assert!(house.seqs().await == expected);
    assert!(house.found("boss").await == expected);
    assert_eq!(house.found("level:debug boss").await.first(), Some(&16_001));

    // the errors, too: whole blocks go
    house.set_policy(RetentionPolicy { log_days: [Some(2); 6], ..RetentionPolicy::KEEP_ALL }).await;
    house.gateway.forget_now().await.unwrap();
    let expected: Vec<u64> = (16_000..=LINES).collect();
    assert!(house.seqs().await == expected);
    assert!(house.found("boss").await == expected);
    let beginning = house.gateway.log_beginning(&house.owner, house.project.id).await.unwrap();
    assert_eq!(beginning.oldest, Some((16_000, received(16_000))));
    assert_eq!(beginning.forgotten.map(|told| told.lines), Some(15_999));
    let counted = house.store.list_counts(house.project.id).await.unwrap();
    assert!(counted.iter().all(|block| block.lines() > 0 && block.last_seq >= 16_000), "{counted:?}");
    // and it goes on being indexed
    let more: Vec<_> = (0..2_000).map(|_| (Level::Info, NOW)).collect();
    house.store_lines(device, "boss spawned", &more).await;
    let house = house.indexed_up_to(LINES + 1_488).await;
    assert_eq!(house.found("boss").await.len(), expected.len() + 2_000);
}

async fn a_log_that_is_too_large_loses_its_oldest_lines(store: Arc<dyn Store>) {
    const MOST: u64 = 1 << 20;
    let house = House::at_rest(store).await;
    let device = house.device("one", NOW).await;
    let lines: Vec<_> = (1..=3_000).map(|n| (Level::Fatal, UnixMicros(days_ago(9).0 + n))).collect();
    // 64 bytes more each
    house.store_lines(device, &"x".repeat(936), &lines).await;
    let house = house.indexed_up_to(2_488).await;
    house.pin(PinRange::Lines(11, 20), None).await.unwrap();
    let policy = RetentionPolicy { log_bytes: Some(MOST), ..RetentionPolicy::KEEP_ALL };
    house.set_policy(policy).await;
    house.gateway.forget_now().await.unwrap();
    // ten are pinned, and 1,038 fit beside them
    let expected: Vec<u64> = (11..=20).chain(3_001 - 1_038..=3_000).collect();
    assert_eq!(house.seqs().await, expected);
    house.gateway.forget_now().await.unwrap();
    assert_eq!(house.seqs().await.len(), expected.len());
}

async fn the_whole_server_has_a_size_and_the_largest_log_gives_way(store: Arc<dyn Store>) {
    let limits = Limits { log_bytes: Some(1_000_000), ..Limits::default() };
    let open = || Gateway::open_within(store.clone(), Clock::new(|| NOW), Budgets::default(), limits);
    let gateway = open().await.unwrap();
    let link = gateway.issue_setup_token();
    let owner = gateway.set_up(link.reveal(), None, None, &Origin::default()).await.unwrap().caller;
    let mut houses = Vec::new();
    for (name, lines) in [("large", 2_000), ("small", 200)] {
        let project = gateway.create_project(&owner, name).await.unwrap();
        let (gateway, owner) = (gateway.clone(), owner.clone());
        let house = House { gateway, store: store.clone(), owner, project };
        let device = house.device("one", NOW).await;
        let lines: Vec<_> = (1..=lines).map(|n| (Level::Info, UnixMicros(days_ago(1).0 + n))).collect();
        house.store_lines(device, &"x".repeat(936), &lines).await;
        houses.push(house);
    }
    drop(gateway);
    // one that looks for what is there
    let gateway = open().await.unwrap();
    while store.indexed_to(houses[0].project.id).await.unwrap() < 1_488 {
        sleep(Duration::from_millis(20)).await;
    }
    gateway.forget_now().await.unwrap();
    let counted = gateway.get_retention(&owner, houses[0].project.id).await.unwrap();
    assert_eq!(counted.instance_bytes, Some(1_000_000));
    assert!(counted.log.bytes <= 1_000_000 && counted.log.bytes > 990_000, "{:?}", counted.log);
    assert_eq!(houses[0].seqs().await.last(), Some(&2_000));
    assert_eq!(houses[1].seqs().await.len(), 200);
}

/// Waiting edits get their turn between two steps: edits are saved while one part of the lines is gone and another is not.
async fn edits_are_saved_between_two_steps(store: Arc<dyn Store>) {
    const LINES: u64 = 12_000;
    let house = House::at_rest(store).await;
    let device = house.device("one", NOW).await;
    let lines: Vec<_> = (0..LINES).map(|_| (Level::Debug, days_ago(9))).collect();
    house.store_lines(device, "tick", &lines).await;
    let mut game = house.game("game", None).await;
    house.report(&mut game, r#"{"speed": 1}"#).await;
    house.set_policy(keep(1, Level::Debug)).await;
    let is_over = AtomicBool::new(false);
    let forgetting = async {
        house.gateway.forget_now().await.unwrap();
        is_over.store(true, Relaxed);
    };
    let editing = async {
        let mut beginnings = BTreeSet::new();
        for n in 1.. {
            house.set(n, "speed", n as i64).await;
            let oldest = house.store.oldest_line(house.project.id).await.unwrap();
            if is_over.load(Relaxed) {
                break;
            }
            beginnings.extend(oldest.map(|(seq, _)| seq));
        }
        beginnings
    };
    let ((), beginnings) = tokio::join!(forgetting, editing);
    let between = beginnings.iter().filter(|seq| (2..=LINES).contains(*seq)).count();
    assert!(between >= 3, "edits were saved at {beginnings:?}");
    assert_eq!(house.seqs().await, [0; 0]);
    let loaded = house.restarted().await;
    assert!(loaded.var("speed").await.desired.is_some());
}

async fn a_device_that_does_not_come_back_is_forgotten_by_choice(store: Arc<dyn Store>) {
    let house = House::at_rest(store).await;
    let (gone, pinned) =
        (house.device("gone", days_ago(31)).await, house.device("pinned", days_ago(31)).await);
    house.store_lines(pinned, "last words", &[(Level::Info, days_ago(31))]).await;
    let game = house.game("here", None).await;
    house.pin(PinRange::Lines(1, 1), Some(pinned)).await.unwrap();
    let devices = async || {
        let snapshot = house.gateway.snapshot(&house.owner, house.project.id).await.unwrap();
        snapshot.devices.into_iter().map(|device| device.id).collect::<Vec<_>>()
    };
    let before = devices().await;
    assert!(before.contains(&gone) && before.len() == 3);
    house.gateway.forget_now().await.unwrap();
    assert_eq!(devices().await.len(), 3);
    house.set_policy(RetentionPolicy { device_days: Some(30), ..RetentionPolicy::KEEP_ALL }).await;
    house.gateway.forget_now().await.unwrap();
    let left: Vec<_> = before.into_iter().filter(|device| *device != gone).collect();
    assert_eq!(devices().await, left);
    drop(game);
}

async fn a_policy_is_checked_and_noted(store: Arc<dyn Store>) {
    let house = House::at_rest(store).await;
    let (gateway, owner, id) = (&house.gateway, &house.owner, house.project.id);
    let bad = keep(0, Level::Info);
    for result in [
        gateway.set_retention(owner, id, &bad).await,
        gateway.estimate_retention(owner, id, &bad).await.map(drop),
    ] {
        assert!(
            matches!(&result, Err(GatewayError::Invalid(text)) if text.contains("info lines")),
            "{result:?}"
        );
    }
    let none = ProjectId(99);
    assert!(matches!(gateway.get_retention(owner, none).await, Err(GatewayError::NotFound)));
    assert!(matches!(gateway.unpin_logs(owner, id, 7).await, Err(GatewayError::NotFound)));
    house.set_policy(keep(5, Level::Info)).await;
    let audit = gateway.list_audit(owner, Some(id), None, 1).await.unwrap().entries;
    assert_eq!((audit[0].action.as_str(), audit[0].subject.as_str()), ("retention.set", "Mr. Rescue"));
    assert!(audit[0].new.as_ref().is_some_and(|new| new.contains("5")) && audit[0].old.is_some());
}

crate::support::stories! {
    each_level_is_kept_as_long_as_the_policy_says,
    a_pin_keeps_a_session_of_a_device,
    what_is_indexed_goes_and_is_searched_at_its_new_beginning,
    a_log_that_is_too_large_loses_its_oldest_lines,
    the_whole_server_has_a_size_and_the_largest_log_gives_way,
    edits_are_saved_between_two_steps,
    a_device_that_does_not_come_back_is_forgotten_by_choice,
    a_policy_is_checked_and_noted,
}
