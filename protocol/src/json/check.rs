//! Whether a text is JSON, before any of it is read.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};

use super::piece::refusal;
use crate::{ErrorCode, ProtocolError, error::Result};

/// Whole and nothing but JSON: then no piece of it surprises.
pub(crate) fn check(json: &[u8]) -> Result<&str> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    Checked.deserialize(&mut reader).and_then(|()| reader.end()).map_err(|fault| refusal(&fault))?;
    std::str::from_utf8(json).map_err(|_| ProtocolError::new(ErrorCode::BadJson, "JSON is UTF-8"))
}

/// Takes every value and keeps nothing. `IgnoredAny` would not do: it looks neither at escapes nor at how large a number is.
struct Checked;

impl<'de> DeserializeSeed<'de> for Checked {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> std::result::Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        while items.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<(), A::Error> {
        while fields.next_entry_seed(Self, Self)?.is_some() {}
        Ok(())
    }
}
