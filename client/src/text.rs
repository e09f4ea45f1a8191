//! Untrusted text on a terminal: it must not move the cursor, clear the screen or hide.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Most clauses of one sentence.
const MAX_CLAUSES: usize = 5;

/// Replaces control characters with visible ones: `␊` for a line feed, `␛` for escape.
///
/// Bidirectional control characters are shown as code points, because they can make one text look like another.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\u{0}'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => shown.push('␡'),
            _ if is_hidden(c) => shown.push_str(&format!("<U+{:04X}>", u32::from(c))),
            _ => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// JSON on one line, escaping characters that are valid in JSON but that a terminal would obey.
pub(crate) fn visible_json(json: &serde_json::Value) -> String {
    let json = json.to_string();
    if !json.chars().any(is_hidden) {
        return json;
    }
    // they only occur in strings, where an escape means the same
    let escaped = |c: char| {
        if is_hidden(c) { Cow::Owned(format!("\\u{:04x}", u32::from(c))) } else { Cow::Owned(c.to_string()) }
    };
    json.chars().map(escaped).collect::<Vec<Cow<'_, str>>>().concat()
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Cuts the text to this many columns, with `…` at the end.
pub(crate) fn cut(text: &str, max_columns: usize) -> Cow<'_, str> {
    if text.width() <= max_columns {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut columns) = (String::new(), 1);
    for c in text.chars() {
        columns += c.width().unwrap_or(0);
        if columns > max_columns {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    Cow::Owned(kept)
}

/// The clauses of a sentence, and how many more there are.
pub(crate) fn list(clauses: &[String]) -> String {
    let more = clauses.len().saturating_sub(MAX_CLAUSES);
    let end = if more > 0 { format!(", and {more} more") } else { String::new() };
    clauses[..clauses.len() - more].join(", ") + &end
}

/// `1 game`, `2 games`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_seen_and_not_obeyed() {
        assert_eq!(visible("a\u{1b}[2Jb\r\nc\0\u{7f}"), "a␛[2Jb␍␊c␀␡");
        assert_eq!(visible("\u{9b}2J \u{202e}txt"), "<U+009B>2J <U+202E>txt");
        assert!(matches!(visible("Grüße, 世界 🎮"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_keeps_its_meaning() {
        let json = serde_json::json!({"message": "a\u{1b}\u{9b}\u{7f}\u{202e}\n"});
        let shown = visible_json(&json);
        assert!(!shown.chars().any(is_hidden), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
    }

    #[test]
    fn text_is_cut_by_columns() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        // each of these takes two columns
        assert_eq!(cut("世界世界", 5), "世界…");
        assert_eq!(cut("世界世界", 8), "世界世界");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!((count(1, "game"), count(0, "game")), ("1 game".to_owned(), "0 games".to_owned()));
    }
}
