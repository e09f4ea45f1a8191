//! Checks before every handler (host and origin), and security headers.

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
use crate::config::{PublicUrl, without_port};

/// The relation of the requesting page's site to ours; set by the browser, never by a page.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Only accepts the server's own host names. Another site could make its name resolve to this machine, and would then have
/// the same origin (DNS rebinding).
pub(super) async fn check_host(State(web): State<Web>, request: Request, next: Next) -> Response {
    if web.settings.check_host {
        let in_target = request.uri().authority().map(|authority| authority.as_str());
        let in_header = request.headers().contains_key(HOST).then(|| text(request.headers(), &HOST));
        // if both are there, both must match, so that later code may use either
        let said = [in_target.map(Some), in_header];
        let is_own = |name: &Option<&str>| name.is_some_and(|authority| web.is_own_host(authority));
        if said.iter().all(Option::is_none) || !said.iter().flatten().all(is_own) {
            let text = "this is not the dashboard's address; use its own, or set OBSERVERIO_PUBLIC_URL to this one\n";
            return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
        }
    }
    next.run(request).await
}

/// Refuses requests that could change something unless they come from the server's own page, or from no page at all. Browsers send
/// the page's origin in `Origin`, newer ones also `Sec-Fetch-Site`: whatever is sent must match, and a session only counts with one
/// of them. A request with neither a session nor an origin is a script with its own credentials.
pub(super) async fn check_origin(
    State(web): State<Web>,
    scheme: Scheme,
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() || web.is_from_no_other_page(scheme, request.headers()) {
        return next.run(request).await;
    }
    let text = "this request did not come from the dashboard's own page; behind a proxy, set OBSERVERIO_PUBLIC_URL\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

/// Browser features that no page needs. Only those that browsers know, because they warn about others.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), geolocation=(), \
    gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
    publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// Headers of every response, unless its handler sets others.
pub(super) async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add_headers(response.headers_mut());
    response
}

/// The same for a response from before the router.
pub(super) fn add_headers(headers: &mut HeaderMap) {
    let always: [(HeaderName, &str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        // other sites can't embed our files or responses
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
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
}

/// The Content-Security-Policy of a page whose scripts have `nonce`, and which connects to the `host` that it came from.
///
/// Styles only come from the style sheet: `style` attributes would be blocked, so the app sets dynamic styles by script (CSSOM), which
/// is allowed. Trusted types are not required, because Leptos creates static parts of views with `innerHTML`.
pub(super) fn page_policy(nonce: &str, host: Option<&str>) -> HeaderValue {
    // 'self' only covers ws: in new browsers
    let socket = match host {
        Some(host) => format!(" ws://{host} wss://{host}"),
        None => String::new(),
    };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self' data:; connect-src 'self'{socket}; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("a nonce is base64, and the host was checked")
}

/// The request's `Host`, if it is safe in headers and on pages.
pub(super) fn plain_host(headers: &HeaderMap) -> Option<String> {
    let plain = |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b));
    text(headers, &HOST).filter(plain).map(str::to_owned)
}

/// A header that occurs once and is text.
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
        // an IP address can't be rebound
        let is_address = || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        host == "localhost" || host.ends_with(".localhost") || is_public() || is_address()
    }

    /// Whether the request's origin is the server's own page: scheme, host and port. For WebSockets, which send cookies from any
    /// page and have no other protection.
    pub(super) fn is_own_origin(&self, scheme: Scheme, headers: &HeaderMap) -> bool {
        let Some(origin) = text(headers, &ORIGIN) else { return false };
        let is_public = || self.settings.public_url.as_ref().is_some_and(|url| url.origin() == origin);
        let is_direct = || {
            let Some(host) = text(headers, &HOST) else { return false };
            // an attacker on the network could serve a page under this name without TLS
            let is_behind_tls = |url: &PublicUrl| url.is_https() && url.host() == without_port(host);
            // compared byte by byte: browsers send both in lower case, and other clients need no origin
            let own = origin.strip_prefix(scheme.as_str()).and_then(|rest| rest.strip_prefix("://"));
            own == Some(host)
                && (scheme == Scheme::Https || !self.settings.public_url.as_ref().is_some_and(is_behind_tls))
        };
        is_direct() || is_public()
    }

    fn is_from_no_other_page(&self, scheme: Scheme, headers: &HeaderMap) -> bool {
        let (says_origin, says_site) = (headers.contains_key(ORIGIN), headers.contains_key(&SEC_FETCH_SITE));
        let is_own_site = || matches!(text(headers, &SEC_FETCH_SITE), Some("same-origin" | "none"));
        (says_origin || says_site || !self.has_session(scheme, headers))
            && (!says_origin || self.is_own_origin(scheme, headers))
            && (!says_site || is_own_site())
    }
}
