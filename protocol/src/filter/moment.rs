//! `5m`, `2026-11-22T12:00`: points in time as people type them.

use std::time::Duration;

pub(super) use super::expr::Moment;
use crate::model::UnixMicros;

/// Units and their lengths in milliseconds, the longest first.
const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// Shorter numbers are more likely a duration without its unit than seconds since 1970.
const MIN_STAMP_DIGITS: usize = 9;
const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

impl Moment {
    /// Reads a moment as in a filter: a duration before now, such as `5m` or `1h30m`, a date, a time as in RFC 3339 (seconds
    /// may be missing, and without an offset it is in UTC), or a number of seconds, milli-, micro- or nanoseconds since 1970.
    pub fn parse(text: &str) -> Option<Self> {
        parse(text)
    }
}

/// Reads a duration before now, such as `5m` or `1h30m`, a date or a time as in RFC 3339 (seconds may be missing, and
/// without an offset it is in UTC), or a number of seconds, milli-, micro- or nanoseconds since 1970.
///
/// By hand: the library that reads dates elsewhere would be a tenth of a megabyte in the browser.
pub(super) fn parse(text: &str) -> Option<Moment> {
    if let Some(time) = duration(text) {
        return Some(Moment::Ago(time));
    }
    let is_stamp = text.len() >= MIN_STAMP_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    let time = if is_stamp { UnixMicros::from_magnitude(text.parse().ok()?) } else { time(text) };
    time.map(Moment::At)
}

fn time(text: &str) -> Option<UnixMicros> {
    let (date, rest) = text.split_at_checked("2026-11-22".len())?;
    let midnight = date_of(date)?.checked_mul(DAY)?;
    let time = match rest.strip_prefix(['T', 't', ' ']) {
        Some(rest) => time_of_day(rest)?,
        None if rest.is_empty() => 0,
        None => return None,
    };
    // what has four digits for its year can be printed
    let years = day(0, 1, 1) * DAY..day(10_000, 1, 1) * DAY;
    Some(midnight + time).filter(|micros| years.contains(micros)).map(UnixMicros)
}

/// Days from 1970 to a date.
fn date_of(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?);
    let of_month = digits(parts.next()?, 2)?;
    let is_there = parts.next().is_none() && (1..=12).contains(&month);
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let length = day(next_year, next_month, 1) - day(year, month, 1);
    (is_there && (1..=length).contains(&of_month)).then(|| day(year, month, of_month))
}

/// Howard Hinnant's `days_from_civil`. <https://howardhinnant.github.io/date_algorithms.html>
fn day(year: i64, month: i64, of_month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + of_month - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// Microseconds since midnight in UTC, of `12:00`, `12:00:30.5Z` or `12:00+01:00`.
fn time_of_day(text: &str) -> Option<i64> {
    let (time, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => (&text[..at], offset(&text[at..])?),
        None => (text, 0),
    };
    let (minutes, seconds) = time.split_at_checked("12:00".len())?;
    let seconds = match seconds.strip_prefix(':') {
        Some(seconds) => second(seconds)?,
        None if seconds.is_empty() => 0,
        None => return None,
    };
    Some(hours_and_minutes(minutes)? + seconds - offset)
}

/// `30`, or `30.5` with up to six digits behind the point.
fn second(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let whole = digits(whole, 2).filter(|second| *second < 60)?;
    let part = if part.len() <= 6 { digits(&format!("{part:0<6}"), 6)? } else { return None };
    Some(whole * SECOND + part)
}

/// `Z`, `+01:00` or `-0100`.
fn offset(text: &str) -> Option<i64> {
    match text.split_at_checked(1)? {
        ("Z" | "z", "") => Some(0),
        ("+", offset) => hours_and_minutes(offset),
        ("-", offset) => hours_and_minutes(offset).map(|offset| -offset),
        _ => None,
    }
}

fn hours_and_minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_at_checked(2)?;
    let hours = digits(hours, 2).filter(|hour| *hour < 24)?;
    let minutes = digits(minutes.strip_prefix(':').unwrap_or(minutes), 2).filter(|minute| *minute < 60)?;
    Some((hours * 60 + minutes) * MINUTE)
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// A length of time, longer units first.
fn duration(text: &str) -> Option<Duration> {
    let (mut rest, mut units, mut total) = (text, UNITS.as_slice(), 0u64);
    while !rest.is_empty() {
        let (number, behind) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let (unit, behind) = behind.split_at(behind.bytes().take_while(u8::is_ascii_alphabetic).count());
        let at = units.iter().position(|(known, _)| *known == unit)?;
        let millis = number.parse::<u64>().ok()?.checked_mul(units[at].1)?;
        total = total.checked_add(millis)?;
        (rest, units) = (behind, &units[at + 1..]);
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

/// In the longest unit that holds it.
pub(super) fn print(time: Duration) -> String {
    let millis = time.as_millis();
    let fitting = UNITS.into_iter().find(|(_, length)| millis.is_multiple_of(u128::from(*length)));
    let (unit, length) = fitting.unwrap_or(("ms", 1));
    format!("{}{unit}", millis / u128::from(length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        match parse(text)? {
            Moment::Ago(time) => Some(time.as_secs_f64()),
            Moment::At(_) => None,
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, length) in [
            ("5m", 300.0),
            ("90s", 90.0),
            ("1h30m", 5_400.0),
            ("1d12h", 129_600.0),
            ("2w", 1_209_600.0),
            ("250ms", 0.25),
            ("1s250ms", 1.25),
            ("1m5ms", 60.005),
            ("0s", 0.0),
        ] {
            assert_eq!(seconds(text), Some(length), "{text}");
            let Some(Moment::Ago(time)) = parse(text) else { panic!("{text}") };
            assert_eq!(duration(&print(time)), Some(time), "{text}");
        }
        for text in ["", "m", "5", "5 m", "5x", "5min", "5m5h", "5m5m", "-5m", "99999999999999999w", "1.5h"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_in_utc_or_with_their_offset() {
        let at = |text: &str| UnixMicros::parse_rfc3339(text).map(Moment::At);
        assert_eq!(parse("2026-11-22T12:00"), at("2026-11-22T12:00:00Z"));
        assert_eq!(parse("2026-11-22 12:00:30.5"), at("2026-11-22T12:00:30.5Z"));
        assert_eq!(parse("2026-11-22T12:00+02:00"), at("2026-11-22T10:00:00Z"));
        assert_eq!(parse("2026-11-22"), at("2026-11-22T00:00:00Z"));
        assert_eq!(parse("1795392000"), at("2026-11-23T00:00:00Z"));
        for text in [
            "2026",
            "12:00",
            "yesterday",
            "2026-13-01",
            "20261122",
            "2026-02-29",
            "2026-11-22T24:00",
            "2026-11-22T1:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in [
            "2026-11-22x",
            "2026-11-22T12:00:60",
            "2026-11-22T12:00:00.1234567",
            "2026-11-22T12:00+1",
            "2026-11-2é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn times_are_those_of_the_calendar(
            year in 0..10_000i64, month in 0..14i64, day in 0..33i64, minute in 0..1_440i64, rest in "|:[0-5][0-9](\\.[0-9]{1,6})?",
            offset in "|Z|[+-][01][0-9]:?[0-5][0-9]",
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}{rest}{offset}", minute / 60, minute % 60);
            // the library's range ends at both ends a day earlier than years of four digits
            if (1..9_999).contains(&year) {
                prop_assert_eq!(parse(&text), UnixMicros::parse(&text).map(Moment::At), "{}", text);
            }
        }
    }
}
