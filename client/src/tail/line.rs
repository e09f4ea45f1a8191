//! Log lines on a terminal.

use clap::ValueEnum;
use jiff::{Timestamp, tz::TimeZone};
use protocol::model::Level;
use serde_json::Value as Json;

use crate::{
    responses::LogLine,
    text::{visible, visible_json},
};

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// Columns of a table, as in a download.
const COLUMNS: [&str; 9] =
    ["seq", "at", "received", "level", "device", "device_name", "message", "fields", "notes"];

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LineFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object per line
    Json,
    /// A table for spreadsheets
    Csv,
}

/// Writes log lines in one way.
#[derive(Clone, Copy)]
pub(crate) struct Printer {
    format: LineFormat,
    has_colors: bool,
}

impl Printer {
    pub(crate) fn new(format: LineFormat, has_colors: bool) -> Self {
        Self { format, has_colors }
    }

    /// Whether people read it.
    pub(crate) fn is_text(&self) -> bool {
        self.format == LineFormat::Text
    }

    /// What comes before the first line.
    pub(crate) fn heading(&self) -> String {
        if self.format == LineFormat::Csv { row(COLUMNS.map(str::to_owned)) } else { String::new() }
    }

    /// One line with its newline; `whole` is the API's object.
    pub(crate) fn line(&self, line: &LogLine, whole: &Json) -> String {
        match self.format {
            LineFormat::Text => self.text(line),
            LineFormat::Json => visible_json(whole) + "\n",
            LineFormat::Csv => row(COLUMNS.map(|column| cell(&whole[column]))),
        }
    }

    fn text(&self, line: &LogLine) -> String {
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

fn cell(json: &Json) -> String {
    let text = match json {
        Json::Null => String::new(),
        Json::String(text) => visible(text).into_owned(),
        Json::Array(notes) => notes.iter().map(cell).collect::<Vec<_>>().join("; "),
        other => visible_json(other),
    };
    // a spreadsheet would evaluate it as a formula
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

fn row(cells: [String; COLUMNS.len()]) -> String {
    let mut table = csv::WriterBuilder::new().from_writer(Vec::new());
    table.write_record(&cells).expect("a Vec takes all");
    let bytes = table.into_inner().expect("a Vec takes all");
    String::from_utf8(bytes).expect("cells are text")
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
        let text = Printer::new(LineFormat::Text, false).line(&line, &json);
        assert_eq!(text, "now␇ WARN  pho␛ne: a␛[2J␊b {\"x\":\"\\u009b2J\"} (time ␛[2J)\n");
        let text = Printer::new(LineFormat::Json, true).line(&line, &json);
        assert!(text.trim_end().chars().all(|c| !c.is_control()), "{text:?}");
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), json);
    }

    #[test]
    fn a_table_has_a_cell_for_everything_and_no_formula() {
        let (line, mut json) = hostile();
        json["message"] = json!("=1+1, \"2\"\n");
        let printer = Printer::new(LineFormat::Csv, true);
        assert_eq!(printer.heading(), "seq,at,received,level,device,device_name,message,fields,notes\n");
        let row = "1,now␇,,warn,,pho␛ne,\"'=1+1, \"\"2\"\"␊\",\"{\"\"x\"\":\"\"\\u009b2J\"\"}\",time ␛[2J\n";
        assert_eq!(printer.line(&line, &json), row);
    }

    #[test]
    fn colours_are_ours_only_and_end_with_the_line() {
        let (line, json) = hostile();
        let text = Printer::new(LineFormat::Text, true).line(&line, &json);
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
