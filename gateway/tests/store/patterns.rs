//! Patterns of the log, as the store keeps them.

use std::{sync::Arc, time::Duration};

use gateway::store::{
    DeviceBuild, NewestBuild, PatternMark, PatternRow, PatternStep, Store, Ungrouped, Write,
};
use protocol::model::{DeviceId, Fingerprint, Level, LogEntry, ProjectId, UnixMicros};

use crate::{
    house::{House, NOW, commit, device_info, later, make_project, note},
    sweeping::sweep,
};

/// A pattern that was seen last in that microsecond.
pub fn pattern(number: u64, count: u64, last: i64) -> PatternRow {
    PatternRow {
        // any 64 bits
        fingerprint: Fingerprint(u64::MAX - number),
        level: Level::Error,
        text: format!("can't load <*> {number}"),
        count,
        first: UnixMicros(-7),
        last: UnixMicros(last),
        last_seq: number,
        body: vec![0, 255, 7],
    }
}

/// A step that nothing is too old for.
pub fn step(from: u64, to: u64, rows: Vec<PatternRow>) -> PatternStep {
    PatternStep { from, to, rows, oldest: UnixMicros(i64::MIN) }
}

async fn put(store: &Arc<dyn Store>, project: ProjectId, step: &PatternStep) {
    assert!(store.put_patterns(1, project, step).await.unwrap() > Duration::ZERO);
}

async fn listed(store: &Arc<dyn Store>, project: ProjectId) -> Vec<PatternRow> {
    let mut rows = store.list_patterns(project).await.unwrap();
    rows.sort_by_key(|row| row.last_seq);
    rows
}

async fn patterns_come_back_and_take_their_own_place(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    house.commit(&[house.logs(&["a"; 30])]).await;
    let other = make_project(store, "another-key1").await;
    put(store, id, &step(0, 10, vec![pattern(1, 5, 100), pattern(2, 6, 200)])).await;
    put(store, other.id, &step(0, 3, vec![pattern(1, 9, 100)])).await;
    assert_eq!(listed(store, id).await, [pattern(1, 5, 100), pattern(2, 6, 200)]);
    let mark = PatternMark { counted_to: 10, last_seq: 30, other: 0 };
    assert_eq!(store.pattern_mark(id).await.unwrap(), mark);
    assert_eq!(store.load_patterns(other.id).await.unwrap().1, [pattern(1, 9, 100)]);
    assert_eq!(store.load_patterns(id).await.unwrap().0, mark);
    let grown = PatternRow { body: vec![1; 5_000], ..pattern(1, 7, 300) };
    put(store, id, &step(10, 20, vec![grown.clone(), pattern(3, 1, 250)])).await;
    assert_eq!(listed(store, id).await, [grown.clone(), pattern(2, 6, 200), pattern(3, 1, 250)]);
    let which = [pattern(1, 0, 0).fingerprint, pattern(4, 0, 0).fingerprint];
    assert_eq!(store.read_patterns(id, &which).await.unwrap(), [grown]);
    assert_eq!(store.read_patterns(id, &[]).await.unwrap(), []);
    assert_eq!(listed(store, other.id).await, [pattern(1, 9, 100)]);
}

async fn a_step_that_does_not_continue_the_last_one_is_not_stored(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    put(store, id, &step(0, 10, vec![pattern(1, 5, 100)])).await;
    for (epoch, from) in [(1, 0), (1, 9), (1, 11), (2, 10)] {
        let late = step(from, 20, vec![pattern(1, 99, 100)]);
        assert_eq!(store.put_patterns(epoch, id, &late).await.unwrap(), Duration::ZERO, "{epoch} {from}");
    }
    assert_eq!(listed(store, id).await, [pattern(1, 5, 100)]);
    assert_eq!(store.pattern_mark(id).await.unwrap().counted_to, 10);
    // and nothing of a deleted project, whose patterns go with it
    assert!(store.access().delete_project(id, note("project.delete")).await.unwrap());
    let late = step(10, 20, vec![pattern(2, 1, 100)]);
    assert_eq!(store.put_patterns(1, id, &late).await.unwrap(), Duration::ZERO);
    while sweep(store, 100).await {}
    assert_eq!(listed(store, id).await, []);
    assert_eq!(store.pattern_mark(id).await.unwrap(), PatternMark::default());
}

async fn those_seen_longest_ago_make_room_and_are_counted(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    let rows = |numbers: std::ops::Range<u64>| numbers.map(|n| pattern(n, 2, n.cast_signed())).collect();
    put(store, id, &step(0, 10, rows(0..1_000))).await;
    assert_eq!(listed(store, id).await.len(), 1_000);
    put(store, id, &step(10, 20, rows(1_000..1_007))).await;
    put(store, id, &step(20, 30, rows(1_007..1_008))).await;
    let left = listed(store, id).await;
    assert_eq!((left.len(), left[0].last_seq, left[999].last_seq), (1_000, 8, 1_007));
    assert_eq!(store.pattern_mark(id).await.unwrap().other, 16);
    // what is as old as no line any more is forgotten, and made no room for another one
    let old = PatternStep { oldest: UnixMicros(500), ..step(30, 40, rows(1_008..1_009)) };
    put(store, id, &old).await;
    let left = listed(store, id).await;
    assert_eq!((left.len(), left[0].last_seq), (509, 500));
    assert_eq!(store.pattern_mark(id).await.unwrap().other, 16);
}

async fn what_is_not_counted_is_found_where_it_is_least(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    assert_eq!(store.find_ungrouped(1).await.unwrap(), None);
    house.commit(&[house.logs(&["a"; 30])]).await;
    let other = make_project(store, "another-key1").await;
    let device = crate::house::make_device(store, &other, "one").await;
    let other = House { store: Arc::clone(store), project: other, device };
    other.commit(&[other.logs(&["a"; 20])]).await;
    let uncounted = |project, counted_to, last_seq| Some(Ungrouped { project, counted_to, last_seq });
    assert_eq!(store.find_ungrouped(31).await.unwrap(), None);
    assert_eq!(store.find_ungrouped(30).await.unwrap(), uncounted(id, 0, 30));
    assert_eq!(store.find_ungrouped(1).await.unwrap(), uncounted(other.project.id, 0, 20));
    put(store, id, &step(0, 15, Vec::new())).await;
    assert_eq!(store.find_ungrouped(1).await.unwrap(), uncounted(id, 15, 30));
    assert!(store.access().delete_project(id, note("project.delete")).await.unwrap());
    assert_eq!(store.find_ungrouped(1).await.unwrap(), uncounted(other.project.id, 0, 20));
}

async fn lines_of_a_level_are_read_in_order(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    assert_eq!(store.oldest_line(id).await.unwrap(), None);
    let levels = [Level::Info, Level::Warn, Level::Trace, Level::Error, Level::Fatal, Level::Debug];
    let entries = levels.map(|level| LogEntry { level, ..crate::house::entry("said") });
    let entries = entries.to_vec();
    let logs = Write::Logs { project: id, device: house.device, received: later(3), entries, line: None };
    house.commit(&[logs.clone(), logs]).await;
    let read = async |after, to, limit| -> Vec<u64> {
        let lines = store.list_logs_of_level(id, after, to, Level::Warn, limit).await.unwrap();
        lines.into_iter().map(|line| line.seq).collect()
    };
    assert_eq!(read(0, 99, 99).await, [2, 4, 5, 8, 10, 11]);
    assert_eq!(read(2, 10, 99).await, [4, 5, 8, 10]);
    assert_eq!(read(2, 10, 2).await, [4, 5]);
    assert_eq!(read(11, 99, 2).await, [0; 0]);
    assert_eq!(store.oldest_line(id).await.unwrap(), Some((1, later(3))));
}

/// A device connects with a build.
async fn connect(house: &House, name: &str, build: &str, micros: i64) -> DeviceId {
    let device = gateway::store::DeviceInfo { build: build.to_owned(), ..device_info(name, name) };
    let (project, at) = (house.project.id, later(micros));
    let connect = Write::Connect { gives_way: None, project, device, session: None, at };
    match commit(&house.store, &[connect]).await.unwrap()[..] {
        [gateway::store::Written::Connected { device, .. }] => device,
        ref other => panic!("{other:?}"),
    }
}

async fn a_build_is_known_since_a_device_announced_it(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    assert_eq!(store.newest_build(id).await.unwrap(), None);
    let one = connect(&house, "two", "1.0", 10).await;
    let two = connect(&house, "three", "1.1", 20).await;
    connect(&house, "two", "1.0", 30).await;
    let builds = async || {
        let mut builds = store.list_builds(id, &[house.device, one, two]).await.unwrap();
        builds.sort_by_key(|build| build.device);
        builds
    };
    let build =
        |device, build: &str, micros| DeviceBuild { device, build: build.to_owned(), since: later(micros) };
    // the house's own announced none
    assert_eq!(builds().await, [build(one, "1.0", 10), build(two, "1.1", 20)]);
    let newest = |build: &str, micros| {
        Some(NewestBuild { build: build.to_owned(), since: later(micros), first_device: NOW })
    };
    assert_eq!(store.newest_build(id).await.unwrap(), newest("1.1", 20));
    connect(&house, "two", "1.2", 40).await;
    connect(&house, "three", "1.2", 50).await;
    assert_eq!(builds().await, [build(one, "1.2", 40), build(two, "1.2", 50)]);
    assert_eq!(store.newest_build(id).await.unwrap(), newest("1.2", 40));
    let nowhere = make_project(store, "another-key1").await;
    assert_eq!(store.list_builds(nowhere.id, &[one]).await.unwrap(), []);
}

crate::support::stories! {
    patterns_come_back_and_take_their_own_place,
    a_step_that_does_not_continue_the_last_one_is_not_stored,
    those_seen_longest_ago_make_room_and_are_counted,
    what_is_not_counted_is_found_where_it_is_least,
    lines_of_a_level_are_read_in_order,
    a_build_is_known_since_a_device_announced_it,
}
