//! Log lines on a terminal.

use jiff::{Timestamp, tz::TimeZone};
use protocol::model::Level;
use serde_json::Value as Json;

use crate::{
    responses::LogLine,
    text::{visible, visible_json},
};

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// Writes log lines in one way.
pub(crate) struct Printer {
    json: bool,
    has_colors: bool,
}

impl Printer {
    pub(crate) fn new(json: bool, has_colors: bool) -> Self {
        Self { json, has_colors: has_colors && !json }
    }

    /// One line with its newline; `whole` is the API's object.
    pub(crate) fn line(&self, line: &LogLine, whole: &Json) -> String {
        if self.json {
            return visible_json(whole) + "\n";
        }
        let (time, level) = (local_time(&line.at), line.level.as_str().to_uppercase());
        let device = visible(line.device_name.as_deref().unwrap_or("-"));
        let message = visible(&line.message);
        let mut fields =
            line.fields.as_ref().map(|fields| format!(" {}", visible_json(fields))).unwrap_or_default();
        for note in &line.notes {
            fields += &format!(" ({})", visible(note));
        }
        if self.has_colors {
            let color = color(line.level);
            format!(
                "{DIM}{time}{PLAIN} {color}{level:<5}{PLAIN} {DIM}{device}:{PLAIN} {message}{DIM}{fields}{PLAIN}\n"
            )
        } else {
            format!("{time} {level:<5} {device}: {message}{fields}\n")
        }
    }
}

fn color(level: Level) -> &'static str {
    match level {
        Level::Trace | Level::Debug => DIM,
        Level::Info => "\u{1b}[32m",
        Level::Warn => "\u{1b}[33m",
        Level::Error => "\u{1b}[31m",
        Level::Fatal => "\u{1b}[1;31m",
    }
}

/// RFC 3339 in UTC → local time with milliseconds; unreadable text is returned unchanged.
pub(crate) fn local_time(at: &str) -> String {
    in_zone(at, TimeZone::system())
}

fn in_zone(at: &str, zone: TimeZone) -> String {
    match at.parse::<Timestamp>() {
        Ok(at) => at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => visible(at).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hostile() -> (LogLine, Json) {
        let json = json!({"seq": 1, "device_name": "pho\u{1b}ne", "at": "now\u{7}", "level": "warn",
            "message": "a\u{1b}[2J\nb", "fields": {"x": "\u{9b}2J"}, "notes": ["time \u{1b}[2J"]});
        (serde_json::from_value(json.clone()).unwrap(), json)
    }

    #[test]
    fn a_line_obeys_nothing_that_a_game_says() {
        let (line, json) = hostile();
        let text = Printer::new(false, false).line(&line, &json);
        assert_eq!(text, "now␇ WARN  pho␛ne: a␛[2J␊b {\"x\":\"\\u009b2J\"} (time ␛[2J)\n");
        let text = Printer::new(true, true).line(&line, &json);
        assert!(text.trim_end().chars().all(|c| !c.is_control()), "{text:?}");
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), json);
    }

    #[test]
    fn colours_are_ours_only_and_end_with_the_line() {
        let (line, json) = hostile();
        let text = Printer::new(false, true).line(&line, &json);
        let codes: Vec<&str> =
            text.split('\u{1b}').skip(1).map(|rest| rest.split_inclusive('m').next().unwrap()).collect();
        assert!(codes.iter().all(|code| ["[2m", "[0m", "[33m"].contains(code)), "{codes:?}");
        assert_eq!(codes.last(), Some(&"[0m"));
    }

    #[test]
    fn times_are_local_with_milliseconds() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(in_zone("2026-11-26T23:02:03.123456Z", zone.clone()), "2026-11-27 01:02:03.123");
        assert_eq!(in_zone("2026-11-26T23:02:03Z", zone), "2026-11-27 01:02:03.000");
    }
}
