//! The demo game's page, which is the same for everyone. Its script takes the game key from the fragment, which browsers don't
//! send.

use std::sync::OnceLock;

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse},
};

use super::guard::plain_host;

const PAGE: &str = include_str!("../../../demo/index.html");

/// `GET /demo`.
pub(super) async fn demo(headers: HeaderMap) -> impl IntoResponse {
    static FILLED: OnceLock<String> = OnceLock::new();
    let page = FILLED.get_or_init(|| PAGE.replace("{pkg}", concat!("/pkg/", env!("OBSERVERIO_SITE_HASH"))));
    let policy = policy(plain_host(&headers).as_deref());
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        // the names of its files change with the program
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, Html(page.as_str()))
}

/// Only the page's own files, and the game's WebSocket to the `host` that it came from.
fn policy(host: Option<&str>) -> HeaderValue {
    // 'self' only covers ws: in new browsers
    let socket = host.map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
         connect-src 'self'{socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("the host was checked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_that_its_policy_forbids() {
        for forbidden in ["<style", "style=", "onclick", "onload", "<iframe", "http-equiv", "http:", "https:"]
        {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        for script in PAGE.split("<script").skip(1) {
            assert!(script.starts_with(" type=\"module\" src=\"{pkg}/"), "{script}");
        }
    }
}
