//! JSON text → values, as games report them.

use std::borrow::Cow;

use super::Value;
use crate::{
    ErrorCode,
    error::{Result, refuse},
    json::{Piece, Shallow, check, depth},
    limits,
};

/// The value that a text holds as JSON, if a game could report it.
pub(super) fn read_json_text(text: &str) -> Option<Value> {
    let is_flat = depth(text.as_bytes()) <= limits::MAX_EDIT_DEPTH;
    let json = is_flat.then(|| check(text.as_bytes()).ok()).flatten()?;
    read_value(Piece::whole(json)).ok()
}

/// A reported value, by its own JSON type.
///
/// # Errors
/// `bad_json` or `bad_shape`.
pub(crate) fn read_value(piece: Piece<'_>) -> Result<Value> {
    let read = match piece.read()? {
        Shallow::Null => Some(Value::Json("null".to_owned())),
        Shallow::Bool(on) => Some(Value::Bool(on)),
        Shallow::Number(number) => Value::from_number(&number),
        Shallow::Text(text) => Some(Value::Text(within_value(text)?.into_owned())),
        Shallow::Array(_) | Shallow::Object(_) => match piece.compact(limits::MAX_VALUE_BYTES)? {
            Some(json) => Some(Value::Json(json)),
            None => return refuse_long_value(),
        },
    };
    match read {
        Some(value) => Ok(value),
        None => refuse(ErrorCode::BadShape, "a number is out of range"),
    }
}

fn within_value(text: Cow<'_, str>) -> Result<Cow<'_, str>> {
    if text.len() > limits::MAX_VALUE_BYTES {
        return refuse_long_value();
    }
    no_nul(&text)?;
    Ok(text)
}

fn refuse_long_value<T>() -> Result<T> {
    refuse(ErrorCode::BadShape, format!("a value is at most {} bytes", limits::MAX_VALUE_BYTES))
}

/// Postgres can't store U+0000 in text, and nothing that people read has one.
pub(crate) fn no_nul(text: &str) -> Result<()> {
    match text.contains('\0') {
        true => refuse(ErrorCode::BadShape, "a text cannot hold the character U+0000"),
        false => Ok(()),
    }
}
