//! What a person types into a control, read by the variable's declaration.

mod number;

use self::number::Number;
use crate::{
    ErrorCode, ProtocolError,
    model::{Integer, Value, VarSpec, VarType, var::NOT_SET},
};

impl VarType {
    /// Reads what a person typed. `like` is the current value: `+=5` is on top of it, and an unknown type is kept in its
    /// JSON type.
    ///
    /// # Errors
    /// `bad_shape` with a sentence that says what this type takes.
    pub fn parse_text(&self, text: &str, like: Option<&Value>) -> Result<Value, ProtocolError> {
        let refuse = |why: &str| Err(ProtocolError::new(ErrorCode::BadShape, why));
        match self {
            Self::Boolean => match self.parse_scalar(text) {
                Some(value) => Ok(value),
                None => refuse("type true or false"),
            },
            Self::Integer => match number::read(text, like).map(Number::to_integer) {
                Ok(Some(number)) => Ok(Value::Int(number)),
                Ok(None) => refuse("type a whole number from -9223372036854775808 to 18446744073709551615"),
                Err(number::NO_NUMBER) => {
                    refuse("type a whole number, such as 25, or arithmetic, such as 2*3+1")
                }
                Err(why) => refuse(why),
            },
            Self::Float => match number::read(text, like) {
                Ok(number) => Ok(Value::Float(number.to_f64())),
                Err(why) => refuse(why),
            },
            Self::Color => match like {
                Some(Value::Int(_)) => match color_number(text.trim()) {
                    Some(number) => Ok(Value::Int(number)),
                    None => refuse("type a colour, such as #ff8844 or 0xff8844"),
                },
                _ if is_color(text.trim()) => Ok(Value::Text(text.trim().to_owned())),
                _ => refuse("type a colour, such as #ff8844"),
            },
            Self::Json => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(_) => Value::parse_json(text).map_or_else(|| refuse("a number is out of range"), Ok),
                Err(fault) => refuse(&format!("not JSON: {fault}")),
            },
            Self::String | Self::Enum => Ok(Value::Text(text.to_owned())),
            Self::Action => refuse(NOT_SET),
            Self::Other(_) => match like {
                None | Some(Value::Text(_)) => Ok(Value::Text(text.to_owned())),
                Some(like) => match Value::parse_json(text) {
                    Some(value) if std::mem::discriminant(&value) == std::mem::discriminant(like) => {
                        Ok(value)
                    }
                    Some(value @ (Value::Int(_) | Value::Float(_))) if like.as_f64().is_some() => Ok(value),
                    _ => refuse("type a value of the same JSON type as the current one"),
                },
            },
        }
    }
}

impl VarSpec {
    /// Reads what a person typed, as [`VarType::parse_text`] does, also what would widen the type.
    ///
    /// # Errors
    /// `bad_shape` with a sentence that says what this variable takes.
    pub fn parse_text(&self, text: &str, like: Option<&Value>) -> Result<Value, ProtocolError> {
        let read = self.var_type.parse_text(text, like);
        match read.is_err() && self.inferred && self.var_type == VarType::Integer {
            true => VarType::Float.parse_text(text, like),
            false => read,
        }
    }
}

/// A colour of a game that keeps colours as numbers: `#rrggbb` is 0xrrggbb.
fn color_number(text: &str) -> Option<Integer> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    match digits.map(|digits| i64::from_str_radix(digits, 16)) {
        Some(number) => number.ok().map(Integer::from),
        None => number::read(text, None).ok().and_then(Number::to_integer),
    }
}

/// Whether it looks like a colour: `#` with digits, or a word or function of CSS, which games read for themselves.
fn is_color(text: &str) -> bool {
    match text.strip_prefix('#') {
        Some(digits) => {
            matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|b| b.is_ascii_hexdigit())
        }
        None => {
            let belongs = |b: u8| b.is_ascii_alphanumeric() || b" ,.%()/+-".contains(&b);
            text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(belongs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_text_is_read_or_refused_with_a_sentence() {
        assert_eq!(VarType::Float.parse_text(" .5 ", None).unwrap(), Value::Float(0.5));
        assert!(VarType::Float.parse_text("inf", None).is_err());
        assert!(VarType::Integer.parse_text("1.5", None).is_err());
        assert!(VarType::Color.parse_text("#ff884", None).is_err());
        assert!(VarType::Color.parse_text("<b>", None).is_err());
        assert_eq!(
            VarType::Color.parse_text(" rgba(1, 2, 3, 0.5)", None).unwrap(),
            Value::Text("rgba(1, 2, 3, 0.5)".into())
        );
        assert_eq!(
            VarType::Color.parse_text("0xff", Some(&Value::Int(1i64.into()))).unwrap(),
            Value::Int(255i64.into())
        );
        assert_eq!(
            VarType::Other("money".into()).parse_text("7", Some(&Value::Int(1i64.into()))).unwrap(),
            Value::Int(7i64.into())
        );
        assert!(VarType::Other("money".into()).parse_text("lots", Some(&Value::Int(1i64.into()))).is_err());
        assert_eq!(VarType::Other("x".into()).parse_text("7", None).unwrap(), Value::Text("7".into()));
    }

    #[test]
    fn numbers_are_understood_in_the_type_of_the_variable() {
        let integer = |text| VarType::Integer.parse_text(text, Some(&Value::Int(10i64.into())));
        assert_eq!(integer("2.0").unwrap(), Value::Int(2i64.into()));
        assert_eq!(integer("+=5").unwrap(), Value::Int(15i64.into()));
        assert!(integer("1/3").unwrap_err().text.contains("whole number"));
        let float = |text| VarType::Float.parse_text(text, Some(&Value::Float(10.0)));
        assert_eq!(float("2,5").unwrap(), Value::Float(2.5));
        assert_eq!(float("*2").unwrap(), Value::Float(20.0));
    }

    #[test]
    fn what_is_typed_may_ask_for_the_wider_type() {
        let declared = VarSpec::bare(VarType::Integer);
        let inferred = VarSpec { inferred: true, ..declared.clone() };
        assert_eq!(inferred.parse_text("6", None), Ok(Value::Int(6i64.into())));
        assert_eq!(inferred.parse_text("6.25", None), Ok(Value::Float(6.25)));
        assert!(inferred.parse_text("many", None).is_err());
        assert!(declared.parse_text("6.25", None).is_err());
    }
}
