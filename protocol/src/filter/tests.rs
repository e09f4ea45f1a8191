//! What filters find, what they refuse, and what holds for all of them.

mod faults;
mod found;
mod properties;

use super::*;
use crate::model::Level;

/// 2026-11-22T12:00:00Z
const NOW: UnixMicros = UnixMicros(1_795_348_800_000_000);
const MINUTE: i64 = 60_000_000;

/// A line of a second ago.
fn line<'a>(message: &'a str, fields: Option<&'a str>) -> Candidate<'a> {
    let received = UnixMicros(NOW.0 - MINUTE / 60);
    Candidate { level: Level::Warn, message, fields, device: "Pixel 7", received }
}

fn read(filter: &str) -> Filter {
    Filter::parse(filter).unwrap_or_else(|fault| panic!("{filter}: {fault}"))
}

fn passes(filter: &str, message: &str) -> bool {
    read(filter).matches(&line(message, Some(r#"{"tag":"AI"}"#)), NOW)
}
