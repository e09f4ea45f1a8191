//! What all parts of the parser read from and answer with.

use std::ops::Range;

use winnow::{
    LocatingSlice, ModalResult, Parser,
    error::{ErrMode, ParserError},
    stream::Stateful,
    token::take_while,
};

use crate::filter::error::FilterError;

/// How much was used of what is bounded.
#[derive(Debug, Default)]
pub(super) struct State {
    pub depth: usize,
    pub terms: usize,
    pub regexes: usize,
}

pub(super) type Input<'a> = Stateful<LocatingSlice<&'a str>, State>;
pub(super) type Parsed<T> = ModalResult<T, Fault>;

/// What is wrong; nothing, if something else than what was tried stands here.
#[derive(Debug)]
pub(super) struct Fault(pub Option<Box<FilterError>>);

impl ParserError<Input<'_>> for Fault {
    type Inner = Self;

    fn from_input(_: &Input<'_>) -> Self {
        Self(None)
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

pub(super) fn fault<T>(place: Range<usize>, advice: impl Into<String>) -> Parsed<T> {
    Err(ErrMode::Cut(Fault(Some(Box::new(FilterError::new(place, advice))))))
}

/// Something else stands here.
pub(super) fn other<T>() -> Parsed<T> {
    Err(ErrMode::Backtrack(Fault(None)))
}

pub(super) fn begin(text: &str) -> Input<'_> {
    Stateful { input: LocatingSlice::new(text), state: State::default() }
}

/// What a term is to the operators beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `and` or `or`, which is a word among words.
    LowerJoint,
    /// `not`
    LowerNot,
    /// A word, or anything in quotes.
    Text,
    /// Anything else.
    Clear,
}

pub(super) fn blanks(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., char::is_whitespace).void().parse_next(input)
}
