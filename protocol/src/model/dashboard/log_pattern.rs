//! Log entries that belong together, because they say the same apart from numbers, ids and quoted texts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::model::{Level, UnixMicros};

/// Identifies a pattern: a level and a text, the same in all projects and versions as long as the rule for patterns is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// FNV-1a, 64 bits, of the level's number and the text. <http://www.isthe.com/chongo/tech/comp/fnv/>
    pub fn of(level: Level, text: &str) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let bytes = [level as u8].into_iter().chain(text.bytes());
        Self(bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)))
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// Entries that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPattern {
    /// Which pattern.
    pub fingerprint: Fingerprint,
    /// The level of all of them.
    pub level: Level,
    /// What they say: numbers, ids and quoted texts are `<*>`. At most [`MAX_BYTES`](crate::pattern::MAX_BYTES) bytes.
    pub text: String,
    /// How many there are in the time that was asked for.
    pub count: u64,
    /// When the first one was received, whatever time was asked for.
    pub first: UnixMicros,
    /// When the last one was received, whatever time was asked for.
    pub last: UnixMicros,
    /// The number of a recent line.
    pub example: u64,
    /// How many devices sent them.
    pub devices: u32,
    /// There are more devices than are counted.
    pub has_more_devices: bool,
    /// The builds of the game that sent them, the latest first; only so many are remembered.
    pub builds: Vec<String>,
    /// Only the newest build sent them, and nobody did before it was there.
    pub is_new: bool,
    /// How many there are in each bar of [`LogPatterns`], the oldest first.
    pub bars: Vec<u64>,
    /// A log filter that finds them, and may find others that say nearly the same.
    pub filter: String,
}

/// The patterns of a part of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPatterns {
    /// Those with a line in the time, the last seen first.
    pub patterns: Vec<LogPattern>,
    /// When the first bar begins.
    pub from: UnixMicros,
    /// When the last bar ends.
    pub to: UnixMicros,
    /// How long each bar is.
    pub step_micros: i64,
    /// Lines whose patterns made room for others, of all time.
    pub other: u64,
    /// Of the newest lines, so many are not counted yet.
    pub uncounted: u64,
    /// Lines that were received before this were not looked at; `None`: all were.
    pub back_to: Option<UnixMicros>,
    /// The build that the project's devices announced last for the first time, if there is one.
    pub build: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_stable_and_readable() {
        // FNV-1a of the one byte 0
        assert_eq!(Fingerprint::of(Level::Trace, "").to_string(), "af63bd4c8601b7df");
        let warn = Fingerprint::of(Level::Warn, "player <*> left");
        assert_ne!(warn, Fingerprint::of(Level::Error, "player <*> left"));
        assert_ne!(warn, Fingerprint::of(Level::Warn, "player <*> leaves"));
        assert_eq!(warn.to_string().parse(), Ok(warn));
        assert_eq!(warn.to_string().len(), 16);
        assert!("".parse::<Fingerprint>().is_err() && "12345678901234567".parse::<Fingerprint>().is_err());
    }
}
