//! A message without what is only about its looks.

/// Longest text that a terminal is told beside what it shows, such as a title, in bytes.
const MAX_TOLD_BYTES: usize = 512;

/// Without the escape sequences of terminals, and with one blank for each run of blanks and control characters.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if matches!(c, '\u{1b}' | '\u{9b}') {
            rest = behind_escape(rest);
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if !(c.is_whitespace() || c.is_control()) {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

/// What follows the escape sequence at the beginning (ECMA-48, 5.4 and 5.6).
fn behind_escape(text: &str) -> &str {
    if let Some(parameters) = text.strip_prefix("\u{1b}[").or_else(|| text.strip_prefix('\u{9b}')) {
        let end = parameters.trim_start_matches(|c: char| matches!(c, ' '..='?'));
        return end.strip_prefix(|c: char| matches!(c, '@'..='~')).unwrap_or(end);
    }
    let rest = &text['\u{1b}'.len_utf8()..];
    if let Some(told) = rest.strip_prefix([']', 'P', 'X', '^', '_']) {
        let head = &told[..told.floor_char_boundary(MAX_TOLD_BYTES)];
        return match head.find(['\u{7}', '\u{1b}']) {
            Some(end) if head[end..].starts_with('\u{7}') => &told[end + 1..],
            Some(end) => told[end + 1..].strip_prefix('\\').unwrap_or(&told[end..]),
            None => told,
        };
    }
    let end = rest.trim_start_matches(|c: char| matches!(c, ' '..='/'));
    end.strip_prefix(|c: char| matches!(c, '0'..='~')).unwrap_or(end)
}
