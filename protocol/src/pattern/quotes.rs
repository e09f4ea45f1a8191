//! Quoted texts.

use super::shape::HOLE;

/// Opening quotes with those that close them.
const PAIRS: [(char, &[char]); 9] = [
    ('"', &['"']),
    ('`', &['`']),
    ('\'', &['\'']),
    ('\u{201c}', &['\u{201d}']),
    ('\u{201e}', &['\u{201c}', '\u{201d}']),
    ('\u{2018}', &['\u{2019}']),
    ('\u{ab}', &['\u{bb}']),
    ('\u{300c}', &['\u{300d}']),
    ('\u{300e}', &['\u{300f}']),
];

/// Whether it opens or closes a quoted text.
pub(super) fn is_quote(c: char) -> bool {
    PAIRS.iter().any(|(open, close)| *open == c || close.contains(&c))
}

/// Finds the ends of quoted texts. It remembers which kinds have no end any more, so that a text is read once for each kind.
#[derive(Default)]
pub(super) struct Quotes {
    without_end: [bool; PAIRS.len()],
}

impl Quotes {
    /// Bytes up to behind the closing quote, if the text begins with a quoted one. `is_behind_word`: a letter, a digit or a
    /// hole is before it, so that `'` is an apostrophe.
    pub(super) fn length(&mut self, text: &str, is_behind_word: bool) -> Option<usize> {
        let open = text.chars().next()?;
        let kind = PAIRS.iter().position(|(opening, _)| *opening == open)?;
        let may_be_apostrophe = matches!(open, '\'' | '\u{2018}');
        if self.without_end[kind] || may_be_apostrophe && is_behind_word {
            return None;
        }
        let end = end(&text[open.len_utf8()..], PAIRS[kind].1, may_be_apostrophe);
        self.without_end[kind] = end.is_none();
        end.map(|end| open.len_utf8() + end)
    }
}

/// Bytes up to behind the first of these quotes. An apostrophe ends nothing in the middle of a word.
fn end(text: &str, close: &[char], may_be_apostrophe: bool) -> Option<usize> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next_if(|(_, c)| is_escaped(*c));
        } else if close.contains(&c) {
            let behind = at + c.len_utf8();
            if !(may_be_apostrophe && begins_with_word(&text[behind..])) {
                return Some(behind);
            }
        }
    }
    None
}

/// Whether a backslash before it takes its meaning away.
pub(super) fn is_escaped(c: char) -> bool {
    c == '\\' || is_quote(c)
}

fn begins_with_word(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric) || text.starts_with(HOLE)
}
