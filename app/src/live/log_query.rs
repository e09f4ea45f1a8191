//! Which lines of the log are shown.

use std::collections::BTreeSet;

use protocol::filter::{Candidate, Filter};
use protocol::model::{DeviceId, Level, LogLine};

/// Tells a device's name.
pub type DeviceName<'a> = &'a dyn Fn(DeviceId) -> &'a str;

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

    pub(super) fn passes(&self, line: &LogLine, name: DeviceName<'_>) -> bool {
        line.level >= self.at_least
            && (self.devices.is_empty() || self.devices.contains(&line.device))
            && (self.filter.is_empty()
                || self.filter.matches(&Candidate {
                    level: line.level,
                    message: &line.message,
                    fields: line.fields.as_deref(),
                    device: name(line.device),
                }))
    }
}
