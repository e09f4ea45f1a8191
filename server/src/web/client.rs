//! The client address and scheme of a request, also behind proxies.

use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, StatusCode, request::Parts},
};

use crate::config::{TrustedProxies, without_port};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Headers that proxies add, but not browsers or scripts.
const FORWARDING: [HeaderName; 3] =
    [FORWARDED_FOR, HeaderName::from_static("forwarded"), HeaderName::from_static("x-real-ip")];

/// The scheme between the browser and the server or its proxy. In the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Plaintext, as far as known.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    /// As in a URL.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The client's address: the TCP peer, or what a trusted proxy says. IPv4-mapped IPv6 addresses become IPv4. In the
/// extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl<S: Sync> FromRequestParts<S> for Scheme {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::Http))
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // the accept loop adds it to every request
        let unknown = (StatusCode::INTERNAL_SERVER_ERROR, "this request has no client address\n");
        parts.extensions.get().copied().ok_or(unknown)
    }
}

/// The client address and scheme of a request from `peer` with `scheme`. Headers only count as far as trusted proxies have
/// written them: each proxy appends its peer, so the list is read from its end, up to the first untrusted address.
pub(super) fn trace(
    peer: IpAddr,
    scheme: Scheme,
    headers: &HeaderMap,
    proxies: &TrustedProxies,
) -> (ClientAddress, Scheme) {
    let mut address = peer.to_canonical();
    if !proxies.contains(address) {
        return (ClientAddress(address), scheme);
    }
    let mut hops = words(headers, &FORWARDED_FOR);
    while proxies.contains(address)
        && let Some(hop) = hops.next().and_then(hop_address)
    {
        address = hop;
    }
    // the last value is the nearest proxy's own
    let said = words(headers, &FORWARDED_PROTO).next();
    let scheme = match said {
        Some(word) if word.eq_ignore_ascii_case("https") => Scheme::Https,
        Some(word) if word.eq_ignore_ascii_case("http") => Scheme::Http,
        _ => scheme,
    };
    (ClientAddress(address), scheme)
}

/// Whether a request has a proxy's headers although `peer` is not trusted; then all of the proxy's clients count as one.
pub(super) fn seems_forwarded(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> bool {
    FORWARDING.iter().any(|name| headers.contains_key(name)) && !proxies.contains(peer)
}

/// The items of a list that may span several headers, last one first.
fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    // a header that is not text ends the walk: an empty item is not an address
    lines.into_iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(str::trim)
}

/// Parses an address with or without a port, as proxies write it.
fn hop_address(word: &str) -> Option<IpAddr> {
    let host = match word.parse::<IpAddr>() {
        Ok(address) => return Some(address.to_canonical()),
        Err(_) => without_port(word),
    };
    host.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(peer: &str, forwarded_for: &[&str], proto: &[&str]) -> (String, Scheme) {
        let mut headers = HeaderMap::new();
        for (name, lines) in [(FORWARDED_FOR, forwarded_for), (FORWARDED_PROTO, proto)] {
            for line in lines {
                headers.append(&name, line.parse().unwrap());
            }
        }
        let proxies = TrustedProxies::parse("127.0.0.1, 10.0.0.0/8, 2001:db8::/32").unwrap();
        let (ClientAddress(address), scheme) = trace(peer.parse().unwrap(), Scheme::Http, &headers, &proxies);
        (address.to_string(), scheme)
    }

    fn address(peer: &str, forwarded_for: &[&str]) -> String {
        traced(peer, forwarded_for, &[]).0
    }

    #[test]
    fn who_is_not_trusted_is_believed_nothing() {
        for peer in ["192.0.2.1", "::ffff:192.0.2.1"] {
            let told = traced(peer, &["198.51.100.7"], &["https"]);
            assert_eq!(told, ("192.0.2.1".to_owned(), Scheme::Http));
        }
    }

    #[test]
    fn a_trusted_proxy_names_the_client() {
        for peer in ["127.0.0.1", "::ffff:127.0.0.1", "10.255.0.1", "2001:db8::5"] {
            assert_eq!(address(peer, &["198.51.100.7"]), "198.51.100.7", "{peer}");
        }
        for spelling in ["198.51.100.7:4711", " 198.51.100.7 ", "::ffff:198.51.100.7", "[::ffff:c633:6407]:1"]
        {
            assert_eq!(address("10.0.0.1", &[spelling]), "198.51.100.7", "{spelling}");
        }
        assert_eq!(address("10.0.0.1", &["2001:db9::1"]), "2001:db9::1");
        assert_eq!(address("10.0.0.1", &["[2001:db9::1]:443"]), "2001:db9::1");
    }

    #[test]
    fn the_walk_ends_at_the_first_that_is_not_trusted() {
        // everything before it may have been written by the client
        assert_eq!(address("10.0.0.1", &["6.6.6.6, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["6.6.6.6", "198.51.100.7, 10.0.0.2", "10.0.0.3"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["10.0.0.4, 10.0.0.3"]), "10.0.0.4");
    }

    #[test]
    fn what_is_no_address_ends_the_walk_at_who_wrote_it() {
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
        for nonsense in ["unknown", "", "_hidden", "1.2.3", "198.51.100.7;10.0.0.9", "6.6.6.6, , 10.0.0.2"] {
            let told = address("10.0.0.1", &[nonsense]);
            assert!(told.starts_with("10.0.0."), "{nonsense}: {told}");
        }
    }

    #[test]
    fn a_proxy_that_nobody_named_is_noticed() {
        let proxies = TrustedProxies::parse("10.0.0.0/8").unwrap();
        let seems = |peer: &str, name: &'static str| {
            let headers =
                HeaderMap::from_iter([(HeaderName::from_static(name), "198.51.100.7".parse().unwrap())]);
            seems_forwarded(peer.parse().unwrap(), &headers, &proxies)
        };
        for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            assert!(seems("127.0.0.1", name) && !seems("10.0.0.1", name), "{name}");
        }
        assert!(!seems("127.0.0.1", "user-agent"));
    }

    #[test]
    fn the_nearest_proxy_says_the_scheme() {
        let scheme = |proto: &[&str]| traced("10.0.0.1", &[], proto).1;
        assert_eq!(scheme(&["HTTPS"]), Scheme::Https);
        assert_eq!(scheme(&["https, http"]), Scheme::Http);
        assert_eq!(scheme(&["http", "https"]), Scheme::Https);
        for nothing in [&[][..], &["gopher"], &[""]] {
            assert_eq!(scheme(nothing), Scheme::Http);
        }
    }
}
