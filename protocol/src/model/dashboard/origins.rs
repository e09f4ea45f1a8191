//! The web pages from which games may connect.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Origins of one key at most.
pub const MAX_ORIGINS: usize = 16;
/// Bytes of one origin at most.
pub const MAX_ORIGIN_BYTES: usize = 255;

/// The origins of the web pages whose games a key admits, as browsers send them. Empty: any page. Games that are no web
/// pages send no origin and are always admitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    /// Reads origins with spaces, commas or line breaks between them, such as `https://games.example.org`,
    /// `https://*.example.org` for all subdomains, or `null` for files and sandboxed frames.
    ///
    /// # Errors
    /// A sentence about the first one that is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut origins = Vec::new();
        for typed in text.split([',', ' ', '\t', '\r', '\n']).filter(|typed| !typed.is_empty()) {
            let origin = normal(typed).ok_or_else(|| {
                let typed: String = typed.chars().take(80).collect();
                format!("“{typed}” is not the origin of a page; write it like https://games.example.org")
            })?;
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        if origins.len() > MAX_ORIGINS {
            return Err(format!("a key has at most {MAX_ORIGINS} origins"));
        }
        Ok(Self(origins))
    }

    /// Whether every page is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The origins, in the order in which they were typed.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a game may connect whose page has this origin; `None`: it is no page.
    pub fn admits(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let is_it = |allowed: &String| match allowed.split_once("*.") {
            None => allowed == origin,
            Some((scheme, domain)) => {
                let host = origin.strip_prefix(scheme).and_then(|host| host.strip_suffix(domain));
                host.is_some_and(|before| before.len() > 1 && before.ends_with('.'))
            }
        };
        self.is_empty() || self.0.iter().any(is_it)
    }
}

impl Display for AllowedOrigins {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// As a browser would send it; `None`: it is no origin.
fn normal(typed: &str) -> Option<String> {
    let origin = typed.strip_suffix('/').unwrap_or(typed).to_ascii_lowercase();
    if origin == "null" {
        return Some(origin);
    }
    let (scheme, authority) = origin.split_once("://")?;
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']');
    let host = authority.strip_prefix("*.").unwrap_or(authority);
    let is_origin = !scheme.is_empty()
        && scheme.chars().all(is_scheme)
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && host.chars().all(is_host)
        && origin.len() <= MAX_ORIGIN_BYTES;
    let without_port = match scheme {
        "https" => origin.strip_suffix(":443"),
        "http" => origin.strip_suffix(":80"),
        _ => None,
    };
    is_origin.then(|| without_port.unwrap_or(&origin).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_people_type_them() {
        let typed = "HTTPS://Games.Example.org/, http://localhost:8080\nhttps://games.example.org:443 null";
        let origins = AllowedOrigins::parse(typed).unwrap();
        let listed: Vec<&str> = origins.iter().collect();
        assert_eq!(listed, ["https://games.example.org", "http://localhost:8080", "null"]);
        assert_eq!(AllowedOrigins::parse(&origins.to_string()), Ok(origins));
        assert!(AllowedOrigins::parse(" , ").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_origin_is_named() {
        for wrong in [
            "games.example.org",
            "https://",
            "https://*",
            "https://a*.b",
            "https://x.org/game",
            "://x",
            "https://u@x",
        ] {
            assert!(AllowedOrigins::parse(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
        let many: Vec<String> = (0..=MAX_ORIGINS).map(|n| format!("https://x{n}.org")).collect();
        assert!(AllowedOrigins::parse(&many.join(" ")).unwrap_err().contains("16"));
        assert!(AllowedOrigins::parse(&format!("https://{}", "x".repeat(MAX_ORIGIN_BYTES))).is_err());
    }

    #[test]
    fn only_listed_pages_are_admitted() {
        let any = AllowedOrigins::default();
        assert!(any.admits(None) && any.admits(Some("https://x.org")) && any.admits(Some("null")));
        let some = AllowedOrigins::parse("https://games.example.org https://*.itch.zone").unwrap();
        for admitted in [
            None,
            Some("https://games.example.org"),
            Some("https://html.itch.zone"),
            Some("https://a.b.itch.zone"),
        ] {
            assert!(some.admits(admitted), "{admitted:?}");
        }
        for other in [
            "http://games.example.org",
            "https://games.example.org:8443",
            "https://itch.zone",
            "https://.itch.zone",
            "https://evilitch.zone",
            "https://html.itch.zone.evil.org",
            "null",
            "",
        ] {
            assert!(!some.admits(Some(other)), "{other}");
        }
    }
}
