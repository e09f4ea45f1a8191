//! A line of the server → what it says. A game's side of the grammar.

use crate::{
    ErrorCode,
    error::{Result, refuse},
    line::command::{keyed, number},
    model::{Key, Revision},
};

/// A line of the server, cut into its parts. The payload is not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `OK`: the key is verified.
    Ok,
    /// `h:<payload>`: the server speaks version 2.
    Hello {
        /// Read by [`parse_server_hello`](super::parse_server_hello).
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
        /// Read by [`parse_edits`](super::parse_edits).
        payload: &'a [u8],
    },
    /// `v:<key>:<rev>:<payload>` of version 2: edited variables.
    Revised {
        /// The key.
        key: Key,
        /// The project's revision with them.
        revision: Revision,
        /// Read by [`parse_revised`](super::parse_revised).
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
        /// Read by [`parse_action`](super::parse_action).
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
        return refuse(ErrorCode::BadShape, "a code must follow the number");
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
        None => refuse(ErrorCode::BadShape, "a number in the server's line is invalid"),
    }
}

fn revision(number: u64) -> Revision {
    Revision(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{parse_revised, parse_server_hello},
        *,
    };
    use crate::{limits, line::Caps};

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
