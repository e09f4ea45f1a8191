//! Log entries: read within every limit, and the same after being written and read again.
//!
//! Input: the payload of an `l:`.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_refusal, check_text, objects, read_payload};
use protocol::{
    limits,
    line::{Logs, encode_logs, log_notes, parse_logs},
    live,
    model::{Level, LogEntry, LogNote, UnixMicros, Value},
    pattern,
};
use serde_json::{Map, Value as Json, value::RawValue};

fuzz_target!(|payload: &[u8]| {
    let Some(Logs { entries, refused }) = read_payload(payload, parse_logs) else { return };
    assert!(entries.len() <= limits::MAX_LOGS_PER_LINE);
    entries.iter().for_each(check_entry);
    if let Some(refused) = refused {
        check_refusal(&refused.error());
        assert!(refused.places().len() < 100, "a refusal is short: {}", refused.places());
    }
    // of a line that is JSON as a whole, every object with a message is kept
    let sources = objects(payload).into_iter().filter(|source| source.contains_key("message"));
    for (entry, source) in entries.iter().zip(sources) {
        check_nothing_is_lost(entry, &source);
    }
    let said_again = encode_logs(&entries);
    let expected = Logs { entries: entries.iter().map(without_note).collect(), refused: None };
    assert_eq!(parse_logs(said_again.as_bytes()), Ok(expected), "{said_again}");
    assert_eq!(live::parse::<Vec<LogEntry>>(&live::encode(&entries)), Ok(entries), "in the browser");
});

/// What was done to the message is done once.
fn without_note(entry: &LogEntry) -> LogEntry {
    let mut fields = entry.fields.as_deref().map(fields_of).unwrap_or_default();
    fields.remove("message");
    let fields = (!fields.is_empty()).then(|| serde_json::to_string(&fields).expect("fields are JSON"));
    LogEntry { fields, ..entry.clone() }
}

/// By texts: in a tree large numbers lose their digits.
fn fields_of(json: &str) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(json).expect("fields are an object")
}

/// Whether it says nothing.
fn is_blank(json: &Json) -> bool {
    json.is_null() || json.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Whatever an entry has beside message, time and a level that can be read stays among its fields.
fn check_nothing_is_lost(entry: &LogEntry, source: &Map<String, Json>) {
    let fields = entry.fields.as_deref().map(|fields| serde_json::from_str(fields).expect("fields are JSON"));
    let fields: Map<String, Json> = fields.unwrap_or_default();
    for (name, value) in source {
        let is_read = match name.as_str() {
            "message" => true,
            "timestamp" => entry.at.is_some() || is_blank(value),
            "level" => level_of(value) == Some(entry.level) || is_blank(value),
            _ => false,
        };
        assert!(is_read || fields.get(name) == Some(value), "{name} of {source:?}");
    }
}

/// A word or a number, which may be text.
fn level_of(json: &Json) -> Option<Level> {
    let number = |text: &str| text.trim().parse().ok().and_then(Level::from_number);
    match json {
        Json::String(text) => Level::parse(text.trim()).or_else(|| number(text)),
        other => number(&other.to_string()),
    }
}

fn check_entry(entry: &LogEntry) {
    check_text(&entry.message);
    assert!(entry.message.len() <= limits::MAX_MESSAGE_BYTES);
    let said = pattern::of(&entry.message);
    assert!(said.len() <= pattern::MAX_BYTES);
    assert!(said.ends_with('…') || pattern::of(&said) == said, "{said}");
    let notes = entry.fields.as_deref().map(log_notes).unwrap_or_default();
    let has_time = notes.iter().any(|note| matches!(note, LogNote::Time(_)));
    assert!(!has_time || entry.at.is_none(), "a time that was read needs no note");
    if let Some(fields) = &entry.fields {
        assert!(!fields_of(fields).is_empty());
        assert_eq!(Value::parse_json(fields), Some(Value::Json(fields.clone())), "compact");
        // a number may be written longer than it came, and the note is ours
        assert!(fields.len() <= 16 * limits::MAX_LOG_FIELDS_BYTES + 256);
    }
    if let Some(at) = entry.at {
        // what is shown is the time, to the millisecond
        let shown = UnixMicros::parse_rfc3339(&at.to_rfc3339()).expect("a time is shown as RFC 3339");
        assert_eq!(shown.millis(), at.millis(), "{}", at.to_rfc3339());
    }
}
