//! What every line that passes has, so that a store need not look at all the others.

use super::{
    expr::{Expr, Pattern, Term, Test},
    number::Decimal,
};
use crate::model::{Level, UnixMicros};

/// What a line must have to pass. A line that has it need not pass: the filter decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need<'a> {
    /// Each of these; of none: nothing is known, and every line may pass.
    All(Vec<Need<'a>>),
    /// One of these at least.
    Any(Vec<Need<'a>>),
    /// This text somewhere in the message or in the further fields' JSON. It is folded: in lower case, with accents apart
    /// from their letters. It may begin and end inside words, and is not empty.
    Text(&'a str),
    /// One of these levels; both ends are among them.
    Level {
        /// The lowest.
        from: Level,
        /// The highest.
        to: Level,
    },
    /// A device whose name matches.
    Device(&'a Pattern),
    /// Received at this time or later.
    Since(UnixMicros),
    /// Received earlier.
    Before(UnixMicros),
}

impl<'a> Need<'a> {
    const NOTHING: Self = Self::All(Vec::new());

    fn all(needs: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for need in needs {
            match need {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Self::All(flat)
    }

    /// If nothing is known of one of them, nothing is known.
    fn any(needs: Vec<Self>) -> Self {
        if needs.contains(&Self::NOTHING) { Self::NOTHING } else { Self::Any(needs) }
    }
}

impl Expr {
    /// What a line must have to pass, if it is `now` now.
    pub fn needs(&self, now: UnixMicros) -> Need<'_> {
        match self {
            Self::All(parts) => Need::all(parts.iter().map(|part| part.needs(now))),
            Self::Any(parts) => Need::any(parts.iter().map(|part| part.needs(now)).collect()),
            Self::Not(inner) => match &**inner {
                Self::Term(term) => term.opposite_needs(now),
                _ => Need::NOTHING,
            },
            Self::Term(term) => term.needs(now),
        }
    }
}

impl Term {
    fn needs(&self, now: UnixMicros) -> Need<'_> {
        match self {
            Self::Text(pattern) | Self::Message(pattern) => Need::all(pattern.texts().map(Need::Text)),
            Self::Field(_, Test::Matches(pattern)) => {
                Need::all(pattern.texts().filter(|text| is_same_in_json(text)).map(Need::Text))
            }
            Self::Field(_, Test::Present | Test::Compares(..)) => Need::NOTHING,
            Self::Device(pattern) => Need::Device(pattern),
            Self::Level { from, to } => Need::Level { from: *from, to: *to },
            Self::Since(moment) => Need::Since(moment.resolve(now)),
            Self::Before(moment) => Need::Before(moment.resolve(now)),
        }
    }

    /// What a line needs to pass the opposite.
    fn opposite_needs(&self, now: UnixMicros) -> Need<'static> {
        let beside = |level: Level, by: i64| Level::from_number(level as i64 + by);
        match self {
            Self::Since(moment) => Need::Before(moment.resolve(now)),
            Self::Before(moment) => Need::Since(moment.resolve(now)),
            Self::Level { from: Level::Trace, to } => {
                beside(*to, 1).map_or(Need::NOTHING, |from| Need::Level { from, to: Level::Fatal })
            }
            Self::Level { from, to: Level::Fatal } => {
                beside(*from, -1).map_or(Need::NOTHING, |to| Need::Level { from: Level::Trace, to })
            }
            _ => Need::NOTHING,
        }
    }
}

impl Pattern {
    /// The texts without which nothing matches.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let (text, glob) = match self {
            Self::Has(text) | Self::Is(text) => (Some(text.folded()), None),
            Self::Glob(glob) => (None, Some(glob)),
            Self::Regex(_) => (None, None),
        };
        let parts = glob.into_iter().flat_map(|glob| glob.parts());
        text.into_iter().filter(|text| !text.is_empty()).chain(parts)
    }
}

/// Whether a text is written in a field's JSON as it is. A number may be written in several ways.
fn is_same_in_json(text: &str) -> bool {
    Decimal::parse(text).is_none() && !text.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'))
}
