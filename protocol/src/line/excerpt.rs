//! The beginning of a line → what people may read of it.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use crate::limits::KEY_BYTES;

/// Longest excerpt, in characters.
const MAX_CHARACTERS: usize = 120;
/// As much of a line as is looked at: more than an excerpt shows, so that a key which an excerpt's end would cut is whole.
const LOOK_AT_BYTES: usize = 256;
/// Stands for what is left out.
const LEFT_OUT: &str = "…";

/// What people may read of a line that was refused: its beginning, with keys and what a game says of itself left out. A payload
/// in base64 is shown as the JSON that it is.
pub fn excerpt(line: &[u8]) -> String {
    match line {
        [b'v' | b'h', b':', ..] => format!("{}:{LEFT_OUT}", char::from(line[0])),
        [verb @ (b'i' | b'l' | b'r'), b':', rest @ ..] => {
            let rest = match rest.get(KEY_BYTES) {
                Some(b':') => &rest[KEY_BYTES + 1..],
                // not where a key ends: whatever comes before the JSON may be a part of one
                _ => memchr::memchr2(b'[', b'{', rest).map_or(&[][..], |start| &rest[start..]),
            };
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            match rest.get(digits) {
                Some(b':') if (1..=20).contains(&digits) => {
                    let (number, payload) = (String::from_utf8_lossy(&rest[..digits]), &rest[digits + 1..]);
                    shown(&format!("{}:{LEFT_OUT}:{number}:", char::from(*verb)), payload)
                }
                _ => shown(&format!("{}:{LEFT_OUT}:", char::from(*verb)), rest),
            }
        }
        other => shown("", other),
    }
}

/// The excerpt of a line whose parts were told apart already.
pub fn excerpt_of_content(verb: char, seq: Option<u64>, payload: &[u8]) -> String {
    match seq {
        Some(seq) => shown(&format!("{verb}:{LEFT_OUT}:{seq}:"), payload),
        None => shown(&format!("{verb}:{LEFT_OUT}:"), payload),
    }
}

fn shown(head: &str, payload: &[u8]) -> String {
    let start = &payload[..payload.len().min(LOOK_AT_BYTES)];
    let is_cut = start.len() < payload.len();
    let decoded = decoded(start, is_cut);
    let text = String::from_utf8_lossy(decoded.as_deref().unwrap_or(start));
    let readable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut characters = head.chars().chain(text.chars()).map(readable);
    let mut excerpt: String = characters.by_ref().take(MAX_CHARACTERS).collect();
    if characters.next().is_some() || is_cut {
        excerpt.push_str(LEFT_OUT);
    }
    excerpt
}

/// The JSON that a payload's beginning is base64 of.
fn decoded(start: &[u8], is_cut: bool) -> Option<Vec<u8>> {
    let mut digits = start.trim_ascii().split(|byte| *byte == b'=').next()?;
    if is_cut {
        digits = &digits[..digits.len() / 4 * 4];
    }
    let json = STANDARD_NO_PAD.decode(digits).ok()?;
    matches!(json.trim_ascii_start().first(), Some(b'[' | b'{')).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_left_out_whole_or_in_part() {
        for (line, expected) in [
            (r#"i:0123456789ab:{"speed":x}"#, r#"i:…:{"speed":x}"#),
            ("i:0123456789ab:7:[1]", "i:…:7:[1]"),
            ("l:0123456789ab:", "l:…:"),
            ("r:0123456789ab:41", "r:…:41"),
            ("v:0123456789ab", "v:…"),
            ("v:0123456789", "v:…"),
            ("i:0123456789", "i:…:"),
            ("i:0123456789ab", "i:…:"),
            ("i:0123456789abc:W10=", "i:…:"),
            ("i:0123456789:[]", "i:…:[]"),
            ("l:a:b:c:d:e:f:[]", "l:…:[]"),
            (r#"h:{"device":"a3f2c1d9"}"#, "h:…"),
            ("GET / HTTP/1.1", "GET / HTTP/1.1"),
            ("x", "x"),
        ] {
            assert_eq!(excerpt(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(excerpt_of_content('l', Some(7), b"[1]"), "l:…:7:[1]");
        assert_eq!(excerpt_of_content('i', None, b"[1]"), "i:…:[1]");
    }

    #[test]
    fn base64_is_read_for_people() {
        assert_eq!(excerpt(b"i:0123456789ab:eyJzcGVlZCI6NX0="), r#"i:…:{"speed":5}"#);
        assert_eq!(excerpt(b"i:0123456789ab:W3si*mFtZSI"), "i:…:W3si*mFtZSI");
        assert_eq!(excerpt(b"i:0123456789ab:hello"), "i:…:hello");
    }

    #[test]
    fn it_is_short_and_one_line_of_text() {
        let long = [b"l:0123456789ab:".to_vec(), vec![b'x'; 1_000_000]].concat();
        let shown = excerpt(&long);
        assert_eq!(shown.chars().count(), MAX_CHARACTERS + 1);
        assert!(shown.starts_with("l:…:xxx") && shown.ends_with("x…"), "{shown}");
        let exact = [b"l:0123456789ab:".to_vec(), vec![b'x'; MAX_CHARACTERS - 4]].concat();
        assert_eq!(excerpt(&exact).chars().count(), MAX_CHARACTERS);
        assert_eq!(excerpt(b"l:0123456789ab:\x1b[31m\xff\0"), "l:…:\u{fffd}[31m\u{fffd}\u{fffd}");
    }
}
