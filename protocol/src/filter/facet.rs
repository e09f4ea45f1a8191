//! A value that somebody points at, and the filter that keeps only the lines with it, or only those without it.

use super::{
    Filter,
    expr::{Expr, Path, Pattern, Term, Test, Text},
    names,
};
use crate::model::Level;

/// A value of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facet {
    /// Its level.
    Level(Level),
    /// The name of its device.
    Device(String),
    /// One of its further fields, with its path as in [`crate::line::flatten`].
    Field {
        /// The names on the way to it.
        path: String,
        /// Its value as text.
        value: String,
    },
    /// A part of its message.
    Text(String),
}

impl Facet {
    /// The term that finds it; `None` if the grammar has none, as for a text with both kinds of quotes in it.
    pub fn term(&self) -> Option<String> {
        let term = match self {
            Self::Level(level) => format!("level:{level}"),
            Self::Device(name) => format!("device={}", Text::new(name)),
            Self::Field { path, value } => {
                format!("{}={}", Path::new(&without_indexes(path)?), Text::new(value))
            }
            // always in quotes: beside other terms, a bare word may mean something else
            Self::Text(text) => Term::Text(Pattern::Has(Text::new(text))).to_string(),
        };
        let read = Filter::parse(&term).ok()?;
        (self.can_be_quoted() && matches!(read.expr(), Expr::Term(_))).then_some(term)
    }

    fn can_be_quoted(&self) -> bool {
        match self {
            Self::Level(_) => true,
            Self::Device(text) | Self::Field { value: text, .. } | Self::Text(text) => {
                let has_both = text.contains('"') && text.contains('”');
                !(has_both || text.trim().is_empty())
            }
        }
    }

    /// A filter, with the condition that a line has this value (`is_wanted`) or hasn't. What was typed stays as it is, unless
    /// it contradicts: then that term goes. `None` if the grammar can't say it.
    ///
    /// The new filter may be too long, or have too many terms: then it doesn't parse.
    pub fn narrow(&self, typed: &str, is_wanted: bool) -> Option<String> {
        let term = self.term()?;
        let found = Filter::parse(&term).ok()?.expr().clone();
        let (added, written) = if is_wanted { (found, term) } else { (Expr::not(found), format!("-{term}")) };
        let Ok(before) = Filter::parse(typed) else { return Some(written) };
        let mut parts = match before.expr() {
            Expr::All(parts) => parts.clone(),
            other => vec![other.clone()],
        };
        if parts.contains(&added) {
            return Some(typed.to_owned());
        }
        let count = parts.len();
        parts.retain(|part| !contradicts(part, &added));
        let is_kept = parts.len() == count;
        parts.push(added);
        let whole = Expr::all(parts);
        let joined = match before.expr() {
            Expr::Any(_) => format!("({}) {written}", typed.trim()),
            _ => format!("{} {written}", typed.trim()).trim_start().to_owned(),
        };
        // beside a new neighbour, a word may become an operator
        let is_same = Filter::parse(&joined).is_ok_and(|filter| *filter.expr() == whole);
        Some(if is_kept && is_same { joined } else { whole.to_string() })
    }
}

/// Whether no line, or no useful one, meets both.
fn contradicts(part: &Expr, added: &Expr) -> bool {
    if Expr::not(part.clone()) == *added {
        return true;
    }
    match (part, added) {
        (Expr::Term(Term::Level { .. }), Expr::Term(Term::Level { .. })) => true,
        (Expr::Term(Term::Device(Pattern::Is(_))), Expr::Term(Term::Device(Pattern::Is(_)))) => true,
        (
            Expr::Term(Term::Field(path, test)),
            Expr::Term(Term::Field(other, Test::Matches(Pattern::Is(_)))),
        ) => path == other && matches!(test, Test::Matches(Pattern::Is(_))),
        _ => false,
    }
}

/// The path as a filter has it: each element of an array counts. `None` for a name that can't be typed.
fn without_indexes(path: &str) -> Option<String> {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('[') {
        plain.push_str(before);
        let (index, behind) = behind.split_once(']')?;
        if index.is_empty() || !index.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        rest = behind;
    }
    plain.push_str(rest);
    let can_be_typed = !plain.is_empty() && plain.chars().all(names::is_of_name);
    can_be_typed.then_some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{filter::Candidate, model::UnixMicros};

    fn field(path: &str, value: &str) -> Facet {
        Facet::Field { path: path.to_owned(), value: value.to_owned() }
    }

    fn line<'a>(message: &'a str, device: &'a str, fields: Option<&'a str>) -> Candidate<'a> {
        Candidate { level: Level::Warn, message, fields, device, received: UnixMicros(0) }
    }

    fn passes(filter: &str, line: &Candidate<'_>) -> bool {
        Filter::parse(filter).unwrap().matches(line, UnixMicros(0))
    }

    #[test]
    fn a_value_becomes_a_term_with_quotes_where_it_needs_them() {
        for (facet, term) in [
            (Facet::Level(Level::Warn), Some("level:warn")),
            (Facet::Device("pixel7".into()), Some("device=pixel7")),
            (Facet::Device("Ana's phone".into()), Some("device=\"Ana's phone\"")),
            (field("enemy.kind", "boss"), Some("enemy.kind=boss")),
            (field("enemy.kind", "the \"boss\""), Some("enemy.kind=“the \"boss\"”")),
            (field("pos.tags[1]", "-1.5"), Some("pos.tags=\"-1.5\"")),
            (field("level", "3"), Some("fields.level=3")),
            (field("a[\"b c\"]", "3"), None),
            (field("", "3"), None),
            (Facet::Text("boss".into()), Some("\"boss\"")),
            (Facet::Text("both \" and ”".into()), None),
            (Facet::Text(String::new()), None),
        ] {
            assert_eq!(facet.term().as_deref(), term, "{facet:?}");
        }
    }

    #[test]
    fn what_was_typed_stays_and_what_contradicts_goes() {
        let (level, kind) = (Facet::Level(Level::Error), field("enemy.kind", "boss"));
        for (facet, typed, is_wanted, narrowed) in [
            (&level, "", true, "level:error"),
            (&level, " boss ", false, "boss -level:error"),
            (&level, "boss  OR key", true, "(boss  OR key) level:error"),
            (&level, "boss level:error", true, "boss level:error"),
            (&level, "boss level>=warn", true, "\"boss\" level:error"),
            (&level, "boss -level:error", true, "\"boss\" level:error"),
            (&level, "(a OR b) level:error", false, "(\"a\" OR \"b\") -level:error"),
            (&level, "rise or", true, "\"rise\" \"or\" level:error"),
            (&kind, "enemy.kind=imp hp<10", true, "hp<10 enemy.kind=boss"),
            (&kind, "enemy.kind=imp hp<10", false, "enemy.kind=imp hp<10 -enemy.kind=boss"),
        ] {
            assert_eq!(facet.narrow(typed, is_wanted).as_deref(), Some(narrowed), "{typed:?} {facet:?}");
        }
    }

    proptest! {
        /// Whatever a message, a device or a field says: if there is a term, it finds the line, and its opposite doesn't.
        #[test]
        fn only_the_lines_with_it_or_those_without(text in "\\PC{1,12}", typed in "|w|a OR w|-x w") {
            let fields = format!("{{\"f\":{}}}", serde_json::to_string(&text).unwrap());
            let message = format!("w {text} a");
            let line = line(&message, &text, Some(&fields));
            for facet in [Facet::Text(text.clone()), Facet::Device(text.clone()), field("f", &text)] {
                if facet.term().is_none() {
                    prop_assert!(text.trim().is_empty() || (text.contains('"') && text.contains('”')), "{:?}", facet);
                    continue;
                }
                prop_assert!(passes(&facet.narrow("", true).unwrap(), &line));
                prop_assert!(!passes(&facet.narrow("", false).unwrap(), &line));
                prop_assert!(!passes(&facet.narrow(&typed, false).unwrap(), &line), "{}", typed);
            }
        }
    }
}
