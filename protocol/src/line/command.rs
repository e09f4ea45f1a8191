//! A line → what it asks for.

use super::payload::decode;
use crate::{
    ErrorCode, ProtocolError,
    limits::{KEY_BYTES, MAX_PING_TOKEN_BYTES},
    model::{Key, Revision},
};

/// What both sides have agreed to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// `v:`, `i:` and `l:`, as it was from the beginning.
    Original,
    /// With what `h:` brings: sequence numbers, `r:`, `p:` and `q:`.
    Version2,
}

/// A line of a game, cut into its parts. The payload is not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// `h:<payload>`: asks for version 2. A server that has only the original grammar stays silent, which
    /// tells the client so.
    Hello {
        /// Base64 or bare JSON.
        payload: &'a [u8],
    },
    /// `v:<key>`: this connection speaks for that key.
    Verify {
        /// The key.
        key: Key,
    },
    /// `i:<key>:[<seq>:]<payload>`: variables the game has.
    Report {
        /// The key.
        key: Key,
        /// Counts the lines of the session from 1; only in version 2.
        seq: Option<u64>,
        /// Base64 or bare JSON.
        payload: &'a [u8],
    },
    /// `l:<key>:[<seq>:]<payload>`: log entries.
    Log {
        /// The key.
        key: Key,
        /// Counts the lines of the session from 1; only in version 2.
        seq: Option<u64>,
        /// Base64 or bare JSON.
        payload: &'a [u8],
    },
    /// `r:<key>:<rev>[:<payload>]`: applied up to a revision.
    Applied {
        /// The key.
        key: Key,
        /// The revision.
        revision: Revision,
        /// What became of single variables: base64 or bare JSON; empty = all are as they were sent.
        payload: &'a [u8],
    },
    /// `r:<key>:x<id>:<payload>`: an action was run.
    ActionDone {
        /// The key.
        key: Key,
        /// The number behind the `x` of the server's `x:`.
        id: u64,
        /// Base64 or bare JSON.
        payload: &'a [u8],
    },
    /// `p:<token>`: are you there?
    Ping {
        /// Comes back in the answer.
        token: &'a [u8],
    },
    /// `q:<token>`: I am.
    Pong {
        /// The token of the ping.
        token: &'a [u8],
    },
}

/// Cuts one line, without its newline, into its parts.
///
/// # Errors
/// `bad_verb` for a line that begins with no verb of this grammar, `bad_key` for a key that can't be one,
/// `bad_shape` for a number that is none.
pub fn parse_command(line: &[u8], grammar: Grammar) -> Result<Command<'_>, ProtocolError> {
    let is_v2 = grammar == Grammar::Version2;
    match line {
        [b'v', b':', key @ ..] => Ok(Command::Verify { key: Key::parse(key)? }),
        [b'i', b':', rest @ ..] => {
            let (key, rest) = keyed(rest)?;
            let (seq, payload) = if is_v2 { sequenced(rest)? } else { (None, rest) };
            Ok(Command::Report { key, seq, payload })
        }
        [b'l', b':', rest @ ..] => {
            let (key, rest) = keyed(rest)?;
            let (seq, payload) = if is_v2 { sequenced(rest)? } else { (None, rest) };
            Ok(Command::Log { key, seq, payload })
        }
        [b'h', b':', payload @ ..] => Ok(Command::Hello { payload }),
        [b'r', b':', rest @ ..] if is_v2 => receipt(rest),
        [b'p', b':', token @ ..] if is_v2 => Ok(Command::Ping { token: short_token(token)? }),
        [b'q', b':', token @ ..] if is_v2 => Ok(Command::Pong { token: short_token(token)? }),
        _ => Err(ProtocolError::new(
            ErrorCode::BadVerb,
            if is_v2 {
                "a line begins with v:, i:, l:, r:, p: or q:"
            } else {
                "a line begins with v:, i: or l:, such as v:<key> or l:<key>:[{\"message\":\"hello\"}]"
            },
        )),
    }
}

/// Puts a command and its newline at the end of `out`: what [`parse_command`] reads as the same command. Its payload is written
/// by [`encode_report`](super::encode_report) and its like, bare or [in base64](super::to_base64); a token is printable ASCII.
pub fn write_command(out: &mut Vec<u8>, command: &Command<'_>) {
    let (head, payload) = match *command {
        Command::Hello { payload } => ("h:".to_owned(), payload),
        Command::Verify { key } => (format!("v:{}", key.as_str()), &b""[..]),
        Command::Report { key, seq, payload } => (head_of('i', key, seq), payload),
        Command::Log { key, seq, payload } => (head_of('l', key, seq), payload),
        Command::Applied { key, revision, payload: b"" } => {
            (format!("r:{}:{revision}", key.as_str()), &b""[..])
        }
        Command::Applied { key, revision, payload } => (format!("r:{}:{revision}:", key.as_str()), payload),
        Command::ActionDone { key, id, payload } => (format!("r:{}:x{id}:", key.as_str()), payload),
        Command::Ping { token } => ("p:".to_owned(), token),
        Command::Pong { token } => ("q:".to_owned(), token),
    };
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(payload);
    out.push(b'\n');
}

fn head_of(verb: char, key: Key, seq: Option<u64>) -> String {
    match seq {
        None => format!("{verb}:{}:", key.as_str()),
        Some(seq) => format!("{verb}:{}:{seq}:", key.as_str()),
    }
}

/// Whether a line without its newline is all of it: its payload is an array or an object, to the end. Of a line without a
/// payload nobody can say.
pub fn is_whole(line: &[u8], grammar: Grammar) -> bool {
    match parse_command(line, grammar) {
        Ok(
            Command::Report { payload, .. }
            | Command::Log { payload, .. }
            | Command::Applied { payload, .. }
            | Command::ActionDone { payload, .. },
        ) => decode(payload).is_ok_and(|json| json.trim_ascii_start().starts_with(['[', '{'])),
        _ => false,
    }
}

/// `<key>:<rest>`. The key is found by its length, so that it may hold a colon itself.
pub(super) fn keyed(rest: &[u8]) -> Result<(Key, &[u8]), ProtocolError> {
    if rest.get(KEY_BYTES) != Some(&b':') {
        let given = memchr::memchr(b':', rest).unwrap_or(rest.len());
        return Err(ProtocolError::new(
            ErrorCode::BadKey,
            match given == KEY_BYTES {
                true => "a colon and the payload must follow the key".to_owned(),
                false => format!("a key is exactly {KEY_BYTES} bytes, this one has {given}"),
            },
        ));
    }
    Ok((Key::parse(&rest[..KEY_BYTES])?, &rest[KEY_BYTES + 1..]))
}

/// `<seq>:<payload>` or `<payload>`: neither base64 nor JSON can begin with digits and a colon.
fn sequenced(rest: &[u8]) -> Result<(Option<u64>, &[u8]), ProtocolError> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || rest.get(digits) != Some(&b':') {
        return Ok((None, rest));
    }
    match number(&rest[..digits]) {
        Some(seq) if (1..=MAX_NUMBER).contains(&seq) => Ok((Some(seq), &rest[digits + 1..])),
        _ => Err(ProtocolError::new(ErrorCode::BadShape, "a sequence number counts from 1 to 2^63 - 1")),
    }
}

/// `<key>:<rev>`, `<key>:<rev>:<payload>` or `<key>:x<id>:<payload>`.
fn receipt(rest: &[u8]) -> Result<Command<'_>, ProtocolError> {
    let (key, rest) = keyed(rest)?;
    let end = memchr::memchr(b':', rest).unwrap_or(rest.len());
    let (subject, payload) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    match subject {
        [b'x', id @ ..] => match number(id) {
            Some(id) => Ok(Command::ActionDone { key, id, payload }),
            None => {
                Err(ProtocolError::new(ErrorCode::BadShape, "the id must be that of the server's x: line"))
            }
        },
        revision => match number(revision).filter(|revision| *revision <= MAX_NUMBER) {
            Some(revision) => {
                Ok(Command::Applied { key, revision: Revision(revision.cast_signed()), payload })
            }
            None => Err(ProtocolError::new(
                ErrorCode::BadShape,
                "a revision, or x and an id, must follow the key",
            )),
        },
    }
}

/// Databases have signed numbers.
const MAX_NUMBER: u64 = i64::MAX as u64;

/// Digits only: no sign, no blank.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

fn short_token(token: &[u8]) -> Result<&[u8], ProtocolError> {
    let fits = token.len() <= MAX_PING_TOKEN_BYTES && token.iter().all(u8::is_ascii_graphic);
    match fits {
        true => Ok(token),
        false => Err(ProtocolError::new(
            ErrorCode::BadShape,
            format!("a token is at most {MAX_PING_TOKEN_BYTES} printable ASCII characters"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789ab";

    fn original(line: &[u8]) -> Result<Command<'_>, ProtocolError> {
        parse_command(line, Grammar::Original)
    }

    fn v2(line: &[u8]) -> Result<Command<'_>, ProtocolError> {
        parse_command(line, Grammar::Version2)
    }

    #[test]
    fn each_verb_is_cut_into_its_parts() {
        let key = Key::parse(KEY).unwrap();
        let report = |payload| Command::Report { key, seq: None, payload };
        for parse in [original, v2] {
            assert_eq!(parse(b"v:0123456789ab"), Ok(Command::Verify { key }));
            assert_eq!(parse(b"i:0123456789ab:W10="), Ok(report(b"W10=")));
            assert_eq!(parse(b"l:0123456789ab:"), Ok(Command::Log { key, seq: None, payload: b"" }));
            assert_eq!(parse(b"h:{}"), Ok(Command::Hello { payload: b"{}" }));
        }
    }

    #[test]
    fn only_version_2_has_sequence_numbers() {
        let key = Key::parse(KEY).unwrap();
        let line = b"i:0123456789ab:7:[]";
        assert_eq!(original(line), Ok(Command::Report { key, seq: None, payload: b"7:[]" }));
        assert_eq!(v2(line), Ok(Command::Report { key, seq: Some(7), payload: b"[]" }));
        // digits are base64 too
        assert_eq!(v2(b"l:0123456789ab:1234"), Ok(Command::Log { key, seq: None, payload: b"1234" }));
        for bad in ["0", "9223372036854775808", "99999999999999999999999"] {
            let line = format!("l:0123456789ab:{bad}:[]");
            assert_eq!(v2(line.as_bytes()).unwrap_err().code, ErrorCode::BadShape, "{line}");
        }
    }

    #[test]
    fn receipts_name_a_revision_or_an_action() {
        let key = Key::parse(KEY).unwrap();
        let applied = |revision, payload| Command::Applied { key, revision: Revision(revision), payload };
        assert_eq!(v2(b"r:0123456789ab:41"), Ok(applied(41, b"")));
        assert_eq!(v2(b"r:0123456789ab:41:[]"), Ok(applied(41, b"[]")));
        assert_eq!(v2(b"r:0123456789ab:x5:{}"), Ok(Command::ActionDone { key, id: 5, payload: b"{}" }));
        for bad in ["", "-1", "+1", "x", "xy", "1.5", "9223372036854775808"] {
            let line = format!("r:0123456789ab:{bad}");
            assert_eq!(v2(line.as_bytes()).unwrap_err().code, ErrorCode::BadShape, "{line}");
        }
        assert_eq!(original(b"r:0123456789ab:41").unwrap_err().code, ErrorCode::BadVerb);
    }

    #[test]
    fn heartbeats_carry_a_short_token() {
        assert_eq!(v2(b"p:a1"), Ok(Command::Ping { token: b"a1" }));
        assert_eq!(v2(b"q:"), Ok(Command::Pong { token: b"" }));
        assert_eq!(
            v2(&[&b"p:"[..], &[b'x'; MAX_PING_TOKEN_BYTES + 1]].concat()).unwrap_err().code,
            ErrorCode::BadShape
        );
        assert_eq!(original(b"p:a1").unwrap_err().code, ErrorCode::BadVerb);
    }

    #[test]
    fn a_line_is_whole_when_its_payload_is() {
        let whole = |line: &str| is_whole(line.as_bytes(), Grammar::Version2);
        for payload in [r#"[{"message":"a"}]"#, r#"{"a":1}"#, "[]", "eyJhIjoxfQ==", "eyJhIjoxfQ"] {
            for verb in ["i:0123456789ab:", "l:0123456789ab:7:", "r:0123456789ab:4:", "r:0123456789ab:x1:"] {
                assert!(whole(&format!("{verb}{payload}")), "{verb}{payload}");
                // whatever is missing at its end
                let padding = payload.trim_end_matches('=').len();
                for end in 0..padding {
                    assert!(!whole(&format!("{verb}{}", &payload[..end])), "{verb}{}", &payload[..end]);
                }
            }
        }
        // a number may go on
        for line in ["v:0123456789ab", "r:0123456789ab:41", "l:0123456789ab:MTI=", "p:1", "nonsense", ""] {
            assert!(!whole(line), "{line}");
        }
    }

    #[test]
    fn what_is_not_ours_is_named() {
        let code = |line: &[u8]| original(line).unwrap_err().code;
        for line in [&b"GET / HTTP/1.1"[..], b"v", b"V:0123456789ab", b"\x16\x03\x01", b"x:1"] {
            assert_eq!(code(line), ErrorCode::BadVerb, "{line:?}");
        }
        for line in [&b"v:"[..], b"v:short", b"i:0123456789ab", b"i:short:[]", b"l:0123456789abc:[]"] {
            assert_eq!(code(line), ErrorCode::BadKey, "{line:?}");
        }
    }
}
