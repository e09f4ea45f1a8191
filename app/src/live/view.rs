//! The part of the live page and of the log page that is in its address: a link shows others the same, and a reload loses
//! nothing.

use std::collections::BTreeSet;

use protocol::filter::Moment;
use protocol::model::{DeviceId, Level, ProjectId};

use super::log_look::LogLook;
use super::log_range::LogRange;
use super::scope::Scope;

/// Characters of a filter.
pub const MAX_FILTER_CHARS: usize = 1_000;

/// A pane of the live page; a phone shows one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// Who is connected.
    Devices,
    /// What can be changed.
    #[default]
    Variables,
    /// What the games say.
    Logs,
}

impl Pane {
    /// From left to right.
    pub const ALL: [Self; 3] = [Self::Devices, Self::Variables, Self::Logs];

    /// The name in the style sheet and the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::Variables => "vars",
            Self::Logs => "logs",
        }
    }

    /// The title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Devices => "Devices",
            Self::Variables => "Variables",
            Self::Logs => "Logs",
        }
    }
}

/// A page that shows the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// With devices and variables beside it.
    #[default]
    Live,
    /// On its own.
    Logs,
}

impl Place {
    /// Its address in a project.
    pub fn path(self, project: ProjectId) -> String {
        let name = if self == Self::Live { "live" } else { "logs" };
        format!("/p/{project}/{name}")
    }

    /// The parameter of the log's filter. On its own page it is the filter.
    const fn log_key(self) -> &'static str {
        if matches!(self, Self::Live) { "log" } else { "q" }
    }
}

/// The pane, the selection, the filters and what the log shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The filter of the variables (`q` of the live page).
    pub vars: String,
    /// The filter of the log (`log`; `q` of the log page), as typed.
    pub log: String,
    /// The times of which the log shows lines (`from`, `to`).
    pub range: LogRange,
    /// How the log's lines look.
    pub look: LogLook,
    /// The number of the line whose details are shown (`line`).
    pub line: Option<u64>,
    /// The lowest level of the log (`level`).
    pub level: Level,
    /// The devices that are selected (`d`); none means all.
    pub devices: BTreeSet<DeviceId>,
    /// The pane that a phone shows (`pane`).
    pub pane: Pane,
}

impl Default for View {
    fn default() -> Self {
        Self {
            vars: String::new(),
            log: String::new(),
            range: LogRange::default(),
            look: LogLook::default(),
            line: None,
            level: Level::Trace,
            devices: BTreeSet::new(),
            pane: Pane::default(),
        }
    }
}

impl View {
    /// Parses the query string of a page, with or without `?`. What is not understood is ignored.
    pub fn parse(search: &str, place: Place) -> Self {
        let mut view = Self::default();
        for pair in search.trim_start_matches('?').split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match key {
                key if key == place.log_key() => view.log = shortened(value),
                "q" => view.vars = shortened(value),
                "from" => view.range.from = Moment::parse(&value),
                "to" => view.range.to = Moment::parse(&value),
                "line" => view.line = value.parse().ok(),
                "level" => view.level = Level::parse(&value).unwrap_or(Level::Trace),
                "d" => {
                    let ids = value.split(',').filter_map(|id| id.parse().ok()).map(DeviceId);
                    view.devices = ids.take(Scope::MAX).collect();
                }
                "pane" => {
                    view.pane = Pane::ALL.into_iter().find(|pane| pane.as_str() == value).unwrap_or_default();
                }
                key => view.look.read(key, &value),
            }
        }
        view
    }

    /// Writes the query string of a page, with `?`; empty for the default view.
    pub fn to_search(&self, place: Place) -> String {
        let level = if self.level == Level::Trace { "" } else { self.level.as_str() };
        let devices: Vec<String> = self.devices.iter().map(|device| device.0.to_string()).collect();
        let pane = if self.pane == Pane::default() { "" } else { self.pane.as_str() };
        let devices = devices.join(",");
        let (from, to) = (text(self.range.from), text(self.range.to));
        let (line, look) = (text(self.line), self.look.parts());
        let (vars, pane) = if place == Place::Live { (self.vars.as_str(), pane) } else { ("", "") };
        let parts = [
            ("q", vars),
            (place.log_key(), &self.log),
            ("level", level),
            ("from", &from),
            ("to", &to),
            ("d", &devices),
            ("pane", pane),
        ];
        let look = look.iter().map(|(key, value)| (*key, value.as_str()));
        let parts = parts.into_iter().chain(look).chain([("line", line.as_str())]);
        let mut search = String::new();
        for (key, value) in parts.filter(|(_, value)| !value.is_empty()) {
            search.push(if search.is_empty() { '?' } else { '&' });
            search.push_str(key);
            search.push('=');
            encode(value, &mut search);
        }
        search
    }

    /// Only the filters, which are remembered for the next visit: neither the selection nor what the log shows beside them.
    pub fn filters(&self) -> Self {
        let Self { vars, log, level, .. } = self.clone();
        Self { vars, log, level, ..Self::default() }
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Percent-encodes what a query string can't hold; commas and colons are fine.
pub(super) fn encode(text: &str, into: &mut String) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' | b'*' => {
                into.push(char::from(byte));
            }
            // writing into a string does not fail
            _ => {
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

/// The reverse. What is not a valid code stays as it is.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        at += if code.is_some() { 3 } else { 1 };
        decoded.push(code.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_FILTER_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_says_only_what_differs_from_the_beginning() {
        assert_eq!(View::default().to_search(Place::Live), "");
        let view = View {
            vars: "player speed".into(),
            log: "level>=warn \"50 %\" +ünï&=#".into(),
            level: Level::Info,
            devices: BTreeSet::from([DeviceId(7), DeviceId(3)]),
            pane: Pane::Logs,
            ..View::default()
        };
        let search = "?q=player%20speed&log=level%3E%3Dwarn%20%2250%20%25%22%20%2B%C3%BCn%C3%AF%26%3D%23&level=info\
                      &d=3,7&pane=logs";
        assert_eq!(view.to_search(Place::Live), search);
        assert_eq!(View::parse(search, Place::Live), view);
        assert_eq!(view.filters().to_search(Place::Live), search.split("&d=").next().unwrap());
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        assert_eq!(
            View::parse("?error=rate&level=loud&d=x,,-&pane=cellar&q&from=soon&line=x", Place::Live),
            View::default()
        );
        assert_eq!(View::parse("q=a+b%2", Place::Live), View { vars: "a b%2".into(), ..View::default() });
        assert_eq!(View::parse("d=1,x,2", Place::Live).devices, BTreeSet::from([DeviceId(1), DeviceId(2)]));
        let many: Vec<String> = (0..1_000).map(|id| id.to_string()).collect();
        assert_eq!(View::parse(&format!("d={}", many.join(",")), Place::Live).devices.len(), Scope::MAX);
        let long = View::parse(&format!("log={}", "ä".repeat(MAX_FILTER_CHARS + 1)), Place::Live);
        assert_eq!(long.log.chars().count(), MAX_FILTER_CHARS);
    }

    #[test]
    fn the_address_of_the_log_page_is_all_that_it_shows() {
        let search = "?q=boss&from=15m&to=2026-11-22T12:00:00.000001Z&wrap=1&time=us&dedup=numbers&events=off&cols=hp,pos.x\
                      &line=41";
        let view = View::parse(search, Place::Logs);
        assert_eq!((view.log.as_str(), view.vars.as_str(), view.line), ("boss", "", Some(41)));
        assert_eq!((view.range.from, view.look.pins.len()), (Moment::parse("15m"), 2));
        assert_eq!(view.to_search(Place::Logs), search);
        assert_eq!(view.to_search(Place::Live), search.replace("q=", "log="));
        assert_eq!(view.filters().to_search(Place::Logs), "?q=boss");
        assert_eq!(Place::Logs.path(ProjectId(7)), "/p/7/logs");
    }

    proptest! {
        #[test]
        fn any_filter_comes_back_as_it_was_typed(vars in "\\PC{0,40}", log in ".{0,40}") {
            let view = View { vars, log, ..View::default() };
            prop_assert_eq!(View::parse(&view.to_search(Place::Live), Place::Live), view);
        }
    }
}
