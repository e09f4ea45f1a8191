//! The game's side: writes what was read as a game would send it.

use protocol::{
    line::{Caps, Hello},
    live::Outcome,
    model::{LogEntry, Report, UnixMicros, Value, VarName, VarOption, VarSpec},
};
use serde_json::{Map, Value as Json, json};

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
        let mut object = entry.fields.as_deref().map_or_else(Map::new, object);
        // what was done to the message is not the game's to say
        object.insert("message".to_owned(), entry.message.as_str().into());
        // one that could not be read stayed among the fields
        object.entry("level").or_insert_with(|| entry.level.as_str().into());
        if let Some(at) = entry.at {
            object.insert("timestamp".to_owned(), rfc3339(at).into());
        }
        Json::Object(object).to_string()
    }))
}

/// The payload of an `h:` that says just this.
pub fn hello_json(hello: &Hello) -> String {
    let attrs = hello.attrs.as_deref().map(object);
    json!({
        "proto": hello.proto, "device": hello.device, "session": hello.session, "name": hello.name, "sdk": hello.sdk,
        "app": hello.app, "platform": hello.platform, "attrs": attrs, "caps": caps(hello.caps), "epoch": hello.epoch,
        "rev": hello.rev.map(|revision| revision.0),
    })
    .to_string()
}

/// The payload of an `r:` that says just these outcomes.
pub fn outcomes_json(outcomes: &[(VarName, Outcome)]) -> String {
    array_or_object(outcomes.iter().map(|(name, outcome)| {
        let (status, value, reason) = match outcome {
            Outcome::Applied => ("applied", None, &None),
            Outcome::Clamped { value, reason } => ("clamped", value.as_ref(), reason),
            Outcome::Rejected { reason } => ("rejected", None, reason),
        };
        let mut object = Map::new();
        object.insert("name".to_owned(), name.as_str().into());
        object.insert("status".to_owned(), status.into());
        object.insert("reason".to_owned(), reason.clone().into());
        if let Some(value) = value {
            object.insert("value".to_owned(), parsed(&value.to_json()));
        }
        Json::Object(object).to_string()
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
            "readonly": spec.readonly, "source": spec.source, "options": options(spec),
            "default": spec.default.as_ref().map(|value| parsed(&value.to_json())),
        })
        .to_string(),
    );
    object.insert("value".to_owned(), parsed(&report.value.to_wire(spec.form)));
    if !spec.inferred {
        object.insert("type".to_owned(), spec.type_name().into());
    }
    Json::Object(object).to_string()
}

fn options(spec: &VarSpec) -> Vec<Json> {
    let option = |option: &VarOption| {
        let value = parsed(&option.value.to_json());
        match option.label == option.value.to_string() && !value.is_object() {
            true => value,
            false => json!({ "label": option.label, "value": value }),
        }
    };
    spec.options.iter().map(option).collect()
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

fn parsed(json: &str) -> Json {
    serde_json::from_str(json).expect("a value that was read writes JSON")
}

fn object(json: &str) -> Map<String, Json> {
    match parsed(json) {
        Json::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}
