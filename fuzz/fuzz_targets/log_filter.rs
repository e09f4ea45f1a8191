//! The log filter: reading it and matching never fail on any text, a fault is underlined where it is, terms are
//! joined by AND, `-` is the opposite, and what stands in a message is found in it.
//!
//! Input, a line each: the filter, another one, the device, the fields; then the message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{
    filter::{Candidate, Filter},
    limits::MAX_FILTER_BYTES,
    model::Level,
};

fuzz_target!(|input: &str| {
    let mut lines = input.splitn(5, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (first, second, device, fields, message) = (next(), next(), next(), next(), next());
    for level in [Level::Info, Level::Error] {
        let line = Candidate { level, message, fields: Some(fields).filter(|f| !f.is_empty()), device };
        check_filters(first, second, &line);
        check_found(first, &line);
    }
});

/// What the filter says of the line; `None` for one that can't be read.
fn passes(filter: &str, line: &Candidate<'_>) -> Option<bool> {
    match Filter::parse(filter) {
        Ok(filter) => {
            let passes = filter.matches(line);
            assert!(passes || !filter.is_empty(), "the empty filter lets everything through");
            Some(passes)
        }
        Err(error) => {
            assert!(error.start < error.end, "something is underlined: {error:?}");
            assert!(filter.get(error.start..error.end).is_some(), "inside the text: {error:?}");
            assert!(!error.text.is_empty());
            None
        }
    }
}

fn check_filters(first: &str, second: &str, line: &Candidate<'_>) {
    let (a, b) = (passes(first, line), passes(second, line));
    if let (Some(a), Some(b)) = (a, b) {
        // together they may be too long, or read as `level > warn`, which is answered with how to write it
        if let Some(both) = passes(&format!("{first} {second}"), line) {
            assert_eq!(both, a && b, "AND");
        }
    }
    let word = first.trim();
    let is_one_term = !word.is_empty()
        && !word.starts_with(['-', '!'])
        && !word.contains(['"', '“'])
        && !word.contains(char::is_whitespace);
    if is_one_term && word.len() < MAX_FILTER_BYTES {
        assert_eq!(passes(&format!("-{word}"), line), a.map(|passes| !passes), "the opposite");
    }
    let louder = line.message.to_ascii_uppercase();
    let louder = Candidate { message: &louder, ..*line };
    assert_eq!(passes(first, &louder), a, "case does not matter");
}

/// Any part of a message, in quotes, finds it.
fn check_found(part: &str, line: &Candidate<'_>) {
    if part.contains('"') || part.is_empty() || part.len() + 2 > MAX_FILTER_BYTES {
        return;
    }
    let message = format!("{}{part}{}", line.message, line.device);
    assert_eq!(passes(&format!("\"{part}\""), &Candidate { message: &message, ..*line }), Some(true));
}
