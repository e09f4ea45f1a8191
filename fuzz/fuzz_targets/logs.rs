//! Log entries: read within every limit, and the same after being written and read again.
//!
//! Input: the payload of an `l:`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_text, game, read_payload};
use protocol::{
    limits,
    line::parse_logs,
    live,
    model::{LogEntry, UnixMicros},
};

fuzz_target!(|payload: &[u8]| {
    let Some(entries) = read_payload(payload, parse_logs) else { return };
    assert!(entries.len() <= limits::MAX_LOGS_PER_LINE);
    entries.iter().for_each(check_entry);
    let said_again = game::log_json(&entries);
    assert_eq!(parse_logs(said_again.as_bytes()).as_ref(), Ok(&entries), "{said_again}");
    assert_eq!(live::parse::<Vec<LogEntry>>(&live::encode(&entries)), Ok(entries), "in the browser");
});

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
