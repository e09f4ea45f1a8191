//! Values that are handed over one by one: to a check, and with a log entry.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use observerio::Value;

use crate::{arguments::text, failure::Failure};

/// What an `obs_value` holds.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum obs_kind {
    /// `boolean`
    Bool = 0,
    /// `integer`
    Int = 1,
    /// `number`
    Double = 2,
    /// `text`, UTF-8
    Text = 3,
    /// `text`, which is JSON
    Json = 4,
}

/// A value: `kind` says which of the others counts.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct obs_value {
    /// One of `obs_kind`.
    pub kind: i32,
    /// With `OBS_KIND_BOOL`.
    pub boolean: bool,
    /// With `OBS_KIND_INT`.
    pub integer: i64,
    /// With `OBS_KIND_DOUBLE`; finite.
    pub number: f64,
    /// With `OBS_KIND_TEXT` and `OBS_KIND_JSON`: it ends with a zero byte.
    pub text: *const c_char,
}

impl obs_value {
    pub(crate) const NONE: Self =
        Self { kind: obs_kind::Json as i32, boolean: false, integer: 0, number: 0.0, text: ptr::null() };

    /// What it holds.
    ///
    /// # Safety
    /// Its text is as for [`text`] where the kind says that it has one.
    pub(crate) unsafe fn read(&self) -> Result<Value, Failure> {
        let kinds = [obs_kind::Bool, obs_kind::Int, obs_kind::Double, obs_kind::Text, obs_kind::Json];
        let kind = kinds.into_iter().find(|kind| *kind as i32 == self.kind);
        match kind {
            Some(obs_kind::Bool) => Ok(Value::Bool(self.boolean)),
            Some(obs_kind::Int) => Ok(Value::Int(self.integer.into())),
            Some(obs_kind::Double) if self.number.is_finite() => Ok(Value::Float(self.number)),
            Some(obs_kind::Double) => Err(Failure::invalid("a number is not finite")),
            Some(obs_kind::Text) => {
                // SAFETY: the caller promises it
                Ok(Value::Text(unsafe { text(self.text, "the text of a value") }?.to_owned()))
            }
            Some(obs_kind::Json) => {
                // SAFETY: the caller promises it
                let json = unsafe { text(self.text, "the text of a value") }?;
                Value::parse_json(json).ok_or_else(|| Failure::invalid("the text of a value is not JSON"))
            }
            None => Err(Failure::invalid(format!("there is no kind {} of values", self.kind))),
        }
    }
}

/// A value as C reads it, for as long as this lives. `None` for an integer that has no place in 64 signed bits.
pub(crate) struct Lent {
    pub(crate) value: obs_value,
    _text: CString,
}

impl Lent {
    pub(crate) fn new(value: &Value) -> Option<Self> {
        let mut lent = Self { value: obs_value::NONE, _text: CString::default() };
        let mut say = |kind: obs_kind, text: &str| {
            // no server of ours sends a text with a zero character
            lent._text = CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default();
            lent.value = obs_value { kind: kind as i32, text: lent._text.as_ptr(), ..obs_value::NONE };
        };
        match value {
            Value::Text(text) => say(obs_kind::Text, text),
            Value::Json(text) => say(obs_kind::Json, text),
            Value::Bool(boolean) => (lent.value.kind, lent.value.boolean) = (obs_kind::Bool as i32, *boolean),
            Value::Float(number) => (lent.value.kind, lent.value.number) = (obs_kind::Double as i32, *number),
            Value::Int(integer) => {
                let integer = i64::try_from(integer.get()).ok()?;
                (lent.value.kind, lent.value.integer) = (obs_kind::Int as i32, integer);
            }
        }
        Some(lent)
    }
}

/// A further field of a log entry.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct obs_field {
    /// Its name.
    pub name: *const c_char,
    /// Its value.
    pub value: obs_value,
}

impl obs_field {
    /// Name and value.
    ///
    /// # Safety
    /// Its texts are as for [`text`].
    pub(crate) unsafe fn read<'a>(&self) -> Result<(&'a str, Value), Failure> {
        // SAFETY: the caller promises it
        let name = unsafe { text(self.name, "the name of a field") }?;
        // SAFETY: the caller promises it
        Ok((name, unsafe { self.value.read() }?))
    }
}
