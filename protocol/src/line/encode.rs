//! What a game says → payloads, each read again as the same by the `parse_…` of the same name.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::Hello;
use crate::json::{Fields, Piece, Shallow, check, quote};
use crate::model::{Bound, LogEntry, Outcome, Report, UnixMicros, Value, VarName, VarOption};

/// The payload of `h:`.
pub fn encode_hello(hello: &Hello) -> String {
    let mut object = Object::new();
    object.put("proto", &hello.proto.to_string());
    object.text("device", hello.device.as_deref());
    object.text("session", hello.session.as_deref());
    object.text("name", hello.name.as_deref());
    object.text("sdk", hello.sdk.as_deref());
    object.text("app", hello.app.as_deref());
    object.text("platform", hello.platform.as_deref());
    object.put_some("attrs", hello.attrs.clone());
    let caps: Vec<String> = hello.caps.names().into_iter().map(quote).collect();
    object.put("caps", &format!("[{}]", caps.join(",")));
    object.text("epoch", hello.epoch.as_deref());
    object.put_some("rev", hello.rev.map(|revision| revision.to_string()));
    object.close()
}

/// The payload of `i:`: a dictionary where nothing is declared, and else declarations.
pub fn encode_report(reports: &[Report]) -> String {
    let is_plain = reports.iter().all(|report| report.spec.inferred && report.spec.is_bare());
    let value_of = |name: &str| reports.iter().find(|r| r.name.as_str() == name).map(|r| &r.value);
    // beside a "value", or a "type" that needs none, a text called "name" reads as a declaration
    let is_ambiguous = matches!(value_of("name"), Some(Value::Text(_)))
        && (value_of("value").is_some() || matches!(value_of("type"), Some(Value::Text(_))));
    if !is_plain || is_ambiguous {
        return array_or_object(reports.iter().map(declaration));
    }
    let mut object = Object::new();
    reports.iter().for_each(|report| object.put(report.name.as_str(), &report.value.to_json()));
    object.close()
}

/// The payload of `l:`. Fields that are not a JSON object are left out.
pub fn encode_logs(entries: &[LogEntry]) -> String {
    array_or_object(entries.iter().map(log_entry))
}

/// The payload of `r:` with what became of single variables, at this frame of the game's own count.
pub fn encode_outcomes(outcomes: &[(VarName, Outcome)], frame: Option<u64>) -> String {
    array_or_object(outcomes.iter().map(|(name, outcome)| {
        let mut object = Object::new();
        object.text("name", Some(name.as_str()));
        let (status, reason) = match outcome {
            Outcome::Applied => ("applied", &None),
            Outcome::Clamped { reason, .. } => ("clamped", reason),
            Outcome::Rejected { reason } => ("rejected", reason),
        };
        object.text("status", Some(status));
        if let Outcome::Clamped { value, .. } = outcome {
            object.put_some("value", value.as_ref().map(Value::to_json));
        }
        object.text("reason", reason.as_deref());
        object.put_some("frame", frame.map(|frame| frame.to_string()));
        object.close()
    }))
}

/// The payload of an action's `r:`: its result as JSON, or why it failed.
pub fn encode_action_result(result: &Result<Option<String>, String>) -> String {
    let mut object = Object::new();
    match result {
        Ok(result) => object.put_some("result", result.clone()),
        Err(error) => object.text("error", Some(error)),
    }
    object.close()
}

/// A payload as the original grammar has it. Version 2 takes both.
pub fn to_base64(payload: &str) -> String {
    STANDARD.encode(payload)
}

fn declaration(report: &Report) -> String {
    let Report { name, spec, value } = report;
    let mut object = Object::new();
    object.text("name", Some(name.as_str()));
    object.text("type", (!spec.inferred).then(|| spec.type_name()));
    object.put("value", &value.to_wire(spec.form));
    object.put_some("min", spec.min.map(bound));
    object.put_some("max", spec.max.map(bound));
    object.put_some("step", spec.step.map(|step| Value::Float(step).to_json()));
    if !spec.options.is_empty() {
        let options: Vec<String> = spec.options.iter().map(option).collect();
        object.put("options", &format!("[{}]", options.join(",")));
    }
    object.text("unit", spec.unit.as_deref());
    object.text("group", spec.group.as_deref());
    object.text("label", spec.label.as_deref());
    object.text("help", spec.help.as_deref());
    object.put_some("default", spec.default.as_ref().map(Value::to_json));
    object.put_some("order", spec.order.map(|order| order.to_string()));
    object.put_some("readonly", spec.readonly.then(|| "true".to_owned()));
    object.text("source", spec.source.as_deref());
    object.close()
}

fn bound(bound: Bound) -> String {
    match bound {
        Bound::Int(number) => Value::Int(number),
        Bound::Float(number) => Value::Float(number),
    }
    .to_json()
}

fn option(option: &VarOption) -> String {
    let value = option.value.to_json();
    if option.label == option.value.to_string() && !value.starts_with('{') {
        return value;
    }
    let mut object = Object::new();
    object.text("label", Some(&option.label));
    object.put("value", &value);
    object.close()
}

fn log_entry(entry: &LogEntry) -> String {
    let fields = entry.fields.as_deref().and_then(|fields| fields_of(fields).ok().flatten());
    let mut object = Object::new();
    object.text("message", Some(&entry.message));
    // a level or a time that could not be read is still among the fields
    if fields.as_ref().is_none_or(|fields| fields.get("level").is_none()) {
        object.text("level", Some(entry.level.as_str()));
    }
    object.put_some("timestamp", entry.at.map(timestamp));
    for (name, value) in fields.into_iter().flatten() {
        let is_ours = name == "message" || (name == "timestamp" && entry.at.is_some());
        if !is_ours {
            object.put(&name, value.text());
        }
    }
    object.close()
}

fn fields_of(text: &str) -> crate::error::Result<Option<Fields<'_>>> {
    match Piece::whole(check(text.as_bytes())?).read()? {
        Shallow::Object(object) => Ok(Some(object.fields(usize::MAX)?.0)),
        _ => Ok(None),
    }
}

/// As a number where its unit can be told by its magnitude.
fn timestamp(at: UnixMicros) -> String {
    if UnixMicros::from_magnitude(at.0.into()) == Some(at) {
        at.0.to_string()
    } else {
        quote(&at.to_rfc3339_micros())
    }
}

/// A single object stays one: inside an array it would be nested one level deeper.
fn array_or_object(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    match items.len() {
        1 => items.remove(0),
        _ => format!("[{}]", items.join(",")),
    }
}

/// The text of a JSON object, field by field.
struct Object(String);

impl Object {
    fn new() -> Self {
        Self("{".to_owned())
    }

    fn put(&mut self, name: &str, json: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quote(name));
        self.0.push(':');
        self.0.push_str(json);
    }

    fn put_some(&mut self, name: &str, json: Option<String>) {
        if let Some(json) = json {
            self.put(name, &json);
        }
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        self.put_some(name, text.map(quote));
    }

    fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
