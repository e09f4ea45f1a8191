//! Time as a number.

#[cfg(feature = "dashboard")]
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt::Write as _, ops::RangeInclusive};

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnixMicros(pub i64);

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// What can be shown in any time zone: -009999-01-02T01:59:59Z to 9999-12-30T22:00:00Z, as in jiff.
const RANGE: RangeInclusive<i64> = -377_705_023_201 * SECOND..=253_402_207_200 * SECOND;

impl UnixMicros {
    /// Reads an integer whose unit is told by its magnitude: seconds, milli-, micro- or nanoseconds.
    ///
    /// The bounds lie between 1973 in the finer unit and the year 5138 in the coarser one, so that no
    /// time a game could mean is read in two ways.
    pub fn from_magnitude(number: i128) -> Option<Self> {
        let micros = match number.unsigned_abs() {
            0..100_000_000_000 => number * 1_000_000,
            100_000_000_000..100_000_000_000_000 => number * 1_000,
            100_000_000_000_000..100_000_000_000_000_000 => number,
            _ => number / 1_000,
        };
        Self::checked(i64::try_from(micros).ok()?)
    }

    /// As [`UnixMicros::from_magnitude`], of a number with a fraction: Python's `time.time()` gives seconds, a browser's
    /// `performance.now()` milliseconds.
    pub fn from_fractional(number: f64) -> Option<Self> {
        let micros = match number.abs() {
            ..1e11 => number * 1e6,
            1e11..1e14 => number * 1e3,
            1e14..1e17 => number,
            1e17..f64::INFINITY => number / 1e3,
            _ => return None,
        };
        Self::checked(micros.round() as i64)
    }

    /// Reads a time as programs write it: a number, RFC 3339, or the same without an offset, which is taken as UTC. Without
    /// the feature `dashboard`, numbers only.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Self::from_magnitude(number);
        }
        if let Ok(number) = text.parse() {
            return Self::from_fractional(number);
        }
        Self::parse_date(text)
    }

    #[cfg(feature = "dashboard")]
    fn parse_date(text: &str) -> Option<Self> {
        Self::parse_rfc3339(text).or_else(|| {
            let civil: DateTime = text.parse().ok()?;
            Some(Self(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond()))
        })
    }

    /// Only a server is sent dates; a game does without the code that reads them.
    #[cfg(not(feature = "dashboard"))]
    fn parse_date(_: &str) -> Option<Self> {
        None
    }

    /// Reads RFC 3339, such as `2026-11-22T12:00:00.5Z`.
    #[cfg(feature = "dashboard")]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }

    /// RFC 3339 in UTC with milliseconds.
    pub fn to_rfc3339(self) -> String {
        let mut text = self.to_seconds();
        // writing to a text never fails
        let _ = write!(text, ".{:03}Z", self.0.rem_euclid(SECOND) / 1_000);
        text
    }

    /// RFC 3339 in UTC with microseconds: exactly this time, for other programs.
    pub fn to_rfc3339_micros(self) -> String {
        let mut text = self.to_seconds();
        let _ = write!(text, ".{:06}Z", self.0.rem_euclid(SECOND));
        text
    }

    /// The date and the time of day in UTC, to the second.
    fn to_seconds(self) -> String {
        let (year, month, day) = date_of(self.0.div_euclid(DAY));
        let second = self.0.rem_euclid(DAY) / SECOND;
        let year = if year < 0 { format!("-{:06}", -year) } else { format!("{year:04}") };
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }

    /// Whole milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    fn checked(micros: i64) -> Option<Self> {
        RANGE.contains(&micros).then_some(Self(micros))
    }
}

/// Year, month and day of the Gregorian calendar, of a day since 1970-01-01: Howard Hinnant's `civil_from_days`, which
/// counts years from March, so that the leap day is the last one, in eras of 400 years.
/// <https://howardhinnant.github.io/date_algorithms.html>
fn date_of(day: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let day = day + 719_468; // since 0000-03-01
    let of_era = day.rem_euclid(ERA);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + day.div_euclid(ERA) * 400 + i64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_told_by_magnitude() {
        // 2026-11-23T00:00:00Z in four units
        let expected = UnixMicros::parse_rfc3339("2026-11-23T00:00:00Z");
        for n in [1_795_392_000, 1_795_392_000_000, 1_795_392_000_000_000, 1_795_392_000_000_000_000] {
            assert_eq!(UnixMicros::from_magnitude(n), expected);
        }
        assert_eq!(UnixMicros::from_magnitude(0), Some(UnixMicros(0)));
        assert_eq!(UnixMicros::from_magnitude(i128::from(u64::MAX)).unwrap().0, 18_446_744_073_709_551);
    }

    #[test]
    fn rfc3339_is_read_and_written() {
        let t = UnixMicros::parse_rfc3339("2026-11-22T14:00:00.25+02:00").unwrap();
        assert_eq!(t.to_rfc3339(), "2026-11-22T12:00:00.250Z");
        assert_eq!(UnixMicros(t.0 + 7).to_rfc3339_micros(), "2026-11-22T12:00:00.250007Z");
        assert_eq!(UnixMicros::parse_rfc3339("yesterday"), None);
    }

    #[test]
    fn dates_are_written_as_the_calendar_has_them() {
        for outside in [RANGE.start() - 1, RANGE.end() + 1] {
            assert!(Timestamp::from_microsecond(outside).is_err());
            assert_eq!(UnixMicros::checked(outside), None);
        }
        // an odd step, so that every part of a date changes
        for micros in RANGE.step_by(98_765_432_109_877).chain([*RANGE.start(), -1, 0, *RANGE.end()]) {
            let time = Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(UnixMicros(micros).to_rfc3339_micros(), format!("{time:.6}"));
            assert_eq!(UnixMicros(micros).to_rfc3339(), format!("{time:.3}"));
        }
        let day = |text: &str| UnixMicros::parse_rfc3339(text).unwrap().to_rfc3339();
        for text in ["2024-02-29T23:59:59.999Z", "2100-03-01T00:00:00.000Z", "2000-02-29T12:00:00.000Z"] {
            assert_eq!(day(text), text);
        }
    }

    #[test]
    fn times_are_read_as_programs_write_them() {
        let expected = UnixMicros::parse_rfc3339("2026-11-23T00:00:00.25Z");
        for text in [
            "2026-11-23T00:00:00.25",
            "2026-11-23 00:00:00.25",
            "2026-11-23 00:00:00,250",
            "2026-11-23T01:00:00.25+01:00",
            "2026-11-23 01:00:00.25+0100",
            "1795392000.25",
            "1795392000250",
            "1795392000250.0",
            "1795392000250000000",
        ] {
            assert_eq!(UnixMicros::parse(text), expected, "{text}");
        }
        assert_eq!(UnixMicros::parse("2026-11-23"), UnixMicros::parse_rfc3339("2026-11-23T00:00:00Z"));
        for text in
            ["", "yesterday", "NaN", "inf", "1e300", "99999-01-01T00:00:00", "2026-13-01", "25:00", "0x10"]
        {
            assert_eq!(UnixMicros::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_unit_of_a_fraction_is_told_by_magnitude_too() {
        let expected = UnixMicros::parse_rfc3339("2026-11-23T00:00:00.25Z");
        for number in [1_795_392_000.25, 1_795_392_000_250.0, 1_795_392_000_250_000.0, 1.795_392_000_25e18] {
            assert_eq!(UnixMicros::from_fractional(number), expected, "{number}");
        }
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30, -1e30] {
            assert_eq!(UnixMicros::from_fractional(number), None, "{number}");
        }
    }
}
