//! Reading the document's JSON.

use serde_json::Value as Json;

use super::html::plain;

/// A schema's type, as HTML.
pub(super) fn type_of(schema: &Json) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        let name = plain(target.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#type-{name}\">{name}</a>");
    }
    let choices = list(&schema["oneOf"]);
    if !choices.is_empty() {
        return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    let words = list(&schema["enum"]);
    if !words.is_empty() {
        let words = words.iter().map(|word| format!("<code>{}</code>", plain(text(word))));
        return words.collect::<Vec<_>>().join(", ");
    }
    let names = match &schema["type"] {
        Json::String(name) => vec![name.as_str()],
        Json::Array(names) => names.iter().map(text).collect(),
        _ => vec!["any JSON"],
    };
    let name = |name: &&str| match *name {
        "array" => format!("list of {}", type_of(&schema["items"])),
        other => plain(other).to_string(),
    };
    names.iter().map(name).collect::<Vec<_>>().join(" or ")
}

pub(super) fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

pub(super) fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}
