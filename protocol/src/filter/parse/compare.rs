//! What a name, a sign and a value mean together.

use winnow::{
    Parser,
    combinator::{alt, opt},
    stream::Location,
};

use super::{
    foreign,
    input::{Input, Parsed, fault},
    value::{self, Value},
};
use crate::filter::{
    advice,
    expr::{Expr, Path, Pattern, Sign, Term, Test, Text},
    glob::Glob,
    moment,
    names::{self, Name},
    number::Decimal,
};
use crate::model::Level;

/// What stands between a name and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `:`
    Has,
    /// `=`
    Is,
    /// `!=`
    IsNot,
    Order(Sign),
    /// Loki's and VictoriaLogs' for regular expressions.
    Regex,
}

/// A name and a sign; what they begin is underlined from `start` on if it is wrong.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) operator: Operator,
    pub(super) start: usize,
}

/// A sign, in each way in which it is written, and what it means. Longest first, so that none hides another.
pub(super) fn sign<'a>(input: &mut Input<'a>) -> Parsed<(&'a str, Operator)> {
    let order = alt((
        (opt(':'), ">=").value(Sign::AtLeast),
        (opt(':'), "<=").value(Sign::AtMost),
        (opt(':'), ">").value(Sign::Greater),
        (opt(':'), "<").value(Sign::Less),
    ));
    alt((
        alt(("=~", "!~", ":~")).value(Operator::Regex),
        alt((":!=", "!=", "<>")).value(Operator::IsNot),
        order.map(Operator::Order),
        alt(("==", ":=", "=")).value(Operator::Is),
        ":".value(Operator::Has),
    ))
    .with_taken()
    .map(|(operator, sign)| (sign, operator))
    .parse_next(input)
}

/// The term behind a name and its sign.
pub(super) fn comparison(input: &mut Input<'_>, subject: &Subject<'_>) -> Parsed<Expr> {
    let value = value::any(input, subject.start)?;
    let place = subject.start..input.current_token_start();
    if subject.operator == Operator::Regex {
        return fault(place, advice::REGEX_SIGN);
    }
    let term = match names::of(subject.name) {
        Name::Level => level(subject.operator, &value),
        Name::Device => text(subject, value, advice::DEVICE_NAME).map(Term::Device),
        Name::Message => text(subject, value, advice::MESSAGE_TEXT).map(Term::Message),
        Name::Since => time(subject, &value).map(Term::Since),
        Name::Before => time(subject, &value).map(Term::Before),
        Name::Revision => Err(advice::REVISION),
        Name::Foreign => Err(advice::PROPERTY),
        Name::Field(path) => field(subject, path, value).map(|test| Term::Field(Path::new(path), test)),
    };
    match term {
        Ok(term) if subject.operator == Operator::IsNot => Ok(Expr::not(Expr::Term(term))),
        Ok(term) => Ok(Expr::Term(term)),
        Err(advice) => fault(place, advice),
    }
}

type Read<T> = Result<T, &'static str>;

fn level(operator: Operator, value: &Value<'_>) -> Read<Term> {
    if matches!(value, Value::Word(word) if foreign::is_list(word)) {
        return Err(advice::IN);
    }
    let level = value.text().and_then(Level::parse).ok_or(advice::LEVELS)?;
    let beside = |by: i64| Level::from_number(level as i64 + by).ok_or(advice::NO_SUCH_LEVEL);
    let (from, to) = match operator {
        Operator::Order(Sign::AtLeast) => (level, Level::Fatal),
        Operator::Order(Sign::Greater) => (beside(1)?, Level::Fatal),
        Operator::Order(Sign::AtMost) => (Level::Trace, level),
        Operator::Order(Sign::Less) => (Level::Trace, beside(-1)?),
        _ => (level, level),
    };
    Ok(Term::Level { from, to })
}

/// What the device's name or the message is compared with.
fn text(subject: &Subject<'_>, value: Value<'_>, advice: &'static str) -> Read<Pattern> {
    let is_blank = value.text().is_some_and(|text| text.trim().is_empty());
    if is_blank || matches!(subject.operator, Operator::Order(_)) {
        return Err(advice);
    }
    pattern(subject.operator, value)
}

fn pattern(operator: Operator, value: Value<'_>) -> Read<Pattern> {
    let typed = match value {
        Value::Regex(regex) => return Ok(Pattern::Regex(regex)),
        Value::Word(word) if foreign::is_list(word) => return Err(advice::LIST),
        Value::Word(word) if word.starts_with('\'') => return Err(advice::SINGLE_QUOTES),
        Value::Word(word) => match Glob::new(word, true) {
            Some(glob) => return Ok(Pattern::Glob(glob)),
            None => word,
        },
        Value::Quoted(phrase) => phrase,
    };
    Ok(match operator {
        Operator::Has => Pattern::Has(Text::new(typed)),
        _ => Pattern::Is(Text::new(typed)),
    })
}

fn time(subject: &Subject<'_>, value: &Value<'_>) -> Read<moment::Moment> {
    if !matches!(subject.operator, Operator::Has | Operator::Is) {
        return Err(advice::TIME_SIGN);
    }
    value.text().and_then(moment::parse).ok_or(advice::TIME)
}

fn field(subject: &Subject<'_>, path: &str, value: Value<'_>) -> Read<Test> {
    // a field of that name is meant by `fields.time`
    if subject.name == path && names::is_of_time(path) && value.text().and_then(moment::parse).is_some() {
        return Err(advice::TIME_SIGN);
    }
    if let Operator::Order(sign) = subject.operator {
        let number = value.text().and_then(Decimal::parse).ok_or(advice::NUMBER)?;
        return Ok(Test::Compares(sign, number));
    }
    match value {
        Value::Word("*") => Ok(Test::Present),
        Value::Quoted("") => Err(advice::ABSENT),
        value => pattern(subject.operator, value).map(Test::Matches),
    }
}
