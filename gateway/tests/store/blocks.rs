//! The index of the log, as the store keeps it.

use std::{sync::Arc, time::Duration};

use gateway::store::{BlockHead, BlockRange, LogBlock, PAGE_BYTES, Store, Unindexed};
use protocol::model::{LogOrder, ProjectId, UnixMicros};

use crate::{
    house::{House, make_device, make_project, note},
    sweeping::sweep,
};

/// A block of these lines, which were received in these microseconds.
pub fn block(seqs: std::ops::RangeInclusive<u64>, earliest: i64, latest: i64) -> LogBlock {
    let [earliest, latest] = [earliest, latest].map(UnixMicros);
    let [grams, words, lines] = [&b"\0\x01"[..], b"\nboss\n\xff", b""].map(<[u8]>::to_vec);
    LogBlock {
        first_seq: *seqs.start(),
        last_seq: *seqs.end(),
        earliest,
        latest,
        text_bytes: 7,
        grams,
        words,
        lines,
        counts: [0, 0, seqs.end() - seqs.start() + 1, 0, 0, 0],
        times: b"\x02".to_vec(),
    }
}

/// Every block.
const ALL: BlockRange = BlockRange {
    order: LogOrder::NewestFirst,
    before: u64::MAX,
    after: 0,
    since: UnixMicros(i64::MIN),
    until: UnixMicros(i64::MAX),
};

async fn first_seqs(store: &Arc<dyn Store>, project: ProjectId, range: BlockRange, limit: u32) -> Vec<u64> {
    let heads = store.list_blocks(project, range, limit).await.unwrap();
    heads.into_iter().map(|head| head.first_seq).collect()
}

async fn put(store: &Arc<dyn Store>, project: ProjectId, block: &LogBlock) {
    let took = store.put_block(1, project, block).await.unwrap();
    assert!(took > Duration::ZERO);
}

async fn blocks_are_listed_by_number_and_time(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    assert!(store.keeps_index());
    assert_eq!(store.indexed_to(id).await.unwrap(), 0);
    for block in [block(1..=10, 100, 200), block(11..=20, 150, 300), block(21..=25, 301, 400)] {
        put(store, id, &block).await;
    }
    let other = make_project(store, "another-key1").await;
    put(store, other.id, &block(1..=90, 0, 999)).await;
    assert_eq!(store.indexed_to(id).await.unwrap(), 25);
    assert_eq!(first_seqs(store, id, ALL, 9).await, [21, 11, 1]);
    assert_eq!(first_seqs(store, id, ALL, 2).await, [21, 11]);
    assert_eq!(first_seqs(store, id, BlockRange { before: 21, ..ALL }, 9).await, [11, 1]);
    assert_eq!(first_seqs(store, id, BlockRange { before: 22, after: 10, ..ALL }, 9).await, [21, 11]);
    let within = |since, until| BlockRange { since: UnixMicros(since), until: UnixMicros(until), ..ALL };
    assert_eq!(first_seqs(store, id, within(200, 301), 9).await, [11, 1]);
    assert_eq!(first_seqs(store, id, within(201, 302), 9).await, [21, 11]);
    assert_eq!(first_seqs(store, id, within(401, 999), 9).await, [0; 0]);
    let oldest = BlockRange { order: LogOrder::OldestFirst, ..ALL };
    assert_eq!(first_seqs(store, id, oldest, 2).await, [1, 11]);
    assert_eq!(first_seqs(store, id, BlockRange { before: 21, after: 10, ..oldest }, 9).await, [11]);

    // one that has grown takes its own place
    let grown = LogBlock { words: b"\nboss\nspawned\n".to_vec(), ..block(21..=30, 250, 500) };
    put(store, id, &grown).await;
    let LogBlock { first_seq, last_seq, earliest, latest, grams, .. } = grown.clone();
    let head = BlockHead { first_seq, last_seq, earliest, latest, grams };
    assert_eq!(store.list_blocks(id, ALL, 1).await.unwrap(), [head]);
    assert_eq!(first_seqs(store, id, ALL, 9).await, [21, 11, 1]);
    let read = store.read_blocks(id, &[1, 21, 7]).await.unwrap();
    let read: Vec<_> = read.into_iter().map(|block| (block.first_seq, block.words, block.lines)).collect();
    assert_eq!(read, [(21, grown.words, grown.lines), (1, b"\nboss\n\xff".to_vec(), Vec::new())]);
}

async fn what_is_not_indexed_is_found_where_it_is_least(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    assert_eq!(store.find_unindexed(1).await.unwrap(), None);
    house.commit(&[house.logs(&["a"; 30])]).await;
    let other = make_project(store, "another-key1").await;
    let device = make_device(store, &other, "one").await;
    let other = House { store: Arc::clone(store), project: other, device };
    other.commit(&[other.logs(&["a"; 20])]).await;
    let unindexed = |project, count, last_block| Some(Unindexed { project, count, last_block });
    assert_eq!(store.find_unindexed(31).await.unwrap(), None);
    assert_eq!(store.find_unindexed(30).await.unwrap(), unindexed(id, 30, None));
    assert_eq!(store.find_unindexed(1).await.unwrap(), unindexed(other.project.id, 20, None));
    put(store, id, &block(1..=12, 1, 1)).await;
    put(store, id, &block(13..=15, 1, 1)).await;
    assert_eq!(store.find_unindexed(1).await.unwrap(), unindexed(id, 15, Some((13, 15, 7))));
    // a deleted one is not indexed any more
    assert!(store.access().delete_project(id, note("project.delete")).await.unwrap());
    assert_eq!(store.find_unindexed(1).await.unwrap(), unindexed(other.project.id, 20, None));
    assert_eq!(store.put_block(1, id, &block(16..=20, 1, 1)).await.unwrap(), Duration::ZERO);
    assert_eq!(first_seqs(store, id, ALL, 1).await, [13]);
    // and one whose lines are gone is not looked for again and again
    while sweep(store, 100).await {}
    assert_eq!(first_seqs(store, id, ALL, 1).await, [0; 0]);
}

async fn a_block_of_another_history_is_not_stored(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    assert_eq!(store.put_block(2, id, &block(1..=2, 1, 1)).await.unwrap(), Duration::ZERO);
    assert_eq!(store.indexed_to(id).await.unwrap(), 0);
    put(store, id, &block(1..=2, 1, 1)).await;
    assert_eq!(store.indexed_to(id).await.unwrap(), 2);
}

async fn single_lines_are_read_in_either_order_and_in_pages(store: Arc<dyn Store>) {
    const LONG: usize = 60_000;
    let house = House::new(store).await;
    let (store, id) = (&house.store, house.project.id);
    let messages: Vec<String> = (1..=20).map(|n| format!("{n}{}", "y".repeat(LONG))).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    house.commit(&[house.logs(&messages), house.logs(&["short"; 10])]).await;
    let read = async |seqs: &[u64], order| -> Vec<u64> {
        store.read_lines(id, seqs, order).await.unwrap().into_iter().map(|line| line.seq).collect()
    };
    let newest = LogOrder::NewestFirst;
    assert_eq!(read(&[30, 25, 21], newest).await, [30, 25, 21]);
    assert_eq!(read(&[25, 99, 1], newest).await, [25, 1]);
    assert_eq!(read(&[], newest).await, [0; 0]);
    let mut long: Vec<u64> = (1..=20).rev().collect();
    assert_eq!(read(&long, newest).await, long[..PAGE_BYTES / LONG + 1]);
    long.reverse();
    assert_eq!(read(&long, LogOrder::OldestFirst).await, long[..PAGE_BYTES / LONG + 1]);
}

crate::support::stories! {
    blocks_are_listed_by_number_and_time,
    what_is_not_indexed_is_found_where_it_is_least,
    a_block_of_another_history_is_not_stored,
    single_lines_are_read_in_either_order_and_in_pages,
}
