//! A line of the server → what it says. A game's side of the grammar.

use serde_json::Number;

use crate::{
    ErrorCode,
    error::{Result, refuse},
    json::{Fields, Piece, Shallow},
    limits,
    line::{
        Caps,
        command::{keyed, number},
        payload::decode_within,
    },
    model::{Key, Revision, Value, VarName, VarRevision, read_value},
};

/// A value of any depth that a game may report, inside an object, of an array, of an object.
const MAX_DEPTH: usize = limits::MAX_JSON_DEPTH + 3;

/// A line of the server, cut into its parts. The payload is not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `OK`: the key is verified.
    Ok,
    /// `h:<payload>`: the server speaks version 2.
    Hello {
        /// Read by [`parse_server_hello`].
        payload: &'a [u8],
    },
    /// `a:<key>:<seq>`: everything up to `seq` is on disk.
    Ack {
        /// The key.
        key: Key,
        /// The number.
        seq: u64,
    },
    /// `n:<key>:<seq>:<code>[ <places>]`: refused for good, all of the line or the entries at these places.
    Refused {
        /// The key.
        key: Key,
        /// The line's number.
        seq: u64,
        /// Why; may be newer than [`ErrorCode`].
        code: &'a str,
        /// Such as `3,7`; empty = all of the line.
        places: &'a str,
    },
    /// `n:<key>:<seq>:<code>:<ms>`: not taken now.
    NotNow {
        /// The key.
        key: Key,
        /// Send again from this line on.
        seq: u64,
        /// Why; may be newer than [`ErrorCode`].
        code: &'a str,
        /// After so many milliseconds.
        retry_millis: u64,
    },
    /// `v:<key>:<payload>` of the original grammar: edited variables.
    Edits {
        /// The key.
        key: Key,
        /// Read by [`parse_edits`].
        payload: &'a [u8],
    },
    /// `v:<key>:<rev>:<payload>` of version 2: edited variables.
    Revised {
        /// The key.
        key: Key,
        /// The project's revision with them.
        revision: Revision,
        /// Read by [`parse_revised`].
        payload: &'a [u8],
    },
    /// `s:<key>:<rev>`: the game has everything up to `revision`.
    InSync {
        /// The key.
        key: Key,
        /// The project's revision.
        revision: Revision,
    },
    /// `x:<key>:x<id>:<payload>`: run an action.
    Action {
        /// The key.
        key: Key,
        /// Comes back in the answer.
        id: u64,
        /// Read by [`parse_action`].
        payload: &'a [u8],
    },
    /// `p:<token>`: are you there?
    Ping {
        /// Comes back in the answer.
        token: &'a [u8],
    },
    /// `q:<token>`: the server is.
    Pong {
        /// The token of the ping, and what a newer server says behind it.
        token: &'a [u8],
    },
    /// `d:<ms>`: the server goes down.
    Drain {
        /// Connect again after a random part of so many milliseconds.
        millis: u64,
    },
    /// `ERR <code> <text>`: something was refused, or the connection ends.
    Error {
        /// Why; may be newer than [`ErrorCode`].
        code: &'a str,
        /// For people.
        text: &'a str,
    },
}

impl Reply<'_> {
    /// The key that the line is for; `None` where it is for the connection.
    pub fn key(&self) -> Option<Key> {
        match *self {
            Self::Ack { key, .. }
            | Self::Refused { key, .. }
            | Self::NotNow { key, .. }
            | Self::Edits { key, .. }
            | Self::Revised { key, .. }
            | Self::InSync { key, .. }
            | Self::Action { key, .. } => Some(key),
            Self::Ok
            | Self::Hello { .. }
            | Self::Ping { .. }
            | Self::Pong { .. }
            | Self::Drain { .. }
            | Self::Error { .. } => None,
        }
    }
}

/// Cuts one line of the server, without its newline, into its parts.
///
/// # Errors
/// `bad_verb`, `bad_key`, `bad_shape`: this is no server of observerio, or a newer one.
pub fn parse_reply(line: &[u8]) -> Result<Reply<'_>> {
    if line == b"OK" {
        return Ok(Reply::Ok);
    }
    if let Some(rest) = line.strip_prefix(b"ERR ") {
        let rest = text(rest)?;
        let (code, text) = rest.split_once(' ').unwrap_or((rest, ""));
        return Ok(Reply::Error { code, text });
    }
    let [verb, b':', rest @ ..] = line else {
        return refuse(ErrorCode::BadVerb, "the server's line has no verb");
    };
    match verb {
        b'h' => return Ok(Reply::Hello { payload: rest }),
        b'p' => return Ok(Reply::Ping { token: rest }),
        b'q' => return Ok(Reply::Pong { token: rest }),
        b'd' => return Ok(Reply::Drain { millis: whole(rest)? }),
        _ => {}
    }
    let (key, rest) = keyed(rest)?;
    match verb {
        b'a' => Ok(Reply::Ack { key, seq: whole(rest)? }),
        b'n' => not_taken(key, text(rest)?),
        b's' => Ok(Reply::InSync { key, revision: revision(whole(rest)?) }),
        b'v' => Ok(match numbered(rest) {
            Some((number, payload)) => Reply::Revised { key, revision: revision(number), payload },
            None => Reply::Edits { key, payload: rest },
        }),
        b'x' => match rest.strip_prefix(b"x").and_then(numbered) {
            Some((id, payload)) => Ok(Reply::Action { key, id, payload }),
            None => refuse(ErrorCode::BadShape, "an action has an id, x and a number, and a payload"),
        },
        _ => refuse(ErrorCode::BadVerb, "the server's line begins with a verb that we don't know"),
    }
}

/// `<seq>:<code>`, `<seq>:<code> <places>` or `<seq>:<code>:<ms>`.
fn not_taken(key: Key, rest: &str) -> Result<Reply<'_>> {
    let Some((seq, rest)) = rest.split_once(':') else {
        return refuse(ErrorCode::BadShape, "behind the number comes a code");
    };
    let seq = whole(seq.as_bytes())?;
    if let Some((code, millis)) = rest.split_once(':') {
        return Ok(Reply::NotNow { key, seq, code, retry_millis: whole(millis.as_bytes())? });
    }
    let (code, places) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok(Reply::Refused { key, seq, code, places })
}

/// `<number>:<payload>`: neither base64 nor JSON can begin with digits and a colon.
fn numbered(rest: &[u8]) -> Option<(u64, &[u8])> {
    let colon = memchr::memchr(b':', rest)?;
    Some((number(&rest[..colon])?, &rest[colon + 1..]))
}

fn text(bytes: &[u8]) -> Result<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) => refuse(ErrorCode::BadShape, "the server's line is not UTF-8"),
    }
}

fn whole(digits: &[u8]) -> Result<u64> {
    match number(digits) {
        Some(number) => Ok(number),
        None => refuse(ErrorCode::BadShape, "a number of the server's line is none"),
    }
}

fn revision(number: u64) -> Revision {
    Revision(i64::try_from(number).unwrap_or(i64::MAX))
}

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
        Some(_) => object.get("args").map(|args| args.as_str().to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_server_of_ours_says_is_refused() {
        let code = |line: &str| parse_reply(line.as_bytes()).unwrap_err().code;
        for line in ["", "HTTP/1.1 400 Bad Request", "z:0123456789ab:1", "SSH-2.0-x"] {
            assert_eq!(code(line), ErrorCode::BadVerb, "{line}");
        }
        for line in ["a:short:1", "v:0123456789a:e30=", "x:1"] {
            assert_eq!(code(line), ErrorCode::BadKey, "{line}");
        }
        for line in [
            "a:0123456789ab:",
            "n:0123456789ab:1",
            "n:0123456789ab:1:busy:soon",
            "d:-1",
            "x:0123456789ab:5:{}",
        ] {
            assert_eq!(code(line), ErrorCode::BadShape, "{line}");
        }
    }

    #[test]
    fn what_a_newer_server_adds_is_left_aside() {
        let hello = parse_server_hello(br#"{"proto":2,"caps":["ack","teleport"],"motto":["x"]}"#).unwrap();
        assert_eq!(hello.caps, Caps { ack: true, ..Caps::default() });
        assert_eq!((hello.max_inflight, hello.ping_millis), (limits::MAX_INFLIGHT_LINES, 20_000));
        let changes =
            parse_revised(br#"{"vars":[{"name":"a","value":1,"fuse":{"ms":5}}],"atomic":true}"#).unwrap();
        assert_eq!((changes.vars.len(), changes.full, changes.vars[0].revision), (1, false, None));
        assert_eq!(
            parse_reply(b"ERR new_code why not"),
            Ok(Reply::Error { code: "new_code", text: "why not" })
        );
        assert!(parse_server_hello(br#"{"proto":3}"#).is_err(), "it answers what we asked for");
    }
}
