//! `OBSERVERIO_METRICS_TOKEN` → a secret that is never shown.

use std::fmt;

use subtle::ConstantTimeEq as _;

/// Shorter ones could be guessed.
const MIN_CHARACTERS: usize = 16;
const MAX_CHARACTERS: usize = 256;

/// Allows a monitoring system to read the metrics. `Debug` does not show it.
#[derive(Clone)]
pub struct MetricsToken(String);

impl MetricsToken {
    /// Accepts 16 to 256 printable ASCII characters without spaces.
    ///
    /// # Errors
    /// A sentence without the token in it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        match text.len() {
            MIN_CHARACTERS..=MAX_CHARACTERS if is_plain => Ok(Self(text.to_owned())),
            _ => Err(format!(
                "use {MIN_CHARACTERS} to {MAX_CHARACTERS} printable ASCII characters without spaces, for example the output of `openssl rand -hex \
                 32`"
            )),
        }
    }

    /// Compares in constant time.
    pub fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_nothing_else() {
        let token = MetricsToken::parse(" 0123456789abcdef\n").unwrap();
        assert!(token.is("0123456789abcdef"));
        for other in ["", "0123456789abcdeF", "0123456789abcde", "0123456789abcdef0", "0123456789abcdef "] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn what_could_be_guessed_or_cannot_be_sent_is_refused_without_being_shown() {
        let long = "x".repeat(257);
        for bad in ["", "secret-hunter2", "secret hunter2 secret hunter2", "sécret-hunter2-sécret", &long] {
            let sentence = MetricsToken::parse(bad).unwrap_err();
            assert!(sentence.contains("16") && !sentence.contains("hunter2"), "{sentence}");
        }
        assert!(
            MetricsToken::parse(&"x".repeat(16)).is_ok() && MetricsToken::parse(&"x".repeat(256)).is_ok()
        );
    }
}
