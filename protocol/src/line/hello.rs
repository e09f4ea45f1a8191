//! `h:`: what a game says of itself, and what the server grants.

use serde_json::json;

use super::payload::decode;
use crate::{
    ErrorCode,
    error::{Result, refuse},
    json::{Fields, Piece, Shallow},
    limits,
    model::{Revision, UnixMicros, no_nul},
};

/// What is read of an `h:`.
const FIELDS: [&str; 11] =
    ["proto", "device", "session", "name", "sdk", "app", "platform", "attrs", "caps", "epoch", "rev"];

/// What a game asks for and says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The version it speaks, 2 or newer; the server answers with 2.
    pub proto: u64,
    /// Stays the same for one installation of the game.
    pub device: Option<String>,
    /// Random, new with every start of the game: sequence numbers belong to it.
    pub session: Option<String>,
    /// What people read.
    pub name: Option<String>,
    /// Such as `rust/0.1.0`.
    pub sdk: Option<String>,
    /// The game's own version.
    pub app: Option<String>,
    /// Such as `android 15`.
    pub platform: Option<String>,
    /// Anything else, as one compact JSON object.
    pub attrs: Option<String>,
    /// What it asks for.
    pub caps: Caps,
    /// The epoch of `rev`, as a `v:` said it.
    pub epoch: Option<String>,
    /// The newest revision that it has applied.
    pub rev: Option<Revision>,
}

/// What version 2 can do, each part for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Sequenced lines are answered by `a:` and `n:`.
    pub ack: bool,
    /// Edits have revisions and are answered by `r:`.
    pub rev: bool,
    /// The server asks with `p:` whether the game is there.
    pub ping: bool,
    /// The server says `d:` before it goes down.
    pub drain: bool,
    /// The server's payloads are bare JSON instead of base64.
    pub json: bool,
}

impl Caps {
    /// What a game gets that names none: everything but another form of payloads.
    pub const DEFAULT: Self = Self { ack: true, rev: true, ping: true, drain: true, json: false };

    pub(super) fn parse(words: Piece<'_>) -> Result<Self> {
        let mut caps = Self::default();
        for word in words.members() {
            let Shallow::Text(word) = word.read()? else {
                return refuse(ErrorCode::BadShape, "caps is an array of words");
            };
            match &*word {
                "ack" => caps.ack = true,
                "rev" => caps.rev = true,
                "ping" => caps.ping = true,
                "drain" => caps.drain = true,
                "json" => caps.json = true,
                // a newer game may ask for more than we know: it is not granted
                _ => {}
            }
        }
        Ok(caps)
    }

    /// Everything that this version knows.
    pub const ALL: Self = Self { ack: true, rev: true, ping: true, drain: true, json: true };

    pub(super) fn names(self) -> Vec<&'static str> {
        let all = [
            (self.ack, "ack"),
            (self.rev, "rev"),
            (self.ping, "ping"),
            (self.drain, "drain"),
            (self.json, "json"),
        ];
        all.into_iter().filter_map(|(granted, name)| granted.then_some(name)).collect()
    }
}

/// Reads the payload of `h:`. Fields that we don't know are left out.
///
/// # Errors
/// `bad_base64`, `bad_json`, `too_deep` or `bad_shape`.
pub fn parse_hello(payload: &[u8]) -> Result<Hello> {
    let json = decode(payload)?;
    let Shallow::Object(object) = Piece::whole(&json).read()? else {
        return refuse(ErrorCode::BadShape, "h: takes an object such as {\"proto\":2}");
    };
    let object = object.fields_named(&FIELDS)?;
    let proto = match object.read("proto")? {
        Some(Shallow::Number(proto)) => proto.as_u64().filter(|proto| *proto > 0),
        _ => None,
    };
    let Some(proto) = proto else {
        return refuse(ErrorCode::BadShape, "proto is the version of the protocol: 2");
    };
    let caps = match object.read("caps")? {
        Some(Shallow::Array(words)) => Caps::parse(words)?,
        Some(Shallow::Null) | None => Caps::DEFAULT,
        Some(_) => return refuse(ErrorCode::BadShape, "caps is an array of words"),
    };
    Ok(Hello {
        proto,
        device: word(&object, "device")?,
        session: word(&object, "session")?,
        name: word(&object, "name")?,
        sdk: word(&object, "sdk")?,
        app: word(&object, "app")?,
        platform: word(&object, "platform")?,
        attrs: attrs(&object)?,
        caps,
        epoch: word(&object, "epoch")?,
        rev: revision(&object)?,
    })
}

fn revision(object: &Fields<'_>) -> Result<Option<Revision>> {
    let revision = match object.read("rev")? {
        Some(Shallow::Null) | None => return Ok(None),
        Some(Shallow::Number(revision)) => revision.as_i64().filter(|revision| *revision >= 0),
        Some(_) => None,
    };
    match revision {
        Some(revision) => Ok(Some(Revision(revision))),
        None => refuse(ErrorCode::BadShape, "rev is a revision: a whole number, 0 or more"),
    }
}

fn word(object: &Fields<'_>, field: &str) -> Result<Option<String>> {
    let text = match object.read(field)? {
        Some(Shallow::Null) | None => return Ok(None),
        Some(Shallow::Text(text)) => text,
        Some(_) => return refuse(ErrorCode::BadShape, format!("{field} is a string")),
    };
    let text = text.trim();
    if text.len() > limits::MAX_HELLO_TEXT_BYTES {
        let most = limits::MAX_HELLO_TEXT_BYTES;
        return refuse(ErrorCode::BadShape, format!("{field} is at most {most} bytes"));
    }
    match text.chars().any(char::is_control) {
        true => refuse(ErrorCode::BadShape, format!("{field} has control characters")),
        false => Ok((!text.is_empty()).then(|| text.to_owned())),
    }
}

fn attrs(object: &Fields<'_>) -> Result<Option<String>> {
    let attrs = match object.read("attrs")? {
        Some(Shallow::Null) | None => return Ok(None),
        Some(Shallow::Object(attrs)) => attrs,
        Some(_) => return refuse(ErrorCode::BadShape, "attrs is an object"),
    };
    match attrs.compact(limits::MAX_ATTRS_BYTES)? {
        Some(text) => {
            no_nul(&text)?;
            Ok((text != "{}").then_some(text))
        }
        None => refuse(ErrorCode::BadShape, format!("attrs is at most {} bytes", limits::MAX_ATTRS_BYTES)),
    }
}

/// Puts the server's `h:` and the newline at the end of `out`. Bare JSON, so that it can be read before
/// anything is agreed on.
pub fn write_server_hello(out: &mut Vec<u8>, server: &str, caps: Caps, ping_millis: u64, now: UnixMicros) {
    let hello = json!({
        "proto": 2,
        "server": server,
        "caps": caps.names(),
        "limits": { "line": limits::MAX_LINE_BYTES, "inflight": limits::MAX_INFLIGHT_LINES },
        "ping": ping_millis,
        "t": now.millis(),
    });
    out.extend_from_slice(format!("h:{hello}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;

    fn code(payload: &str) -> ErrorCode {
        parse_hello(payload.as_bytes()).unwrap_err().code
    }

    #[test]
    fn only_the_version_is_required() {
        let hello = parse_hello(br#"{"proto":2}"#).unwrap();
        assert_eq!(hello, Hello { proto: 2, caps: Caps::DEFAULT, ..Hello::default() });
    }

    #[test]
    fn everything_else_is_read_too() {
        let hello = parse_hello(
            br#"{"proto":2,"device":"d","session":"s","name":"Ana's phone","sdk":"rust/0.1.0","app":"1.4.2",
                "platform":"android 15","attrs":{"gpu":"x"},"caps":["ack","json","teleport"],"epoch":"e-1","rev":41,"t":1}"#,
        )
        .unwrap();
        assert_eq!(hello.caps, Caps { ack: true, json: true, ..Caps::default() });
        assert_eq!((hello.device.as_deref(), hello.session.as_deref()), (Some("d"), Some("s")));
        assert_eq!((hello.epoch.as_deref(), hello.rev), (Some("e-1"), Some(Revision(41))));
        assert_eq!(hello.attrs.as_deref(), Some(r#"{"gpu":"x"}"#));
        assert_eq!(hello.name.as_deref(), Some("Ana's phone"));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let long = "x".repeat(limits::MAX_HELLO_TEXT_BYTES + 1);
        for payload in [
            "{}".to_owned(),
            r#"{"proto":"2"}"#.to_owned(),
            r#"{"proto":0}"#.to_owned(),
            r#"{"proto":2,"rev":-1}"#.to_owned(),
            r#"{"proto":2,"caps":"ack"}"#.to_owned(),
            r#"{"proto":2,"caps":[1]}"#.to_owned(),
            r#"{"proto":2,"name":"a\nb"}"#.to_owned(),
            r#"{"proto":2,"attrs":[]}"#.to_owned(),
            format!(r#"{{"proto":2,"device":"{long}"}}"#),
        ] {
            assert_eq!(code(&payload), ErrorCode::BadShape, "{payload}");
        }
        assert_eq!(code("{"), ErrorCode::BadJson);
    }

    #[test]
    fn the_answer_says_what_is_granted() {
        let mut out = Vec::new();
        write_server_hello(
            &mut out,
            "observerio/1",
            Caps { ack: true, ..Caps::default() },
            20_000,
            UnixMicros(5_000),
        );
        let json: Json = serde_json::from_slice(&out[2..]).unwrap();
        assert!(out.starts_with(b"h:{") && out.ends_with(b"}\n"));
        assert_eq!(json["caps"], json!(["ack"]));
        assert_eq!((&json["proto"], &json["t"], &json["ping"]), (&json!(2), &json!(5), &json!(20_000)));
    }
}
