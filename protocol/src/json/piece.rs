//! One value, read down to where the next ones begin.

use std::borrow::Cow;

use memchr::memchr;
use serde::Deserialize;
use serde_json::Number;

use super::scan::end_of_first;
use crate::{ErrorCode, ProtocolError, error::Result};

/// One JSON value, as text without blanks around it.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a>(pub(super) &'a str);

/// A piece, read down to where arrays and objects begin.
pub(crate) enum Shallow<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Array(Piece<'a>),
    Object(Piece<'a>),
}

/// serde_json's message has a position and its own words only, never the sender's bytes.
pub(super) fn refusal(fault: &serde_json::Error) -> ProtocolError {
    ProtocolError::new(ErrorCode::BadJson, fault.to_string())
}

pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|fault| refusal(&fault))
}

impl<'a> Piece<'a> {
    /// All of a text that was checked.
    pub(crate) fn whole(checked: &'a str) -> Self {
        Self(checked.trim_ascii())
    }

    /// As it was sent.
    pub(crate) fn text(self) -> &'a str {
        self.0
    }

    pub(crate) fn read(self) -> Result<Shallow<'a>> {
        Ok(match self.0.as_bytes().first() {
            Some(b'[') => Shallow::Array(self),
            Some(b'{') => Shallow::Object(self),
            Some(b'"') => Shallow::Text(unquote(self.0)?),
            Some(b't') => Shallow::Bool(true),
            Some(b'f') => Shallow::Bool(false),
            Some(b'n') => Shallow::Null,
            _ => Shallow::Number(read(self.0)?),
        })
    }

    /// The elements of an array, and how many there are: no more than `max` are kept.
    pub(crate) fn items(self, max: usize) -> (Vec<Self>, usize) {
        let mut members = self.members();
        let items: Vec<Self> = members.by_ref().take(max).collect();
        let count = items.len() + members.count();
        (items, count)
    }

    /// What is inside an array or an object.
    pub(crate) fn members(self) -> Members<'a> {
        let inside = self.0.get(1..self.0.len() - 1);
        Members(inside.unwrap_or_default())
    }
}

/// The elements of an array one by one, or the names and the values of an object in turn. As the text was checked, only where
/// each one ends is to be found.
pub(crate) struct Members<'a>(&'a str);

impl<'a> Members<'a> {
    /// The next field of an object.
    pub(crate) fn next_field(&mut self) -> Result<Option<(Cow<'a, str>, Piece<'a>)>> {
        let (Some(name), Some(value)) = (self.next(), self.next()) else { return Ok(None) };
        Ok(Some((unquote(name.0)?, value)))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = self.0.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
        let (member, rest) = rest.split_at_checked(end_of_first(rest.as_bytes()))?;
        self.0 = rest;
        (!member.is_empty()).then_some(Piece(member))
    }
}

/// A text as JSON.
pub(crate) fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a text is always JSON")
}

/// A text: without an escape it is between the quotes as it is.
pub(super) fn unquote(quoted: &str) -> Result<Cow<'_, str>> {
    match quoted.get(1..quoted.len() - 1) {
        Some(plain) if memchr(b'\\', plain.as_bytes()).is_none() => Ok(Cow::Borrowed(plain)),
        _ => Ok(Cow::Owned(read(quoted)?)),
    }
}
