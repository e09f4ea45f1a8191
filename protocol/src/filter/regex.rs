//! `/boss (died|left)/i`, in time that is linear in the text, whatever the expression is.

use std::hash::{Hash, Hasher};

use regex_lite::RegexBuilder;

/// The compiled program, in bytes. It has about one step for each 32 of them, and each byte of a text may visit every step.
const MAX_PROGRAM_BYTES: usize = 8 * 1024;
const MAX_DEPTH: u32 = 32;

/// A regular expression.
///
/// Browser and server run the same engine, so a line that passes in one passes in the other. It is the smaller one of
/// regex's authors: its classes and its `i` are about ASCII.
#[derive(Clone, Debug)]
pub struct Regex {
    pattern: String,
    ignores_case: bool,
    program: regex_lite::Regex,
}

impl Regex {
    /// `None`: it has no meaning, or its program would be too large.
    pub(super) fn new(pattern: &str, ignores_case: bool) -> Option<Self> {
        let program = RegexBuilder::new(pattern)
            .case_insensitive(ignores_case)
            .size_limit(MAX_PROGRAM_BYTES)
            .nest_limit(MAX_DEPTH)
            .build()
            .ok()?;
        Some(Self { pattern: pattern.to_owned(), ignores_case, program })
    }

    /// What is between the slashes.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether the case of ASCII letters makes no difference.
    pub fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.program.is_match(text)
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        (&self.pattern, self.ignores_case) == (&other.pattern, other.ignores_case)
    }
}

impl Eq for Regex {}

impl Hash for Regex {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.pattern, self.ignores_case).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_bounded() {
        assert!(Regex::new("^boss (died|left) in [0-9]+ms$", false).is_some());
        for pattern in ["a{100000}", "((a{99}){99}){99}", "(", "[z-a]", r"(a)\1", &"(".repeat(99)] {
            assert_eq!(Regex::new(pattern, false), None, "{pattern}");
        }
        let deep = format!("{}a{}", "(".repeat(99), ")".repeat(99));
        assert_eq!(Regex::new(&deep, true), None);
    }

    #[test]
    fn case_is_ignored_when_that_is_asked_for() {
        assert!(!Regex::new("boss", false).unwrap().matches("the BOSS"));
        assert!(Regex::new("boss", true).unwrap().matches("the BOSS"));
    }
}
