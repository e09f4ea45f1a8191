//! The log by what it says: counted behind the commits, or grouped when somebody asks, with the same result.

use std::{sync::Arc, time::Duration};

use gateway::{
    GatewayError, PatternQuery,
    store::{DeviceInfo, Store, Ticket, Write, Written},
};
use protocol::{
    filter::Filter,
    model::{DeviceId, Level, LogEntry, LogPattern, LogPatterns, UnixMicros},
};
use tokio::time::sleep;

use crate::house::{House, NOW};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn ago(micros: i64) -> UnixMicros {
    UnixMicros(NOW.0 - micros)
}

fn entry(level: Level, message: String) -> LogEntry {
    LogEntry { message, level, at: None, fields: None }
}

/// Of warnings and errors, of all time.
fn query() -> PatternQuery {
    PatternQuery { filter: Filter::default(), at_least: Level::Warn, from: None, to: None }
}

fn filtered(filter: &str) -> PatternQuery {
    PatternQuery { filter: Filter::parse(filter).unwrap(), ..query() }
}

impl House {
    /// Writes past the gateway, at any time.
    async fn write(&self, number: i64, write: Write) -> Written {
        let ticket = Ticket { writer: "an older program".to_owned(), number, epoch: 1 };
        let mut written = Vec::new();
        self.store.commit(&ticket, &[write], &mut written).await.unwrap();
        written.remove(0)
    }

    /// A device connects with a build, so long ago.
    async fn made(&self, number: i64, name: &str, build: &str, at: i64) -> DeviceId {
        let (identity, name, build) = (format!("id:{name}"), name.to_owned(), build.to_owned());
        let about = String::new();
        let device = DeviceInfo { identity, name, about, build, attrs: None, applied: None };
        let (project, session, gives_way, at) = (self.project.id, None, None, ago(at));
        match self.write(number, Write::Connect { project, device, session, gives_way, at }).await {
            Written::Connected { device, .. } => device,
            other => panic!("{other:?}"),
        }
    }

    /// It said this so long ago.
    async fn said(&self, number: i64, device: DeviceId, at: i64, entries: Vec<LogEntry>) {
        let (project, received) = (self.project.id, ago(at));
        self.write(number, Write::Logs { project, device, received, entries, line: None }).await;
    }

    /// Waits until so many lines are counted.
    async fn counted(&self, to: u64) {
        while self.store.pattern_mark(self.project.id).await.unwrap().counted_to < to {
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn patterns(&self, query: &PatternQuery) -> LogPatterns {
        self.gateway.log_patterns(&self.owner, self.project.id, query).await.unwrap()
    }
}

/// Text, lines and devices of each.
fn told(found: &LogPatterns) -> Vec<(&str, u64, u32)> {
    found.patterns.iter().map(|pattern| (pattern.text.as_str(), pattern.count, pattern.devices)).collect()
}

/// Lines of two devices, some of which are errors; the first of them so long ago.
async fn speak(house: &House, lines: u64, at: i64) -> [DeviceId; 2] {
    let devices = [house.made(1, "one", "1.0", 9 * DAY).await, house.made(2, "two", "1.0", 9 * DAY).await];
    for part in 0..lines / 100 {
        let entries = (0..100).map(|n| match n {
            _ if n % 50 == 7 => entry(Level::Error, format!("can't load \"tex{n}.png\": code {part}")),
            _ if n % 25 == 3 => entry(Level::Warn, format!("player {n} left after {part}.5 s")),
            _ => entry(Level::Info, format!("tick {n}")),
        });
        let device = devices[part as usize % 2];
        house
            .said(10 + part.cast_signed(), device, at - part.cast_signed() * MINUTE, entries.collect())
            .await;
    }
    devices
}

async fn what_is_counted_is_what_is_grouped_when_somebody_asks(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    speak(&house, 400, 3 * HOUR).await;
    let expected = [("player <*> left after <*> s", 16, 2), ("can't load <*>: code <*>", 8, 2)];
    // too few lines to be counted in the background
    let before = house.patterns(&query()).await;
    assert_eq!(told(&before), expected);
    assert_eq!((before.uncounted, before.other, before.back_to), (0, 0, None));
    let pattern = &before.patterns[1];
    assert_eq!(
        (pattern.level, pattern.first, pattern.last),
        (Level::Error, ago(3 * HOUR), ago(3 * HOUR - 3 * MINUTE))
    );
    assert_eq!((pattern.example, &pattern.builds[..]), (358, &["1.0".to_owned()][..]));
    assert_eq!(pattern.filter, "level=error message:*can*t*load*code*");

    speak_more(&house, 1, 300).await;
    let house = house.restarted().await;
    house.counted(700).await;
    let kept = house.store.list_patterns(house.project.id).await.unwrap();
    assert_eq!(kept.iter().map(|row| row.count).sum::<u64>(), 24, "they are in the database");
    assert_eq!(house.patterns(&query()).await.patterns, before.patterns);

    // some that are counted, and some that are not yet
    speak(&house, 100, 2 * HOUR).await;
    let after = house.patterns(&query()).await;
    assert_eq!(told(&after), [("player <*> left after <*> s", 20, 2), ("can't load <*>: code <*>", 10, 2)]);
    assert_eq!(after.patterns[1].example, 758);
    let errors = PatternQuery { at_least: Level::Error, ..query() };
    assert_eq!(told(&house.patterns(&errors).await), [("can't load <*>: code <*>", 10, 2)]);
}

/// Lines that are no errors.
async fn speak_more(house: &House, nth: i64, lines: usize) {
    let device = house.made(1, "one", "1.0", 9 * DAY).await;
    house.said(1_000 + nth, device, HOUR, vec![entry(Level::Debug, "step".to_owned()); lines]).await;
}

async fn a_time_range_counts_whole_hours_and_days(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let device = house.made(1, "one", "", 40 * DAY).await;
    for (number, at) in (2..).zip([30 * DAY, 29 * DAY, 3 * DAY, 2 * HOUR, 2 * HOUR, MINUTE]) {
        house.said(number, device, at, vec![entry(Level::Warn, format!("late by {number}"))]).await;
    }
    let within = async |from: Option<i64>, to: Option<i64>| {
        let query = PatternQuery { from: from.map(ago), to: to.map(ago), ..query() };
        let found = house.patterns(&query).await;
        assert!(found.patterns.iter().all(|pattern| pattern.bars.iter().sum::<u64>() == pattern.count));
        found.patterns.first().map(|pattern| (pattern.count, pattern.first, pattern.last))
    };
    let ends = |count| Some((count, ago(30 * DAY), ago(MINUTE)));
    assert_eq!(within(None, None).await, ends(6));
    assert_eq!(within(Some(3 * HOUR), None).await, ends(3));
    assert_eq!(within(Some(5 * DAY), Some(DAY)).await, ends(1));
    assert_eq!(within(Some(31 * DAY), Some(20 * DAY)).await, ends(2));
    assert_eq!(within(Some(20 * DAY), Some(10 * DAY)).await, None);
    let query = PatternQuery { from: Some(ago(0)), to: Some(ago(HOUR)), ..query() };
    let refused = house.gateway.log_patterns(&house.owner, house.project.id, &query).await;
    assert!(matches!(refused, Err(GatewayError::Invalid(_))), "{refused:?}");
}

async fn what_a_filter_selects_is_searched(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    speak(&house, 600, 3 * HOUR).await;
    let house = house.restarted().await;
    house.counted(600).await;
    let ones = house.patterns(&filtered("device:one")).await;
    assert_eq!(told(&ones), [("player <*> left after <*> s", 12, 2), ("can't load <*>: code <*>", 6, 2)]);
    // known from what is counted
    assert_eq!(ones.patterns[0].first, ago(3 * HOUR));
    assert_eq!((ones.back_to, ones.uncounted), (None, 0));
    let found = house.patterns(&filtered("tex7 code 5")).await;
    assert_eq!(told(&found), [("can't load <*>: code <*>", 1, 2)]);
    let within =
        PatternQuery { from: Some(ago(3 * HOUR)), to: Some(ago(3 * HOUR - 2 * MINUTE)), ..filtered("tex7") };
    assert_eq!(house.patterns(&within).await.patterns[0].count, 2);
    let all = PatternQuery { at_least: Level::Trace, ..query() };
    let all = house.patterns(&all).await;
    assert_eq!(told(&all)[0], ("tick <*>", 564, 2));
    assert_eq!(all.patterns.len(), 3);
    // each pattern's own filter finds its lines
    for LogPattern { filter, count, .. } in &all.patterns {
        let query = PatternQuery { at_least: Level::Trace, ..filtered(filter) };
        assert_eq!(house.patterns(&query).await.patterns[0].count, *count, "{filter}");
    }
    let long = PatternQuery { from: Some(ago(HOUR)), ..filtered(&"x".repeat(500)) };
    let refused = house.gateway.log_patterns(&house.owner, house.project.id, &long).await;
    assert!(matches!(refused, Err(GatewayError::Invalid(_))), "{refused:?}");
}

async fn a_search_says_how_far_it_went(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let device = house.made(1, "one", "", DAY).await;
    for part in 0..21 {
        let entries = vec![entry(Level::Info, "tick".to_owned()); 1_000];
        house.said(2 + part, device, HOUR - part * MINUTE, entries).await;
    }
    let found = house.patterns(&PatternQuery { at_least: Level::Info, ..query() }).await;
    assert_eq!(told(&found), [("tick", 20_000, 1)]);
    assert_eq!(found.back_to, Some(ago(HOUR - MINUTE)));
}

async fn what_only_the_newest_build_says_is_new(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let warn = |text: &str| vec![entry(Level::Warn, text.to_owned())];
    let one = house.made(1, "one", "1.0", 9 * DAY).await;
    house.said(2, one, 8 * DAY, warn("old")).await;
    let new = async || -> Vec<(String, bool)> {
        let found = house.patterns(&query()).await;
        let mut new: Vec<_> = found.patterns.into_iter().map(|p| (p.text, p.is_new)).collect();
        new.sort();
        new
    };
    let pair = |text: &str, is_new: bool| (text.to_owned(), is_new);
    assert_eq!(new().await, [pair("old", false)], "there is no earlier build");
    let two = house.made(3, "two", "1.1", 5 * DAY).await;
    house.said(4, two, 4 * DAY, warn("old")).await;
    house.said(5, two, 4 * DAY, warn("of two")).await;
    assert_eq!(new().await, [pair("of two", true), pair("old", false)]);
    // the same device with the next build
    house.made(6, "two", "1.2", 3 * DAY).await;
    house.said(7, two, 2 * DAY, warn("of three")).await;
    house.said(8, two, 2 * DAY, warn("of two")).await;
    let three = [pair("of three", true), pair("of two", false), pair("old", false)];
    assert_eq!(new().await, three);
    let found = house.patterns(&query()).await;
    assert_eq!(found.build.as_deref(), Some("1.2"));
    // somebody with an earlier one says it, too
    house.said(9, one, DAY, warn("of three")).await;
    assert_eq!(new().await[0], pair("of three", false));
}

async fn another_projects_patterns_are_not_shown(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    speak(&house, 200, HOUR).await;
    let other = house.gateway.create_project(&house.owner, "another").await.unwrap();
    let found = house.gateway.log_patterns(&house.owner, other.id, &query()).await.unwrap();
    assert_eq!(told(&found), []);
}

crate::support::stories! {
    what_is_counted_is_what_is_grouped_when_somebody_asks,
    a_time_range_counts_whole_hours_and_days,
    what_a_filter_selects_is_searched,
    a_search_says_how_far_it_went,
    what_only_the_newest_build_says_is_new,
    another_projects_patterns_are_not_shown,
}
