//! What a word is. Both databases' index, and what is searched in it, follow this rule.
//!
//! A text is first made plain, character by character: compatibility forms are decomposed (NFKD: `ﬁ` is `fi`, `Ａ` is `A`),
//! accents dropped, and letters put into lower case. A word is then a run of letters, digits and `_`. So `boss_spawn` is one
//! word and is found by `boss`, `-1.5` is two, and a Chinese sentence is one in which any part is found.
//!
//! Each character is made plain for itself, so part of a text stays part of the text. The rule only has to forget at least
//! as much as the filter does: what the filter takes for the same must be the same here.

use protocol::model::{DeviceId, Level};
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Replaces `plain` by the text's plain form.
pub(super) fn make_plain(text: &str, plain: &mut String) {
    plain.clear();
    if text.is_ascii() {
        plain.push_str(text);
        plain.make_ascii_lowercase();
        return;
    }
    for char in text.chars() {
        if char.is_ascii() {
            plain.push(char.to_ascii_lowercase());
            continue;
        }
        decompose_compatible(char, |part| {
            if !is_combining_mark(part) {
                plain.extend(part.to_lowercase().filter(|lower| !is_combining_mark(*lower)));
            }
        });
    }
}

/// The words of a plain text.
pub(super) fn words(plain: &str) -> impl Iterator<Item = &str> {
    plain.split(|char: char| !is_of_word(char)).filter(|word| !word.is_empty())
}

fn is_of_word(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_alphanumeric() || char == '_' } else { char.is_alphanumeric() }
}

/// What a line must have in its words to have `text` somewhere: each of these is a word or a part of one. None for a text
/// without letters and digits.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let mut plain = String::new();
    make_plain(text, &mut plain);
    words(&plain).map(str::to_owned).collect()
}

/// Stands among the words of a block for its lines of that level. It is no word.
pub(crate) fn tag_of_level(level: Level) -> String {
    format!("#{}", level as i32)
}

/// The same for lines of that device.
pub(crate) fn tag_of_device(device: DeviceId) -> String {
    format!("@{}", device.0)
}

/// The JSON text with its escapes (`\n`, `\u00e9`) replaced by the characters that they stand for; `None` when it has none.
pub(super) fn unescaped(json: &str) -> Option<String> {
    let mut rest = json;
    let mut text = String::new();
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (char, bytes) = escape(&rest[at..]);
        text.push(char);
        rest = &rest[at + bytes..];
    }
    (!text.is_empty() || rest.len() < json.len()).then(|| text + rest)
}

/// The character of the escape at the beginning of a text, and its length in bytes.
fn escape(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    if !text.starts_with("\\u") {
        // letters such as the n of a line's end are no part of a word
        let escaped = text[1..].chars().next();
        let char = escaped.filter(|char| !char.is_ascii_alphabetic()).unwrap_or(' ');
        return (char, 1 + escaped.map_or(0, char::len_utf8));
    }
    let Some(first) = unit(2) else { return (' ', 2) };
    if let Some(char) = char::from_u32(first) {
        return (char, 6);
    }
    // half of a pair, with the other half behind it
    let second = text.get(6..8).filter(|escape| *escape == "\\u").and_then(|_| unit(8));
    let pair = second.and_then(|second| u16::try_from(second).ok()).zip(u16::try_from(first).ok());
    let decoded = pair.and_then(|(second, first)| char::decode_utf16([first, second]).next()?.ok());
    decoded.map_or((' ', 6), |char| (char, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut plain = "what was there before".to_owned();
        make_plain(text, &mut plain);
        plain
    }

    #[test]
    fn words_are_told_apart_as_people_write_them() {
        for (text, expected) in [
            ("Boss_Spawn HTTP2 at (-1.5)", &["boss_spawn", "http2", "at", "1", "5"][..]),
            ("Caf\u{e9} CAFE\u{301}", &["cafe", "cafe"]),
            ("ﬁne Ａ１ STRAẞE", &["fine", "a1", "straße"]),
            ("魔王が現れた！Boss登場", &["魔王か現れた", "boss登場"]),
            ("-> !? 🦀", &[]),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_plain_stays_as_it_is() {
        for char in '\0'..=char::MAX {
            let once = plain(&char.to_string());
            assert_eq!(plain(&once), once, "{char:?}");
        }
    }

    #[test]
    fn part_of_a_text_stays_part_of_it() {
        let text = "ΟΔΟΣ e\u{301}\u{323} Ｂoss_Spawn STRAẞE \u{212a} ﬁ İ 魔王が";
        let starts = || text.char_indices().map(|(at, _)| at);
        for from in starts() {
            for to in starts().filter(|to| *to > from) {
                assert!(plain(text).contains(&plain(&text[from..to])), "{:?}", &text[from..to]);
            }
        }
    }

    #[test]
    fn escapes_of_json_are_what_they_stand_for() {
        assert_eq!(unescaped(r#"{"room":"hall"}"#), None);
        let json = r#"{"a":"caf\u00e9\nbar","b":"\ud83e\udd80 \ud83e x \u00","c":"\\d\"e"}"#;
        let text = unescaped(json).unwrap();
        for part in ["café bar", "🦀", " x ", "\\d\"e"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(unescaped("\\").unwrap(), " ");
        assert_eq!(unescaped("\\é").unwrap(), "é");
    }
}
