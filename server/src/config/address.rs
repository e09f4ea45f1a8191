//! `host:port` → the address to listen on.

use std::net::{SocketAddr, ToSocketAddrs};

/// Accepts an IP address or a host name.
pub(super) fn parse(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    // a bare number or ":8080" would be looked up as a name
    let shaped =
        text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if !shaped {
        return Err(format!(
            "`{}` is not an address; use host:port, such as 127.0.0.1:8080",
            text.escape_debug()
        ));
    }
    let found = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| {
        format!("there is no host named `{}`; use an IP address and a port", text.escape_debug())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!(parse("127.0.0.1:80").unwrap().to_string(), "127.0.0.1:80");
        assert_eq!(parse(" [::1]:0 ").unwrap().to_string(), "[::1]:0");
        assert!(parse("localhost:80").unwrap().ip().is_loopback());
    }

    #[test]
    fn what_is_no_address_is_named() {
        for bad in ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:99999", "http://127.0.0.1:80/"] {
            assert!(parse(bad).unwrap_err().contains("host:port"), "{bad}");
        }
    }
}
