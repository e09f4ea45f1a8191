//! `5m`, `2026-11-22T12:00`: points in time as people type them.

use std::time::Duration;

pub(super) use super::expr::Moment;
use crate::model::UnixMicros;

/// Units and their lengths in milliseconds, the longest first.
const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// Shorter numbers are more likely a duration without its unit than seconds since 1970.
const MIN_STAMP_DIGITS: usize = 9;

/// Reads a duration before now, such as `5m` or `1h30m`, a date or a time as in RFC 3339 (without an offset it is in UTC),
/// or a number of seconds, milli-, micro- or nanoseconds since 1970.
pub(super) fn parse(text: &str) -> Option<Moment> {
    if let Some(time) = duration(text) {
        return Some(Moment::Ago(time));
    }
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_number && text.len() < MIN_STAMP_DIGITS {
        return None;
    }
    UnixMicros::parse(text).map(Moment::At)
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
        for text in ["2026", "12:00", "yesterday", "2026-13-01", "20261122"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
