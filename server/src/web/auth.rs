//! Who is asking: the session cookie.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, request::Parts},
};
use axum_extra::extract::CookieJar;
use gateway::{GatewayError, SignedIn};
use protocol::model::User;

use super::Web;

/// As long as the gateway keeps a session.
const MAX_AGE_SECONDS: u32 = 30 * 24 * 3600;

/// The cookie's value as it came; nothing is known of it yet.
pub(super) struct SessionToken(pub(super) Option<String>);

impl FromRequestParts<Web> for SessionToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self(web.session_cookie(&parts.headers)))
    }
}

impl Web {
    fn session_cookie(&self, headers: &HeaderMap) -> Option<String> {
        let jar = CookieJar::from_headers(headers);
        jar.get(self.cookie_name()).map(|cookie| cookie.value().to_owned())
    }

    /// Whether the browser sent a session's cookie, a good one or not.
    pub(super) fn has_session(&self, headers: &HeaderMap) -> bool {
        self.session_cookie(headers).is_some()
    }

    /// Under TLS the prefix keeps other hosts of the domain from setting it.
    fn cookie_name(&self) -> &'static str {
        if self.is_https() { "__Host-observerio_session" } else { "observerio_session" }
    }

    fn is_https(&self) -> bool {
        self.settings.public_url.as_ref().is_some_and(|url| url.is_https())
    }

    /// Who is signed in by that token.
    pub(super) async fn user_of(&self, token: &SessionToken) -> Result<Option<User>, GatewayError> {
        match &token.0 {
            Some(token) => self.gateway.authenticate(token).await,
            None => Ok(None),
        }
    }

    /// `Set-Cookie` that signs in.
    pub(super) fn cookie_for(&self, signed_in: &SignedIn) -> HeaderValue {
        self.cookie(&signed_in.token, MAX_AGE_SECONDS)
    }

    /// `Set-Cookie` that signs out.
    pub(super) fn no_cookie(&self) -> HeaderValue {
        self.cookie("", 0)
    }

    fn cookie(&self, token: &str, max_age_seconds: u32) -> HeaderValue {
        let name = self.cookie_name();
        let secure = if self.is_https() { "; Secure" } else { "" };
        let text =
            format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}{secure}");
        let mut value = HeaderValue::from_str(&text).expect("a token is URL-safe base64");
        value.set_sensitive(true);
        value
    }
}
