//! Time as a number.

use jiff::Timestamp;
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

    /// Reads seconds with a fraction, as Python's `time.time()` gives them.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        seconds.is_finite().then(|| Self::checked((seconds * 1e6) as i64)).flatten()
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
}
