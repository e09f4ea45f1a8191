//! `OBSERVERIO_PUBLIC_URL` → the origin that browsers send.

use std::fmt;

/// The scheme and authority under which browsers reach the dashboard, such as `https://tune.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    authority_at: usize,
}

impl PublicUrl {
    /// Parses `http://host[:port]` or `https://host[:port]`, with or without a trailing slash.
    ///
    /// # Errors
    /// A sentence that says what it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let (scheme, default_port) = match text.as_str() {
            url if url.starts_with("https://") => ("https://", ":443"),
            url if url.starts_with("http://") => ("http://", ":80"),
            _ => return Err(refusal()),
        };
        // browsers omit the scheme's default port
        let authority = text[scheme.len()..].strip_suffix(default_port).unwrap_or(&text[scheme.len()..]);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_');
        if authority.is_empty() || !authority.chars().all(plain) {
            return Err(refusal());
        }
        Ok(Self { origin: format!("{scheme}{authority}"), authority_at: scheme.len() })
    }

    /// As in an `Origin` header.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// As in a `Host` header.
    pub fn authority(&self) -> &str {
        &self.origin[self.authority_at..]
    }

    /// The host alone, without a port.
    pub fn host(&self) -> &str {
        without_port(self.authority())
    }

    /// Whether browsers reach us through TLS.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// `host` of `host:port`; an IPv6 address keeps its brackets.
pub(crate) fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.contains(']') => host,
        _ => authority,
    }
}

fn refusal() -> String {
    "use the dashboard's public address without a path, such as https://tune.example.org".into()
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        let url = PublicUrl::parse("https://Tune.Example.org:443/").unwrap();
        assert_eq!((url.origin(), url.authority()), ("https://tune.example.org", "tune.example.org"));
        assert!(url.is_https());
        let url = PublicUrl::parse("http://h:8080").unwrap();
        assert_eq!((url.authority(), url.host()), ("h:8080", "h"));
        assert_eq!(PublicUrl::parse("http://[::1]").unwrap().host(), "[::1]");
    }

    #[test]
    fn anything_more_is_refused() {
        for bad in
            ["", "tune.example.org", "https://", "https://h/path", "ftp://h", "https://u:p@h", "https://h?x"]
        {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
