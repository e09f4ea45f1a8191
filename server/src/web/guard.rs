//! What stands before every handler: whose page is asking, under which name, and what the answer may do.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{self, HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{Web, client::Scheme};
use crate::config::without_port;

/// Answers only under names that are ours. A foreign page can make its own name resolve to this machine
/// and would then be of the same origin as us.
pub(super) async fn check_host(State(web): State<Web>, request: Request, next: Next) -> Response {
    if web.settings.check_host {
        let in_target = request.uri().authority().map(|authority| authority.as_str());
        let named = in_target.or_else(|| text(request.headers(), &HOST));
        if !named.is_some_and(|authority| web.is_own_host(authority)) {
            let text = "this host is not the dashboard's; open it under its own address, \
                or set OBSERVERIO_PUBLIC_URL to this one\n";
            return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
        }
    }
    next.run(request).await
}

/// What no answer may lack, unless its handler knows better.
pub(super) async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let always: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let unless_set: [(HeaderName, &str); 2] = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in unless_set {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The policy of a page whose scripts carry `nonce`, and which talks to the `host` that it came from.
pub(super) fn page_policy(nonce: &str, host: Option<&str>) -> HeaderValue {
    // 'self' covers ws: in new browsers only
    let socket = match host {
        Some(host) => format!(" ws://{host} wss://{host}"),
        None => String::new(),
    };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'{socket}; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("a nonce is base64, and the host was checked")
}

/// The `Host` that a browser asked for, if it may stand in a header and on a page.
pub(super) fn plain_host(headers: &HeaderMap) -> Option<String> {
    let plain = |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b));
    text(headers, &HOST).filter(plain).map(str::to_owned)
}

/// A header that is there once and is text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => one.to_str().ok(),
        _ => None,
    }
}

impl Web {
    fn is_own_host(&self, authority: &str) -> bool {
        let host = without_port(authority).to_ascii_lowercase();
        let is_public = || self.settings.public_url.as_ref().is_some_and(|url| url.host() == host);
        // an address can't be made to resolve to another machine
        let is_address = || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        host == "localhost" || host.ends_with(".localhost") || is_public() || is_address()
    }

    /// Whether a browser says that our own page is asking: scheme, host and port. For WebSockets, which
    /// carry cookies from every page and are protected by nothing else.
    pub(super) fn is_own_origin(&self, scheme: Scheme, headers: &HeaderMap) -> bool {
        let Some(origin) = text(headers, &ORIGIN) else { return false };
        let is_public = || self.settings.public_url.as_ref().is_some_and(|url| url.origin() == origin);
        let is_direct = || {
            let host = text(headers, &HOST);
            host.is_some_and(|host| {
                let authority =
                    origin.strip_prefix(scheme.as_str()).and_then(|rest| rest.strip_prefix("://"));
                authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
            })
        };
        is_direct() || is_public()
    }
}
