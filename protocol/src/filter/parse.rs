//! Text → tree: the operators. Written with winnow's combinators; what a single term is says [`term`].

mod compare;
mod foreign;
mod input;
mod term;
mod value;

use std::ops::Range;

use winnow::{
    Parser,
    combinator::{alt, eof, opt, peek},
    error::ErrMode,
    stream::{Location, Stream},
    token::one_of,
};

use self::input::{Fault, Input, Kind, Parsed, blanks, fault, other};
use super::{advice, error::FilterError, expr::Expr};
use crate::limits::{MAX_FILTER_DEPTH, MAX_FILTER_TERMS};

/// Reads a filter. Its length is bounded by the caller.
pub(super) fn filter(text: &str) -> Result<Expr, FilterError> {
    let mut input = input::begin(text);
    whole.parse_next(&mut input).map_err(|error| {
        let fault = error.into_inner().ok().and_then(|Fault(fault)| fault);
        fault.map_or_else(|| FilterError::new(0..text.len(), advice::NO_OPENING), |fault| *fault)
    })
}

fn whole(input: &mut Input<'_>) -> Parsed<Expr> {
    let expr = any(input)?;
    match opt(')'.span()).parse_next(input)? {
        Some(place) => fault(place, advice::NO_OPENING),
        None => eof.value(expr).parse_next(input),
    }
}

/// Alternatives, if there are several.
fn any(input: &mut Input<'_>) -> Parsed<Expr> {
    let first = all(input)?;
    let mut alternatives = vec![first];
    while let Some(place) = opt(or).parse_next(input)? {
        let next = all(input)?;
        let is_empty = |expr: &Expr| matches!(expr, Expr::All(parts) if parts.is_empty());
        if is_empty(&next) || alternatives.last().is_some_and(is_empty) {
            return fault(place, advice::OR_SIDES);
        }
        alternatives.push(next);
    }
    Ok(Expr::any(alternatives))
}

/// Terms that must all match, which may be none.
fn all(input: &mut Input<'_>) -> Parsed<Expr> {
    let mut items: Vec<Item> = Vec::new();
    let mut joint = None;
    loop {
        blanks(input)?;
        if let Some(place) = opt(and).parse_next(input)? {
            if items.is_empty() || joint.is_some() {
                return fault(place, advice::AND_SIDES);
            }
            joint = Some(place);
        } else if is_at_end(input) {
            break;
        } else {
            items.push(negatable(input)?);
            joint = None;
        }
    }
    if let Some(place) = joint {
        return fault(place, advice::AND_SIDES);
    }
    check_operators(&items)?;
    Ok(Expr::all(items.into_iter().map(|item| item.expr).collect()))
}

/// A term or a group, and what is said of it while its neighbours are not known.
struct Item {
    expr: Expr,
    kind: Kind,
    place: Range<usize>,
}

/// In `level:error or crash`, `or` means the operator, because a comparison stands beside it.
fn check_operators(items: &[Item]) -> Parsed<()> {
    let is_clear =
        |at: Option<usize>| at.and_then(|at| items.get(at)).is_some_and(|item| item.kind == Kind::Clear);
    for (at, item) in items.iter().enumerate() {
        let (before, after) = (is_clear(at.checked_sub(1)), is_clear(at.checked_add(1)));
        let is_meant = match item.kind {
            Kind::LowerJoint => at > 0 && at + 1 < items.len() && (before || after),
            Kind::LowerNot => after,
            Kind::Text | Kind::Clear => false,
        };
        if is_meant {
            return fault(item.place.clone(), advice::OPERATOR_CASE);
        }
    }
    Ok(())
}

/// `NOT` before it, as often as one likes, or `-` or `!` right before it.
fn negatable(input: &mut Input<'_>) -> Parsed<Item> {
    let start = input.current_token_start();
    let mut is_not = false;
    while let Some(place) = opt(keyword("NOT")).parse_next(input)? {
        blanks(input)?;
        if is_at_end(input) || opt(peek(and)).parse_next(input)?.is_some() {
            return fault(place, advice::NOT_TERM);
        }
        is_not = !is_not;
    }
    let sign = input.current_token_start();
    let is_opposite = opt(minus).parse_next(input)?.is_some();
    let (expr, kind) = operand(input, sign)?;
    let is_bare = sign == start && !is_opposite;
    let kind = if is_bare || kind == Kind::Clear { kind } else { Kind::Text };
    let expr = if is_not != is_opposite { Expr::not(expr) } else { expr };
    Ok(Item { expr, kind, place: start..input.current_token_start() })
}

/// A group or a term. `start` is where the sign before it stands.
fn operand(input: &mut Input<'_>, start: usize) -> Parsed<(Expr, Kind)> {
    if let Some(place) = opt('('.span()).parse_next(input)? {
        return Ok((group(input, place)?, Kind::Clear));
    }
    let (term, kind) = term::term(input, start)?;
    input.state.terms += 1;
    if input.state.terms > MAX_FILTER_TERMS {
        let place = start..input.current_token_start();
        return fault(place, format!("a filter has at most {MAX_FILTER_TERMS} terms"));
    }
    Ok((term, kind))
}

/// What follows an opening parenthesis, and the closing one.
fn group(input: &mut Input<'_>, opening: Range<usize>) -> Parsed<Expr> {
    input.state.depth += 1;
    if input.state.depth > MAX_FILTER_DEPTH {
        return fault(opening, format!("parentheses are nested at most {MAX_FILTER_DEPTH} deep"));
    }
    let expr = any(input)?;
    input.state.depth -= 1;
    let Some(closing) = opt(')'.span()).parse_next(input)? else {
        return fault(opening.start..input.current_token_start(), advice::NO_CLOSING);
    };
    match &expr {
        Expr::All(parts) if parts.is_empty() => fault(opening.start..closing.end, advice::EMPTY_GROUP),
        _ => Ok(expr),
    }
}

/// `-` or `!` right before something. `!=` and `!!!` are text.
fn minus(input: &mut Input<'_>) -> Parsed<char> {
    let rest = *input.input.as_ref();
    let next = rest.chars().nth(1);
    let is_before_something = next.is_some_and(|next| !next.is_whitespace() && next != ')');
    let is_text = rest.starts_with('!') && matches!(next, Some('=' | '!'));
    if is_before_something && !is_text { one_of(['-', '!']).parse_next(input) } else { other() }
}

fn or(input: &mut Input<'_>) -> Parsed<Range<usize>> {
    alt((keyword("OR"), keyword("||"))).parse_next(input)
}

fn and(input: &mut Input<'_>) -> Parsed<Range<usize>> {
    alt((keyword("AND"), keyword("&&"))).parse_next(input)
}

/// An operator, apart from what follows.
fn keyword<'a>(word: &'static str) -> impl Parser<Input<'a>, Range<usize>, ErrMode<Fault>> {
    let end = alt((eof.void(), one_of(|c: char| c.is_whitespace() || c == '(' || c == ')').void()));
    (word, peek(end)).span()
}

/// Whether no further term is to be joined by AND.
fn is_at_end(input: &mut Input<'_>) -> bool {
    let end = alt((eof.void(), ')'.void(), or.void()));
    let start = input.checkpoint();
    let is_end = opt(end).parse_next(input).is_ok_and(|end| end.is_some());
    input.reset(&start);
    is_end
}
