//! Which lines of the log are shown.

use std::collections::BTreeSet;

use protocol::filter::{Candidate, Filter};
use protocol::model::{DeviceId, Level, LogLine, UnixMicros};

/// What a filter asks beside a line.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Tells a device's name.
    pub name: &'a dyn Fn(DeviceId) -> &'a str,
    /// The time, by the server's clock.
    pub now: UnixMicros,
}

/// Which lines are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// As typed; it is valid.
    pub text: String,
    /// The same, parsed.
    pub filter: Filter,
    /// This level or a higher one.
    pub at_least: Level,
    /// These devices; empty: all.
    pub devices: BTreeSet<DeviceId>,
}

impl Default for LogQuery {
    /// Everything.
    fn default() -> Self {
        Self {
            text: String::new(),
            filter: Filter::default(),
            at_least: Level::Trace,
            devices: BTreeSet::new(),
        }
    }
}

impl LogQuery {
    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.filter.is_empty() && self.at_least == Level::Trace && self.devices.is_empty()
    }

    pub(super) fn passes(&self, line: &LogLine, known: Known<'_>) -> bool {
        let matches = || {
            let candidate = Candidate {
                level: line.level,
                message: &line.message,
                fields: line.fields.as_deref(),
                device: (known.name)(line.device),
                received: line.received,
            };
            self.filter.matches(&candidate, known.now)
        };
        line.level >= self.at_least
            && (self.devices.is_empty() || self.devices.contains(&line.device))
            && (self.filter.is_empty() || matches())
    }
}
