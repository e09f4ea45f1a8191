//! The type of a variable, by the name that games give it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Integer, Value, WireForm, read::read_json_text};

/// The declared type of a variable, which decides its control and how typed text is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum VarType {
    /// On or off.
    Boolean,
    /// A whole number of the 64-bit ranges.
    Integer,
    /// A finite number.
    Float,
    /// Text.
    String,
    /// One of the declared options.
    Enum,
    /// `#rrggbb`, `rgba(…)` or another way in which CSS writes colours, or a number such as 0xff8844.
    Color,
    /// Any JSON.
    Json,
    /// Something the game does when it is told to: a button. Its value says nothing.
    Action,
    /// A type we don't know, by its name: kept as it came and edited as text.
    Other(String),
}

impl VarType {
    /// The name of the contract, which is not always the one that a game uses: see [`VarSpec::type_name`](super::VarSpec::type_name).
    pub fn as_str(&self) -> &str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::String => "string",
            Self::Enum => "enum",
            Self::Color => "color",
            Self::Json => "json",
            Self::Action => "action",
            Self::Other(name) => name,
        }
    }

    /// The type of a value that came without one.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Bool(_) => Self::Boolean,
            Value::Int(_) => Self::Integer,
            Value::Float(_) => Self::Float,
            Value::Text(_) => Self::String,
            Value::Json(_) => Self::Json,
        }
    }

    /// Reads a reported value: games often send strings whatever the type is. A value that does not fit
    /// its declared type is kept as it came.
    pub fn read(&self, came: Value) -> (Value, WireForm) {
        match (self, &came) {
            (Self::Boolean | Self::Integer | Self::Float, Value::Text(text)) => match self.parse_scalar(text)
            {
                Some(value) => (value, WireForm::Text),
                None => (came, WireForm::Text),
            },
            (Self::Float, Value::Int(i)) => (Value::Float(i.get() as f64), WireForm::Native),
            // 5.0 for an integer is common (Lua, JavaScript); beyond 2^53 it would be a guess
            (Self::Integer, Value::Float(f)) if f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0 => {
                (Value::Int(Integer::nearest(*f)), WireForm::Native)
            }
            // JSON inside a text is a game that keeps everything as text; any other text is itself the value
            (Self::Json, Value::Text(text)) => match read_json_text(text) {
                Some(inside @ Value::Json(_)) => (inside, WireForm::Text),
                Some(_) => (came, WireForm::Text),
                None => (came, WireForm::Native),
            },
            (Self::Other(_), Value::Text(_)) => (came, WireForm::Text),
            _ => (came, WireForm::Native),
        }
    }

    /// A number in the type that is declared, where it is the same number: JSON has one kind of number, and many
    /// programs write 5.0 as 5.
    pub fn fit(&self, value: Value) -> Value {
        match (self, &value) {
            (Self::Float | Self::Integer, Value::Int(_) | Value::Float(_)) => self.read(value).0,
            _ => value,
        }
    }

    pub(super) fn parse_scalar(&self, text: &str) -> Option<Value> {
        let text = text.trim();
        match self {
            Self::Boolean => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "on" | "yes" => Some(Value::Bool(true)),
                "false" | "0" | "off" | "no" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Integer => Integer::parse(text).map(Value::Int),
            Self::Float => text.parse().ok().filter(|f: &f64| f.is_finite()).map(Value::Float),
            _ => None,
        }
    }
}

impl From<String> for VarType {
    fn from(name: String) -> Self {
        type_named(&name).unwrap_or(Self::Other(name))
    }
}

impl From<VarType> for String {
    fn from(var_type: VarType) -> Self {
        var_type.as_str().to_owned()
    }
}

impl fmt::Display for VarType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Longest of the names below.
const LONGEST: usize = 8;

/// The type that a name means, in any case: what everybody means by it. `None` for a name that we don't know.
fn type_named(name: &str) -> Option<VarType> {
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"boolean" | b"bool" => VarType::Boolean,
        b"integer" | b"int" | b"uint" | b"long" | b"ulong" | b"short" | b"ushort" | b"byte" | b"sbyte" => {
            VarType::Integer
        }
        b"int8" | b"int16" | b"int32" | b"int64" | b"uint8" | b"uint16" | b"uint32" | b"uint64" => {
            VarType::Integer
        }
        b"i8" | b"i16" | b"i32" | b"i64" | b"isize" | b"u8" | b"u16" | b"u32" | b"u64" | b"usize" => {
            VarType::Integer
        }
        b"float" | b"double" | b"number" | b"real" | b"single" => VarType::Float,
        b"f32" | b"f64" | b"float32" | b"float64" => VarType::Float,
        b"string" | b"str" | b"text" => VarType::String,
        b"enum" => VarType::Enum,
        b"color" | b"colour" => VarType::Color,
        b"json" => VarType::Json,
        b"action" => VarType::Action,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_everybody_means_by_them() {
        for (name, expected) in [
            ("bool", VarType::Boolean),
            ("int", VarType::Integer),
            ("Int32", VarType::Integer),
            ("u64", VarType::Integer),
            ("number", VarType::Float),
            ("DOUBLE", VarType::Float),
            ("f32", VarType::Float),
            ("str", VarType::String),
            ("Text", VarType::String),
            ("colour", VarType::Color),
            ("Action", VarType::Action),
        ] {
            assert_eq!(type_named(name), Some(expected), "{name}");
        }
        for name in
            ["", "money", "vec2", "ints", "int ", "integers!", "a name longer than any of ours", "İnt"]
        {
            assert_eq!(type_named(name), None, "{name}");
        }
    }

    #[test]
    fn the_names_of_the_contract_are_among_them() {
        use VarType::{Action, Boolean, Color, Enum, Float, Integer, Json, String};
        for var_type in [Boolean, Integer, Float, String, Enum, Color, Json, Action] {
            assert_eq!(type_named(var_type.as_str()), Some(var_type));
        }
    }
}
