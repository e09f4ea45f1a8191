//! What a variable holds.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value as Json};

use crate::json::{Piece, Shallow, check, compact_json, depth, quote};

/// An integer of the whole signed and unsigned 64-bit range: −2⁶³ … 2⁶⁴−1, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i128", into = "i128")]
pub struct Integer(i128);

impl Integer {
    /// The smallest: −2⁶³.
    pub const MIN: Self = Self(i64::MIN as i128);
    /// The largest: 2⁶⁴−1.
    pub const MAX: Self = Self(u64::MAX as i128);

    /// The number, if it is in the range.
    pub const fn new(number: i128) -> Option<Self> {
        if number >= Self::MIN.0 && number <= Self::MAX.0 { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn get(self) -> i128 {
        self.0
    }

    /// The nearest integer of the range; NaN is 0.
    pub fn nearest(number: f64) -> Self {
        // `as` saturates, so only the range of this type is left to apply
        Self((number.round() as i128).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Reads decimal digits with an optional sign.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().and_then(Self::new)
    }
}

impl TryFrom<i128> for Integer {
    type Error = &'static str;
    fn try_from(number: i128) -> Result<Self, Self::Error> {
        Self::new(number).ok_or("an integer outside -2^63 … 2^64-1")
    }
}

impl From<Integer> for i128 {
    fn from(integer: Integer) -> Self {
        integer.0
    }
}

impl From<i64> for Integer {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

impl From<u64> for Integer {
    fn from(number: u64) -> Self {
        Self(number.into())
    }
}

/// The JSON type in which a game reported a value. An edit goes back in the same one: a game that
/// says `"7"` gets `"8"`, a game that says `7` gets `8`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WireForm {
    /// The JSON type that the value has by nature.
    #[default]
    Native,
    /// A JSON string, whatever the value is.
    Text,
}

/// A variable's value. Scalars are read into their type; everything else is kept as its JSON text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An integer, exact.
    Int(Integer),
    /// A finite number.
    Float(f64),
    /// Text.
    Text(String),
    /// An object, an array or null, as compact JSON text. Whole numbers in it have all their digits.
    Json(String),
}

/// What a message of the browser claims to be a value: postcard carries any float and any text.
#[derive(Deserialize)]
enum Unchecked {
    Bool(bool),
    Int(Integer),
    Float(f64),
    Text(String),
    Json(String),
}

impl TryFrom<Unchecked> for Value {
    type Error = &'static str;
    fn try_from(claimed: Unchecked) -> Result<Self, Self::Error> {
        let value = match claimed {
            Unchecked::Bool(b) => Self::Bool(b),
            Unchecked::Int(i) => Self::Int(i),
            Unchecked::Float(f) if !f.is_finite() => return Err("a float that is not finite"),
            Unchecked::Float(f) => Self::Float(f),
            Unchecked::Text(text) => Self::Text(text),
            // unread, it would break the line of the game and the row of the database that it is put into
            Unchecked::Json(text) => match Self::parse_json(&text) {
                Some(Self::Json(compact)) if compact == text => Self::Json(text),
                _ => return Err("no compact JSON of an object, an array or null"),
            },
        };
        Ok(value)
    }
}

impl Value {
    /// Reads one JSON value by its own JSON type. In a tree, whole numbers beyond 64 bits have become floats: where there
    /// is a text, [`Value::parse_json`] keeps them.
    ///
    /// `None` for a number that is neither an integer of the 64-bit ranges nor a finite float.
    pub fn from_json(json: &Json) -> Option<Self> {
        Some(match json {
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(number) => return Self::from_number(number),
            Json::String(s) => Self::Text(s.clone()),
            Json::Null | Json::Array(_) | Json::Object(_) => Self::Json(json.to_string()),
        })
    }

    /// As [`Value::from_json`], of a number.
    pub(crate) fn from_number(number: &Number) -> Option<Self> {
        match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(i), ..) => Some(Self::Int(i.into())),
            (_, Some(u), _) => Some(Self::Int(u.into())),
            (.., Some(f)) if f.is_finite() => Some(Self::Float(f)),
            _ => None,
        }
    }

    /// Reads JSON text, as [`Value::to_json`] writes it.
    pub fn parse_json(text: &str) -> Option<Self> {
        match text.trim_ascii_start().as_bytes().first() {
            Some(b'[' | b'{') => compact_json(text).ok().map(Self::Json),
            _ => Self::parse_scalar(text),
        }
    }

    /// Not by way of a tree, whose code would be a large part of a small game's.
    fn parse_scalar(text: &str) -> Option<Self> {
        match Piece::whole(check(text.as_bytes()).ok()?).read().ok()? {
            Shallow::Null => Some(Self::Json("null".to_owned())),
            Shallow::Bool(on) => Some(Self::Bool(on)),
            Shallow::Number(number) => Self::from_number(&number),
            Shallow::Text(text) => Some(Self::Text(text.into_owned())),
            Shallow::Array(_) | Shallow::Object(_) => None,
        }
    }

    /// Writes compact JSON. An integral float keeps its `.0`, so that reading gives the same value.
    pub fn to_json(&self) -> String {
        match self {
            Self::Text(text) => quote(text),
            Self::Float(number) => match Number::from_f64(*number) {
                Some(number) => number.to_string(),
                None => "null".to_owned(),
            },
            other => other.to_string(),
        }
    }

    /// Writes the JSON that a game gets which reports this variable in `form`.
    pub fn to_wire(&self, form: WireForm) -> String {
        match form {
            WireForm::Native => self.to_json(),
            WireForm::Text => quote(&self.to_string()),
        }
    }

    /// Whether a game that reports this does what `wanted` says. Numbers are compared as numbers, because many
    /// games know floats only, and text as the JSON in it, because many games keep everything as text.
    pub fn agrees_with(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Int(_), Self::Float(_)) | (Self::Float(_), Self::Int(_)) => {
                self.as_f64() == wanted.as_f64()
            }
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Text(text), value) | (value, Self::Text(text)) => match Self::parse_json(text) {
                Some(Self::Text(_)) | None => false,
                Some(inside) => inside.agrees_with(value),
            },
            _ => self == wanted,
        }
    }

    /// The number, for geometry (sliders, limits); exact only up to 2⁵³.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(i.get() as f64),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// Size of the text in bytes, for limits.
    pub fn weight(&self) -> usize {
        match self {
            Self::Text(text) | Self::Json(text) => text.len(),
            _ => 8,
        }
    }

    /// How deep its arrays and objects are nested; 0 for a scalar.
    pub fn depth(&self) -> usize {
        match self {
            Self::Json(text) => depth(text.as_bytes()),
            _ => 0,
        }
    }
}

/// What a person reads and types: text without quotes, everything else as its JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(b) => b.fmt(f),
            Self::Int(i) => i.get().fmt(f),
            Self::Float(n) => {
                // as Rust writes it for programmers: 1e300 has 5 characters and not 301, and 0.1 stays 0.1
                let text = format!("{n:?}");
                f.write_str(text.strip_suffix(".0").unwrap_or(&text))
            }
            Self::Text(text) | Self::Json(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::live;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            (Integer::MIN.get()..=Integer::MAX.get()).prop_map(|i| Value::Int(Integer::new(i).unwrap())),
            any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::Float),
            any::<String>().prop_map(Value::Text),
            prop_oneof![Just("null"), Just("[1,2]"), Just("{\"a\":\"b\"}")]
                .prop_map(|s| Value::Json(s.to_owned())),
        ]
    }

    proptest! {
        #[test]
        fn json_text_reads_back_as_the_same_value(value in value()) {
            prop_assert_eq!(Value::parse_json(&value.to_json()), Some(value));
        }
    }

    #[test]
    fn the_same_in_another_json_type_is_the_same() {
        let text = |text: &str| Value::Text(text.to_owned());
        let json = |text: &str| Value::Json(text.to_owned());
        for (reported, wanted) in [
            (Value::Float(5.0), Value::Int(5i64.into())),
            (text("[1, 2]"), json("[1,2]")),
            (text("true"), Value::Bool(true)),
            (text("5.0"), Value::Int(5i64.into())),
            (text("a"), text("a")),
        ] {
            assert!(reported.agrees_with(&wanted) && wanted.agrees_with(&reported), "{reported} {wanted}");
        }
        for (reported, wanted) in [
            (Value::Float(5.5), Value::Int(5i64.into())),
            (text("[1]"), json("[2]")),
            (text("[1"), json("[1]")),
            (text("5"), text("5.0")),
            (text("\"5\""), Value::Int(5i64.into())),
        ] {
            assert!(!reported.agrees_with(&wanted) && !wanted.agrees_with(&reported), "{reported} {wanted}");
        }
    }

    #[test]
    fn nobody_can_carry_in_what_is_no_value() {
        #[derive(Serialize)]
        enum Forged {
            #[expect(dead_code, reason = "holds the place of `Bool`")]
            Bool(bool),
            #[expect(dead_code, reason = "holds the place of `Int`")]
            Int(Integer),
            Float(f64),
            #[expect(dead_code, reason = "holds the place of `Text`")]
            Text(String),
            Json(&'static str),
        }
        let read = |forged| live::parse::<Value>(&live::encode(&forged));
        assert_eq!(read(Forged::Float(0.5)), Ok(Value::Float(0.5)));
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(read(Forged::Float(number)), Err(live::Malformed), "{number}");
        }
        for text in ["null", "[1]", r#"{"a":"b"}"#] {
            assert_eq!(read(Forged::Json(text)), Ok(Value::Json(text.to_owned())));
        }
        for text in ["", "[1", "[1] ]", "[1]\nd:0", "[1, 2]", "1", "\"a\""] {
            assert_eq!(read(Forged::Json(text)), Err(live::Malformed), "{text}");
        }
    }

    #[test]
    fn floats_are_written_as_briefly_as_they_can_be() {
        for (number, text) in [
            (5.0, "5"),
            (-0.5, "-0.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123_456_789.0, "123456789"),
            (1e300, "1e300"),
            (-1.5e-9, "-1.5e-9"),
        ] {
            assert_eq!(Value::Float(number).to_string(), text);
            assert_eq!(text.parse(), Ok(number));
        }
    }

    #[test]
    fn whole_numbers_inside_json_stay_as_they_came() {
        let text =
            r#"{"at":[18446744073709551616,-9223372036854775809],"id":123456789012345678901234567890}"#;
        let value = Value::parse_json(text).unwrap();
        assert_eq!(value.to_json(), text);
        assert_eq!(value.to_wire(WireForm::Native), text);
        assert_eq!(live::parse::<Value>(&live::encode(&value)), Ok(value.clone()));
        assert!(Value::Text(text.replace(',', ", ")).agrees_with(&value));
        let nearly = Value::parse_json(&text.replace("7890", "7891")).unwrap();
        assert!(!nearly.agrees_with(&value));
    }

    #[test]
    fn the_ends_of_both_64_bit_ranges_are_exact() {
        for text in ["-9223372036854775808", "9223372036854775807", "18446744073709551615"] {
            assert_eq!(Value::parse_json(text).unwrap().to_json(), text);
            assert_eq!(
                Value::Int(Integer::parse(text).unwrap()).to_wire(WireForm::Text),
                format!("\"{text}\"")
            );
        }
        assert_eq!(Integer::parse("18446744073709551616"), None);
        assert_eq!(Integer::parse("-9223372036854775809"), None);
    }
}
