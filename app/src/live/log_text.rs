//! Log lines as plain text: for the clipboard, and to measure a message.

use protocol::model::LogLine;

use super::log_look::Dedup;
use crate::{ansi, format};

/// Characters of a message in a list; the rest is folded.
const FOLDED_CHARS: usize = 1_000;

/// Time, level, device and message, separated by tabs; on one row, whatever the message contains.
pub fn log_text(line: &LogLine, device: &str, minutes_east: i32) -> String {
    let time = format::stamp(line.at, minutes_east);
    let message = one_row(&ansi::plain(&line.message));
    format!("{time}\t{}\t{}\t{message}", line.level, one_row(device))
}

fn one_row(text: &str) -> String {
    text.replace("\r\n", "⏎").replace(['\n', '\r'], "⏎").replace('\t', " ")
}

/// The beginning of a message that is too long for a list; `None`: it is short enough.
pub fn folded(message: &str) -> Option<&str> {
    let (end, _) = message.char_indices().nth(FOLDED_CHARS)?;
    message.get(..end)
}

/// Control characters as signs that can be seen; line breaks and tabs stay.
pub fn visible(text: &str) -> String {
    let sign = |c: char| match c {
        '\n' | '\r' | '\t' => c,
        // the pictures of control characters have the same order
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
        _ => c,
    };
    text.chars().map(sign).collect()
}

/// Whether a line says the same as an earlier one of its device.
pub fn is_repeat(line: &LogLine, earlier: &LogLine, dedup: Dedup) -> bool {
    let is_alike = line.device == earlier.device && line.level == earlier.level;
    is_alike
        && match dedup {
            Dedup::None => false,
            Dedup::Exact => line.message == earlier.message && line.fields == earlier.fields,
            Dedup::Numbers => without_numbers(&line.message).eq(without_numbers(&earlier.message)),
        }
}

/// A text with a `0` for each number.
fn without_numbers(text: &str) -> impl Iterator<Item = char> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let first = chars.next()?;
        if !first.is_ascii_digit() {
            return Some(first);
        }
        while chars.next_if(|c| c.is_ascii_digit() || *c == '.').is_some() {}
        Some('0')
    })
}

/// How many rows a message takes in a fixed-width font, if it can break anywhere.
pub fn text_height(message: &str, columns: u32) -> u32 {
    let columns = columns.max(1);
    if message.len() <= columns as usize && !message.contains('\n') {
        return 1;
    }
    let height = |row: &str| {
        let (mut rows, mut at) = (1, 0);
        for width in row.chars().map(width) {
            if at + width > columns {
                (rows, at) = (rows + 1, 0);
            }
            at += width;
        }
        rows
    };
    ansi::plain(message).split('\n').map(height).sum()
}

/// The columns of a character. If in doubt the larger number: too much room is better than too little.
const fn width(c: char) -> u32 {
    match c {
        '\t' => 8,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe0f}' => 0,
        '\0'..='\u{10ff}' => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::{Level, UnixMicros};

    use super::super::fixture::line;
    use super::*;

    #[test]
    fn a_line_is_one_row_of_four_columns() {
        let at = UnixMicros::parse_rfc3339("2026-07-15T12:00:00.118Z").unwrap();
        let line = LogLine { at, ..line(1, Level::Warn, "\u{1b}[31mtwo\u{1b}[0m\nrows\tof it") };
        assert_eq!(
            log_text(&line, "Ana's phone", 120),
            "2026-07-15 14:00:00.118\twarn\tAna's phone\ttwo⏎rows of it"
        );
    }

    #[test]
    fn lines_repeat_each_other_in_all_or_in_all_but_numbers() {
        let said = |message: &str, fields: Option<&str>| LogLine {
            fields: fields.map(str::to_owned),
            ..line(1, Level::Info, message)
        };
        let first = said("hp 10 of 12.50 left", Some("{}"));
        for (other, exact, numbers) in [
            (said("hp 10 of 12.50 left", Some("{}")), true, true),
            (said("hp 10 of 12.50 left", None), false, true),
            (said("hp 7 of 100 left", Some("{}")), false, true),
            (said("hp seven of 100 left", Some("{}")), false, false),
            (LogLine { level: Level::Warn, ..first.clone() }, false, false),
            (LogLine { device: protocol::model::DeviceId(2), ..first.clone() }, false, false),
        ] {
            assert_eq!(is_repeat(&other, &first, Dedup::Exact), exact, "{other:?}");
            assert_eq!(is_repeat(&other, &first, Dedup::Numbers), numbers, "{other:?}");
            assert!(!is_repeat(&other, &first, Dedup::None));
        }
    }

    #[test]
    fn a_long_message_is_folded_and_control_characters_are_seen() {
        let long = "ä".repeat(FOLDED_CHARS + 1);
        assert_eq!(folded(&long).map(|text| text.chars().count()), Some(FOLDED_CHARS));
        assert_eq!(folded(&long[..2 * FOLDED_CHARS]), None);
        assert_eq!(visible("a\0b\u{7}\tc\u{7f}\u{85}\n"), "a␀b␇\tc␡\u{fffd}\n");
    }

    #[test]
    fn a_message_takes_as_many_rows_as_it_fills() {
        assert_eq!(text_height("", 10), 1);
        assert_eq!(text_height(&"x".repeat(10), 10), 1);
        assert_eq!(text_height(&"x".repeat(11), 10), 2);
        assert_eq!(text_height("a\nb", 10), 2);
        assert_eq!(text_height("\u{1b}[31m0123456789\u{1b}[0m", 10), 1);
        assert_eq!(text_height("世界世界世", 5), 3, "two columns each, and none of them is cut");
        assert_eq!(text_height("xx", 0), 2);
    }
}
