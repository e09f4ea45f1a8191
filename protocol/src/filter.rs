//! The log filter: what is typed into the box above the log, sent to the HTTP API, and given to the command line.
//!
//! | | |
//! |---|---|
//! | `word`, `"a phrase"`, `pix*7` | text in the message or in the further fields; `*` stands for anything |
//! | `/boss (died\|left)/i` | a regular expression; `i` for either case |
//! | `level>=warn` | also `>`, `<=`, `<`, `=` or `:`, `!=` |
//! | `device:phone`, `message:boss` | `:` a part of it, `=` all of it; also `"a phrase"`, `pixel*` from end to end, `/…/` |
//! | `hp<10`, `enemy.kind=boss`, `hp:*` | a further field, which has an order if it is a number; `:*` if it is there |
//! | `since:5m`, `before:2026-11-22T12:00` | when the server received it: so long ago, or a time in UTC |
//! | `a b`, `a OR b`, `-a`, `(…)` | both, one of them, not; also `AND`, `NOT`, `!` |
//!
//! Neither case nor the way in which an accent is written matters, except to a regular expression. NOT binds most closely,
//! then AND, then OR. What has no meaning here and does elsewhere is answered with the place and with what to write.

mod advice;
mod error;
mod expr;
mod facet;
mod field;
mod fold;
mod glob;
mod levels;
mod matching;
mod moment;
mod names;
mod needs;
mod number;
mod parse;
mod print;
mod regex;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

pub use self::{
    error::FilterError,
    expr::{Expr, Moment, Path, Pattern, Sign, Term, Test, Text},
    facet::Facet,
    glob::Glob,
    matching::Candidate,
    needs::Need,
    number::Decimal,
    regex::Regex,
};
use crate::{limits::MAX_FILTER_BYTES, model::UnixMicros};

/// A filter, parsed once and matched many times; cheap to clone. The empty filter matches everything. Two that are equal
/// match the same lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter(Arc<Expr>);

impl Default for Filter {
    fn default() -> Self {
        Self(Arc::new(Expr::All(Vec::new())))
    }
}

impl Filter {
    /// Reads what was typed. The time that it takes is bounded by the length: no alternative is tried for more than one term.
    ///
    /// # Errors
    /// What has no meaning here, such as an unknown level, a quote without its end, or another log server's language; what
    /// is longer than [`MAX_FILTER_BYTES`], or goes beyond another limit. With the place and what to write instead. It
    /// never repeats what was typed.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > MAX_FILTER_BYTES {
            let advice = format!("a filter has at most {MAX_FILTER_BYTES} bytes");
            return Err(FilterError::new(0..text.len(), advice));
        }
        parse::filter(text).map(|expr| Self(Arc::new(expr)))
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        matches!(&*self.0, Expr::All(parts) if parts.is_empty())
    }

    /// What it means.
    pub fn expr(&self) -> &Expr {
        &self.0
    }

    /// The same, but only of lines that the server received at the first time or later, and before the second one.
    #[must_use]
    pub fn within(&self, since: Option<UnixMicros>, before: Option<UnixMicros>) -> Self {
        if since.is_none() && before.is_none() {
            return self.clone();
        }
        let since = since.map(|time| Expr::Term(Term::Since(Moment::At(time))));
        let before = before.map(|time| Expr::Term(Term::Before(Moment::At(time))));
        let parts = std::iter::once((*self.0).clone()).chain(since).chain(before);
        Self(Arc::new(Expr::all(parts.collect())))
    }

    /// Whether a line passes, if it is `now` now.
    pub fn matches(&self, line: &Candidate<'_>, now: UnixMicros) -> bool {
        self.0.matches(line, now)
    }

    /// Whether it asks for nothing but the line: neither for the device's name, which may change, nor for the time.
    pub fn is_of_line(&self) -> bool {
        self.0.is_of_line()
    }

    /// How many regular expressions it has: they cost the most.
    pub fn regexes(&self) -> usize {
        self.0.regexes()
    }

    /// Which levels pass, in the order of [`Level::ALL`](crate::model::Level::ALL), if it asks for nothing but the level.
    pub fn levels(&self) -> Option<[bool; 6]> {
        self.0.levels()
    }

    /// What a line must have to pass, if it is `now` now.
    pub fn needs(&self, now: UnixMicros) -> Need<'_> {
        self.0.needs(now)
    }
}

/// As text that reads back as the same filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
