//! Log entries: as a game sends them, and as they are stored.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{DeviceId, UnixMicros};

/// How much a log entry matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// Every step.
    Trace = 0,
    /// For the game's programmers.
    Debug = 1,
    /// What happened; also what an entry without a level is.
    #[default]
    Info = 2,
    /// Odd, and the game goes on.
    Warn = 3,
    /// Something failed.
    Error = 4,
    /// The game can't go on.
    Fatal = 5,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Level; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// The word shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The number on the wire: 0 = trace, 1 = debug … 5 = fatal.
    pub fn from_number(number: i64) -> Option<Self> {
        usize::try_from(number).ok().and_then(|n| Self::ALL.get(n).copied())
    }

    /// Reads a word, in any case, with the usual other names.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "trace" | "verbose" => Self::Trace,
            "debug" => Self::Debug,
            "info" | "information" | "notice" | "log" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "err" => Self::Error,
            "fatal" | "critical" | "panic" => Self::Fatal,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One log entry of an `l:` line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The message, as the game wrote it.
    pub message: String,
    /// How much it matters.
    pub level: Level,
    /// The game's own time; `None` = time of receipt.
    pub at: Option<UnixMicros>,
    /// Every further field, as one compact JSON object; `None` when there is none. A `timestamp` or a `level` in it could
    /// not be read, and a `message` says what was done to the message: see [`LogNote`].
    pub fields: Option<String>,
}

/// Characters of a field that a note quotes.
const MAX_QUOTED: usize = 80;

/// What was not as it should be with an entry, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogNote {
    /// Its time can't be read: this is what the game said, as JSON.
    Time(String),
    /// Its level can't be read: this is what the game said, as JSON.
    Level(String),
    /// So many bytes of the message were cut off.
    Cut(u64),
    /// So many characters U+0000 of the message were replaced.
    Zeros(u64),
    /// Fields that were too long together, and are not stored.
    LeftOut {
        /// How many.
        fields: u64,
        /// How long they were, with their names.
        bytes: u64,
    },
}

impl fmt::Display for LogNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(said) => write!(f, "time not readable: {}; shown at receipt", quoted(said)),
            Self::Level(said) => write!(f, "level not readable: {}; shown as info", quoted(said)),
            Self::Cut(1) => write!(f, "message too long: 1 byte was cut off"),
            Self::Cut(bytes) => write!(f, "message too long: {bytes} bytes were cut off"),
            Self::Zeros(1) => write!(f, "1 character U+0000 in the message is shown as \u{fffd}"),
            Self::Zeros(count) => write!(f, "{count} characters U+0000 in the message are shown as \u{fffd}"),
            Self::LeftOut { fields: 1, bytes } => write!(f, "1 field too long: {bytes} bytes were left out"),
            Self::LeftOut { fields, bytes } => {
                write!(f, "{fields} fields too long: {bytes} bytes were left out")
            }
        }
    }
}

/// The beginning of it.
fn quoted(said: &str) -> Cow<'_, str> {
    match said.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => Cow::Owned(format!("{}…", &said[..end])),
        None => Cow::Borrowed(said),
    }
}

/// A log line as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// The server's number: +1 for each line of the project, in the order of commits.
    pub seq: u64,
    /// Who wrote it.
    pub device: DeviceId,
    /// The game's own time, or else the time of receipt.
    pub at: UnixMicros,
    /// When the server received it.
    pub received: UnixMicros,
    /// How much it matters.
    pub level: Level,
    /// The message.
    pub message: String,
    /// Every further field, as one JSON object.
    pub fields: Option<String>,
}
