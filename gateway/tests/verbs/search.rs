//! The log, searched through its index: what is found is what every line would be asked for.

use std::{sync::Arc, time::Duration};

use gateway::{
    Content, GameLine, LogRange,
    store::{Store, Ticket, Write},
};
use protocol::{
    filter::Filter,
    line::parse_logs,
    model::{DeviceId, Level, LogLine, LogOrder, UnixMicros},
};
use tokio::time::sleep;

use crate::house::{House, NOW};

/// Lines of a block of the index.
const BLOCK: u64 = 8_192;
/// Lines of one line of a game.
const PART: usize = 500;

/// What a game says, mostly the same, and some things rarely.
fn entry(n: u64) -> String {
    let level = ["info", "debug", "info", "warn"][n as usize % 4];
    let level = if n.is_multiple_of(977) { "error" } else { level };
    let message = match n {
        _ if n.is_multiple_of(4_001) => format!("boss_spawn {n} at (-1.5, 20) Caf\u{e9} HTTP2"),
        _ if n.is_multiple_of(1_301) => format!("魔王が現れた {n}"),
        _ => format!("tick {n} of the round {}", n % 100),
    };
    let fields = if n.is_multiple_of(313) { r#","room":"caf\u00e9 h\"all","x":12"# } else { "" };
    format!(r#"{{"message":"{message}","level":"{level}"{fields}}}"#)
}

impl House {
    /// Commits these lines, which two devices say in turn.
    pub async fn say(&self, games: &mut [GameLine; 2], numbers: std::ops::Range<u64>) {
        let numbers: Vec<u64> = numbers.collect();
        for (part, numbers) in numbers.chunks(PART).enumerate() {
            let json = format!("[{}]", numbers.iter().map(|n| entry(*n)).collect::<Vec<_>>().join(","));
            let entries = parse_logs(json.as_bytes()).unwrap().entries;
            let game = &mut games[part % 2];
            let room = game.reserve(json.len()).await.unwrap();
            game.submit(room, None, Content::Logs(entries)).unwrap();
        }
        self.gateway.flush().await.unwrap();
    }

    /// Waits until so many lines are indexed.
    pub async fn indexed(&self, to: u64) {
        while self.store.indexed_to(self.project.id).await.unwrap() < to {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The numbers of all lines that pass, by as many requests as it takes, and how many lines these have read.
    async fn search(&self, filter: &str, range: LogRange) -> (Vec<u64>, usize) {
        let filter = Filter::parse(filter).unwrap();
        let matcher = self.gateway.log_matcher(&self.owner, self.project.id, filter.into()).await.unwrap();
        let (mut seqs, mut looked_at, mut range) = (Vec::new(), 0, range);
        loop {
            let search = self.gateway.search_logs(&self.owner, self.project.id, &matcher, range);
            let found = search.await.unwrap();
            assert!(found.lines.len() <= range.lines && found.lines.iter().all(|line| matcher.matches(line)));
            seqs.extend(found.lines.iter().map(|line| line.seq));
            looked_at += found.looked_at;
            let Some(next) = found.next else { return (seqs, looked_at) };
            let rest = range.beyond(next);
            assert!((rest.after, rest.before) != (range.after, range.before), "it goes on");
            assert_eq!(found.searched_to.map(|(seq, _)| seq), Some(next));
            range = rest;
        }
    }

    /// Every line, the newest first.
    pub async fn all_lines(&self) -> Vec<LogLine> {
        let mut lines = Vec::new();
        loop {
            let before = lines.last().map(|line: &LogLine| line.seq);
            match self.store.list_logs(self.project.id, before, 1_000).await.unwrap() {
                page if page.is_empty() => return lines,
                page => lines.extend(page),
            }
        }
    }
}

const ALL: LogRange = LogRange { lines: 200, ..LogRange::ALL };

/// Filters, and whether the index leaves few lines to read.
const FILTERS: [(&str, bool); 33] = [
    ("boss_spawn", true),
    ("spawn", true),
    ("oss_sp", true),
    ("\"spawn 4001\"", true),
    ("cafe\u{301}", true),
    ("caf\u{e9} -tick", true),
    ("http2", true),
    ("-1.5", false),
    ("\"-1.5\"", false),
    ("魔王", true),
    ("王が現", true),
    ("room", true),
    ("h\\\"all", true),
    ("level:error", true),
    ("level>=warn 魔王", true),
    ("nothing of that kind", true),
    ("tick", false),
    ("", false),
    ("-tick", false),
    ("\"->\"", false),
    ("device:one level:error", true),
    ("device:nobody", true),
    ("魔王 OR caf\u{e9}", true),
    ("魔王 OR -tick", false),
    ("level:error -(魔王 OR boss)", true),
    ("NOT level<warn caf\u{e9}", true),
    ("room:caf\u{e9}*", true),
    ("x:12", false),
    ("x=1.2e1 room:*", false),
    ("spawn*http", true),
    ("boss /spawn 4[0-9]+/", true),
    ("since:1h 魔王", true),
    ("before:1h", true),
];

async fn the_index_leaves_nothing_out(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut games = [house.game("one", None).await, house.game("two", None).await];
    // a full block, one that goes on growing, and some lines that are in none
    house.say(&mut games, 0..BLOCK + 3_000).await;
    house.indexed(BLOCK + 2_400).await;
    house.say(&mut games, BLOCK + 3_000..BLOCK + 3_300).await;
    let lines = house.all_lines().await;
    assert_eq!(lines.len() as u64, BLOCK + 3_300);
    for (filter, is_indexed) in FILTERS {
        let query = Filter::parse(filter).unwrap();
        let matcher = house.gateway.log_matcher(&house.owner, house.project.id, query.into()).await.unwrap();
        for range in [ALL, LogRange { after: 3_000, before: Some(9_000), ..ALL }] {
            let wanted = range.after + 1..range.before.unwrap_or(u64::MAX);
            let passing = lines.iter().filter(|line| wanted.contains(&line.seq) && matcher.matches(line));
            let mut expected: Vec<u64> = passing.map(|line| line.seq).collect();
            for order in [LogOrder::NewestFirst, LogOrder::OldestFirst] {
                let (found, looked_at) = house.search(filter, LogRange { order, ..range }).await;
                assert_eq!(found, expected, "{filter} {order:?}");
                let most = if is_indexed { 2_000 } else { usize::MAX };
                assert!(looked_at <= most, "{filter}: {looked_at} lines read for {}", expected.len());
                expected.reverse();
            }
        }
    }
}

async fn devices_and_levels_that_are_chosen_are_looked_up(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut games = [house.game("one", None).await, house.game("two", None).await];
    house.say(&mut games, 0..2_000).await;
    let mut other = [house.game("three", None).await, house.game("three", None).await];
    house.say(&mut other, 2_000..2_020).await;
    house.say(&mut games, 2_020..3_000).await;
    house.indexed(2_400).await;
    let device: DeviceId = house.store.list_logs(house.project.id, Some(2_010), 1).await.unwrap()[0].device;
    let search = async |at_least, devices: &[DeviceId]| {
        let filter = Filter::parse("").unwrap();
        let query = gateway::LogQuery { filter, at_least, devices: devices.iter().copied().collect() };
        let matcher = house.gateway.log_matcher(&house.owner, house.project.id, query).await.unwrap();
        let found = house.gateway.search_logs(&house.owner, house.project.id, &matcher, ALL).await.unwrap();
        assert_eq!(found.next, None);
        (found.lines.iter().map(|line| line.seq).collect::<Vec<_>>(), found.looked_at)
    };
    let (found, looked_at) = search(Level::Trace, &[device]).await;
    assert_eq!(found, (2_001..=2_020).rev().collect::<Vec<_>>());
    assert!(looked_at < 700, "{looked_at}");
    let (found, looked_at) = search(Level::Error, &[]).await;
    assert_eq!(found, [2_932, 1_955, 978, 1]);
    assert!(looked_at < 700, "{looked_at}");
    assert_eq!(search(Level::Error, &[device]).await.0, [0; 0]);
}

impl House {
    /// Stores these lines past the gateway, which hears nothing of it, as received in this microsecond.
    pub async fn put_lines(&self, device: DeviceId, received: UnixMicros, numbers: std::ops::Range<u64>) {
        let ticket =
            Ticket { writer: "an older program".to_owned(), number: numbers.end.cast_signed(), epoch: 1 };
        let entries = numbers.map(|n| parse_logs(entry(n).as_bytes()).unwrap().entries.remove(0)).collect();
        let write = Write::Logs { project: self.project.id, device, received, entries, line: None };
        self.store.commit(&ticket, &[write], &mut Vec::new()).await.unwrap();
    }
}

/// Four times 500 lines, an hour apart, the last ones now: as an older version left them.
async fn lines_of_four_hours(house: House) -> House {
    drop(house.game("one", None).await);
    let device = house.snapshot().await.devices[0].id;
    for part in 0..4_u64 {
        let received = UnixMicros(NOW.0 - (3 - part.cast_signed()) * 3_600_000_000);
        house.put_lines(device, received, 500 * part..500 * (part + 1)).await;
    }
    let house = house.restarted().await;
    house.indexed(2_000).await;
    house
}

async fn lines_that_were_stored_before_are_indexed_from_the_start_on(store: Arc<dyn Store>) {
    let house = lines_of_four_hours(House::new(store).await).await;
    let (found, looked_at) = house.search("魔王", ALL).await;
    assert_eq!((found, looked_at), (vec![1_302], 1));
    for (filter, first, last) in
        [("since:90m", 1_001, 2_000), ("before:90m", 1, 1_000), ("since:150m before:90m", 501, 1_000)]
    {
        let (found, _) = house.search(filter, ALL).await;
        assert_eq!(found, (first..=last).rev().collect::<Vec<_>>(), "{filter}");
    }
    assert_eq!(house.search("since:90m 魔王", ALL).await.0, [1_302]);
    assert_eq!(house.search("before:90m 魔王", ALL).await.0, [0; 0]);
}

async fn a_range_of_time_is_searched_from_either_end(store: Arc<dyn Store>) {
    let house = lines_of_four_hours(House::new(store).await).await;
    let hours = |hours: i64| UnixMicros(NOW.0 - hours * 3_600_000_000);
    for (since, until, expected) in [
        (hours(2), hours(1), 501..1_001),
        (hours(2), UnixMicros(hours(1).0 + 1), 501..1_501),
        (hours(1), LogRange::ALL.until, 1_001..2_001),
        (LogRange::ALL.since, hours(3), 1..1),
    ] {
        let range = LogRange { since, until, ..ALL };
        let (mut found, _) = house.search("", range).await;
        found.reverse();
        assert_eq!(found, expected.clone().collect::<Vec<u64>>());
        let (found, _) = house.search("", LogRange { order: LogOrder::OldestFirst, ..range }).await;
        assert_eq!(found, expected.collect::<Vec<u64>>());
    }
    let range = LogRange { since: hours(2), until: hours(0), ..ALL };
    assert_eq!(house.search("魔王", range).await, (vec![1_302], 1));
}

crate::support::stories! {
    a_range_of_time_is_searched_from_either_end,
    the_index_leaves_nothing_out,
    devices_and_levels_that_are_chosen_are_looked_up,
    lines_that_were_stored_before_are_indexed_from_the_start_on,
}
