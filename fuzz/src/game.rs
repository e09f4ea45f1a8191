//! The game's side: writes what was read as a game would send it. By texts: in a tree large numbers lose their digits.

use std::collections::BTreeMap;

use protocol::{line::{Caps, Hello}, model::{Outcome, LogEntry, Report, UnixMicros, Value, VarName, VarOption}};
use serde_json::{Value as Json, json, value::RawValue};

/// The fields of an object, in the order of their names.
pub type Fields = BTreeMap<String, Box<RawValue>>;

/// The payload of an `i:` that says just these reports.
pub fn report_json(reports: &[Report]) -> String {
    let is_plain = reports.iter().all(|report| report.spec.inferred && report.spec.is_bare());
    let value_of = |name: &str| reports.iter().find(|r| r.name.as_str() == name).map(|r| &r.value);
    // beside a "value", or a "type" that needs none, a text called "name" reads as a declaration
    let is_ambiguous = matches!(value_of("name"), Some(Value::Text(_)))
        && (value_of("value").is_some() || value_of("type") == Some(&Value::Text("action".to_owned())));
    if is_plain && !is_ambiguous {
        let field =
            |report: &Report| format!("{}:{}", Json::from(report.name.as_str()), report.value.to_json());
        return format!("{{{}}}", reports.iter().map(field).collect::<Vec<_>>().join(","));
    }
    array_or_object(reports.iter().map(declaration))
}

/// The payload of an `l:` that says just these entries.
pub fn log_json(entries: &[LogEntry]) -> String {
    array_or_object(entries.iter().map(|entry| {
        let mut object = entry.fields.as_deref().map(object).unwrap_or_default();
        // what was done to the message is not the game's to say
        object.insert("message".to_owned(), text(&entry.message));
        // one that could not be read stayed among the fields
        object.entry("level".to_owned()).or_insert_with(|| text(entry.level.as_str()));
        if let Some(at) = entry.at {
            object.insert("timestamp".to_owned(), text(&rfc3339(at)));
        }
        written(&object)
    }))
}

/// The payload of an `h:` that says just this.
pub fn hello_json(hello: &Hello) -> String {
    let said = json!({
        "proto": hello.proto, "device": hello.device, "session": hello.session, "name": hello.name, "sdk": hello.sdk,
        "app": hello.app, "platform": hello.platform, "caps": caps(hello.caps), "epoch": hello.epoch,
        "rev": hello.rev.map(|revision| revision.0),
    });
    let mut said = object(&said.to_string());
    said.insert("attrs".to_owned(), raw(hello.attrs.as_deref().unwrap_or("null")));
    written(&said)
}

/// The payload of an `r:` that says just these outcomes.
pub fn outcomes_json(outcomes: &[(VarName, Outcome)]) -> String {
    array_or_object(outcomes.iter().map(|(name, outcome)| {
        let (status, value, reason) = match outcome {
            Outcome::Applied => ("applied", None, &None),
            Outcome::Clamped { value, reason } => ("clamped", value.as_ref(), reason),
            Outcome::Rejected { reason } => ("rejected", None, reason),
        };
        let mut object =
            object(&json!({ "name": name.as_str(), "status": status, "reason": reason }).to_string());
        if let Some(value) = value {
            object.insert("value".to_owned(), raw(&value.to_json()));
        }
        written(&object)
    }))
}

/// The payload of an `r:` that says just this result of an action.
pub fn action_json(result: &Result<Option<String>, String>) -> String {
    match result {
        Ok(Some(result)) => format!("{{\"result\":{result}}}"),
        Ok(None) => "{}".to_owned(),
        Err(error) => json!({ "error": error }).to_string(),
    }
}

fn declaration(report: &Report) -> String {
    let spec = &report.spec;
    let mut object = object(
        &json!({
            "name": report.name.as_str(), "min": spec.min, "max": spec.max, "step": spec.step, "unit": spec.unit,
            "group": spec.group, "label": spec.label, "help": spec.help, "order": spec.order,
            "readonly": spec.readonly, "source": spec.source,
        })
        .to_string(),
    );
    let options: Vec<String> = spec.options.iter().map(option).collect();
    object.insert("options".to_owned(), raw(&format!("[{}]", options.join(","))));
    let default = spec.default.as_ref().map_or_else(|| "null".to_owned(), Value::to_json);
    object.insert("default".to_owned(), raw(&default));
    object.insert("value".to_owned(), raw(&report.value.to_wire(spec.form)));
    if !spec.inferred {
        object.insert("type".to_owned(), text(spec.type_name()));
    }
    written(&object)
}

fn option(option: &VarOption) -> String {
    let value = option.value.to_json();
    match option.label == option.value.to_string() && !value.starts_with('{') {
        true => value,
        false => format!(r#"{{"label":{},"value":{value}}}"#, Json::from(option.label.as_str())),
    }
}

fn caps(caps: Caps) -> Vec<&'static str> {
    let Caps { ack, rev, ping, drain, json } = caps;
    let all = [(ack, "ack"), (rev, "rev"), (ping, "ping"), (drain, "drain"), (json, "json")];
    all.into_iter().filter_map(|(asked, name)| asked.then_some(name)).collect()
}

/// A single object stays one: inside an array it would be nested one level deeper.
fn array_or_object(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(",")),
    }
}

/// RFC 3339 with all digits: small numbers would read as seconds.
fn rfc3339(at: UnixMicros) -> String {
    jiff::Timestamp::from_microsecond(at.0).expect("a time that was read is in the range").to_string()
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("what was read is written as JSON")
}

fn text(text: &str) -> Box<RawValue> {
    raw(&Json::from(text).to_string())
}

/// The fields of an object that was written.
pub fn object(json: &str) -> Fields {
    serde_json::from_str(json).expect("what was written is an object")
}

/// The object with these fields.
pub fn written(fields: &Fields) -> String {
    serde_json::to_string(fields).expect("fields are JSON")
}
