//! The stable error codes of the wire contract.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the sender of a refused line can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Send the same again later.
    Retry,
    /// Mend the line, then send it.
    Fix,
    /// Don't send it again.
    Never,
}

macro_rules! codes {
    ($($variant:ident $text:literal $remedy:ident $closes:literal $doc:literal),+ $(,)?) => {
        /// A stable code of the wire contract, as in `ERR <code> <text>`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ErrorCode { $(#[doc = $doc] $variant),+ }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$variant),+];

            /// The code as it stands on the wire: lower snake case.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $text),+ }
            }

            /// Reads a code; `None` for one of a newer server.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }

            /// What the sender can do.
            pub const fn remedy(self) -> Remedy {
                match self { $(ErrorCode::$variant => Remedy::$remedy),+ }
            }

            /// Whether the first such error ends the connection. `bad_key` and `unverified` end it at
            /// the fifth, which the session counts (`limits::MAX_REFUSALS`).
            pub const fn closes(self) -> bool {
                match self { $(ErrorCode::$variant => $closes),+ }
            }

            /// Whether something is left out for good, which people are told of. The others ask to come again, say
            /// how a connection ended on which nothing was left unread, or are shown elsewhere.
            pub const fn is_refusal(self) -> bool {
                !matches!(
                    self,
                    ErrorCode::Busy
                        | ErrorCode::Unavailable
                        | ErrorCode::Gap
                        | ErrorCode::Draining
                        | ErrorCode::Idle
                        | ErrorCode::Timeout
                        | ErrorCode::TakenOver
                        | ErrorCode::Frozen
                )
            }
        }
    };
}

codes! {
    BadVerb "bad_verb" Fix false "The line does not begin with a known verb. Before `OK`, the connection is closed.",
    BadKey "bad_key" Fix false "The key is not 12 bytes, or no project has it. Closed after five.",
    Unverified "unverified" Fix false "`i:` or `l:` came before `v:` of that key. Closed after five.",
    WrongKey "wrong_key" Fix false "The line names another key than the connection verified.",
    Revoked "revoked" Never true "The key was revoked.",
    LineTooLong "line_too_long" Fix true "A line is longer than the limit.",
    BadBase64 "bad_base64" Fix false "The payload is neither base64 nor bare JSON.",
    BadJson "bad_json" Fix false "The payload is not JSON.",
    BadShape "bad_shape" Fix false "The JSON is not what this verb takes.",
    TooDeep "too_deep" Fix false "The JSON is nested deeper than the limit.",
    TooMany "too_many" Fix false "More entries in one line, or variables or bytes of them in one project, than the limit.",
    BadName "bad_name" Fix false "A variable's name is empty, too long or has control characters.",
    Quota "quota" Retry false "The project's limit of connected devices, or the key's limit of games, is reached.",
    Origin "origin" Retry true "The key does not admit games of this web page.",
    ReportOnly "report_only" Fix false "The key may only report values of known variables.",
    Frozen "frozen" Retry false "The declarations of the project are frozen: this one waits until an admin consents.",
    Full "full" Retry false "The project has reached its daily limit of the log.",
    Rate "rate" Retry false "Too many connections, wrong keys, new devices or new sessions from one address, or new sessions with one key.",
    Timeout "timeout" Retry true "No `v:` in time.",
    Idle "idle" Retry true "Nothing heard for too long.",
    Slow "slow" Retry true "The game reads too slowly.",
    TakenOver "taken_over" Never true "A newer connection of the same session took over.",
    TlsRequired "tls_required" Fix true "This server only accepts encrypted connections.",
    Draining "draining" Retry true "The server is shutting down; connect again.",
    Busy "busy" Retry false "The server can't take this now.",
    Unavailable "unavailable" Retry false "The server can't store now.",
    Gap "gap" Retry false "A sequence number was left out.",
    Internal "internal" Retry false "An internal server error.",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a line or a value was refused: a stable code, and a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} {text}")]
pub struct ProtocolError {
    /// The stable code.
    pub code: ErrorCode,
    /// One line of plain text. Never holds the sender's own bytes beyond a short, escaped excerpt.
    pub text: String,
}

impl ProtocolError {
    /// Joins a code with its sentence.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

pub(crate) type Result<T> = std::result::Result<T, ProtocolError>;

pub(crate) fn refuse<T>(code: ErrorCode, text: impl Into<String>) -> Result<T> {
    Err(ProtocolError::new(code, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_lower_snake_case() {
        let mut seen = std::collections::BTreeSet::new();
        for code in ErrorCode::ALL {
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit()));
            assert!(seen.insert(code.as_str()), "{code} twice");
            assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
        }
    }
}
