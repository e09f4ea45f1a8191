//! One form for all ways to write the same text: without case, and with accents apart from their letters.

use unicode_normalization::char::decompose_canonical;

/// `é` as one character and as `e` with an accent behind it become the same, in lower case.
///
/// Each character is folded for itself: so any part of a text is found in the text. `str::to_lowercase` writes a Σ at the
/// end of a word in another way than one inside, and a normal form of the whole would join or reorder what stands on both
/// sides of the cut.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for char in text.chars() {
        decompose_canonical(char, |part| folded.extend(part.to_lowercase()));
    }
    folded
}

/// Whether there is `needle`, which is folded already, in the text.
pub(super) fn contains(text: &str, needle: &str) -> bool {
    if text.is_ascii() && needle.is_ascii() {
        let (text, needle) = (text.as_bytes(), needle.as_bytes());
        return needle.is_empty() || text.windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle));
    }
    folded(text).contains(needle)
}

/// Whether the text is `whole`, which is folded already.
pub(super) fn is(text: &str, whole: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(whole) } else { folded(text) == whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_normal_forms_are_one_text() {
        let (composed, decomposed) = ("Caf\u{e9}", "Cafe\u{301}");
        assert_eq!(folded(composed), folded(decomposed));
        assert!(contains(composed, &folded(decomposed)) && contains(decomposed, &folded(composed)));
        assert_eq!(folded("\u{1ec6}"), folded("E\u{323}\u{302}"));
        assert_eq!(folded("\u{ac01}"), folded("\u{1100}\u{1161}\u{11a8}"));
    }

    #[test]
    fn any_part_is_found_wherever_it_is_cut() {
        let text = "ΟΔΟΣ e\u{301}\u{323} a\u{323}\u{301} STRAßE \u{212a}";
        let starts = || text.char_indices().map(|(at, _)| at);
        for from in starts() {
            for to in starts().filter(|to| *to > from) {
                assert!(contains(text, &folded(&text[from..to])), "{:?}", &text[from..to]);
            }
        }
        assert!(contains("DIE STRAßE", &folded("straße")) && contains("300 \u{212a}", "k"));
    }

    #[test]
    fn what_is_folded_stays_as_it_is() {
        for char in '\0'..=char::MAX {
            let once = folded(char.encode_utf8(&mut [0; 4]));
            assert_eq!(folded(&once), once, "{char:?}");
        }
    }

    #[test]
    fn a_whole_text_is_compared_from_end_to_end() {
        assert!(is("Caf\u{e9}", &folded("CAFE\u{301}")) && is("BOSS", "boss"));
        assert!(!is("Caf\u{e9}s", &folded("caf\u{e9}")) && !is("bosses", "boss"));
    }
}
