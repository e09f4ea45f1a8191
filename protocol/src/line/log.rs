//! The payload of `l:` → log entries. An entry stays whatever is wrong with one of its fields; one that makes no sense
//! goes alone.

mod entry;

pub use self::entry::{log_notes, shorten_fields};

use self::entry::log_entry;
use super::payload::{at_most, bare, checked};
use crate::{
    ErrorCode, ProtocolError,
    error::{Result, refuse},
    json::{Piece, Shallow, elements},
    limits,
    model::LogEntry,
};

/// Refused entries of a line that are named; of the others is said how many they are.
const MAX_NAMED: usize = 10;

/// What was read of an `l:` line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logs {
    /// Those that can be stored, in the order of the line.
    pub entries: Vec<LogEntry>,
    /// What became of the others, if there are any.
    pub refused: Option<RefusedEntries>,
}

/// Entries that make no sense, among others that are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEntries {
    /// What is wrong with the first of them.
    pub first: ProtocolError,
    /// The places of the first ones in the line, from 1.
    places: Vec<usize>,
    count: usize,
    /// How many entries the line has.
    of: usize,
}

impl RefusedEntries {
    fn new(first: ProtocolError, of: usize) -> Self {
        Self { first, places: Vec::new(), count: 0, of }
    }

    fn add(&mut self, place: usize) {
        self.count += 1;
        if self.places.len() < MAX_NAMED {
            self.places.push(place);
        }
    }

    /// For `n:`: the places, and with a `+` how many more there are, as in `3,7` or `1,2,3,4,5,6,7,8,9,10,+85`.
    pub fn places(&self) -> String {
        let mut places: Vec<String> = self.places.iter().map(ToString::to_string).collect();
        if self.count > self.places.len() {
            places.push(format!("+{}", self.count - self.places.len()));
        }
        places.join(",")
    }

    /// For `ERR`: the first one's code and fault, and which they are.
    pub fn error(&self) -> ProtocolError {
        let places: Vec<String> = self.places.iter().map(ToString::to_string).collect();
        let noun = if self.count == 1 { "entry" } else { "entries" };
        let more = match self.count - self.places.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!(
            "{noun} {}{more} of {}: {}; the others are stored",
            places.join(", "),
            self.of,
            self.first.text
        );
        ProtocolError::new(self.first.code, text)
    }
}

/// Reads the payload of `l:`: an array of `{message, timestamp, level?, …}`, or one such object.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `too_many` or `bad_shape` when no entry can be told from another, or none of
/// them makes sense; then nothing of the line counts.
pub fn parse_logs(payload: &[u8]) -> Result<Logs> {
    let json = bare(payload)?;
    let whole = match checked(&json, limits::MAX_JSON_DEPTH) {
        Ok(text) => Piece::whole(text),
        Err(fault) => return salvage(&json, fault),
    };
    match whole.read()? {
        Shallow::Array(items) => {
            let items = items.items(limits::MAX_LOGS_PER_LINE);
            sort_out(at_most(items, limits::MAX_LOGS_PER_LINE, "log entries")?, log_entry)
        }
        Shallow::Object(object) => Ok(Logs { entries: vec![log_entry(object)?], refused: None }),
        _ => refuse(ErrorCode::BadShape, "l: takes an array of {message, timestamp, level}"),
    }
}

/// Not all of the line is JSON. Where its brackets match, each entry is read for itself.
fn salvage(json: &[u8], fault: ProtocolError) -> Result<Logs> {
    match elements(json, limits::MAX_LOGS_PER_LINE) {
        Some(items) => {
            let items = at_most(items, limits::MAX_LOGS_PER_LINE, "log entries")?;
            sort_out(items, |item| log_entry(Piece::whole(checked(item, limits::MAX_JSON_DEPTH)?)))
                .map_err(|_| fault)
        }
        None => Err(fault),
    }
}

/// With room for just as many: what is read may be kept for long.
fn sort_out<T>(items: Vec<T>, read: impl Fn(T) -> Result<LogEntry>) -> Result<Logs> {
    let count = items.len();
    let mut entries = Vec::with_capacity(count);
    let mut refused: Option<RefusedEntries> = None;
    for (place, item) in (1..).zip(items) {
        match read(item) {
            Ok(entry) => entries.push(entry),
            Err(error) => refused.get_or_insert_with(|| RefusedEntries::new(error, count)).add(place),
        }
    }
    match refused {
        Some(refused) if entries.is_empty() => Err(refused.first),
        refused => Ok(Logs { entries, refused }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, LogNote};

    fn read(json: &str) -> Logs {
        parse_logs(json.as_bytes()).unwrap()
    }

    fn notes(json: &str) -> Vec<String> {
        let logs = read(json);
        assert_eq!((logs.entries.len(), &logs.refused), (1, &None), "{json}");
        let fields = logs.entries[0].fields.as_deref().unwrap_or_default();
        log_notes(fields).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_entry_whose_time_cannot_be_read_is_kept_and_says_so() {
        for said in ["\"yesterday\"", "1e300", "true", "[2026]", "\"NaN\"", "99999999999999999999999999"] {
            let logs = read(&format!(r#"[{{"message":"m","timestamp":{said},"boss":7}}]"#));
            let [entry] = &logs.entries[..] else { panic!("{logs:?}") };
            assert_eq!((entry.at, entry.message.as_str()), (None, "m"), "{said}");
            let [LogNote::Time(_)] = log_notes(entry.fields.as_deref().unwrap())[..] else {
                panic!("{said}: {:?}", entry.fields)
            };
        }
        assert_eq!(
            notes(r#"{"message":"m","timestamp":"gestern"}"#),
            [r#"time not readable: "gestern"; shown at receipt"#]
        );
    }

    #[test]
    fn fields_of_an_older_row_are_shortened_as_if_they_were_new() {
        let long = "x".repeat(1_000_000);
        let short = shorten_fields(&format!(r#"{{"boss":7,"dump":"{long}"}}"#));
        assert!(short.contains(r#""boss":7"#) && short.len() < 100, "{short}");
        assert_eq!(log_notes(&short)[0].to_string(), "1 field too long: 1000006 bytes were left out");
        for odd in [format!("[\"{long}\"]"), format!("{{\"{long}"), long] {
            let [LogNote::LeftOut { bytes, .. }] = log_notes(&shorten_fields(&odd))[..] else {
                panic!("no note")
            };
            assert_eq!(bytes as usize, odd.len());
        }
    }

    #[test]
    fn what_says_nothing_needs_no_note() {
        for fields in ["", r#","timestamp":null,"level":null"#, r#","timestamp":"","level":" ""#] {
            let json = format!(r#"{{"message":"m"{fields}}}"#);
            assert_eq!(read(&json).entries[0].fields, None, "{json}");
        }
        // a readable one is no field either, and others of these names are somebody else's
        assert!(notes(r#"{"message":"m","timestamp":"2026-11-23","level":3,"the timestamp":1}"#).is_empty());
        assert!(notes(r#"{"message":"m","deep":{"timestamp":"x","message":{"cut":1}}}"#).is_empty());
    }

    #[test]
    fn a_level_that_cannot_be_read_is_info_and_says_so() {
        assert_eq!(notes(r#"{"message":"m","level":30}"#), ["level not readable: 30; shown as info"]);
        assert_eq!(read(r#"{"message":"m","level":30}"#).entries[0].level, Level::Info);
    }

    #[test]
    fn a_message_that_is_too_long_is_cut_between_characters() {
        let message = "é".repeat(limits::MAX_MESSAGE_BYTES / 2) + "éé";
        let logs = read(&serde_json::json!({ "message": message, "z": 1, "a": 2 }).to_string());
        let entry = &logs.entries[0];
        assert_eq!(entry.message.len(), limits::MAX_MESSAGE_BYTES);
        assert_eq!(entry.fields.as_deref(), Some(r#"{"a":2,"message":{"cut":4},"z":1}"#));
        let odd = "x".to_owned() + &"é".repeat(limits::MAX_MESSAGE_BYTES / 2);
        let logs = read(&serde_json::json!({ "message": odd }).to_string());
        assert_eq!(logs.entries[0].message.len(), limits::MAX_MESSAGE_BYTES - 1);
        assert_eq!(log_notes(logs.entries[0].fields.as_deref().unwrap()), [LogNote::Cut(2)]);
    }

    #[test]
    fn fields_that_are_too_long_are_left_out_and_counted() {
        let long = "x".repeat(limits::MAX_LOG_FIELDS_BYTES);
        let logs = read(&serde_json::json!({ "message": "m", "dump": long, "boss": 7 }).to_string());
        // the name, and the value with its quotes
        let bytes = limits::MAX_LOG_FIELDS_BYTES + 6;
        let fields = logs.entries[0].fields.as_deref().unwrap();
        assert_eq!(fields, format!(r#"{{"boss":7,"message":{{"bytes":{bytes},"fields":1}}}}"#));
        assert_eq!(
            log_notes(fields)[0].to_string(),
            format!("1 field too long: {bytes} bytes were left out")
        );
        // one that says when or how bad it was is no exception
        let logs = read(&serde_json::json!({ "message": "m", "timestamp": long, "level": long }).to_string());
        let notes = log_notes(logs.entries[0].fields.as_deref().unwrap());
        assert!(matches!(notes[..], [LogNote::LeftOut { fields: 2, .. }]), "{notes:?}");
    }

    #[test]
    fn the_character_zero_is_replaced_and_a_message_that_is_no_text_is_kept() {
        assert_eq!(
            notes(r#"{"message":"a\u0000b"}"#),
            ["1 character U+0000 in the message is shown as \u{fffd}"]
        );
        for (said, message) in [("null", "null"), ("7", "7"), (r#"{"b":1,"a":[]}"#, r#"{"a":[],"b":1}"#)] {
            assert_eq!(read(&format!(r#"[{{"message":{said}}}]"#)).entries[0].message, message);
        }
    }

    #[test]
    fn what_makes_no_sense_goes_alone_and_is_named() {
        for (bad, code) in [
            ("7", ErrorCode::BadShape),
            ("null", ErrorCode::BadShape),
            ("[]", ErrorCode::BadShape),
            (r#"{"level":"info"}"#, ErrorCode::BadShape),
            (r#"{"message":NaN}"#, ErrorCode::BadJson),
            (r#"{"message":"\ud800"}"#, ErrorCode::BadJson),
            (r#"{"message":"a","x":01}"#, ErrorCode::BadJson),
            ("", ErrorCode::BadJson),
            (&format!(r#"{{"message":"a","x":{}{}}}"#, "[".repeat(40), "]".repeat(40)), ErrorCode::TooDeep),
            (&format!(r#"{{"message":"a","x":{}{}}}"#, "[".repeat(400), "]".repeat(400)), ErrorCode::TooDeep),
        ] {
            let logs =
                read(&format!(r#"[{{"message":"one"}},{{"message":"two"}},{bad},{{"message":"four"}}]"#));
            let messages: Vec<&str> = logs.entries.iter().map(|entry| entry.message.as_str()).collect();
            assert_eq!(messages, ["one", "two", "four"], "{bad}");
            let refused = logs.refused.unwrap();
            assert_eq!((refused.error().code, refused.places().as_str()), (code, "3"), "{bad}");
            let text = refused.error().text;
            assert!(
                text.starts_with("entry 3 of 4: ") && text.ends_with("; the others are stored"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_broken_encoding_takes_one_entry_along() {
        let logs = parse_logs(b"[{\"message\":\"one\"},{\"message\":\"\xff\"}]").unwrap();
        assert_eq!((logs.entries.len(), logs.refused.unwrap().places().as_str()), (1, "2"));
    }

    #[test]
    fn where_no_entry_makes_sense_or_none_can_be_told_the_line_is_refused() {
        for (json, code) in [
            (r#"[{"level":"info"}]"#, ErrorCode::BadShape),
            (r#"{"level":"info"}"#, ErrorCode::BadShape),
            (r#"[{"message":NaN}]"#, ErrorCode::BadJson),
            (r#"[{"message":"one"},{"message":"two"#, ErrorCode::BadJson),
            (r#"[{"message":"one"},{"message":"two"]"#, ErrorCode::BadJson),
            (r#"[{"message":"one"}] 7"#, ErrorCode::BadJson),
        ] {
            assert_eq!(parse_logs(json.as_bytes()).unwrap_err().code, code, "{json}");
        }
    }

    #[test]
    fn of_many_refused_entries_the_first_are_named() {
        let bad = vec!["7"; 95].join(",");
        let refused = read(&format!(r#"[{bad},{{"message":"m"}}]"#)).refused.unwrap();
        assert_eq!(refused.places(), "1,2,3,4,5,6,7,8,9,10,+85");
        let error = refused.error().text;
        assert!(error.starts_with("entries 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 85 more of 96: "), "{error}");
    }
}
