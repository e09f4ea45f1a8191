//! A payload → reports and log entries.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use crate::{
    ErrorCode, ProtocolError, limits,
    model::{
        Level, LogEntry, Report, UnixMicros, Value, VarName, VarOption, VarSpec, VarType, WireForm,
        json_depth,
    },
};

pub(super) type Result<T> = std::result::Result<T, ProtocolError>;

pub(super) fn refuse<T>(code: ErrorCode, text: impl Into<String>) -> Result<T> {
    Err(ProtocolError::new(code, text))
}

/// Reads the payload of `i:`: an array of `{name, type, value, …}`, one such object, or a dictionary
/// `{name: value}`. In an array that names a variable twice the last one counts.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `too_many`, `bad_name` or `bad_shape`; then nothing of the line counts.
pub fn parse_report(payload: &[u8]) -> Result<Vec<Report>> {
    let reports = match parse_json(payload)? {
        Json::Array(items) => {
            at_most(items.len(), limits::MAX_VARS_PER_LINE, "variables")?;
            items.into_iter().map(declared).collect::<Result<Vec<_>>>()?
        }
        Json::Object(object) if is_declaration(&object) => vec![declared(Json::Object(object))?],
        Json::Object(object) => {
            at_most(object.len(), limits::MAX_VARS_PER_LINE, "variables")?;
            object.into_iter().map(|(name, value)| inferred(&name, &value)).collect::<Result<Vec<_>>>()?
        }
        _ => {
            return refuse(ErrorCode::BadShape, "i: takes an array of {name, type, value}, or {name: value}");
        }
    };
    Ok(last_of_each_name(reports))
}

/// Reads the payload of `l:`: an array of `{message, timestamp, level?, …}`, or one such object.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `too_many` or `bad_shape`; then nothing of the line counts.
pub fn parse_logs(payload: &[u8]) -> Result<Vec<LogEntry>> {
    match parse_json(payload)? {
        Json::Array(items) => {
            at_most(items.len(), limits::MAX_LOGS_PER_LINE, "log entries")?;
            items.into_iter().map(log_entry).collect()
        }
        object @ Json::Object(_) => Ok(vec![log_entry(object)?]),
        _ => refuse(ErrorCode::BadShape, "l: takes an array of {message, timestamp, level}"),
    }
}

pub(super) fn at_most(count: usize, max: usize, what: &str) -> Result<()> {
    if count > max {
        return refuse(
            ErrorCode::TooMany,
            format!("a line holds at most {max} {what}, this one has {count}"),
        );
    }
    Ok(())
}

/// Base64 can't begin with `[` or `{`, so bare JSON is told by its first byte.
pub(super) fn parse_json(payload: &[u8]) -> Result<Json> {
    let payload = payload.trim_ascii();
    let json = match payload.first() {
        Some(b'[' | b'{') => Cow::Borrowed(payload),
        Some(_) => Cow::Owned(decode_base64(payload)?),
        None => return refuse(ErrorCode::BadJson, "the payload is empty"),
    };
    if json_depth(&json) > limits::MAX_JSON_DEPTH {
        return refuse(ErrorCode::TooDeep, format!("JSON is nested at most {} deep", limits::MAX_JSON_DEPTH));
    }
    match serde_json::from_slice(&json) {
        Ok(value) => Ok(value),
        // serde_json's message has a position and its own words only, never the sender's bytes
        Err(fault) => refuse(ErrorCode::BadJson, fault.to_string()),
    }
}

fn decode_base64(payload: &[u8]) -> Result<Vec<u8>> {
    let digits = payload.trim_ascii_end();
    let unpadded = match digits {
        [rest @ .., b'=', b'='] | [rest @ .., b'='] => rest,
        all => all,
    };
    decode_unpadded(unpadded).map_or_else(
        || refuse(ErrorCode::BadBase64, "the payload is neither JSON nor base64 of the standard alphabet"),
        Ok,
    )
}

#[cfg(not(target_arch = "wasm32"))]
fn decode_unpadded(digits: &[u8]) -> Option<Vec<u8>> {
    base64_simd::STANDARD_NO_PAD.decode_to_vec(digits).ok()
}

#[cfg(target_arch = "wasm32")]
fn decode_unpadded(digits: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD.decode(digits).ok()
}

/// `{"name": "speed", "value": …}` is a declaration, and so is an action; `{"name": "Ana"}` is a dictionary of one variable.
fn is_declaration(object: &Map<String, Json>) -> bool {
    let is_action = object.get("type").and_then(Json::as_str) == Some("action");
    object.get("name").is_some_and(Json::is_string) && (object.contains_key("value") || is_action)
}

fn declared(item: Json) -> Result<Report> {
    let Json::Object(mut object) = item else {
        return refuse(ErrorCode::BadShape, "each variable is an object {name, type, value}");
    };
    let Some(Json::String(name)) = object.remove("name") else {
        return refuse(ErrorCode::BadShape, "a variable has a name, which is a string");
    };
    let name = VarName::parse(&name)?;
    let declared_type = match object.remove("type") {
        Some(Json::String(word)) => Some(VarType::from(short(word, "type")?)),
        Some(Json::Null) | None => None,
        Some(_) => return refuse(ErrorCode::BadShape, "a variable's type is a string"),
    };
    let came = match object.remove("value") {
        Some(came) => value(&came)?,
        // an action has nothing to say of itself
        None if declared_type == Some(VarType::Action) => Value::Json("null".to_owned()),
        None => return refuse(ErrorCode::BadShape, "a variable has a value"),
    };
    let inferred = declared_type.is_none();
    let var_type = declared_type.unwrap_or_else(|| VarType::of(&came));
    let (value, form) = var_type.read(came);
    Ok(Report { name, spec: VarSpec { form, ..spec(var_type, &mut object)? }, value, inferred })
}

fn inferred(name: &str, json: &Json) -> Result<Report> {
    let came = value(json)?;
    let var_type = VarType::of(&came);
    Ok(Report { name: VarName::parse(name)?, spec: VarSpec::bare(var_type), value: came, inferred: true })
}

pub(super) fn value(json: &Json) -> Result<Value> {
    let Some(value) = Value::from_json(json) else {
        return refuse(ErrorCode::BadShape, "a number is out of range");
    };
    if value.weight() > limits::MAX_VALUE_BYTES {
        return refuse(ErrorCode::BadShape, format!("a value is at most {} bytes", limits::MAX_VALUE_BYTES));
    }
    if let Value::Text(text) = &value {
        no_nul(text)?;
    }
    Ok(value)
}

/// Postgres can't store U+0000 in text, and nothing that people read has one.
pub(super) fn no_nul(text: &str) -> Result<()> {
    match text.contains('\0') {
        true => refuse(ErrorCode::BadShape, "a text cannot hold the character U+0000"),
        false => Ok(()),
    }
}

/// The optional rest of a declaration. A field of the wrong shape refuses the line: the programmer who
/// declares it should learn of it.
fn spec(var_type: VarType, object: &mut Map<String, Json>) -> Result<VarSpec> {
    let options = match object.remove("options") {
        Some(Json::Array(items)) => {
            at_most(items.len(), limits::MAX_OPTIONS, "options")?;
            items.iter().map(option).collect::<Result<_>>()?
        }
        Some(Json::Null) | None => Vec::new(),
        Some(_) => return refuse(ErrorCode::BadShape, "options is an array"),
    };
    let default = match object.remove("default") {
        Some(Json::Null) | None => None,
        Some(json) => Some(var_type.read(value(&json)?).0),
    };
    Ok(VarSpec {
        form: WireForm::Native,
        min: number(object, "min")?,
        max: number(object, "max")?,
        step: number(object, "step")?.filter(|step| *step > 0.0),
        options,
        unit: text(object, "unit")?,
        group: text(object, "group")?,
        label: text(object, "label")?,
        help: text(object, "help")?,
        default,
        order: number(object, "order")?.map(|n| n as i64),
        readonly: match object.remove("readonly") {
            Some(Json::Bool(b)) => b,
            Some(Json::Null) | None => false,
            Some(_) => return refuse(ErrorCode::BadShape, "readonly is true or false"),
        },
        source: text(object, "source")?,
        var_type,
    })
}

fn option(json: &Json) -> Result<VarOption> {
    let (label, json) = match json {
        Json::Object(object) => match (object.get("label"), object.get("value")) {
            (Some(Json::String(label)), Some(value)) => (Some(short(label.clone(), "label")?), value),
            _ => return refuse(ErrorCode::BadShape, "an option is a value, or {label, value}"),
        },
        other => (None, other),
    };
    let value = value(json)?;
    Ok(VarOption { label: label.unwrap_or_else(|| value.to_string()), value })
}

fn number(object: &mut Map<String, Json>, field: &str) -> Result<Option<f64>> {
    let number = match object.remove(field) {
        Some(Json::Null) | None => return Ok(None),
        Some(Json::Number(n)) => n.as_f64(),
        Some(Json::String(s)) => s.trim().parse().ok(),
        Some(_) => None,
    };
    match number.filter(|n: &f64| n.is_finite()) {
        Some(n) => Ok(Some(n)),
        None => refuse(ErrorCode::BadShape, format!("{field} is a number")),
    }
}

pub(super) fn text(object: &mut Map<String, Json>, field: &str) -> Result<Option<String>> {
    match object.remove(field) {
        Some(Json::Null) | None => Ok(None),
        Some(Json::String(s)) if s.trim().is_empty() => Ok(None),
        Some(Json::String(s)) => short(s, field).map(Some),
        Some(_) => refuse(ErrorCode::BadShape, format!("{field} is a string")),
    }
}

fn short(text: String, field: &str) -> Result<String> {
    no_nul(&text)?;
    if text.len() > limits::MAX_SPEC_TEXT_BYTES {
        return refuse(
            ErrorCode::BadShape,
            format!("{field} is at most {} bytes", limits::MAX_SPEC_TEXT_BYTES),
        );
    }
    Ok(text)
}

fn last_of_each_name(reports: Vec<Report>) -> Vec<Report> {
    let mut seen = std::collections::HashSet::with_capacity(reports.len());
    let mut kept: Vec<Report> = reports.into_iter().rev().filter(|r| seen.insert(r.name.clone())).collect();
    kept.reverse();
    kept
}

fn log_entry(item: Json) -> Result<LogEntry> {
    let Json::Object(mut object) = item else {
        return refuse(ErrorCode::BadShape, "each log entry is an object {message, timestamp, level}");
    };
    let message = match object.remove("message") {
        Some(Json::String(text)) => text,
        // `log(x)` of many games hands over whatever x is
        Some(other) => other.to_string(),
        None => return refuse(ErrorCode::BadShape, "a log entry has a message"),
    };
    no_nul(&message)?;
    if message.len() > limits::MAX_MESSAGE_BYTES {
        return refuse(
            ErrorCode::BadShape,
            format!("a message is at most {} bytes", limits::MAX_MESSAGE_BYTES),
        );
    }
    let level = level(&mut object);
    let at = match object.remove("timestamp") {
        Some(Json::Null) | None => None,
        Some(json) => Some(timestamp(&json)?),
    };
    let fields = (!object.is_empty()).then(|| Json::Object(object).to_string());
    Ok(LogEntry { message, level, at, fields })
}

/// A level we can't read stays among the fields, and the entry is `info`.
fn level(object: &mut Map<String, Json>) -> Level {
    let read = match object.get("level") {
        Some(Json::Number(n)) => n.as_i64().and_then(Level::from_number),
        Some(Json::String(word)) => {
            Level::parse(word.trim()).or_else(|| word.trim().parse().ok().and_then(Level::from_number))
        }
        _ => None,
    };
    match read {
        Some(level) => {
            object.remove("level");
            level
        }
        None => Level::default(),
    }
}

fn timestamp(json: &Json) -> Result<UnixMicros> {
    let read = match json {
        Json::Number(n) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(i), ..) => UnixMicros::from_magnitude(i.into()),
            (_, Some(u), _) => UnixMicros::from_magnitude(u.into()),
            (.., Some(f)) if f.abs() < 1e11 => UnixMicros::from_seconds(f),
            _ => None,
        },
        Json::String(text) => match text.trim().parse::<i128>() {
            Ok(n) => UnixMicros::from_magnitude(n),
            Err(_) => UnixMicros::parse_rfc3339(text.trim()),
        },
        _ => None,
    };
    match read {
        Some(at) => Ok(at),
        None => {
            refuse(ErrorCode::BadShape, "timestamp is an integer since 1970 (s, ms, µs or ns) or RFC 3339")
        }
    }
}
