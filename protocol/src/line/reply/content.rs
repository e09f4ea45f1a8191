//! The payload of a line of the server → what it says.

use serde_json::Number;

use crate::{
    ErrorCode,
    error::{Result, refuse},
    json::{Fields, Piece, Shallow},
    limits,
    line::{Caps, payload::decode_within},
    model::{Value, VarName, VarRevision, read_value},
};

/// A value of any depth that a game may report, inside an object, of an array, of an object.
const MAX_DEPTH: usize = limits::MAX_JSON_DEPTH + 3;

/// What the server says of itself, and what it grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// Such as `observerio/0.1.0`.
    pub server: String,
    /// What was granted of what the game asked for.
    pub caps: Caps,
    /// The longest line that it takes, in bytes without the newline.
    pub max_line_bytes: u64,
    /// The most lines with a number that may be unacknowledged.
    pub max_inflight: u64,
    /// After so many milliseconds of silence either side asks whether the other is there.
    pub ping_millis: u64,
    /// The server's clock, in milliseconds since 1970.
    pub now_millis: i64,
}

/// Reads the payload of the server's `h:`. A limit that is not said is that of this version.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, or `bad_shape` also when it does not speak version 2.
pub fn parse_server_hello(payload: &[u8]) -> Result<ServerHello> {
    let json = decode_within(payload, MAX_DEPTH)?;
    let object = object(Piece::whole(&json), &["proto", "server", "caps", "limits", "ping", "t"])?;
    if unsigned(&object, "proto")? != Some(2) {
        return refuse(ErrorCode::BadShape, "the server does not speak version 2");
    }
    let limits =
        object.get("limits").map(|limits| self::object(limits, &["line", "inflight"])).transpose()?;
    let limit = |name| limits.as_ref().map_or(Ok(None), |limits| unsigned(limits, name));
    let caps = match object.read("caps")? {
        Some(Shallow::Array(words)) => Caps::parse(words)?,
        _ => Caps::default(),
    };
    Ok(ServerHello {
        server: word(&object, "server")?.unwrap_or_default(),
        caps,
        max_line_bytes: limit("line")?.unwrap_or(limits::MAX_LINE_BYTES as u64),
        max_inflight: limit("inflight")?.unwrap_or(limits::MAX_INFLIGHT_LINES),
        ping_millis: unsigned(&object, "ping")?.unwrap_or(limits::PING_INTERVAL.as_millis() as u64),
        now_millis: whole_number(&object, "t")?.and_then(|t| t.as_i64()).unwrap_or_default(),
    })
}

/// A variable as the server sets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Its name.
    pub name: VarName,
    /// Its type, by the name that the game has for it; empty when the server does not say it.
    pub type_name: String,
    /// The desired value by its JSON type: [`VarType::read`](crate::model::VarType::read) makes the variable's own of it.
    pub value: Value,
    /// The edit that set it; `None` in the original grammar.
    pub revision: Option<VarRevision>,
}

/// Desired values that came with version 2's `v:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The history that the revisions count in.
    pub epoch: String,
    /// These are all desired values; what the game had beyond them counts no longer.
    pub full: bool,
    /// What is desired.
    pub vars: Vec<Edit>,
    /// Variables whose edit was let go: the game goes back to its own value.
    pub removed: Vec<VarName>,
}

/// Reads the payload of the original `v:`: one object, or an array of them.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `bad_name` or `bad_shape`.
pub fn parse_edits(payload: &[u8]) -> Result<Vec<Edit>> {
    let json = decode_within(payload, MAX_DEPTH)?;
    match Piece::whole(&json).read()? {
        Shallow::Array(edits) => edits.members().map(edit).collect(),
        _ => Ok(vec![edit(Piece::whole(&json))?]),
    }
}

/// Reads the payload of version 2's `v:`.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `bad_name` or `bad_shape`.
pub fn parse_revised(payload: &[u8]) -> Result<Changes> {
    let json = decode_within(payload, MAX_DEPTH)?;
    let object = object(Piece::whole(&json), &["epoch", "full", "vars", "removed"])?;
    let vars = array(&object, "vars")?.map_or(Ok(Vec::new()), |vars| vars.members().map(edit).collect())?;
    let removed = array(&object, "removed")?;
    Ok(Changes {
        epoch: word(&object, "epoch")?.unwrap_or_default(),
        full: matches!(object.read("full")?, Some(Shallow::Bool(true))),
        vars,
        removed: removed.map_or(Ok(Vec::new()), |names| names.members().map(name).collect())?,
    })
}

/// Reads the payload of `x:`: the action's name, and its arguments as JSON unless there are none.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep`, `bad_name` or `bad_shape`.
pub fn parse_action(payload: &[u8]) -> Result<(VarName, Option<String>)> {
    let json = decode_within(payload, MAX_DEPTH)?;
    let object = object(Piece::whole(&json), &["name", "args"])?;
    let args = match object.read("args")? {
        None | Some(Shallow::Null) => None,
        Some(_) => object.get("args").map(|args| args.text().to_owned()),
    };
    Ok((named(&object)?, args))
}

fn edit(item: Piece<'_>) -> Result<Edit> {
    let object = object(item, &["name", "type", "value", "rev"])?;
    let Some(came) = object.get("value") else {
        return refuse(ErrorCode::BadShape, "an edited variable has a value");
    };
    Ok(Edit {
        name: named(&object)?,
        type_name: word(&object, "type")?.unwrap_or_default(),
        value: read_value(came)?,
        revision: whole_number(&object, "rev")?.and_then(|rev| rev.as_i64()).map(VarRevision),
    })
}

fn named(object: &Fields<'_>) -> Result<VarName> {
    match object.get("name") {
        Some(piece) => name(piece),
        None => refuse(ErrorCode::BadShape, "a variable has a name"),
    }
}

fn name(piece: Piece<'_>) -> Result<VarName> {
    match piece.read()? {
        Shallow::Text(text) => VarName::parse(&text),
        _ => refuse(ErrorCode::BadShape, "a name is a string"),
    }
}

fn object<'a>(piece: Piece<'a>, known: &[&str]) -> Result<Fields<'a>> {
    match piece.read()? {
        Shallow::Object(object) => object.fields_named(known),
        _ => refuse(ErrorCode::BadShape, "the server says something other than an object"),
    }
}

fn array<'a>(object: &Fields<'a>, field: &str) -> Result<Option<Piece<'a>>> {
    match object.read(field)? {
        Some(Shallow::Array(items)) => Ok(Some(items)),
        Some(Shallow::Null) | None => Ok(None),
        Some(_) => refuse(ErrorCode::BadShape, format!("{field} is an array")),
    }
}

fn word(object: &Fields<'_>, field: &str) -> Result<Option<String>> {
    match object.read(field)? {
        Some(Shallow::Text(text)) => Ok(Some(text.into_owned())),
        Some(Shallow::Null) | None => Ok(None),
        Some(_) => refuse(ErrorCode::BadShape, format!("{field} is a string")),
    }
}

fn whole_number(object: &Fields<'_>, field: &str) -> Result<Option<Number>> {
    match object.read(field)? {
        Some(Shallow::Number(number)) => Ok(Some(number)),
        Some(Shallow::Null) | None => Ok(None),
        Some(_) => refuse(ErrorCode::BadShape, format!("{field} is a number")),
    }
}

fn unsigned(object: &Fields<'_>, field: &str) -> Result<Option<u64>> {
    Ok(whole_number(object, field)?.and_then(|number| number.as_u64()))
}
