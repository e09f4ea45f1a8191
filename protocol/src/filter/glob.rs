//! `pixel*`: a text with gaps.

use std::hash::{Hash, Hasher};

use super::fold::folded;

/// A text in which each `*` stands for any characters, or none.
#[derive(Clone, Debug)]
pub struct Glob {
    pub(super) typed: String,
    /// What is between the stars, folded.
    parts: Vec<String>,
    /// Whether it describes a text from its beginning to its end.
    is_whole: bool,
}

impl Glob {
    /// `None` if there is no `*` in it.
    pub(super) fn new(typed: &str, is_whole: bool) -> Option<Self> {
        typed.contains('*').then(|| Self {
            typed: typed.to_owned(),
            parts: typed.split('*').map(folded).collect(),
            is_whole,
        })
    }

    /// What is between the stars, folded: in this order, all of them occur in what matches.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(String::as_str).filter(|part| !part.is_empty())
    }

    /// In time that is linear in the text for each part: the leftmost place of a part leaves most for the next one.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text = folded(text);
        let mut rest = text.as_str();
        let (first, last) = match self.parts.as_slice() {
            [first, .., last] if self.is_whole => (first.as_str(), last.as_str()),
            _ => ("", ""),
        };
        let Some(behind) = rest.strip_prefix(first) else { return false };
        let Some(before) = behind.strip_suffix(last) else { return false };
        rest = before;
        let ends = usize::from(self.is_whole);
        for part in &self.parts[ends..self.parts.len() - ends] {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        (&self.parts, self.is_whole) == (&other.parts, other.is_whole)
    }
}

impl Eq for Glob {}

impl Hash for Glob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.parts, self.is_whole).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (glob, text, whole, within) in [
            ("pixel*", "Pixel 7", true, true),
            ("pixel*", "my Pixel 7", false, true),
            ("*7", "Pixel 7", true, true),
            ("*7", "Pixel 7a", false, true),
            ("p*l*7", "Pixel 7", true, true),
            ("p*7*l", "Pixel 7", false, false),
            ("a*a", "a", false, false),
            ("a*a", "aa", true, true),
            ("*ab*b*", "aab", false, false),
            ("*ab*b*", "aabb", true, true),
            ("STRASSE*É", "strasse cafe\u{301}", true, true),
            ("*", "", true, true),
        ] {
            assert_eq!(Glob::new(glob, true).unwrap().matches(text), whole, "{glob} is {text}");
            assert_eq!(Glob::new(glob, false).unwrap().matches(text), within, "{glob} is in {text}");
        }
        assert_eq!(Glob::new("pixel", true), None);
    }
}
