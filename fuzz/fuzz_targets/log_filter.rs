//! The log filter: reading it and matching never fail on any text, a fault is underlined where it is, a filter reads back
//! from what it prints, filters are joined by AND and by OR, `-` is the opposite, what stands in a message is found in it,
//! and what passes has what the filter says that it needs.
//!
//! Input, a line each: the filter, another one, the device, the fields; then the message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{
    filter::{Candidate, Filter, Need},
    limits::MAX_FILTER_BYTES,
    model::{Level, UnixMicros},
};

const NOW: UnixMicros = UnixMicros(1_795_348_800_000_000);
const HOUR: i64 = 3_600_000_000;

fuzz_target!(|input: &str| {
    let mut lines = input.splitn(5, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (first, second, device, fields, message) = (next(), next(), next(), next(), next());
    for (level, hours) in [(Level::Info, 0), (Level::Error, 1)] {
        let received = UnixMicros(NOW.0 - hours * HOUR);
        let fields = Some(fields).filter(|fields| !fields.is_empty());
        let line = Candidate { level, message, fields, device, received };
        check_filters(first, second, &line);
        check_found(first, &line);
    }
});

/// What the filter says of the line; `None` for one that can't be read.
fn passes(text: &str, line: &Candidate<'_>) -> Option<bool> {
    match Filter::parse(text) {
        Ok(filter) => {
            let passes = filter.matches(line, NOW);
            assert!(passes || !filter.is_empty(), "the empty filter lets everything through");
            assert!(!passes || has(&filter.needs(NOW), line), "{filter} needs more than passes");
            let printed = filter.to_string();
            if printed.len() <= MAX_FILTER_BYTES {
                assert_eq!(Filter::parse(&printed).as_ref(), Ok(&filter), "{printed}");
            }
            Some(passes)
        }
        Err(error) => {
            assert!(error.start < error.end, "something is underlined: {error:?}");
            assert!(text.get(error.start..error.end).is_some(), "inside the text: {error:?}");
            assert!(!error.text.is_empty());
            None
        }
    }
}

/// Whether a line has what a filter needs. A text is looked for by a filter of its own.
fn has(need: &Need<'_>, line: &Candidate<'_>) -> bool {
    match need {
        Need::All(needs) => needs.iter().all(|need| has(need, line)),
        Need::Any(needs) => needs.iter().any(|need| has(need, line)),
        Need::Text(text) => {
            let quoted = if text.contains('"') { format!("“{text}”") } else { format!("\"{text}\"") };
            Filter::parse(&quoted).map_or(true, |filter| filter.matches(line, NOW) || text.contains('”'))
        }
        Need::Level { from, to } => (*from..=*to).contains(&line.level),
        Need::Device(pattern) => pattern.matches(line.device),
        Need::Since(time) => line.received >= *time,
        Need::Before(time) => line.received < *time,
    }
}

fn check_filters(first: &str, second: &str, line: &Candidate<'_>) {
    let (a, b) = (passes(first, line), passes(second, line));
    // a slash in each of them may become a regular expression of both
    let has_slash = first.contains('/') || second.contains('/');
    if let (Some(a), Some(b), false) = (a, b, has_slash) {
        let is_blank = first.trim().is_empty() || second.trim().is_empty();
        // together they may be beyond a limit
        if let Some(both) = passes(&format!("({first}) ({second})"), line) {
            assert_eq!(both, a && b, "AND");
        }
        if let Some(either) = passes(&format!("({first}) OR ({second})"), line) {
            assert!(!is_blank);
            assert_eq!(either, a || b, "OR");
        }
        if let Some(opposite) = passes(&format!("-({first})"), line) {
            assert_eq!(opposite, !a, "the opposite");
        }
    }
    if !has_slash {
        let louder = line.message.to_ascii_uppercase();
        let louder = Candidate { message: &louder, ..*line };
        assert_eq!(passes(first, &louder), a, "case does not matter");
    }
}

/// Any part of a message, in quotes, finds it.
fn check_found(part: &str, line: &Candidate<'_>) {
    if part.contains('"') || part.is_empty() || part.len() + 2 > MAX_FILTER_BYTES {
        return;
    }
    let message = format!("{}{part}{}", line.message, line.device);
    assert_eq!(passes(&format!("\"{part}\""), &Candidate { message: &message, ..*line }), Some(true));
}
