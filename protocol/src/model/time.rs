//! Time as a number.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnixMicros(pub i64);

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

    /// Reads a time as programs write it: a number, RFC 3339, or the same without an offset, which is taken as UTC.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Self::from_magnitude(number);
        }
        if let Ok(number) = text.parse() {
            return Self::from_fractional(number);
        }
        Self::parse_rfc3339(text).or_else(|| {
            let civil: DateTime = text.parse().ok()?;
            Some(Self(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond()))
        })
    }

    /// Reads RFC 3339, such as `2026-11-22T12:00:00.5Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }

    /// RFC 3339 in UTC with milliseconds.
    pub fn to_rfc3339(self) -> String {
        match Timestamp::from_microsecond(self.0) {
            Ok(t) => format!("{t:.3}"),
            // unreachable for values made by this type; a number is still better than a panic
            Err(_) => self.0.to_string(),
        }
    }

    /// RFC 3339 in UTC with microseconds: exactly this time, for other programs.
    pub fn to_rfc3339_micros(self) -> String {
        match Timestamp::from_microsecond(self.0) {
            Ok(t) => format!("{t:.6}"),
            Err(_) => self.0.to_string(),
        }
    }

    /// Whole milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    fn checked(micros: i64) -> Option<Self> {
        Timestamp::from_microsecond(micros).ok().map(|_| Self(micros))
    }
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
