//! How long things are kept, as the store keeps it: what is counted of the log, pins, policies, and forgetting in steps.

use std::{sync::Arc, time::Duration};

use gateway::store::{BlockCounts, LevelCount, LineMark, Store, Write};
use protocol::model::{
    DeviceId, Forgotten, Level, LogEntry, LogPin, LogSize, ProjectId, RetentionPolicy, UnixMicros,
};

use crate::{
    blocks::block,
    house::{House, NOW, connect, entry, int, integer, later, make_project, note},
    support::Place,
    sweeping::{everything, execute, sweep},
};

const LAST: u64 = u64::MAX;

impl House {
    /// Lines of these levels, each received a microsecond after the one before, with a text of three bytes.
    fn levels(&self, levels: &[Level]) -> Vec<Write> {
        let write = |(n, level): (i64, &Level)| Write::Logs {
            project: self.project.id,
            device: self.device,
            received: later(n),
            entries: vec![LogEntry { level: *level, ..entry("abc") }],
            line: None,
        };
        (1..).zip(levels).map(write).collect()
    }

    async fn marks(&self) -> Vec<LineMark> {
        self.store.list_marks(self.project.id, 0, LAST, 1_000).await.unwrap()
    }

    async fn seqs(&self) -> Vec<u64> {
        self.marks().await.into_iter().map(|line| line.seq).collect()
    }

    /// Forgets the lines with these numbers in a pass of that time.
    async fn forget(&self, seqs: &[u64], pass: i64) {
        let lines: Vec<LineMark> =
            self.marks().await.into_iter().filter(|line| seqs.contains(&line.seq)).collect();
        let forgot = self.store.forget_lines(self.project.id, &lines, UnixMicros(pass), Duration::MAX).await;
        assert_eq!(forgot.unwrap().rows, seqs.len());
    }

    async fn forgotten(&self) -> Option<Forgotten> {
        self.store.get_policy(self.project.id).await.unwrap().unwrap().1
    }
}

async fn a_block_is_counted_by_level_and_goes_with_its_last_line(store: Arc<dyn Store>) {
    use Level::{Debug, Error};
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    house.commit(&house.levels(&[Debug, Error, Debug, Debug, Error])).await;
    assert_eq!(store.find_uncounted().await.unwrap(), None);
    store.put_block(1, id, &block(1..=4, 1, 4)).await.unwrap();
    assert_eq!(store.find_uncounted().await.unwrap(), Some((id, 1)));
    let count = |level, lines, earliest, latest| LevelCount {
        level,
        lines,
        bytes: lines * 67,
        earliest: later(earliest),
        latest: later(latest),
    };
    let counted =
        BlockCounts { first_seq: 1, last_seq: 4, levels: vec![count(Debug, 3, 1, 4), count(Error, 1, 2, 2)] };
    assert_eq!(store.count_block(id, 1).await.unwrap(), Some(counted.clone()));
    assert_eq!(store.list_counts(id).await.unwrap(), [counted]);
    assert_eq!(store.find_uncounted().await.unwrap(), None);
    let size = LogSize { lines: 4, bytes: 268, oldest: Some(later(1)) };
    assert_eq!(store.sum_counts().await.unwrap(), [(id, size)]);
    assert_eq!(store.bytes_since(later(3)).await.unwrap(), 201);

    house.forget(&[1, 3], 1).await;
    let left =
        BlockCounts { first_seq: 1, last_seq: 4, levels: vec![count(Debug, 1, 4, 4), count(Error, 1, 2, 2)] };
    assert_eq!(store.count_block(id, 1).await.unwrap(), Some(left));
    // one that was written again is counted again
    store.put_block(1, id, &block(1..=5, 1, 5)).await.unwrap();
    assert_eq!(store.find_uncounted().await.unwrap(), Some((id, 1)));
    assert_eq!(store.list_counts(id).await.unwrap(), []);
    house.forget(&[2, 4, 5], 1).await;
    assert_eq!(store.count_block(id, 1).await.unwrap().map(|block| block.lines()), Some(0));
    assert_eq!(store.indexed_to(id).await.unwrap(), 0);
    assert_eq!(
        (store.list_counts(id).await.unwrap(), store.count_block(id, 1).await.unwrap()),
        (vec![], None)
    );
    assert_eq!((store.last_line(id).await.unwrap(), store.oldest_line(id).await.unwrap()), (5, None));
}

async fn lines_are_forgotten_one_by_one_and_told(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    house.commit(&house.levels(&[Level::Info; 12])).await;
    assert_eq!(house.forgotten().await, None);
    house.forget(&[1, 2, 3], 100).await;
    house.forget(&[5, 9], 100).await;
    assert_eq!(house.seqs().await, [4, 6, 7, 8, 10, 11, 12]);
    let told = |lines, at, last_lines| Forgotten { lines, bytes: 67 * lines, at: UnixMicros(at), last_lines };
    assert_eq!(house.forgotten().await, Some(told(5, 100, 5)));
    house.forget(&[4], 200).await;
    assert_eq!(house.forgotten().await, Some(told(6, 200, 1)));
    let oldest = house.store.oldest_line(house.project.id).await.unwrap();
    assert_eq!(oldest, Some((6, later(6))));
    // the numbers go on
    house.commit(&[house.logs(&["new"])]).await;
    assert_eq!(house.seqs().await, [6, 7, 8, 10, 11, 12, 13]);
    house.store.reuse_space().await.unwrap();
}

async fn a_step_ends_with_its_time_and_the_rest_comes_later(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let many = vec!["line"; 1_000];
    house.commit(&[house.logs(&many)]).await;
    let lines = house.marks().await;
    // no time: nothing happens
    let forget = async |within| {
        house.store.forget_lines(house.project.id, &lines[..700], NOW, within).await.unwrap().rows
    };
    assert_eq!((forget(Duration::ZERO).await, house.seqs().await.len()), (0, 1_000));
    assert_eq!(forget(Duration::MAX).await, 700);
    assert_eq!(house.seqs().await, (701..=1_000).collect::<Vec<_>>());
    assert_eq!(house.forgotten().await.map(|told| told.lines), Some(700));
}

async fn what_was_forgotten_is_nothing_to_index(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    house.commit(&[house.logs(&["a"; 30])]).await;
    store.put_block(1, id, &block(1..=12, 1, 1)).await.unwrap();
    house.forget(&(13..=25).collect::<Vec<_>>(), 1).await;
    // numbers up to 30, and only five lines
    assert_eq!(store.find_unindexed(6).await.unwrap(), None);
    let found = store.find_unindexed(5).await.unwrap().unwrap();
    assert_eq!((found.project, found.last_block), (id, Some((1, 12, 7))));
}

async fn a_block_takes_the_place_of_one_whose_beginning_is_gone(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    house.commit(&[house.logs(&["a"; 30])]).await;
    for lines in [1..=10, 11..=20] {
        let first = *lines.start();
        store.put_block(1, id, &block(lines, 1, 1)).await.unwrap();
        store.count_block(id, first).await.unwrap();
    }
    house.forget(&[11, 12, 13, 14], 1).await;
    store.put_block(1, id, &block(15..=25, 1, 1)).await.unwrap();
    let counted: Vec<u64> =
        store.list_counts(id).await.unwrap().iter().map(|block| block.first_seq).collect();
    assert_eq!(counted, [1]);
    assert_eq!(store.find_uncounted().await.unwrap(), Some((id, 15)));
    let read = store.read_blocks(id, &[1, 11, 15]).await.unwrap();
    assert_eq!(read.iter().map(|block| block.first_seq).collect::<Vec<_>>(), [15, 1]);
}

async fn pins_are_named_listed_and_bounded(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    let pin = |name: &str, device| LogPin {
        id: 0,
        name: name.to_owned(),
        first_seq: 5,
        last_seq: 90,
        device,
        at: NOW,
        by: "Ana".to_owned(),
    };
    let one = store.add_pin(id, &pin("crash", None), 2, note("log.pin")).await.unwrap().unwrap();
    let of_device = pin("session", Some(DeviceId(7)));
    let two = store.add_pin(id, &of_device, 2, note("log.pin")).await.unwrap().unwrap();
    assert_eq!(store.add_pin(id, &pin("more", None), 2, note("log.pin")).await.unwrap(), None);
    let listed = [LogPin { id: one, ..pin("crash", None) }, LogPin { id: two, ..of_device }];
    assert_eq!(store.list_pins(id).await.unwrap(), listed);
    let other = make_project(store, "another-key1").await.id;
    assert!(!store.remove_pin(other, one, note("log.unpin")).await.unwrap());
    assert!(store.remove_pin(id, one, note("log.unpin")).await.unwrap());
    assert_eq!(store.list_pins(id).await.unwrap(), listed[1..]);
    assert_eq!(store.add_pin(ProjectId(99), &pin("none", None), 9, note("log.pin")).await.unwrap(), None);
}

async fn a_new_project_has_a_policy_and_an_older_one_keeps_everything(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let (old, new) =
        (make_project(&store, "another-key1").await.id, make_project(&store, "0123456789ab").await.id);
    // as the upgrade of the schema leaves it
    execute(&place, &format!("DELETE FROM retention WHERE project_id = {old}")).await;
    let listed = store.list_policies().await.unwrap();
    assert_eq!(listed, [(old, RetentionPolicy::KEEP_ALL), (new, RetentionPolicy::OF_NEW_PROJECTS)]);
    let policy = RetentionPolicy { log_bytes: Some(1 << 20), ..RetentionPolicy::KEEP_ALL };
    assert!(store.set_policy(old, &policy, note("retention.set")).await.unwrap());
    assert_eq!(store.get_policy(old).await.unwrap(), Some((policy, None)));
    assert!(!store.set_policy(ProjectId(99), &policy, note("retention.set")).await.unwrap());
    assert_eq!(store.get_policy(ProjectId(99)).await.unwrap(), None);
    // it goes with its project
    assert!(store.access().delete_project(old, note("project.delete")).await.unwrap());
    assert_eq!(store.get_policy(old).await.unwrap(), None);
    while sweep(&store, 100).await {}
    let rows = everything(&place).await;
    assert_eq!(rows["retention"].len(), 1);
}

async fn the_history_keeps_the_newest_edits_of_each_variable(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    house.commit(&[house.report(&[("speed", integer()), ("jump", integer())], &[])]).await;
    for n in 1..=5 {
        house.commit(&[house.edit(n, &[("speed", int(n as i64))])]).await;
    }
    house.commit(&[house.edit(6, &[("jump", int(1))])]).await;
    let edits = store.list_edits(id, (0, ""), 3, 100).await.unwrap();
    let told: Vec<_> = edits.iter().map(|edit| (edit.revision, edit.name.as_str(), edit.newer)).collect();
    let speed = [(1, "speed", 3), (2, "speed", 3), (3, "speed", 2), (4, "speed", 1), (5, "speed", 0)];
    assert_eq!(told, [&speed[..], &[(6, "jump", 0)]].concat());
    assert_eq!(store.list_edits(id, (4, "speed"), 3, 1).await.unwrap(), edits[4..5]);
    let old: Vec<_> = edits.into_iter().filter(|edit| edit.newer >= 3).collect();
    assert_eq!(store.forget_edits(id, &old, Duration::MAX).await.unwrap().rows, 2);
    let left: Vec<i64> = house.history().await.into_iter().map(|(.., revision)| revision).collect();
    assert_eq!(left, [6, 5, 4, 3]);
    // what is desired stays
    assert_eq!(house.load().await.revision.0, 6);
}

async fn requests_that_changed_nothing_are_forgotten_behind_an_older_edit(place: Arc<Place>) {
    let house = House::new(place.open().await.unwrap()).await;
    let (store, id) = (&house.store, house.project.id);
    house.commit(&[house.report(&[("speed", integer())], &[])]).await;
    for n in 1..=3 {
        house.commit(&[house.edit(n, &[("speed", int(n as i64))])]).await;
        house.commit(&[house.edit_beside(10 + n, &[], &[("speed", int(n as i64))], n as i64)]).await;
    }
    execute(&place, "UPDATE edits SET at = at + revision").await;
    // the edits 1 and 2 are older, so what was asked before the second one is, too
    let forget =
        async |micros| store.forget_requests(id, later(micros), 100, Duration::MAX).await.unwrap().rows;
    assert_eq!(forget(3).await, 1);
    assert_eq!(forget(3).await, 0);
    assert_eq!(forget(1).await, 0);
    assert_eq!(forget(4).await, 1);
    assert_eq!(everything(&place).await["unchanged_edits"].len(), 1);
}

async fn devices_that_were_not_seen_are_listed(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    let old = connect(store, id, "old", "old", UnixMicros(NOW.0 - 10)).await.unwrap();
    let older = connect(store, id, "older", "older", UnixMicros(NOW.0 - 20)).await.unwrap();
    let list =
        async |before: i64, after| store.list_unseen(id, UnixMicros(NOW.0 + before), after, 9).await.unwrap();
    assert_eq!(list(-5, DeviceId(0)).await, [old, older]);
    assert_eq!(list(-5, old).await, [older]);
    assert_eq!(list(-10, DeviceId(0)).await, [older]);
    assert_eq!(list(1, DeviceId(0)).await.len(), 3);
}

async fn the_audit_trail_loses_its_oldest_entries(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let store = &house.store;
    for n in 1..=5 {
        let mut note = note("account.make");
        note.at = later(n);
        store.access().record(note).await.unwrap();
    }
    let forget =
        async |before: i64, rows| store.forget_audit(later(before), rows, Duration::MAX).await.unwrap().rows;
    // that of the project is of NOW
    assert_eq!(forget(4, 2).await, 2);
    assert_eq!(forget(4, 100).await, 2);
    assert_eq!(forget(4, 100).await, 0);
    let left = store.access().list_audit(None, None, 100).await.unwrap();
    assert_eq!(left.iter().map(|(_, entry)| entry.at).collect::<Vec<_>>(), [later(5), later(4)]);
}

crate::support::stories! {
    a_block_is_counted_by_level_and_goes_with_its_last_line,
    lines_are_forgotten_one_by_one_and_told,
    a_step_ends_with_its_time_and_the_rest_comes_later,
    what_was_forgotten_is_nothing_to_index,
    a_block_takes_the_place_of_one_whose_beginning_is_gone,
    pins_are_named_listed_and_bounded,
    a_new_project_has_a_policy_and_an_older_one_keeps_everything,
    the_history_keeps_the_newest_edits_of_each_variable,
    requests_that_changed_nothing_are_forgotten_behind_an_older_edit,
    devices_that_were_not_seen_are_listed,
    the_audit_trail_loses_its_oldest_entries,
}
