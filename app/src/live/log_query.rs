//! Which lines of the log are shown.

use std::collections::BTreeSet;

use protocol::filter::{Candidate, Expr, Facet, Filter};
use protocol::model::{DeviceId, Level, LogLine, UnixMicros};

use super::log_range::Bounds;
use super::view::encode;

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
    /// Received at these times.
    pub bounds: Bounds,
}

impl Default for LogQuery {
    /// Everything.
    fn default() -> Self {
        Self {
            text: String::new(),
            filter: Filter::default(),
            at_least: Level::Trace,
            devices: BTreeSet::new(),
            bounds: Bounds::default(),
        }
    }
}

impl LogQuery {
    /// Whether everything matches.
    pub fn is_empty(&self) -> bool {
        self.filter.is_empty()
            && self.at_least == Level::Trace
            && self.devices.is_empty()
            && self.bounds == Bounds::default()
    }

    /// All of it but the range, as one filter; `None`: there is no term for the name of a device, or no filter is so long.
    pub fn whole_filter<'a>(&self, name: impl Fn(DeviceId) -> &'a str) -> Option<String> {
        let mut parts = Vec::new();
        match self.filter.expr() {
            Expr::Any(_) => parts.push(format!("({})", self.text.trim())),
            _ => parts.push(self.text.trim().to_owned()),
        }
        if self.at_least > Level::Trace {
            parts.push(format!("level>={}", self.at_least));
        }
        if !self.devices.is_empty() {
            let terms: Option<Vec<String>> =
                self.devices.iter().map(|device| Facet::Device(name(*device).to_owned()).term()).collect();
            parts.push(format!("({})", terms?.join(" OR ")));
        }
        parts.retain(|part| !part.is_empty());
        let whole = parts.join(" ");
        Filter::parse(&whole).is_ok().then_some(whole)
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
            && self.bounds.contains(line.received)
            && (self.devices.is_empty() || self.devices.contains(&line.device))
            && (self.filter.is_empty() || matches())
    }
}

/// The parameters of a download's address, behind its format; `None`: the filter is too long with the range.
pub fn export_search(filter: &str, bounds: Bounds) -> Option<String> {
    let since = bounds.since.map(|time| format!("since:{}", time.to_rfc3339_micros()));
    let before = bounds.before.map(|time| format!("before:{}", time.to_rfc3339_micros()));
    let parts =
        [Some(filter.to_owned()), since, before].into_iter().flatten().filter(|part| !part.is_empty());
    let whole = parts.collect::<Vec<_>>().join(" ");
    Filter::parse(&whole).ok()?;
    let mut search = String::new();
    if !whole.is_empty() {
        search.push_str("&q=");
        encode(&whole, &mut search);
    }
    Some(search)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_and_devices_are_terms_of_the_whole_filter() {
        let query = |text: &str, at_least, devices: &[i64]| LogQuery {
            text: text.to_owned(),
            filter: Filter::parse(text).unwrap(),
            at_least,
            devices: devices.iter().copied().map(DeviceId).collect(),
            ..LogQuery::default()
        };
        let name = |device: DeviceId| match device.0 {
            1 => "pixel",
            2 => "Ana's phone",
            _ => "both \" and ”",
        };
        for (query, whole) in [
            (query("", Level::Trace, &[]), Some("")),
            (query(" a OR b ", Level::Warn, &[]), Some("(a OR b) level>=warn")),
            (query("a b", Level::Trace, &[1]), Some("a b (device=pixel)")),
            (query("", Level::Info, &[1, 2]), Some("level>=info (device=pixel OR device=\"Ana's phone\")")),
            (query("", Level::Info, &[1, 3]), None),
        ] {
            assert_eq!(query.whole_filter(name).as_deref(), whole);
        }
    }

    #[test]
    fn a_download_has_the_filter_and_the_range() {
        let bounds = Bounds { since: Some(UnixMicros(0)), before: Some(UnixMicros(1_500_000)) };
        assert_eq!(export_search("", Bounds::default()).as_deref(), Some(""));
        assert_eq!(
            export_search("a b", bounds).as_deref(),
            Some("&q=a%20b%20since:1970-01-01T00:00:00.000000Z%20before:1970-01-01T00:00:01.500000Z")
        );
        assert_eq!(export_search(&"x".repeat(500), bounds), None);
    }
}
