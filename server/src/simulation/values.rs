//! Values, whatever declared type they have and in whatever JSON type they are said.

use serde_json::Value as Json;

/// What everybody means by a value's JSON: `8`, `8.0` and `"8"` are one.
pub(super) fn meant(json: &str) -> String {
    let text = match serde_json::from_str(json) {
        Ok(Json::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => json.to_owned(),
    };
    match text.parse::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) => text,
    }
}

/// A way to declare a knob, and to say its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) type_name: &'static str,
    pub(super) is_text: bool,
}

pub(super) const WAYS: [Way; 4] = [
    Way { type_name: "integer", is_text: false },
    Way { type_name: "integer", is_text: true },
    Way { type_name: "float", is_text: false },
    Way { type_name: "float", is_text: true },
];

impl Way {
    /// The declaration of a knob with this value.
    pub(super) fn declaration(self, knob: &str, value: i64) -> Json {
        let json = if self.is_text { Json::from(value.to_string()) } else { Json::from(value) };
        serde_json::json!({"name": knob, "type": self.type_name, "value": json})
    }
}

#[test]
fn what_is_meant_has_one_text() {
    let ways = ["8", "8.0", "\"8\"", "\"8.0\"", "8e0"];
    assert!(ways.iter().all(|way| meant(way) == "8"));
    assert_eq!(
        (meant("\"on\"").as_str(), meant("-2.5").as_str(), meant("true").as_str()),
        ("on", "-2.5", "true")
    );
}
