//! API tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The prefix of every token.
const PREFIX: &str = "obs_";
const MAX_BYTES: usize = 256;

/// A secret that is never shown: `Debug` hides it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Token(String);

impl Token {
    /// Parses a token as the dashboard shows it, with or without surrounding spaces.
    pub(crate) fn parse(text: &str) -> Result<Self, NoToken> {
        let text = text.trim();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        match text.strip_prefix(PREFIX) {
            Some(rest) if !rest.is_empty() && is_plain && text.len() <= MAX_BYTES => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NoToken),
        }
    }

    /// For the `Authorization` header and nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// The text is not a token. It is not repeated, because it may be a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "this is not an API token; tokens begin with {PREFIX}, and you create them in the dashboard, on your account page"
)]
pub(crate) struct NoToken;

impl TryFrom<String> for Token {
    type Error = NoToken;
    fn try_from(text: String) -> Result<Self, NoToken> {
        Self::parse(&text)
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Replaces everything that looks like a token with `obs_…`, because someone may have typed one in the wrong place.
pub fn without_tokens(text: &str) -> String {
    let mut parts = text.split(PREFIX);
    let mut cleaned = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        cleaned += PREFIX;
        cleaned += "…";
        cleaned += part.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_sentence_is_not_shown() {
        assert_eq!(without_tokens("unexpected 'obs_hunter2', obs_"), "unexpected 'obs_…', obs_…");
        assert_eq!(without_tokens("nothing"), "nothing");
    }

    #[test]
    fn a_token_is_read_and_not_shown() {
        let token = Token::parse(" obs_hunter2\n").unwrap();
        assert_eq!(token.expose(), "obs_hunter2");
        assert!(!format!("{token:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_none_is_refused_without_being_repeated() {
        let long = format!("obs_{}", "x".repeat(MAX_BYTES - 3));
        for bad in [
            "",
            "obs_",
            "hunter2",
            "OBS_hunter2",
            "obs_hun ter2",
            "obs_hunter2\r\nx: y",
            "obs_hünter2",
            &long,
        ] {
            let refused = Token::parse(bad).unwrap_err().to_string();
            assert!(refused.contains("obs_") && !refused.contains("nter2"), "{bad}: {refused}");
        }
        assert!(Token::parse(&long[..MAX_BYTES]).is_ok());
    }
}
