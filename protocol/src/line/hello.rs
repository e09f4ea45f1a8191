//! `h:`: what a game says of itself, and what the server grants.

use serde_json::{Map, Value as Json, json};

use super::payload::{Result, no_nul, parse_json, refuse};
use crate::{
    ErrorCode, limits,
    model::{Revision, UnixMicros},
};

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

    fn parse(words: &[Json]) -> Result<Self> {
        let mut caps = Self::default();
        for word in words {
            match word.as_str() {
                Some("ack") => caps.ack = true,
                Some("rev") => caps.rev = true,
                Some("ping") => caps.ping = true,
                Some("drain") => caps.drain = true,
                Some("json") => caps.json = true,
                // a newer game may ask for more than we know: it is not granted
                Some(_) => {}
                None => return refuse(ErrorCode::BadShape, "caps is an array of words"),
            }
        }
        Ok(caps)
    }

    fn names(self) -> Vec<&'static str> {
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
    let Json::Object(mut object) = parse_json(payload)? else {
        return refuse(ErrorCode::BadShape, "h: takes an object such as {\"proto\":2}");
    };
    let Some(proto) = object.get("proto").and_then(Json::as_u64).filter(|proto| *proto > 0) else {
        return refuse(ErrorCode::BadShape, "proto is the version of the protocol: 2");
    };
    let caps = match object.remove("caps") {
        Some(Json::Array(words)) => Caps::parse(&words)?,
        Some(Json::Null) | None => Caps::DEFAULT,
        Some(_) => return refuse(ErrorCode::BadShape, "caps is an array of words"),
    };
    let rev = match object.remove("rev") {
        Some(Json::Null) | None => None,
        Some(json) => match json.as_i64().filter(|rev| *rev >= 0) {
            Some(rev) => Some(Revision(rev)),
            None => return refuse(ErrorCode::BadShape, "rev is a revision: a whole number, 0 or more"),
        },
    };
    Ok(Hello {
        proto,
        device: word(&mut object, "device")?,
        session: word(&mut object, "session")?,
        name: word(&mut object, "name")?,
        sdk: word(&mut object, "sdk")?,
        app: word(&mut object, "app")?,
        platform: word(&mut object, "platform")?,
        attrs: attrs(&mut object)?,
        caps,
        epoch: word(&mut object, "epoch")?,
        rev,
    })
}

fn word(object: &mut Map<String, Json>, field: &str) -> Result<Option<String>> {
    let text = match object.remove(field) {
        Some(Json::Null) | None => return Ok(None),
        Some(Json::String(text)) => text,
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

fn attrs(object: &mut Map<String, Json>) -> Result<Option<String>> {
    let text = match object.remove("attrs") {
        Some(Json::Null) | None => return Ok(None),
        Some(Json::Object(attrs)) if attrs.is_empty() => return Ok(None),
        Some(attrs @ Json::Object(_)) => attrs.to_string(),
        Some(_) => return refuse(ErrorCode::BadShape, "attrs is an object"),
    };
    no_nul(&text)?;
    match text.len() > limits::MAX_ATTRS_BYTES {
        true => refuse(ErrorCode::BadShape, format!("attrs is at most {} bytes", limits::MAX_ATTRS_BYTES)),
        false => Ok(Some(text)),
    }
}

/// Puts the server's `h:` and the newline at the end of `out`. Bare JSON, so that it can be read before
/// anything is agreed on.
pub fn write_hello(out: &mut Vec<u8>, server: &str, caps: Caps, ping_millis: u64, now: UnixMicros) {
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
        write_hello(
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
