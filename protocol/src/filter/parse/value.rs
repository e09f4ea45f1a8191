//! Words, phrases and regular expressions.

use std::cell::Cell;

use winnow::{
    Parser,
    combinator::delimited,
    stream::{Location, Stream},
    token::{rest, take_till, take_while},
};

use super::input::{Input, Parsed, fault, other};
use crate::filter::{advice, regex::Regex};
use crate::limits::MAX_FILTER_REGEXES;

/// What stands behind a sign.
pub(super) enum Value<'a> {
    /// Between quotes.
    Quoted(&'a str),
    Word(&'a str),
    Regex(Regex),
}

impl Value<'_> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Quoted(text) | Self::Word(text) => Some(text),
            Self::Regex(_) => None,
        }
    }
}

/// What stands behind a sign; the term begins at `start`. An empty word, if nothing does.
pub(super) fn any<'a>(input: &mut Input<'a>, start: usize) -> Parsed<Value<'a>> {
    if input.input.starts_with(['"', '“']) {
        return quoted(input, start).map(Value::Quoted);
    }
    if regex_end(&input.input).is_some() {
        return regex(input, start).map(Value::Regex);
    }
    match single_quoted(&input.input) {
        Some(bytes) => {
            let quoted = input.next_slice(bytes);
            Ok(Value::Quoted(&quoted[1..bytes - 1]))
        }
        None => word(input).map(Value::Word),
    }
}

/// The length of a text in single quotes, as is usual elsewhere. The quote that ends it has a blank, or the end of a group,
/// behind it: `'Ana's phone'` is one text.
fn single_quoted(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let is_end = |at: usize| inside[at + 1..].chars().next().is_none_or(|c| c.is_whitespace() || c == ')');
    let (end, _) = inside.match_indices('\'').find(|(at, _)| is_end(*at))?;
    // what holds both kinds of double quotes has no quotes that fit around it
    let fits = !(inside[..end].contains('"') && inside[..end].contains('”'));
    fits.then_some(end + 2)
}

/// Up to a blank or to the end of the group around it: what is opened inside is closed inside, as in `spawn()`. It may be
/// empty.
pub(super) fn word<'a>(input: &mut Input<'a>) -> Parsed<&'a str> {
    let open = Cell::new(0u32);
    let is_of_word = |c: char| {
        match c {
            '(' => open.set(open.get() + 1),
            ')' if open.get() == 0 => return false,
            ')' => open.set(open.get() - 1),
            _ => {}
        }
        !c.is_whitespace()
    };
    take_while(0.., is_of_word).parse_next(input)
}

/// What [`word`] would take, or a little less.
pub(super) fn first_word(text: &str) -> &str {
    &text[..text.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(text.len())]
}

/// A phrase in straight quotes, or in those that phones make of them.
pub(super) fn quoted<'a>(input: &mut Input<'a>, start: usize) -> Parsed<&'a str> {
    let (opening, closing) = match input.peek_token() {
        Some('"') => ('"', '"'),
        Some('“') => ('“', '”'),
        _ => return other(),
    };
    if !input.input.chars().skip(1).any(|c| c == closing) {
        rest.void().parse_next(input)?;
        return fault(start..input.current_token_start(), advice::QUOTE);
    }
    delimited(opening, take_till(0.., closing), closing).parse_next(input)
}

/// A regular expression between slashes, with its flag.
pub(super) fn regex(input: &mut Input<'_>, start: usize) -> Parsed<Regex> {
    let Some((pattern, flags)) = regex_end(&input.input) else { return other() };
    let taken = input.next_slice(pattern + flags + 2);
    let place = start..input.current_token_start();
    input.state.regexes += 1;
    if input.state.regexes > MAX_FILTER_REGEXES {
        return fault(place, format!("a filter has at most {MAX_FILTER_REGEXES} regular expressions"));
    }
    let ignores_case = match &taken[pattern + 2..] {
        "" => false,
        "i" => true,
        _ => return fault(place, advice::REGEX_FLAG),
    };
    match Regex::new(&taken[1..=pattern], ignores_case) {
        Some(regex) => Ok(regex),
        None => fault(place, advice::REGEX),
    }
}

/// The lengths of a pattern and of its flags, if the text begins with a regular expression: the first slash without a
/// backslash before it ends it, and nothing but flags stands behind that. `/usr/bin` is text.
pub(super) fn regex_end(text: &str) -> Option<(usize, usize)> {
    let inside = text.strip_prefix('/')?;
    let mut is_escaped = false;
    let pattern = inside.find(|c| {
        let is_end = c == '/' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    })?;
    let behind = &inside[pattern + 1..];
    let flags = behind.bytes().take_while(|b| b"gimsuxy".contains(b)).count();
    let is_end = behind[flags..].chars().next().is_none_or(|c| c.is_whitespace() || c == ')');
    (pattern > 0 && is_end).then_some((pattern, flags))
}
