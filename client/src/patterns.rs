//! `observerio patterns`: what the log says, apart from what differs each time.

use protocol::model::Level;
use serde::Deserialize;
use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr as _;

use crate::{
    Error,
    api::{Api, escape},
    console::Console,
    responses::Project,
    table::table,
    tail::local_time,
    text::{visible, visible_json},
};

/// Patterns of one answer.
const LIMIT: usize = 1_000;

/// Of which lines the patterns are wanted.
pub(crate) struct Part {
    pub(crate) filter: String,
    pub(crate) level: Level,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Patterns {
    patterns: Vec<Pattern>,
    #[serde(default)]
    other: u64,
    #[serde(default)]
    uncounted: u64,
    #[serde(default)]
    back_to: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Pattern {
    level: String,
    text: String,
    count: u64,
    last: String,
    devices: u64,
    #[serde(default)]
    new: bool,
}

/// Lists the patterns, the last seen first.
pub(crate) fn list(
    api: &Api,
    project: &Project,
    part: &Part,
    json: bool,
    console: &mut Console,
) -> Result<(), Error> {
    let whole: Json = api.get(&path(project.id, part))?;
    if json {
        return Ok(console.print(&(visible_json(&whole) + "\n"))?);
    }
    let found: Patterns = serde_json::from_value(whole)
        .map_err(|error| Error::Unreachable(format!("{} listed invalid patterns: {error}", api.url())))?;
    console.print(&shown(&found.patterns))?;
    for note in notes(&found) {
        console.note(&note);
    }
    Ok(())
}

fn path(project: i64, part: &Part) -> String {
    let Part { filter, level, from, to } = part;
    let mut path = format!("/projects/{project}/logs/patterns?limit={LIMIT}&level={level}");
    let filter = Some(filter).filter(|filter| !filter.is_empty());
    for (name, value) in [("q", filter), ("from", from.as_ref()), ("to", to.as_ref())] {
        if let Some(value) = value {
            path += &format!("&{name}={}", escape(value));
        }
    }
    path
}

/// A table, whose last column may be as wide as it is.
fn shown(patterns: &[Pattern]) -> String {
    let row = |pattern: &Pattern| {
        let mark = if pattern.new { "new" } else { "" };
        let (count, devices) = (pattern.count.to_string(), pattern.devices.to_string());
        [count, pattern.level.clone(), local_time(&pattern.last), devices, mark.to_owned()]
    };
    let rows: Vec<_> = patterns.iter().map(row).collect();
    let head = table(["lines", "level", "last seen", "devices", "new"], &rows);
    let width = head.lines().map(|line| line.width()).max().unwrap_or(0);
    let texts = std::iter::once("text").chain(patterns.iter().map(|pattern| pattern.text.as_str()));
    head.lines()
        .zip(texts)
        .map(|(line, text)| format!("{line}{}  {}\n", " ".repeat(width - line.width()), visible(text)))
        .collect()
}

/// What is not in the list.
fn notes(found: &Patterns) -> Vec<String> {
    let Patterns { other, uncounted, back_to, .. } = found;
    let mut notes = Vec::new();
    if let Some(back_to) = back_to {
        notes.push(format!("searched back to {}: earlier lines are not counted", local_time(back_to)));
    }
    if *uncounted > 0 {
        notes.push(format!(
            "up to {uncounted} recent lines are not counted yet: run it again in some seconds"
        ));
    }
    if *other > 0 {
        notes.push(format!("{other} lines of patterns that made room for more recent ones are not listed"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pattern(count: u64, text: &str, new: bool) -> Json {
        json!({"level": "error", "text": text, "count": count, "last": "soon", "devices": 3, "new": new,
            "bars": [1], "builds": []})
    }

    #[test]
    fn texts_are_whole_and_harmless() {
        let long = format!("can't \u{1b}load <*> {}", "x".repeat(60));
        let json = json!([pattern(12, "a\nb", true), pattern(1_204, &long, false)]);
        let patterns: Vec<Pattern> = serde_json::from_value(json).unwrap();
        let expected = format!(
            "lines  level  last seen  devices  new  text\n\
             12     error  soon       3        new  a␊b\n\
             1204   error  soon       3             can't ␛load <*> {}\n",
            "x".repeat(60)
        );
        assert_eq!(shown(&patterns), expected);
    }

    #[test]
    fn what_is_not_listed_is_said() {
        let found = |json: Json| -> Patterns { serde_json::from_value(json).unwrap() };
        assert_eq!(notes(&found(json!({"patterns": [], "back_to": null}))), [""; 0]);
        let told = notes(&found(json!({"patterns": [], "other": 7, "uncounted": 8, "back_to": "noon"})));
        assert!(told[0].contains("noon") && told[1].contains('8') && told[2].contains('7'), "{told:?}");
    }

    #[test]
    fn what_was_typed_is_in_the_request() {
        let part = Part {
            filter: "boss hp<10".to_owned(),
            level: Level::Error,
            from: Some("2026-11-22T12:00:00+01:00".to_owned()),
            to: None,
        };
        let expected = "/projects/7/logs/patterns?limit=1000&level=error&q=boss%20hp%3C10&from=2026-11-22T12%3A00%3A00%2B01%3A00";
        assert_eq!(path(7, &part), expected);
    }
}
