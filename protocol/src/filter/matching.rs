//! Whether a line passes.

use super::{
    expr::{Expr, Pattern, Term},
    field,
    fold::{contains, is},
};
use crate::model::{Level, UnixMicros};

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
    /// When the server received it.
    pub received: UnixMicros,
}

impl Expr {
    /// Whether a line passes, if it is `now` now.
    pub fn matches(&self, line: &Candidate<'_>, now: UnixMicros) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(line, now)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(line, now)),
            Self::Not(inner) => !inner.matches(line, now),
            Self::Term(term) => term.matches(line, now),
        }
    }
}

impl Term {
    fn matches(&self, line: &Candidate<'_>, now: UnixMicros) -> bool {
        match self {
            Self::Text(pattern) => {
                pattern.matches(line.message) || line.fields.is_some_and(|fields| pattern.matches(fields))
            }
            Self::Message(pattern) => pattern.matches(line.message),
            Self::Device(pattern) => pattern.matches(line.device),
            Self::Level { from, to } => (*from..=*to).contains(&line.level),
            Self::Field(path, test) => {
                line.fields.is_some_and(|fields| field::any(fields, path, &|value| test.passes(value)))
            }
            Self::Since(moment) => line.received >= moment.resolve(now),
            Self::Before(moment) => line.received < moment.resolve(now),
        }
    }
}

impl Pattern {
    /// Whether a text matches.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Has(part) => contains(text, part.folded()),
            Self::Is(whole) => is(text, whole.folded()),
            Self::Glob(glob) => glob.matches(text),
            Self::Regex(regex) => regex.matches(text),
        }
    }
}
