//! A line → what it asks for.

use crate::{ErrorCode, ProtocolError, limits::KEY_BYTES, model::Key};

/// A line of a game, cut into its parts. The payload is not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// `v:<key>`: this connection speaks for that key.
    Verify {
        /// The key.
        key: Key,
    },
    /// `i:<key>:<payload>`: variables the game has.
    Report {
        /// The key.
        key: Key,
        /// Base64 or bare JSON.
        payload: &'a [u8],
    },
    /// `l:<key>:<payload>`: log entries.
    Log {
        /// The key.
        key: Key,
        /// Base64 or bare JSON.
        payload: &'a [u8],
    },
    /// `h:…`: asks for version 2 of the protocol. A server that has only the original grammar stays
    /// silent, which tells the client so.
    Hello,
}

/// Cuts one line, without its newline, into its parts.
///
/// # Errors
/// `bad_verb` for a line that begins with no verb of ours, `bad_key` for a key that can't be one.
pub fn parse_command(line: &[u8]) -> Result<Command<'_>, ProtocolError> {
    match line {
        [b'v', b':', key @ ..] => Ok(Command::Verify { key: Key::parse(key)? }),
        [b'i', b':', rest @ ..] => keyed(rest).map(|(key, payload)| Command::Report { key, payload }),
        [b'l', b':', rest @ ..] => keyed(rest).map(|(key, payload)| Command::Log { key, payload }),
        [b'h', b':', ..] => Ok(Command::Hello),
        _ => Err(ProtocolError::new(
            ErrorCode::BadVerb,
            "a line begins with v:, i: or l:, such as v:<key> or l:<key>:[{\"message\":\"hello\"}]",
        )),
    }
}

/// `<key>:<payload>`. The key is found by its length, so that it may hold a colon itself.
fn keyed(rest: &[u8]) -> Result<(Key, &[u8]), ProtocolError> {
    if rest.get(KEY_BYTES) != Some(&b':') {
        let given = memchr::memchr(b':', rest).unwrap_or(rest.len());
        return Err(ProtocolError::new(
            ErrorCode::BadKey,
            match given == KEY_BYTES {
                true => "behind the key comes a colon and the payload".to_owned(),
                false => format!("a key is exactly {KEY_BYTES} bytes, this one has {given}"),
            },
        ));
    }
    Ok((Key::parse(&rest[..KEY_BYTES])?, &rest[KEY_BYTES + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789ab";

    #[test]
    fn each_verb_is_cut_into_its_parts() {
        let key = Key::parse(KEY).unwrap();
        assert_eq!(parse_command(b"v:0123456789ab"), Ok(Command::Verify { key }));
        assert_eq!(parse_command(b"i:0123456789ab:W10="), Ok(Command::Report { key, payload: b"W10=" }));
        assert_eq!(parse_command(b"l:0123456789ab:"), Ok(Command::Log { key, payload: b"" }));
        assert_eq!(parse_command(b"h:{}"), Ok(Command::Hello));
    }

    #[test]
    fn what_is_not_ours_is_named() {
        let code = |line: &[u8]| parse_command(line).unwrap_err().code;
        for line in [&b"GET / HTTP/1.1"[..], b"v", b"V:0123456789ab", b"\x16\x03\x01", b"x:1"] {
            assert_eq!(code(line), ErrorCode::BadVerb, "{line:?}");
        }
        for line in [&b"v:"[..], b"v:short", b"i:0123456789ab", b"i:short:[]", b"l:0123456789abc:[]"] {
            assert_eq!(code(line), ErrorCode::BadKey, "{line:?}");
        }
    }
}
