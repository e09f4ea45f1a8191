//! The log filter: what is typed into the box above the log.
//!
//! Terms are joined by AND: `word`, `"a phrase"`, `level>=warn`, `device:name`, and `-` before any of them
//! for its opposite. Case does not matter. A term is looked for in the message and in the further fields.

use crate::model::Level;

/// A filter, parsed once and matched many times. The empty filter matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// Folded text somewhere in the line.
    Text(String),
    /// This level or a higher one.
    AtLeast(Level),
    /// This level.
    Level(Level),
    /// Folded text in the device's name.
    Device(String),
}

/// Why a filter can't be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FilterError {
    /// A sentence for the person who types.
    pub text: String,
    /// First byte of the part that is wrong.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// A log line, as much of it as filters look at.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// How much it matters.
    pub level: Level,
    /// The message.
    pub message: &'a str,
    /// Further fields as JSON.
    pub fields: Option<&'a str>,
    /// The device's name.
    pub device: &'a str,
}

impl Filter {
    /// Reads what was typed.
    ///
    /// # Errors
    /// An unknown level or a quote without its end, with the place.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut terms = Vec::new();
        let mut at = 0;
        while let Some(skip) = text[at..].find(|c: char| !c.is_whitespace()) {
            at += skip;
            let start = at;
            let negated =
                text[at..].starts_with('-') && text[at + 1..].starts_with(|c: char| !c.is_whitespace());
            at += usize::from(negated);
            let test = match text[at..].strip_prefix('"') {
                Some(rest) => {
                    let Some(len) = rest.find('"') else {
                        let text = "the quote has no end".to_owned();
                        return Err(FilterError { text, start, end: at + 1 + rest.len() });
                    };
                    at += len + 2;
                    Test::Text(folded(&rest[..len]))
                }
                None => {
                    let len = text[at..].find(char::is_whitespace).unwrap_or(text.len() - at);
                    let word = &text[at..at + len];
                    at += len;
                    word_test(word).map_err(|text| FilterError { text, start, end: at })?
                }
            };
            terms.push(Term { negated, test });
        }
        Ok(Self { terms })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a line passes.
    pub fn matches(&self, line: &Candidate<'_>) -> bool {
        self.terms.iter().all(|term| term.test.passes(line) != term.negated)
    }
}

fn word_test(word: &str) -> Result<Test, String> {
    let level = |name: &str| {
        Level::parse(name).ok_or_else(|| "a level is trace, debug, info, warn, error or fatal".to_owned())
    };
    if let Some(name) = word.strip_prefix("level>=") {
        level(name).map(Test::AtLeast)
    } else if let Some(name) = word.strip_prefix("level:").or_else(|| word.strip_prefix("level=")) {
        level(name).map(Test::Level)
    } else if let Some(name) = word.strip_prefix("device:") {
        Ok(Test::Device(folded(name)))
    } else {
        Ok(Test::Text(folded(word)))
    }
}

impl Test {
    fn passes(&self, line: &Candidate<'_>) -> bool {
        match self {
            Self::Text(text) => {
                contains(line.message, text) || line.fields.is_some_and(|fields| contains(fields, text))
            }
            Self::AtLeast(level) => line.level >= *level,
            Self::Level(level) => line.level == *level,
            Self::Device(text) => contains(line.device, text),
        }
    }
}

/// Lower case, each character for itself: `str::to_lowercase` writes a Σ at the end of a word in another way
/// than one inside, so that a part of a text would not be found in it.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// `needle` is folded already.
fn contains(haystack: &str, needle: &str) -> bool {
    if haystack.is_ascii() && needle.is_ascii() {
        let (haystack, needle) = (haystack.as_bytes(), needle.as_bytes());
        return needle.is_empty() || haystack.windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle));
    }
    folded(haystack).contains(needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(filter: &str, message: &str) -> bool {
        let line =
            Candidate { level: Level::Warn, message, fields: Some(r#"{"tag":"AI"}"#), device: "Pixel 7" };
        Filter::parse(filter).unwrap().matches(&line)
    }

    #[test]
    fn terms_are_joined_by_and() {
        assert!(passes("", "x"));
        assert!(passes("boss spawn", "Spawned the BOSS"));
        assert!(!passes("boss lost", "Spawned the BOSS"));
        assert!(passes("\"the boss\"", "Spawned the BOSS"));
        assert!(!passes("\"boss the\"", "Spawned the BOSS"));
        assert!(passes("straße", "DIE STRASSE, die STRAßE"));
        assert!(passes("Σ", "ΟΔΟΣ"));
        assert!(passes("οδοσ", "ΟΔΟΣ 7"));
    }

    #[test]
    fn minus_is_the_opposite_and_alone_is_text() {
        assert!(!passes("-boss", "the boss"));
        assert!(passes("-level:error", "x"));
        assert!(passes("a - b", "a - b"));
        assert!(!passes("-", "x"));
    }

    #[test]
    fn levels_fields_and_devices_are_found() {
        assert!(passes("level>=warn", "x"));
        assert!(!passes("level>=error", "x"));
        assert!(passes("level:warn ai device:pixel", "x"));
        assert!(!passes("device:steam", "x"));
    }

    #[test]
    fn what_is_wrong_is_underlined() {
        let fault = Filter::parse("a level>=loud").unwrap_err();
        assert_eq!((fault.start, fault.end), (2, 13));
        let fault = Filter::parse("a -\"open").unwrap_err();
        assert_eq!((fault.start, fault.end), (2, 8));
    }
}
