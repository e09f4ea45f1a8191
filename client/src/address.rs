//! The server's address.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use ureq::http::Uri;

use crate::Error;

/// The address of a server without settings.
pub(crate) const DEFAULT: &str = "http://127.0.0.1:8080";

/// `http://host[:port]` or `https://host[:port]`, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ServerUrl {
    origin: String,
    is_private: bool,
}

impl ServerUrl {
    /// Parses an address as copied from the browser, without a path.
    pub(crate) fn parse(text: &str) -> Result<Self, NoAddress> {
        let text = text.trim();
        if !text.contains("://") {
            return Err(NoAddress);
        }
        let uri: Uri = text.parse().map_err(|_| NoAddress)?;
        let scheme =
            uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or(NoAddress)?;
        let authority = uri.authority().ok_or(NoAddress)?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !text.contains('#');
        // a password in the address would end up in messages
        if !is_bare || authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(NoAddress);
        }
        let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
        Ok(Self { origin, is_private: scheme == "https" || is_loopback(authority.host()) })
    }

    /// Whether a token can be sent safely: with TLS, or on the same machine.
    pub(crate) fn is_private(&self) -> bool {
        self.is_private
    }

    /// Returns the address if a token can be sent there safely, or if `insecure` allows it.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(crate) fn for_secrets(self, insecure: bool) -> Result<Self, Error> {
        if insecure || self.is_private {
            Ok(self)
        } else {
            Err(Error::Setting(format!(
                "{self} is plain HTTP to another machine, so others on the network can read the token; use https, or pass --insecure"
            )))
        }
    }

    /// Whether it is without TLS.
    pub(crate) fn is_plain(&self) -> bool {
        self.origin.starts_with("http:")
    }

    /// The address of a page or of the API; `path` begins with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_local_name = host.eq_ignore_ascii_case("localhost");
    is_local_name || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The text is not a server's address.
#[derive(Debug, thiserror::Error)]
#[error(
    "enter the server's address as http://host:port or https://host:port, without a path, user name or password"
)]
pub(crate) struct NoAddress;

impl TryFrom<String> for ServerUrl {
    type Error = NoAddress;
    fn try_from(text: String) -> Result<Self, NoAddress> {
        Self::parse(&text)
    }
}

impl From<ServerUrl> for String {
    fn from(url: ServerUrl) -> Self {
        url.origin
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_origin() {
        for (text, origin, is_private) in [
            (DEFAULT, "http://127.0.0.1:8080", true),
            (" https://Tune.example.org/ ", "https://tune.example.org", true),
            ("http://localhost:1", "http://localhost:1", true),
            ("http://[::1]:1", "http://[::1]:1", true),
            ("http://tune.example.org", "http://tune.example.org", false),
            ("http://127.0.0.1.example.org", "http://127.0.0.1.example.org", false),
            ("http://localhost.example.org", "http://localhost.example.org", false),
            ("http://192.168.0.7:8080", "http://192.168.0.7:8080", false),
        ] {
            let url = ServerUrl::parse(text).unwrap();
            assert_eq!((url.to_string().as_str(), url.is_private()), (origin, is_private), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "tune.example.org",
            "localhost:8080",
            "ftp://localhost",
            "http://",
            "http://localhost/projects/1",
            "http://localhost/?token=x",
            "http://localhost/#x",
            "http://ana:hunter2@localhost",
            "http://local host",
        ] {
            let refused = ServerUrl::parse(text).unwrap_err().to_string();
            assert!(!refused.contains("hunter2"), "{text}");
        }
    }
}
