//! A term of a filter, and what it looks at.

use super::fold::contains;
use crate::model::Level;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) negated: bool,
    pub(super) test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Folded text somewhere in the line.
    Text(String),
    /// One of these levels; both ends are among them.
    Levels { from: Level, to: Level },
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

impl Term {
    pub(super) fn passes(&self, line: &Candidate<'_>) -> bool {
        self.test.passes(line) != self.negated
    }
}

impl Test {
    fn passes(&self, line: &Candidate<'_>) -> bool {
        match self {
            Self::Text(text) => {
                contains(line.message, text) || line.fields.is_some_and(|fields| contains(fields, text))
            }
            Self::Levels { from, to } => (*from..=*to).contains(&line.level),
            Self::Device(text) => contains(line.device, text),
        }
    }
}
