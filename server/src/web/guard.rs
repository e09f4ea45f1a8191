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
use crate::config::{PublicUrl, without_port};

/// Whose page is asking, seen from ours; set by the browser, never by a page.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Answers only under names that are ours. A foreign page can make its own name resolve to this machine
/// and would then be of the same origin as us.
pub(super) async fn check_host(State(web): State<Web>, request: Request, next: Next) -> Response {
    if web.settings.check_host {
        let in_target = request.uri().authority().map(|authority| authority.as_str());
        let in_header = request.headers().contains_key(HOST).then(|| text(request.headers(), &HOST));
        // where both are said, both count: later on one of them is asked, and nobody has to remember which
        let said = [in_target.map(Some), in_header];
        let is_own = |name: &Option<&str>| name.is_some_and(|authority| web.is_own_host(authority));
        if said.iter().all(Option::is_none) || !said.iter().flatten().all(is_own) {
            let text = "this is not the dashboard's address; use its own, or set OBSERVERIO_PUBLIC_URL to this one\n";
            return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
        }
    }
    next.run(request).await
}

/// Answers nothing that could change something unless it comes from our own page, or from no page at all. A browser says whose page
/// is asking in `Origin`, and newer ones in `Sec-Fetch-Site`: all that it says must be true of us, and a session counts only if it says
/// anything. What has neither a session nor an origin is a script, which brings its own credentials.
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

/// What a page of ours never asks the browser for. Only what browsers know: they complain of the rest.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), geolocation=(), \
    gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
    publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// What no answer may lack, unless its handler knows better.
pub(super) async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let always: [(HeaderName, &str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        // another page can't even embed a file of ours, or an answer that it may not read
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
    response
}

/// The policy of a page whose scripts carry `nonce`, and which talks to the `host` that it came from.
///
/// Styles come from the style sheet alone: a `style` attribute in a page would be refused, so the app sets what changes by script
/// (CSSOM), which is allowed. Trusted types are not asked for: Leptos makes the fixed parts of a view through `innerHTML`.
pub(super) fn page_policy(nonce: &str, host: Option<&str>) -> HeaderValue {
    // 'self' covers ws: in new browsers only
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
            let Some(host) = text(headers, &HOST) else { return false };
            // whoever can change what is said without TLS can make a page of that name and no TLS
            let is_behind_tls = |url: &PublicUrl| url.is_https() && url.host() == without_port(host);
            // byte for byte: browsers write both in lower case, and nobody else has a reason to say an origin
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
