//! What log entries say, apart from what differs each time: entries with the same pattern belong together.
//!
//! Numbers, ids and quoted texts are replaced by [`HOLE`], escape sequences of terminals are dropped, and each run of blanks
//! is one blank. The rule, which docs/log-filter.md tells people:
//!
//! - A **number** is a run of digits with what belongs to it: a sign, a point, an exponent, a date's and a time's signs.
//!   Letters around it stay: `level3` is `level<*>`, `12ms` is `<*>ms`.
//! - An **id** is a UUID, an address of a network, digits behind `0x`, or a run of ASCII letters and digits that has at least
//!   eight characters and is hexadecimal, or begins with a digit and has two runs of them, or has three.
//! - A **quoted text** goes with its quotes. If the whole message is JSON, the names in it stay.
//! - Holes with nothing but a few signs between them are one: `(1, 2, 3)` is `(<*>)`.
//!
//! ```
//! use protocol::{model::Level, pattern};
//!
//! let text = pattern::of("player \"Ann\" left after 12.5 s");
//! assert_eq!(text, "player <*> left after <*> s");
//! assert_eq!(text, pattern::of("player \"Ben\" left after 7 s"));
//! assert_eq!(pattern::filter(Level::Warn, &text), "level=warn message:*player*left*after*s*");
//! ```

mod ids;
mod plain;
mod quotes;
mod reader;
mod shape;
#[cfg(test)]
mod tests;
mod writer;

pub use self::shape::{HOLE, MAX_BYTES};
use self::{plain::plain, reader::Reader, writer::Writer};
use crate::model::Level;

/// How much of a message is looked at, in bytes.
pub const MAX_LOOKED_AT_BYTES: usize = 4 * 1024;
/// Bytes of words in a pattern's filter: each of them is looked for.
const MAX_FILTER_BYTES: usize = 200;

/// The pattern of a message. In time that is linear in the part that is looked at.
pub fn of(message: &str) -> String {
    let head = &message[..message.floor_char_boundary(MAX_LOOKED_AT_BYTES)];
    let plain = plain(head);
    let mut writer = Writer::default();
    Reader::new(&plain).read(&mut writer);
    writer.finish()
}

/// A log filter that lets the lines of a pattern through. Others may pass too: it asks for the words, in their order.
pub fn filter(level: Level, pattern: &str) -> String {
    let mut words = String::from("*");
    for c in pattern.replace(HOLE, " ").chars() {
        if words.len() >= MAX_FILTER_BYTES {
            break;
        }
        match c {
            c if c.is_alphanumeric() || c == '_' => words.push(c),
            _ if words.ends_with('*') => {}
            _ => words.push('*'),
        }
    }
    if words == "*" {
        return format!("level={level}");
    }
    if !words.ends_with('*') {
        words.push('*');
    }
    format!("level={level} message:{words}")
}
