//! A payload → reports; and what reading any payload takes.

use std::borrow::Cow;

use crate::{
    ErrorCode,
    error::{Result, refuse},
    json::{Fields, Piece, Shallow, check, depth},
    limits,
    model::{Bound, Integer, Report, Value, VarName, VarOption, VarSpec, VarType, no_nul, read_value},
};

/// What a declaration is made of; it may say more, which is not kept.
const DECLARATION: [&str; 15] = [
    "name", "type", "value", "options", "default", "min", "max", "step", "unit", "group", "label", "help",
    "order", "readonly", "source",
];

/// Reads the payload of `i:`: an array of `{name, type, value, …}`, one such object, or a dictionary
/// `{name: value}`. In an array that names a variable twice the last one counts.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `too_many`, `bad_name` or `bad_shape`; then nothing of the line counts.
pub fn parse_report(payload: &[u8]) -> Result<Vec<Report>> {
    let json = decode(payload)?;
    let reports = match Piece::whole(&json).read()? {
        Shallow::Array(items) => {
            let items =
                at_most(items.items(limits::MAX_VARS_PER_LINE), limits::MAX_VARS_PER_LINE, "variables")?;
            read_each(items, declared)?
        }
        Shallow::Object(object) => {
            let declaration = object.fields_named(&DECLARATION)?;
            match is_declaration(&declaration)? {
                true => vec![declare(&declaration)?],
                false => dictionary(object)?,
            }
        }
        _ => {
            return refuse(ErrorCode::BadShape, "i: takes an array of {name, type, value}, or {name: value}");
        }
    };
    Ok(last_of_each_name(reports))
}

/// All of them, unless there were more than may be.
pub(super) fn at_most<T>((all, count): (T, usize), max: usize, what: &str) -> Result<T> {
    if count > max {
        return refuse(
            ErrorCode::TooMany,
            format!("a line holds at most {max} {what}, this one has {count}"),
        );
    }
    Ok(all)
}

/// With room for just as many: what is read may be kept for long.
pub(super) fn read_each<'a, T>(items: Vec<Piece<'a>>, read: fn(Piece<'a>) -> Result<T>) -> Result<Vec<T>> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        all.push(read(item)?);
    }
    Ok(all)
}

/// The JSON of a game's payload, checked.
pub(super) fn decode(payload: &[u8]) -> Result<Cow<'_, str>> {
    decode_within(payload, limits::MAX_JSON_DEPTH)
}

/// The JSON of a payload, checked and nested at most so deep.
pub(super) fn decode_within(payload: &[u8], max_depth: usize) -> Result<Cow<'_, str>> {
    match bare(payload)? {
        Cow::Borrowed(json) => Ok(Cow::Borrowed(checked(json, max_depth)?)),
        Cow::Owned(json) => {
            checked(&json, max_depth)?;
            Ok(Cow::Owned(String::from_utf8(json).expect("it was just read as text")))
        }
    }
}

/// A payload without its base64. That can't begin with `[` or `{`, so bare JSON is told by its first byte.
pub(super) fn bare(payload: &[u8]) -> Result<Cow<'_, [u8]>> {
    let payload = payload.trim_ascii();
    match payload.first() {
        Some(b'[' | b'{') => Ok(Cow::Borrowed(payload)),
        Some(_) => Ok(Cow::Owned(decode_base64(payload)?)),
        None => refuse(ErrorCode::BadJson, "the payload is empty"),
    }
}

pub(super) fn checked(json: &[u8], max_depth: usize) -> Result<&str> {
    if depth(json) > max_depth {
        return refuse(ErrorCode::TooDeep, format!("JSON may be nested at most {max_depth} levels deep"));
    }
    check(json)
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

#[cfg(all(feature = "simd", not(target_arch = "wasm32")))]
fn decode_unpadded(digits: &[u8]) -> Option<Vec<u8>> {
    base64_simd::STANDARD_NO_PAD.decode_to_vec(digits).ok()
}

#[cfg(not(all(feature = "simd", not(target_arch = "wasm32"))))]
fn decode_unpadded(digits: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD.decode(digits).ok()
}

/// `{"name": "speed", "value": …}` is a declaration, and so is an action; `{"name": "Ana"}` is a dictionary of one variable.
fn is_declaration(object: &Fields<'_>) -> Result<bool> {
    let is_type = |word: &str| VarType::from(word.to_owned()) == VarType::Action;
    let is_action = matches!(object.read("type")?, Some(Shallow::Text(word)) if is_type(&word));
    let is_named = matches!(object.read("name")?, Some(Shallow::Text(_)));
    Ok(is_named && (object.get("value").is_some() || is_action))
}

fn declared(item: Piece<'_>) -> Result<Report> {
    match item.read()? {
        Shallow::Object(object) => declare(&object.fields_named(&DECLARATION)?),
        _ => refuse(ErrorCode::BadShape, "each variable is an object {name, type, value}"),
    }
}

fn declare(object: &Fields<'_>) -> Result<Report> {
    let Some(Shallow::Text(name)) = object.read("name")? else {
        return refuse(ErrorCode::BadShape, "a variable has a name, which is a string");
    };
    let name = VarName::parse(&name)?;
    let word = match object.read("type")? {
        Some(Shallow::Text(word)) => Some(short(word, "type")?),
        Some(Shallow::Null) | None => None,
        Some(_) => return refuse(ErrorCode::BadShape, "a variable's type is a string"),
    };
    let declared_type = word.clone().map(VarType::from);
    let came = match object.get("value") {
        Some(came) => read_value(came)?,
        // an action has nothing to say of itself
        None if declared_type == Some(VarType::Action) => Value::Json("null".to_owned()),
        None => return refuse(ErrorCode::BadShape, "a variable has a value"),
    };
    let inferred = declared_type.is_none();
    let var_type = declared_type.unwrap_or_else(|| VarType::of(&came));
    let spelling = word.filter(|word| word != var_type.as_str());
    let (value, form) = var_type.read(came);
    Ok(Report { name, spec: VarSpec { form, spelling, inferred, ..spec(var_type, object)? }, value })
}

fn dictionary(object: Piece<'_>) -> Result<Vec<Report>> {
    let fields = object.fields(limits::MAX_VARS_PER_LINE)?;
    let fields = at_most(fields, limits::MAX_VARS_PER_LINE, "variables")?;
    fields.into_iter().map(|(name, value)| inferred(&name, value)).collect()
}

fn inferred(name: &str, piece: Piece<'_>) -> Result<Report> {
    let came = read_value(piece)?;
    let var_type = VarType::of(&came);
    let spec = VarSpec { inferred: true, ..VarSpec::bare(var_type) };
    Ok(Report { name: VarName::parse(name)?, spec, value: came })
}

/// The optional rest of a declaration. A field of the wrong shape refuses the line: the programmer who
/// declares it should learn of it.
fn spec(var_type: VarType, object: &Fields<'_>) -> Result<VarSpec> {
    let options = match object.read("options")? {
        Some(Shallow::Array(items)) => {
            let items = at_most(items.items(limits::MAX_OPTIONS), limits::MAX_OPTIONS, "options")?;
            read_each(items, option)?
        }
        Some(Shallow::Null) | None => Vec::new(),
        Some(_) => return refuse(ErrorCode::BadShape, "options is an array"),
    };
    let default = match object.read("default")? {
        Some(Shallow::Null) | None => None,
        Some(_) => object.get("default").map(read_value).transpose()?.map(|came| var_type.read(came).0),
    };
    Ok(VarSpec {
        min: bound(object, "min")?,
        max: bound(object, "max")?,
        step: number(object, "step")?.filter(|step| *step > 0.0),
        options,
        unit: text(object, "unit")?,
        group: text(object, "group")?,
        label: text(object, "label")?,
        help: text(object, "help")?,
        default,
        order: number(object, "order")?.map(|n| n as i64),
        readonly: match object.read("readonly")? {
            Some(Shallow::Bool(b)) => b,
            Some(Shallow::Null) | None => false,
            Some(_) => return refuse(ErrorCode::BadShape, "readonly is true or false"),
        },
        source: text(object, "source")?,
        ..VarSpec::bare(var_type)
    })
}

fn option(piece: Piece<'_>) -> Result<VarOption> {
    let (label, piece) = match piece.read()? {
        Shallow::Object(object) => {
            let object = object.fields_named(&["label", "value"])?;
            match (object.read("label")?, object.get("value")) {
                (Some(Shallow::Text(label)), Some(value)) => (Some(short(label, "label")?), value),
                _ => return refuse(ErrorCode::BadShape, "an option is a value, or {label, value}"),
            }
        }
        _ => (None, piece),
    };
    let value = read_value(piece)?;
    Ok(VarOption { label: label.unwrap_or_else(|| value.to_string()), value })
}

/// A limit: an integer keeps all its digits.
fn bound(object: &Fields<'_>, field: &str) -> Result<Option<Bound>> {
    let exact = match object.read(field)? {
        Some(Shallow::Number(n)) => n.as_i64().map(Into::into).or_else(|| n.as_u64().map(Into::into)),
        Some(Shallow::Text(s)) => Integer::parse(s.trim()),
        _ => None,
    };
    match exact {
        Some(exact) => Ok(Some(Bound::Int(exact))),
        None => Ok(number(object, field)?.map(Bound::Float)),
    }
}

fn number(object: &Fields<'_>, field: &str) -> Result<Option<f64>> {
    let number = match object.read(field)? {
        Some(Shallow::Null) | None => return Ok(None),
        Some(Shallow::Number(n)) => n.as_f64(),
        Some(Shallow::Text(s)) => s.trim().parse().ok(),
        Some(_) => None,
    };
    match number.filter(|n: &f64| n.is_finite()) {
        Some(n) => Ok(Some(n)),
        None => refuse(ErrorCode::BadShape, format!("{field} is a number")),
    }
}

pub(super) fn text(object: &Fields<'_>, field: &str) -> Result<Option<String>> {
    match object.read(field)? {
        Some(Shallow::Null) | None => Ok(None),
        Some(Shallow::Text(s)) if s.trim().is_empty() => Ok(None),
        Some(Shallow::Text(s)) => short(s, field).map(Some),
        Some(_) => refuse(ErrorCode::BadShape, format!("{field} is a string")),
    }
}

fn short(text: Cow<'_, str>, field: &str) -> Result<String> {
    no_nul(&text)?;
    if text.len() > limits::MAX_SPEC_TEXT_BYTES {
        return refuse(
            ErrorCode::BadShape,
            format!("{field} is at most {} bytes", limits::MAX_SPEC_TEXT_BYTES),
        );
    }
    Ok(text.into_owned())
}

fn last_of_each_name(reports: Vec<Report>) -> Vec<Report> {
    let mut seen = std::collections::HashSet::with_capacity(reports.len());
    let mut kept: Vec<Report> = reports.into_iter().rev().filter(|r| seen.insert(r.name.clone())).collect();
    kept.reverse();
    kept
}
