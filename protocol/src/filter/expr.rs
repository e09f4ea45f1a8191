//! What a filter means: the tree that the parser makes, the matcher walks and an index looks into.

use std::{
    hash::{Hash, Hasher},
    time::Duration,
};

use super::{fold::folded, glob::Glob, number::Decimal, regex::Regex};
use crate::model::{Level, UnixMicros};

/// A filter as a tree. The parser leaves no `All` or `Any` of a single one, none right inside its own kind, and no `Not`
/// of a `Not`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// Every one of them must match; of none: everything does.
    All(Vec<Expr>),
    /// At least one of them must match.
    Any(Vec<Expr>),
    /// It must not match.
    Not(Box<Expr>),
    /// A single condition.
    Term(Term),
}

/// A single condition on a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// In the message or in the further fields, as JSON.
    Text(Pattern),
    /// In the message.
    Message(Pattern),
    /// In the device's name.
    Device(Pattern),
    /// One of these levels; both ends are among them.
    Level {
        /// The lowest.
        from: Level,
        /// The highest.
        to: Level,
    },
    /// In a further field.
    Field(Path, Test),
    /// Received at that time or later.
    Since(Moment),
    /// Received earlier.
    Before(Moment),
}

/// What a text is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// It occurs in the text.
    Has(Text),
    /// It is the text.
    Is(Text),
    /// The text has its parts in this order.
    Glob(Glob),
    /// A part of the text matches it.
    Regex(Regex),
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// It is there, and not `null`.
    Present,
    /// Its text matches. A number is compared as a number with a [`Pattern::Has`] or [`Pattern::Is`] that is one.
    Matches(Pattern),
    /// It is a number, or a text that is one, on that side of the other.
    Compares(Sign, Decimal),
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// This one.
    At(UnixMicros),
    /// So long before now.
    Ago(Duration),
}

impl Moment {
    /// When it is, if it is `now` now.
    pub fn resolve(self, now: UnixMicros) -> UnixMicros {
        match self {
            Self::At(time) => time,
            Self::Ago(time) => {
                UnixMicros(now.0.saturating_sub(i64::try_from(time.as_micros()).unwrap_or(i64::MAX)))
            }
        }
    }
}

/// Text to look for: neither case nor the way in which an accent is written makes a difference.
#[derive(Clone, Debug)]
pub struct Text {
    pub(super) typed: String,
    folded: String,
}

impl Text {
    pub(super) fn new(typed: &str) -> Self {
        Self { typed: typed.to_owned(), folded: folded(typed) }
    }

    /// In the form in which texts are compared: lower case, with accents apart from their letters.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

/// The name of a field, or the names on the way to it, with dots between them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path(Text);

impl Path {
    pub(super) fn new(typed: &str) -> Self {
        Self(Text::new(typed))
    }

    pub(super) fn typed(&self) -> &str {
        &self.0.typed
    }

    /// In the form in which names are compared.
    pub fn folded(&self) -> &str {
        &self.0.folded
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl Expr {
    pub(super) fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Self::joined(flat, Self::All)
    }

    pub(super) fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Self::joined(flat, Self::Any)
    }

    /// A single part stays as it is.
    fn joined(mut parts: Vec<Self>, join: impl Fn(Vec<Self>) -> Self) -> Self {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            Some(last) => {
                parts.push(last);
                join(parts)
            }
            None => join(parts),
        }
    }

    pub(super) fn not(inner: Self) -> Self {
        match inner {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Whether it asks for nothing but the line.
    pub(super) fn is_of_line(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::is_of_line),
            Self::Not(inner) => inner.is_of_line(),
            Self::Term(Term::Device(_) | Term::Since(Moment::Ago(_)) | Term::Before(Moment::Ago(_))) => false,
            Self::Term(_) => true,
        }
    }

    /// How many regular expressions are in it.
    pub(super) fn regexes(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::regexes).sum(),
            Self::Not(inner) => inner.regexes(),
            Self::Term(
                Term::Text(pattern)
                | Term::Message(pattern)
                | Term::Device(pattern)
                | Term::Field(_, Test::Matches(pattern)),
            ) => usize::from(matches!(pattern, Pattern::Regex(_))),
            Self::Term(_) => 0,
        }
    }
}
