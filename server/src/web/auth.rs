//! Who is asking: the session cookie.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, request::Parts},
};
use axum_extra::extract::CookieJar;
use gateway::{GatewayError, SignedIn};
use protocol::model::User;

use super::{Web, client::Scheme};

/// As long as the gateway keeps a session.
const MAX_AGE_SECONDS: u32 = 30 * 24 * 3600;

/// The cookie's value as it came; nothing is known of it yet.
pub(super) struct SessionToken(pub(super) Option<String>);

impl FromRequestParts<Web> for SessionToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let Ok(scheme) = Scheme::from_request_parts(parts, web).await;
        let jar = CookieJar::from_headers(&parts.headers);
        Ok(Self(jar.get(web.cookie_name(scheme)).map(|cookie| cookie.value().to_owned())))
    }
}

impl Web {
    /// Under TLS the prefix keeps other hosts of the domain, and whoever writes into plaintext, from setting it.
    fn cookie_name(&self, scheme: Scheme) -> &'static str {
        if self.is_https(scheme) { "__Host-observerio_session" } else { "observerio_session" }
    }

    /// Whether the browser came through TLS: ours, that of a trusted proxy, or that of the public URL.
    fn is_https(&self, scheme: Scheme) -> bool {
        scheme == Scheme::Https || self.is_public_https()
    }

    pub(super) fn is_public_https(&self) -> bool {
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
    pub(super) fn cookie_for(&self, scheme: Scheme, signed_in: &SignedIn) -> HeaderValue {
        self.cookie(scheme, &signed_in.token, MAX_AGE_SECONDS)
    }

    /// `Set-Cookie` that signs out.
    pub(super) fn no_cookie(&self, scheme: Scheme) -> HeaderValue {
        self.cookie(scheme, "", 0)
    }

    fn cookie(&self, scheme: Scheme, token: &str, max_age_seconds: u32) -> HeaderValue {
        let name = self.cookie_name(scheme);
        let secure = if self.is_https(scheme) { "; Secure" } else { "" };
        let text =
            format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}{secure}");
        let mut value = HeaderValue::from_str(&text).expect("a token is URL-safe base64");
        value.set_sensitive(true);
        value
    }
}
