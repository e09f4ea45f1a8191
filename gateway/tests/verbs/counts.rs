//! The log, counted over time, and the lines around a line.

use std::sync::Arc;

use gateway::{GatewayError, LogMatcher, store::Store};
use protocol::{
    filter::Filter,
    model::{LogHistogram, LogLine, UnixMicros},
};

use crate::house::{House, NOW};

const SECOND: i64 = 1_000_000;
/// Lines that are received at once, and how long after those before them.
const PART: u64 = 90;
const PAUSE: i64 = 61 * SECOND;

/// More lines than a block has, received in a hundred minutes, all but the last ones indexed.
async fn lines_of_a_hundred_minutes(store: Arc<dyn Store>) -> House {
    let house = House::new(store).await;
    drop(house.game("one", None).await);
    let device = house.snapshot().await.devices[0].id;
    for part in 0..100_u64 {
        // the clock was set back once, by half an hour
        let late = if part == 30 { 1_800 * SECOND } else { 0 };
        let received = UnixMicros(NOW.0 - (100 - part.cast_signed()) * PAUSE - late);
        house.put_lines(device, received, PART * part..PART * (part + 1)).await;
    }
    let house = house.restarted().await;
    house.indexed(100 * PART).await;
    house.put_lines(device, UnixMicros(NOW.0 - 1), 9_000..9_040).await;
    house
}

async fn matcher(house: &House, filter: &str) -> LogMatcher {
    let query = Filter::parse(filter).unwrap().into();
    house.gateway.log_matcher(&house.owner, house.project.id, query).await.unwrap()
}

/// What one would count who reads every line.
fn by_hand(lines: &[LogLine], matcher: &LogMatcher, mut bars: LogHistogram) -> LogHistogram {
    let wanted = lines.iter().filter(|line| matcher.matches(line));
    wanted.for_each(|line| bars.add(line.received, line.level));
    bars
}

async fn every_line_of_the_range_is_counted_once(store: Arc<dyn Store>) {
    let house = lines_of_a_hundred_minutes(store).await;
    let lines = house.all_lines().await;
    assert_eq!(lines.len(), 9_040);
    let minutes = |minutes: i64| UnixMicros(NOW.0 - minutes * 60 * SECOND);
    for filter in ["", "level>=warn", "-level:info", "\u{9b54}\u{738b}", "level:warn tick -boss", "x:12"] {
        let matcher = matcher(&house, filter).await;
        for (from, to, bars) in [
            (minutes(1_000), NOW, 1),
            (minutes(200), NOW, 60),
            (minutes(90), minutes(20), 500),
            (minutes(15), UnixMicros(NOW.0 - 1), 7),
            (minutes(-10), minutes(-20), 5),
            (UnixMicros(0), UnixMicros(i64::MAX), 2),
        ] {
            let bars = LogHistogram::new(from, to, bars);
            let counting =
                house.gateway.log_histogram(&house.owner, house.project.id, &matcher, bars.clone());
            let counted = counting.await.unwrap();
            assert_eq!(counted, by_hand(&lines, &matcher, bars), "{filter} {from:?}");
        }
    }
}

async fn what_was_not_counted_is_before_a_time(store: Arc<dyn Store>) {
    let house = lines_of_a_hundred_minutes(store).await;
    let lines = house.all_lines().await;
    // two regular expressions, which leave half a megabyte to read
    let matcher = matcher(&house, "/tick/ /of/").await;
    let bars = LogHistogram::new(UnixMicros(NOW.0 - 150 * 60 * SECOND), NOW, 500);
    let expected = by_hand(&lines, &matcher, bars.clone());
    let counting = house.gateway.log_histogram(&house.owner, house.project.id, &matcher, bars.clone());
    let counted = counting.await.unwrap();
    assert!(bars.from < counted.counted_from && counted.counted_from < bars.to, "{:?}", counted.counted_from);
    let first = bars.place(counted.counted_from).unwrap();
    assert_eq!(counted.bars[first + 1..], expected.bars[first + 1..]);
    assert!(counted.bars[..first].iter().all(|bar| bar.levels == [0; 6]));
    assert!(counted.total() > 3_000 && counted.total() < expected.total(), "{}", counted.total());
}

async fn a_line_has_those_of_its_device_around_it(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut games = [house.game("one", None).await, house.game("two", None).await];
    // 500 lines each in turn
    house.say(&mut games, 0..2_000).await;
    let context = async |seq, lines| {
        let context = house.gateway.log_context(&house.owner, house.project.id, seq, lines).await?;
        assert!(context.is_whole);
        Ok::<_, GatewayError>(context.lines.iter().map(|line| line.seq).collect::<Vec<_>>())
    };
    for _ in 0..2 {
        assert_eq!(context(1_001, 3).await.unwrap(), [498, 499, 500, 1_001, 1_002, 1_003, 1_004]);
        assert_eq!(context(1_000, 1).await.unwrap(), [999, 1_000, 1_501]);
        assert_eq!(context(2, 3).await.unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(context(1_999, 2).await.unwrap(), [1_997, 1_998, 1_999, 2_000]);
        assert_eq!(context(700, 0).await.unwrap(), [700]);
        assert!(matches!(context(2_001, 3).await, Err(GatewayError::NotFound)));
        // with the index, and without it before
        house.indexed(2_000).await;
    }
}

crate::support::stories! {
    every_line_of_the_range_is_counted_once,
    what_was_not_counted_is_before_a_time,
    a_line_has_those_of_its_device_around_it,
}
