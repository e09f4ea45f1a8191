//! The further fields of a line, found by the names on the way to them.

use std::cmp::Ordering;

use super::{
    expr::{Path, Pattern, Sign, Test},
    fold::{folded, is},
    number::Decimal,
};
use crate::json::{Piece, Shallow};

/// Whether a field that this path leads to passes. There may be several: a name may have dots in it, and of an array each
/// element counts.
pub(super) fn any(fields: &str, path: &Path, passes: &dyn Fn(Piece<'_>) -> bool) -> bool {
    // what was stored is an object; of anything else, no field is found
    let fields = fields.trim_ascii();
    let is_object = fields.len() >= 2 && fields.starts_with('{') && fields.ends_with('}');
    is_object && any_inside(Piece::whole(fields), path.folded(), passes)
}

/// The rest of the path begins in this object.
fn any_inside(object: Piece<'_>, path: &str, passes: &dyn Fn(Piece<'_>) -> bool) -> bool {
    let mut members = object.members();
    while let Ok(Some((name, value))) = members.next_field() {
        let is_found = match rest_behind(path, &name) {
            Some("") => any_of(value, None, passes),
            Some(rest) => any_of(value, rest.strip_prefix('.'), passes),
            None => false,
        };
        if is_found {
            return true;
        }
    }
    false
}

/// Of an array, each element that is not one itself.
fn any_of(value: Piece<'_>, path: Option<&str>, passes: &dyn Fn(Piece<'_>) -> bool) -> bool {
    let one = |value: Piece<'_>| match (path, value.read()) {
        (_, Ok(Shallow::Array(_)) | Err(_)) => false,
        (None, Ok(_)) => passes(value),
        (Some(path), Ok(Shallow::Object(object))) => any_inside(object, path, passes),
        (Some(_), Ok(_)) => false,
    };
    match value.read() {
        Ok(Shallow::Array(array)) => array.members().any(one),
        _ => one(value),
    }
}

/// What is left of a path behind a name: nothing, or what begins with the dot. `None`: it begins with another name.
fn rest_behind<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let rest = if name.is_ascii() {
        path.get(..name.len())
            .filter(|start| start.eq_ignore_ascii_case(name))
            .map(|start| &path[start.len()..])
    } else {
        path.strip_prefix(folded(name).as_str())
    };
    rest.filter(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Test {
    /// Whether a field's value passes.
    pub(super) fn passes(&self, value: Piece<'_>) -> bool {
        let Ok(said) = value.read() else { return false };
        match self {
            Self::Present => !matches!(said, Shallow::Null),
            Self::Matches(pattern) => matches(pattern, value, &said),
            Self::Compares(sign, number) => {
                number_of(value, &said).is_some_and(|said| sign.holds(said.cmp(number)))
            }
        }
    }
}

/// The number that a value is, or that its text is, with all its digits.
fn number_of(value: Piece<'_>, said: &Shallow<'_>) -> Option<Decimal> {
    match said {
        Shallow::Number(_) => Decimal::parse(value.text()),
        Shallow::Text(text) => Decimal::parse(text.trim()),
        _ => None,
    }
}

impl Sign {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

fn matches(pattern: &Pattern, value: Piece<'_>, said: &Shallow<'_>) -> bool {
    let wanted = match pattern {
        Pattern::Has(wanted) | Pattern::Is(wanted) => wanted.folded(),
        Pattern::Glob(_) | Pattern::Regex(_) => "",
    };
    let is_number = || {
        let number = Decimal::parse(wanted);
        number.is_some() && number == number_of(value, said)
    };
    match said {
        Shallow::Text(text) => pattern.matches(text) || is_number(),
        // a part of `true` or of a number is none of it
        Shallow::Null | Shallow::Bool(_) | Shallow::Number(_) if !wanted.is_empty() => {
            is(value.text(), wanted) || is_number()
        }
        // what is inside of an object is compared as JSON
        _ => pattern.matches(value.text()),
    }
}
