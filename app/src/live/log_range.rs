//! The times of which the log shows lines.

use protocol::filter::Moment;
use protocol::model::UnixMicros;

use crate::format;

const MINUTE: i64 = 60_000_000;

/// From when to when the server received the lines that are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogRange {
    /// From then on; `None`: from the first line on.
    pub from: Option<Moment>,
    /// Before then; `None`: up to now, and what comes.
    pub to: Option<Moment>,
}

/// A range at one time, with both ends fixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Received then or later.
    pub since: Option<UnixMicros>,
    /// Received before then.
    pub before: Option<UnixMicros>,
}

impl Bounds {
    /// Whether a line that was received then is in it.
    pub fn contains(self, received: UnixMicros) -> bool {
        self.since.is_none_or(|since| received >= since) && self.before.is_none_or(|before| received < before)
    }
}

impl LogRange {
    /// What is offered, with how far each reaches back.
    pub const PRESETS: [(&'static str, &'static str); 5] = [
        ("Last 15 min", "15m"),
        ("Last hour", "1h"),
        ("Last 24 hours", "24h"),
        ("Last 7 days", "7d"),
        ("All time", ""),
    ];

    /// So far back, as `15m`; empty: all.
    pub fn last(length: &str) -> Self {
        Self { from: Moment::parse(length), to: None }
    }

    /// Between two times.
    pub fn between(from: UnixMicros, to: UnixMicros) -> Self {
        Self { from: Some(Moment::At(from)), to: Some(Moment::At(to)) }
    }

    /// The preset that it is.
    pub fn preset(self) -> Option<&'static str> {
        Self::PRESETS.into_iter().map(|(_, length)| length).find(|length| Self::last(length) == self)
    }

    /// With both ends fixed, if it is `now` now.
    pub fn resolve(self, now: UnixMicros) -> Bounds {
        let resolve = |moment: Option<Moment>| moment.map(|moment| moment.resolve(now));
        Bounds { since: resolve(self.from), before: resolve(self.to) }
    }

    /// Whether it moves on with the time.
    pub fn is_moving(self) -> bool {
        matches!((self.from, self.to), (Some(Moment::Ago(_)), _) | (_, Some(Moment::Ago(_))))
    }

    /// For people: `3 Dec 2026, 14:05:09 – now`.
    pub fn words(self, minutes_east: impl Fn(UnixMicros) -> i32) -> String {
        if let Some(preset) = self.preset() {
            let known = Self::PRESETS.into_iter().find(|(_, length)| *length == preset);
            return known.map_or("", |(words, _)| words).to_owned();
        }
        let end = |moment: Option<Moment>, open: &str| match moment {
            Some(Moment::At(at)) => format::moment(at, minutes_east(at)),
            Some(ago) => format!("{ago} ago"),
            None => open.to_owned(),
        };
        format!("{} – {}", end(self.from, "the beginning"), end(self.to, "now"))
    }
}

/// Reads what somebody types: `90m`, or a time on their clock unless it has an offset; empty: no end. `None`: it is neither.
pub fn read_moment(typed: &str, minutes_east: impl Fn(UnixMicros) -> i32) -> Option<Option<Moment>> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Some(None);
    }
    let moment = Moment::parse(typed)?;
    let is_date = typed.len() == "2026-11-22".len() && typed.contains('-');
    let Moment::At(at) = moment else { return Some(Some(moment)) };
    if !is_date && Moment::parse(&format!("{typed}Z")).is_none() {
        return Some(Some(moment));
    }
    let shifted = |by: i32| UnixMicros(at.0 - i64::from(by) * MINUTE);
    // the offset is that of the time itself, which is known only with the offset
    let roughly = shifted(minutes_east(at));
    Some(Some(Moment::At(shifted(minutes_east(roughly)))))
}

/// The reverse.
pub fn write_moment(moment: Option<Moment>, minutes_east: impl Fn(UnixMicros) -> i32) -> String {
    match moment {
        None => String::new(),
        Some(Moment::At(at)) => format::stamp(at, minutes_east(at)),
        Some(ago) => ago.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMicros {
        UnixMicros::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_range_has_fixed_ends_at_any_one_time() {
        let now = at("2026-12-03T14:00:00Z");
        let hour = LogRange::last("1h");
        let bounds = hour.resolve(now);
        assert_eq!(bounds, Bounds { since: Some(at("2026-12-03T13:00:00Z")), before: None });
        assert!(bounds.contains(now) && !bounds.contains(at("2026-12-03T12:59:59Z")) && hour.is_moving());
        let fixed = LogRange::between(at("2026-12-03T13:00:00Z"), now);
        assert!(!fixed.resolve(now).contains(now) && !fixed.is_moving());
        assert_eq!(LogRange::default().resolve(now), Bounds::default());
    }

    #[test]
    fn a_range_says_what_it_is() {
        let words = |range: LogRange| range.words(|_| 60);
        assert_eq!(words(LogRange::last("1d")), "Last 24 hours");
        assert_eq!(words(LogRange::default()), "All time");
        assert_eq!(words(LogRange::last("90m")), "90m ago – now");
        let fixed = LogRange::between(at("2026-12-03T13:00:00Z"), at("2026-12-03T14:00:00Z"));
        assert_eq!(words(fixed), "3 Dec 2026, 14:00:00 – 3 Dec 2026, 15:00:00");
        for (_, length) in LogRange::PRESETS {
            assert_eq!(LogRange::last(length).preset(), Some(length));
        }
    }

    #[test]
    fn a_typed_time_is_on_the_persons_clock() {
        // an hour ahead of UTC until noon, two hours after that
        let zone = |time: UnixMicros| if time < at("2026-06-01T12:00:00Z") { 60 } else { 120 };
        let read = |typed: &str| read_moment(typed, zone);
        for (typed, utc) in [
            ("2026-06-01 10:00", "2026-06-01T09:00:00Z"),
            ("2026-06-01T14:30", "2026-06-01T12:30:00Z"),
            ("2026-06-01 20:00:30.5", "2026-06-01T18:00:30.5Z"),
            ("2026-06-01", "2026-05-31T23:00:00Z"),
            ("2026-06-01T10:00Z", "2026-06-01T10:00:00Z"),
            ("1795392000", "2026-11-23T00:00:00Z"),
        ] {
            assert_eq!(read(typed), Some(Some(Moment::At(at(utc)))), "{typed}");
        }
        assert_eq!(read(" 90m "), Some(Moment::parse("90m")));
        assert_eq!((read(""), read("yesterday")), (Some(None), None));
        for typed in ["2026-06-01 10:00:00.000", "90m", ""] {
            assert_eq!(write_moment(read(typed).unwrap(), zone), typed);
        }
    }
}
