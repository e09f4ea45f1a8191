//! Log entries: read within every limit, and the same after being written and read again.
//!
//! Input: the payload of an `l:`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_text, game, objects, read_payload};
use protocol::{
    limits,
    line::parse_logs,
    live,
    model::{Level, LogEntry, UnixMicros},
};
use serde_json::{Map, Value as Json};

fuzz_target!(|payload: &[u8]| {
    let Some(entries) = read_payload(payload, parse_logs) else { return };
    assert!(entries.len() <= limits::MAX_LOGS_PER_LINE);
    entries.iter().for_each(check_entry);
    for (entry, source) in entries.iter().zip(objects(payload)) {
        check_nothing_is_lost(entry, &source);
    }
    let said_again = game::log_json(&entries);
    assert_eq!(parse_logs(said_again.as_bytes()).as_ref(), Ok(&entries), "{said_again}");
    assert_eq!(live::parse::<Vec<LogEntry>>(&live::encode(&entries)), Ok(entries), "in the browser");
});

/// Whatever an entry has beside message, time and a level that can be read stays among its fields.
fn check_nothing_is_lost(entry: &LogEntry, source: &Map<String, Json>) {
    let fields = entry.fields.as_deref().map(|fields| serde_json::from_str(fields).expect("fields are JSON"));
    let fields: Map<String, Json> = fields.unwrap_or_default();
    for (name, value) in source {
        let is_read = match name.as_str() {
            "message" | "timestamp" => true,
            "level" => level_of(value) == Some(entry.level),
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
    if let Some(fields) = &entry.fields {
        let read: serde_json::Value = serde_json::from_str(fields).expect("fields are JSON");
        assert!(read.as_object().is_some_and(|fields| !fields.is_empty()));
        assert_eq!(&read.to_string(), fields, "compact");
    }
    if let Some(at) = entry.at {
        // what is shown is the time, to the millisecond
        let shown = UnixMicros::parse_rfc3339(&at.to_rfc3339()).expect("a time is shown as RFC 3339");
        assert_eq!(shown.millis(), at.millis(), "{}", at.to_rfc3339());
    }
}
