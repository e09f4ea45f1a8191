//! Log lines as plain text: for the clipboard, and to measure a message.

use protocol::model::LogLine;

use crate::{ansi, format};

/// Time, level, device and message, separated by tabs; on one row, whatever the message contains.
pub fn log_text(line: &LogLine, device: &str, minutes_east: i32) -> String {
    let time = format::stamp(line.at, minutes_east);
    let message = one_row(&ansi::plain(&line.message));
    format!("{time}\t{}\t{}\t{message}", line.level, one_row(device))
}

fn one_row(text: &str) -> String {
    text.replace("\r\n", "⏎").replace(['\n', '\r'], "⏎").replace('\t', " ")
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
