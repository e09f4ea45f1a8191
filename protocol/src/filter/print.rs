//! A filter as text, which reads back as the same filter.

use std::fmt::{self, Display, Formatter, Result};

use super::{
    expr::{Expr, Moment, Path, Pattern, Sign, Term, Test, Text},
    moment,
    names::{self, Name},
};
use crate::model::Level;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::All(parts) => list(f, parts, " "),
            Self::Any(parts) => list(f, parts, " OR "),
            Self::Not(inner) => match &**inner {
                Self::Term(term) => write!(f, "-{term}"),
                group => {
                    f.write_str("-")?;
                    grouped(f, group)
                }
            },
            Self::Term(term) if looks_negated(term) => write!(f, "NOT -{term}"),
            Self::Term(term) => term.fmt(f),
        }
    }
}

fn list(f: &mut Formatter<'_>, parts: &[Expr], between: &str) -> Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        // AND binds more closely than OR
        if matches!(part, Expr::Any(_)) {
            grouped(f, part)?;
        } else {
            part.fmt(f)?;
        }
    }
    Ok(())
}

/// In parentheses. A word at the end keeps what it opens to itself.
fn grouped(f: &mut Formatter<'_>, group: &Expr) -> Result {
    let inside = group.to_string();
    let last = inside.rsplit(char::is_whitespace).next().unwrap_or_default();
    write!(f, "({inside}{})", if last.contains('(') { " " } else { "" })
}

/// Whether a word that can't be quoted begins like the opposite of another one.
fn looks_negated(term: &Term) -> bool {
    let typed = match term {
        Term::Text(Pattern::Glob(glob)) => &glob.typed,
        Term::Text(Pattern::Has(text)) if !text.fits_in_quotes() => &text.typed,
        _ => return false,
    };
    typed.starts_with(['-', '!'])
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            // always in quotes: beside other terms, a bare word may mean something else
            Self::Text(Pattern::Has(text) | Pattern::Is(text)) => text.quoted(f),
            Self::Text(pattern) => pattern.fmt(f),
            Self::Message(pattern) => write!(f, "message{}{pattern}", sign(pattern)),
            Self::Device(pattern) => write!(f, "device{}{pattern}", sign(pattern)),
            Self::Level { from, to } if from == to => write!(f, "level:{from}"),
            Self::Level { from: Level::Trace, to } if *to < Level::Fatal => write!(f, "level<={to}"),
            Self::Level { from, .. } => write!(f, "level>={from}"),
            Self::Field(path, Test::Present) => write!(f, "{path}:*"),
            Self::Field(path, Test::Matches(pattern)) => write!(f, "{path}{}{pattern}", sign(pattern)),
            Self::Field(path, Test::Compares(sign, number)) => write!(f, "{path}{sign}{number}"),
            Self::Since(moment) => write!(f, "since:{moment}"),
            Self::Before(moment) => write!(f, "before:{moment}"),
        }
    }
}

/// What to write between a name and a pattern. A value that begins with a sign is kept apart from the one before it.
fn sign(pattern: &Pattern) -> &'static str {
    let is_apart = |typed: &str| typed.starts_with(|c: char| c == '*' || c.is_alphanumeric());
    match pattern {
        Pattern::Glob(glob) if !is_apart(&glob.typed) => "==",
        Pattern::Is(text) if !text.fits_in_quotes() => "==",
        Pattern::Is(_) => "=",
        // only a device's name can have been typed with a blank before it
        Pattern::Has(text) if !text.fits_in_quotes() && lengthens_colon(&text.typed) => ": ",
        Pattern::Has(_) | Pattern::Glob(_) | Pattern::Regex(_) => ":",
    }
}

/// Whether a colon right before it would be another sign.
fn lengthens_colon(typed: &str) -> bool {
    ["=", "!=", "<", ">", "~"].iter().any(|behind| typed.starts_with(behind))
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Has(text) | Self::Is(text) => text.fmt(f),
            Self::Glob(glob) => f.write_str(&glob.typed),
            Self::Regex(regex) => {
                write!(f, "/{}/{}", regex.pattern(), if regex.ignores_case() { "i" } else { "" })
            }
        }
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if is_plain(&self.typed) { f.write_str(&self.typed) } else { self.quoted(f) }
    }
}

impl Text {
    fn fits_in_quotes(&self) -> bool {
        !(self.typed.contains('"') && self.typed.contains('”'))
    }

    fn quoted(&self, f: &mut Formatter<'_>) -> Result {
        let typed = &self.typed;
        if !typed.contains('"') {
            write!(f, "\"{typed}\"")
        } else if !typed.contains('”') {
            write!(f, "“{typed}”")
        } else {
            // no quotes fit around it, so it was typed without any
            f.write_str(typed)
        }
    }
}

/// Whether it means the same without quotes.
fn is_plain(typed: &str) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    !typed.is_empty() && typed.chars().all(is_of_word)
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let typed = self.typed();
        let is_itself = matches!(names::of(typed), Name::Field(path) if path == typed)
            && names::is_name(typed)
            && !names::is_of_time(typed);
        f.write_str(if is_itself { "" } else { names::FIELDS })?;
        f.write_str(typed)
    }
}

impl Display for Sign {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        })
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        match self {
            Self::At(time) => f.write_str(&time.to_rfc3339_micros()),
            Self::Ago(time) => f.write_str(&moment::print(*time)),
        }
    }
}
