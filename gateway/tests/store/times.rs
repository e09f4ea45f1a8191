//! When lines were received, beside the index of the log.

use std::sync::Arc;

use gateway::store::{BlockTimes, LineTime, Store, Untimed};
use protocol::model::{Level, ProjectId};

use crate::{
    blocks::block,
    house::{House, NOW},
    support::Place,
    sweeping::{everything, execute},
};

/// Thirty lines and a block of them.
async fn thirty_lines(store: &Arc<dyn Store>) -> ProjectId {
    let house = House::new(Arc::clone(store)).await;
    house.commit(&[house.logs(&["a"; 30])]).await;
    store.put_block(1, house.project.id, &block(1..=30, NOW.0, NOW.0)).await.unwrap();
    house.project.id
}

async fn times_come_with_their_block_and_go_with_it(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let id = thirty_lines(&store).await;
    let of = |seqs: std::ops::RangeInclusive<u64>, earliest, latest| {
        let counts = [0, 0, seqs.end() - seqs.start() + 1, 0, 0, 0];
        BlockTimes { first_seq: *seqs.start(), last_seq: *seqs.end(), earliest, latest, counts }
    };
    store.put_block(1, id, &block(31..=40, 1, 2)).await.unwrap();
    store.put_block(1, id, &block(31..=50, 1, 3)).await.unwrap();
    let (second, first) = (block(31..=50, 1, 3), of(1..=30, NOW, NOW));
    let second = of(31..=50, second.earliest, second.latest);
    assert_eq!(store.list_block_times(id, u64::MAX, 9).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(store.list_block_times(id, u64::MAX, 1).await.unwrap(), [second]);
    assert_eq!(store.list_block_times(id, 31, 9).await.unwrap(), [first]);
    assert_eq!(store.read_times(id, &[1, 7, 31]).await.unwrap(), [[2], [2]]);
    execute(&place, "DELETE FROM log_blocks").await;
    assert_eq!(everything(&place).await["log_times"].len(), 0);
    assert_eq!(store.find_untimed().await.unwrap(), None);
    store.close().await;
}

async fn times_are_made_again_from_the_lines_that_are_left(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let id = thirty_lines(&store).await;
    assert_eq!(store.find_untimed().await.unwrap(), None);
    execute(&place, "DELETE FROM log_times; DELETE FROM logs WHERE seq = 7").await;
    let untimed = Untimed { project: id, first_seq: 1, last_seq: 30 };
    assert_eq!(store.find_untimed().await.unwrap(), Some(untimed));
    // another history, and a block that has grown
    store.put_times(2, untimed).await.unwrap();
    store.put_times(1, Untimed { last_seq: 29, ..untimed }).await.unwrap();
    assert_eq!(store.find_untimed().await.unwrap(), Some(untimed));
    store.put_times(1, untimed).await.unwrap();
    assert_eq!(store.find_untimed().await.unwrap(), None);
    let times = store.list_block_times(id, u64::MAX, 9).await.unwrap();
    assert_eq!((times.len(), times[0].counts), (1, [0, 0, 29, 0, 0, 0]));
    // eight bytes for the first line, one for each that came with it
    assert_eq!(store.read_times(id, &[1]).await.unwrap()[0].len(), 8 + 28);
    store.close().await;
}

async fn lines_are_listed_without_their_text(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let id = thirty_lines(&store).await;
    let line = |seq| LineTime { seq, received: NOW, level: Level::Info };
    assert_eq!(store.list_line_times(id, 5, 9, 10).await.unwrap(), [8, 7, 6].map(line));
    assert_eq!(store.list_line_times(id, 5, 9, 2).await.unwrap(), [8, 7].map(line));
    assert_eq!(store.list_line_times(id, 28, u64::MAX, 9).await.unwrap(), [30, 29].map(line));
    assert_eq!(store.list_line_times(id, 30, u64::MAX, 9).await.unwrap(), []);
    store.close().await;
}

crate::support::stories! {
    times_come_with_their_block_and_go_with_it,
    times_are_made_again_from_the_lines_that_are_left,
    lines_are_listed_without_their_text,
}
