//! A declared limit, exact.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Integer, Value};

/// The smallest or largest value of a declaration, as the game wrote it: integers keep every digit, which floats lose beyond 2⁵³.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A whole number.
    Int(Integer),
    /// Any other finite number.
    Float(f64),
}

impl Bound {
    /// The number, for geometry; exact only up to 2⁵³.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(number) => number.get() as f64,
            Self::Float(number) => number,
        }
    }

    /// The smallest integer that is not below it.
    pub fn ceil(self) -> Integer {
        match self {
            Self::Int(number) => number,
            Self::Float(number) => Integer::nearest(number.ceil()),
        }
    }

    /// The largest integer that is not above it.
    pub fn floor(self) -> Integer {
        match self {
            Self::Int(number) => number,
            Self::Float(number) => Integer::nearest(number.floor()),
        }
    }

    /// How a value compares with it; `None` for what is no number.
    pub fn compare(self, value: &Value) -> Option<Ordering> {
        match (value, self) {
            (Value::Int(number), Self::Int(bound)) => Some(number.cmp(&bound)),
            (value, bound) => value.as_f64()?.partial_cmp(&bound.as_f64()),
        }
    }
}

impl From<f64> for Bound {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<Integer> for Bound {
    fn from(number: Integer) -> Self {
        Self::Int(number)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => Value::Int(*number).fmt(f),
            Self::Float(number) => Value::Float(*number).fmt(f),
        }
    }
}

/// How it travels in a format that does not describe itself.
#[derive(Serialize, Deserialize)]
enum Packed {
    Int(Integer),
    Float(f64),
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (*self, serializer.is_human_readable()) {
            (Self::Int(number), false) => Packed::Int(number).serialize(serializer),
            (Self::Float(number), false) => Packed::Float(number).serialize(serializer),
            (Self::Int(number), true) => match i64::try_from(number.get()) {
                Ok(number) => serializer.serialize_i64(number),
                Err(_) => serializer.serialize_u64(number.get() as u64),
            },
            (Self::Float(number), true) => serializer.serialize_f64(number),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(Number);
        }
        match Packed::deserialize(deserializer)? {
            Packed::Int(number) => Ok(Self::Int(number)),
            Packed::Float(number) if number.is_finite() => Ok(Self::Float(number)),
            Packed::Float(_) => Err(D::Error::custom("a limit that is not finite")),
        }
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = Bound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Bound, E> {
        Ok(Bound::Int(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Bound, E> {
        Ok(Bound::Int(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Bound, E> {
        Ok(Bound::Float(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live;

    #[test]
    fn it_survives_the_database_and_the_wire() {
        for text in ["9223372036854775807", "18446744073709551615", "-9223372036854775808", "0.5", "100.0"] {
            let bound: Bound = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&bound).unwrap(), text);
            assert_eq!(live::parse::<Bound>(&live::encode(&bound)), Ok(bound));
        }
        assert!(serde_json::from_str::<Bound>("\"5\"").is_err());
    }

    #[test]
    fn integers_are_compared_exactly() {
        let bound = Bound::Int(Integer::from(i64::MAX));
        let above = Value::Int(Integer::from(i64::MAX as u64 + 1));
        assert_eq!(bound.compare(&above), Some(Ordering::Greater));
        assert_eq!(bound.compare(&Value::Int(Integer::from(i64::MAX))), Some(Ordering::Equal));
        assert_eq!(Bound::Float(0.5).compare(&Value::Int(1i64.into())), Some(Ordering::Greater));
        assert_eq!(bound.compare(&Value::Text("5".into())), None);
    }

    #[test]
    fn the_integers_inside_a_fraction() {
        assert_eq!(Bound::Float(0.5).ceil(), 1i64.into());
        assert_eq!(Bound::Float(10.9).floor(), 10i64.into());
        assert_eq!(Bound::Int(Integer::MAX).floor(), Integer::MAX);
    }
}
