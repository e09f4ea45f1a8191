//! Comparing, counting and shortening values.

use std::collections::HashMap;

use protocol::model::{Integer, Value};

use crate::format;

/// Characters of a value in a sentence.
const BRIEF_CHARS: usize = 40;

/// The most frequent value; of equally frequent ones the first.
pub(super) fn most_frequent<'a>(values: impl Iterator<Item = &'a Value> + Clone) -> Option<&'a Value> {
    let mut votes: HashMap<Identity<'_>, usize> = HashMap::new();
    for value in values.clone() {
        *votes.entry(identity(value)).or_default() += 1;
    }
    let most = votes.values().copied().max()?;
    values.into_iter().find(|value| votes[&identity(value)] == most)
}

/// Whether a game that reports `reported` has applied `wanted`.
pub fn same_value(reported: &Value, wanted: &Value) -> bool {
    reported.agrees_with(wanted)
}

/// A value as a map key: a thousand devices with different values are counted in one pass.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Identity<'a> {
    Bool(bool),
    Int(Integer),
    Float(u64),
    Text(&'a str),
    Json(&'a str),
}

pub(super) fn identity(value: &Value) -> Identity<'_> {
    match value {
        Value::Bool(on) => Identity::Bool(*on),
        Value::Int(number) => Identity::Int(*number),
        Value::Float(number) => Identity::Float(number.to_bits()),
        Value::Text(text) => Identity::Text(text),
        Value::Json(text) => Identity::Json(text),
    }
}

/// A value inside a sentence.
pub fn brief(value: &Value) -> String {
    format::isolated(&format::shortened(&value.to_string(), BRIEF_CHARS)).into_owned()
}
