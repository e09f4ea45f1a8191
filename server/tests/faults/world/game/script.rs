//! What a game says: line after line, each known from its number alone, so that nothing has to be remembered to
//! send it again, or to tell from the database whether it is there.

use super::{Dialect, Settings};

/// Every so many lines is a report; the others are log lines.
const REPORT_EVERY: u64 = 8;

/// How many log entries line `number` has, each with the message `<name> <line> <entry>`. One with none is a report: the
/// variable `counter` has the line's number. Numbers begin with 1, and so with a report, which declares the variables.
pub fn entries_of(number: u64) -> u64 {
    match number % REPORT_EVERY {
        _ if number == 0 => 0,
        1 => 0,
        rest => 1 + rest % 3,
    }
}

/// The bytes of line `number`.
pub fn write(settings: &Settings, number: u64, out: &mut Vec<u8>) {
    let Settings { key, name, .. } = settings;
    let seq = match settings.dialect {
        Dialect::Acknowledged => format!(":{number}"),
        Dialect::Original => String::new(),
    };
    let text = match entries_of(number) {
        0 => {
            let speed = r#"{"name":"speed","type":"integer","value":0}"#;
            let counter = format!(r#"{{"name":"counter","type":"integer","value":{number}}}"#);
            format!("i:{key}{seq}:[{speed},{counter}]\n")
        }
        entries => {
            let entries: Vec<String> =
                (0..entries).map(|entry| format!(r#"{{"message":"{name} {number} {entry}"}}"#)).collect();
            format!("l:{key}{seq}:[{}]\n", entries.join(","))
        }
    };
    out.extend_from_slice(text.as_bytes());
}
