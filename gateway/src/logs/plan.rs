//! What a query tells about the lines that it wants, as far as the index of the log knows it.

use std::ops::Range;

use protocol::{
    filter::Need,
    model::{DeviceId, Level, UnixMicros},
};

use super::{LogMatcher, LogQuery};
use crate::{
    index::{BlockWords, Places, may_contain, pieces, tag_of_device, tag_of_level},
    store::BlockHead,
};

/// Devices that are looked for one by one; a condition that more of them meet is left to the filter.
const MAX_DEVICES: usize = 256;

/// A condition that every wanted line meets, and others may meet too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// All of these; of none: every line meets it.
    All(Vec<Plan>),
    /// One of these.
    Any(Vec<Plan>),
    /// A word with this in it.
    Word(String),
    /// One of these tags.
    Tagged(Vec<String>),
    /// Received at this time or later.
    Since(UnixMicros),
    /// Received before this time.
    Before(UnixMicros),
}

impl Plan {
    /// Of what is wanted, of lines that were received in a range of time, if it is `now` now.
    pub(super) fn of(matcher: &LogMatcher, received: Range<UnixMicros>, now: UnixMicros) -> Self {
        let LogQuery { filter, at_least, devices } = &matcher.query;
        let mut parts = vec![Self::of_need(&filter.needs(now), matcher)];
        if received.start.0 > i64::MIN {
            parts.push(Self::Since(received.start));
        }
        if received.end.0 < i64::MAX {
            parts.push(Self::Before(received.end));
        }
        parts.push(Self::of_levels(*at_least, Level::Fatal));
        if !devices.is_empty() {
            parts.push(Self::of_devices(devices.iter().copied().collect()));
        }
        Self::all(parts)
    }

    fn of_need(need: &Need<'_>, matcher: &LogMatcher) -> Self {
        let all = |needs: &[Need<'_>]| needs.iter().map(|need| Self::of_need(need, matcher)).collect();
        match need {
            Need::All(needs) => Self::all(all(needs)),
            Need::Any(needs) => Self::Any(all(needs)),
            Need::Text(text) => Self::of_text(text),
            Need::Level { from, to } => Self::of_levels(*from, *to),
            // a device that nobody knows has no name
            Need::Device(pattern) if pattern.matches("") => Self::All(Vec::new()),
            Need::Device(pattern) => {
                let meant = matcher.names.iter().filter(|(_, name)| pattern.matches(name));
                Self::of_devices(meant.map(|(device, _)| *device).collect())
            }
            Need::Since(time) => Self::Since(*time),
            Need::Before(time) => Self::Before(*time),
        }
    }

    fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Self::All(flat)
    }

    /// Lines with this text somewhere.
    fn of_text(text: &str) -> Self {
        Self::All(pieces(text).into_iter().map(Self::Word).collect())
    }

    fn of_levels(from: Level, to: Level) -> Self {
        if (from, to) == (Level::Trace, Level::Fatal) {
            return Self::All(Vec::new());
        }
        let levels = Level::ALL.into_iter().filter(|level| (from..=to).contains(level));
        Self::Tagged(levels.map(tag_of_level).collect())
    }

    fn of_devices(devices: Vec<DeviceId>) -> Self {
        if devices.len() > MAX_DEVICES {
            return Self::All(Vec::new());
        }
        Self::Tagged(devices.into_iter().map(tag_of_device).collect())
    }

    /// Whether every line meets it.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(Self::is_empty),
            Self::Any(parts) => parts.iter().any(Self::is_empty),
            _ => false,
        }
    }

    /// Whether the index of a block tells more than its head.
    pub(super) fn reads_index(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::reads_index),
            Self::Any(parts) => !self.is_empty() && parts.iter().any(Self::reads_index),
            Self::Word(_) | Self::Tagged(_) => true,
            Self::Since(_) | Self::Before(_) => false,
        }
    }

    /// The earliest time at which a line that meets it was received.
    pub(super) fn since(&self) -> UnixMicros {
        match self {
            Self::All(parts) => parts.iter().map(Self::since).max().unwrap_or(UnixMicros(i64::MIN)),
            Self::Any(parts) => parts.iter().map(Self::since).min().unwrap_or(UnixMicros(i64::MIN)),
            Self::Since(time) => *time,
            _ => UnixMicros(i64::MIN),
        }
    }

    /// The time before which it was received.
    pub(super) fn until(&self) -> UnixMicros {
        match self {
            Self::All(parts) => parts.iter().map(Self::until).min().unwrap_or(UnixMicros(i64::MAX)),
            Self::Any(parts) => parts.iter().map(Self::until).max().unwrap_or(UnixMicros(i64::MAX)),
            Self::Before(time) => *time,
            _ => UnixMicros(i64::MAX),
        }
    }

    /// Whether a block with this head may have a line that meets it.
    pub(super) fn may_be_in(&self, head: &BlockHead) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.may_be_in(head)),
            Self::Any(parts) => parts.iter().any(|part| part.may_be_in(head)),
            Self::Word(word) => may_contain(&head.grams, word),
            Self::Tagged(_) => true,
            Self::Since(time) => head.latest >= *time,
            Self::Before(time) => head.earliest < *time,
        }
    }

    /// The lines of a block that may meet it.
    pub(super) fn places(&self, block: &BlockWords<'_>) -> Places {
        match self {
            Self::All(parts) => {
                let mut places = Places::all();
                parts.iter().for_each(|part| places.keep(&part.places(block)));
                places
            }
            Self::Any(parts) => {
                let mut places = Places::none();
                parts.iter().for_each(|part| places.merge(&part.places(block)));
                places
            }
            Self::Word(word) => block.lines_with(word),
            Self::Tagged(tags) => block.lines_tagged(tags),
            Self::Since(_) | Self::Before(_) => Places::all(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use protocol::filter::Filter;

    use super::*;
    use crate::Clock;

    const NOW: UnixMicros = UnixMicros(1_790_000_000_000_000);
    const ALWAYS: Range<UnixMicros> = UnixMicros(i64::MIN)..UnixMicros(i64::MAX);

    fn plan_within(filter: &str, received: Range<UnixMicros>) -> Plan {
        let names: HashMap<_, _> = (1..).map(DeviceId).zip(["phone", "Pixel 7"].map(str::to_owned)).collect();
        let query = LogQuery::from(Filter::parse(filter).unwrap());
        Plan::of(&LogMatcher { query, names, clock: Clock::new(|| NOW) }, received, NOW)
    }

    fn plan(filter: &str) -> Plan {
        plan_within(filter, ALWAYS)
    }

    fn ago(minutes: i64) -> UnixMicros {
        UnixMicros(NOW.0 - minutes * 60_000_000)
    }

    #[test]
    fn what_says_nothing_of_a_line_leaves_all_of_them() {
        for filter in ["", "-boss", "boss OR -fun", "->", "/boss/", "hp<3"] {
            assert!(plan(filter).is_empty() && !plan(filter).reads_index(), "{filter}");
            let since = plan_within(filter, ago(5)..ALWAYS.end);
            assert!(!since.is_empty() && !since.reads_index(), "{filter}");
        }
        for filter in ["boss", "boss OR fun", "-fun boss", "level:error", "device:phone", "device:nobody"] {
            assert!(!plan(filter).is_empty() && plan(filter).reads_index(), "{filter}");
        }
        assert!(!plan("since:5m").is_empty() && !plan("since:5m").reads_index());
    }

    #[test]
    fn times_are_bounds_of_what_is_read() {
        let bounds = |plan: Plan| plan.since()..plan.until();
        assert_eq!(bounds(plan("boss")), ALWAYS);
        assert_eq!(bounds(plan("since:5m since:9m before:1m")), ago(5)..ago(1));
        assert_eq!(bounds(plan("(since:5m before:4m) OR (since:9m before:8m)")), ago(9)..ago(4));
        assert_eq!(bounds(plan("since:5m OR boss")), ALWAYS);
        assert_eq!(bounds(plan("-since:5m")), ALWAYS.start..ago(5));
        assert_eq!(bounds(plan_within("since:9m", ago(20)..ago(3))), ago(9)..ago(3));
        assert_eq!(bounds(plan_within("since:30m OR boss", ago(20)..ALWAYS.end)), ago(20)..ALWAYS.end);
    }

    #[test]
    fn a_block_is_read_if_one_of_its_lines_may_match() {
        // a set that is damaged excludes nothing
        let head =
            BlockHead { first_seq: 1, last_seq: 9, earliest: ago(7), latest: ago(6), grams: Vec::new() };
        for (filter, may) in [
            ("boss", true),
            ("since:6m", true),
            ("since:5m", false),
            ("before:7m", false),
            ("before:6m boss", true),
            ("since:5m boss", false),
            ("since:5m OR boss", true),
            ("since:5m OR before:8m", false),
        ] {
            assert_eq!(plan(filter).may_be_in(&head), may, "{filter}");
        }
        assert!(!plan_within("boss", ago(5)..NOW).may_be_in(&head));
    }

    #[test]
    fn devices_are_meant_by_their_names() {
        let tagged = |ids: &[i64]| Plan::Tagged(ids.iter().map(|id| tag_of_device(DeviceId(*id))).collect());
        assert_eq!(plan("device:pixel"), Plan::All(vec![tagged(&[2])]));
        assert_eq!(plan("device:nobody"), Plan::All(vec![tagged(&[])]));
        // one that is not known any more has no name
        assert!(plan("device:/^$/").is_empty());
    }
}
