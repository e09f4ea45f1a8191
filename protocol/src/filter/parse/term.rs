//! A single term: text, a regular expression, or a name, a sign and a value.

use winnow::{
    Parser,
    combinator::opt,
    stream::Location,
    token::{one_of, take_while},
};

use super::{
    compare::{Operator, Subject, comparison, sign},
    foreign,
    input::{Input, Kind, Parsed, blanks, fault, other},
    value::{self, first_word},
};
use crate::filter::{
    advice,
    expr::{Expr, Pattern, Term, Text},
    glob::Glob,
    moment,
    names::{self, Name},
    number::Decimal,
};

/// A term that begins here; the sign of its opposite stands at `start`.
pub(super) fn term<'a>(input: &mut Input<'a>, start: usize) -> Parsed<(Expr, Kind)> {
    let text = |pattern, kind| Ok((Expr::Term(Term::Text(pattern)), kind));
    if let Some(phrase) = opt(|input: &mut Input<'a>| value::quoted(input, start)).parse_next(input)? {
        return text(Pattern::Has(Text::new(phrase)), Kind::Text);
    }
    if let Some(regex) = opt(|input: &mut Input<'a>| value::regex(input, start)).parse_next(input)? {
        return text(Pattern::Regex(regex), Kind::Clear);
    }
    if let Some(subject) = opt(|input: &mut Input<'a>| subject(input, start)).parse_next(input)? {
        return Ok((comparison(input, &subject)?, Kind::Clear));
    }
    if let Some((bytes, advice)) = foreign::answer(input.input.as_ref()) {
        return fault(start..input.current_token_start() + bytes, advice);
    }
    let word = value::word(input)?;
    let kind = match word.to_ascii_lowercase().as_str() {
        "and" | "or" => Kind::LowerJoint,
        "not" => Kind::LowerNot,
        _ => Kind::Text,
    };
    match Glob::new(word, false) {
        Some(glob) if word.len() > 1 => text(Pattern::Glob(glob), kind),
        _ => text(Pattern::Has(Text::new(word)), kind),
    }
}

/// A name and the sign behind it, up to its value.
fn subject<'a>(input: &mut Input<'a>, start: usize) -> Parsed<Subject<'a>> {
    let first = one_of(|c: char| c == '@' || names::is_of_name(c));
    let name = (first, take_while(0.., names::is_of_name)).take().verify(names::is_name).parse_next(input)?;
    let before = input.current_token_start();
    blanks(input)?;
    let mut is_apart = input.current_token_start() > before;
    let (sign, operator) = sign(input)?;
    let behind = input.current_token_start();
    blanks(input)?;
    is_apart |= input.current_token_start() > behind;
    let value = *input.input.as_ref();
    let subject = Subject { name, operator, start };
    let is_subject = if is_apart || value.is_empty() || value.starts_with(')') {
        is_apart_subject(input, &subject, value)?
    } else {
        matches!(names::of(name), Name::Level | Name::Device) || !looks_alike(name, sign, value)
    };
    if is_subject { Ok(subject) } else { other() }
}

/// Whether a name, a sign and a value with blanks between them, or without a value, are what they seem. `a != b` is text.
fn is_apart_subject(input: &mut Input<'_>, subject: &Subject<'_>, value: &str) -> Parsed<bool> {
    let is_equality = matches!(subject.operator, Operator::Is | Operator::IsNot);
    let is_number = Decimal::parse(first_word(value)).is_some();
    match names::of(subject.name) {
        Name::Level | Name::Device => Ok(true),
        Name::Message => Ok(is_equality && !value.is_empty()),
        Name::Since | Name::Before => Ok(moment::parse(first_word(value)).is_some()),
        Name::Foreign => Ok(subject.operator != Operator::Has),
        Name::Field(_) if matches!(subject.operator, Operator::Order(_)) => Ok(is_number),
        Name::Field(_) if is_equality && (is_number || value.starts_with(['"', '\'', '“'])) => {
            value::any(input, subject.start)?;
            fault(subject.start..input.current_token_start(), advice::SPACED)
        }
        Name::Field(_) | Name::Revision => Ok(false),
    }
}

/// Not what only looks like a field: `std::fmt`, `http://…`, `C:\…`, `c:/…`.
fn looks_alike(name: &str, sign: &str, value: &str) -> bool {
    let is_path = name.len() == 1 && value.starts_with('/') && value::regex_end(value).is_none();
    sign == ":" && (is_path || [":", "//", "\\"].iter().any(|other| value.starts_with(other)))
}
