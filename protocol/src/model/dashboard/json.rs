//! How long something is as JSON, without writing it.

use crate::model::Value;

/// Bytes of a text as a JSON string, with its quotes.
pub fn json_bytes(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    2 + text.bytes().map(escaped).sum::<usize>()
}

impl Value {
    /// Bytes of [`Value::to_json`].
    pub fn json_bytes(&self) -> usize {
        match self {
            Self::Text(text) => json_bytes(text),
            Self::Json(text) => text.len(),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) => self.to_json().len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_as_long_as_it_is_written() {
        let all: String = (1..=0x1000).filter_map(char::from_u32).collect();
        let texts = ["", "é\"\\/\u{7f}", all.as_str()].map(|text| Value::Text(text.to_owned()));
        let others = [
            Value::Bool(false),
            Value::Int(i64::MIN.into()),
            Value::Float(0.1),
            Value::Json(r#"{"a":[1,"\n"]}"#.to_owned()),
        ];
        for value in texts.iter().chain(&others) {
            assert_eq!(value.json_bytes(), value.to_json().len(), "{value}");
        }
    }
}
