//! Authentication by session cookies, and the cookies of the server.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header::USER_AGENT, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use gateway::{Caller, GatewayError, Origin};

use super::{
    Web,
    client::{ClientAddress, Scheme},
    device::{Device, account_digest},
    guard,
    outage::unavailable,
};

/// As long as the gateway keeps a session.
const MAX_AGE_SECONDS: u32 = 30 * 24 * 3600;

/// Half a year after the last sign-in.
const DEVICE_MAX_AGE_SECONDS: u32 = 180 * 24 * 3600;

/// The session cookie's value, not verified yet.
struct SessionToken(Option<String>);

impl FromRequestParts<Web> for SessionToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let Ok(scheme) = Scheme::from_request_parts(parts, web).await;
        Ok(Self(web.session_cookie(scheme, &parts.headers)))
    }
}

/// The origin of a request, for the audit trail and the list of sessions.
pub(super) struct Visitor(pub(super) Origin);

impl FromRequestParts<Web> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let Ok(scheme) = Scheme::from_request_parts(parts, web).await;
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        let agent = guard::text(&parts.headers, &USER_AGENT).unwrap_or_default().to_owned();
        Ok(Self(Origin { address, agent, is_encrypted: web.is_https(scheme) }))
    }
}

/// The caller of the session cookie, if there is a valid one.
pub(super) struct MaybeSignedIn(pub(super) Option<Caller>);

impl FromRequestParts<Web> for MaybeSignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        web.session_of(parts).await.map(Self).map_err(|error| unavailable(&error))
    }
}

/// The caller of the session cookie; without a valid one, the request is redirected to the sign-in page.
pub(super) struct SignedIn(pub(super) Caller);

impl FromRequestParts<Web> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let MaybeSignedIn(caller) = MaybeSignedIn::from_request_parts(parts, web).await?;
        caller.map(Self).ok_or_else(|| Redirect::to("/sign-in").into_response())
    }
}

impl Web {
    fn session_cookie(&self, scheme: Scheme, headers: &HeaderMap) -> Option<String> {
        let jar = CookieJar::from_headers(headers);
        let token = jar.get(self.cookie_name(scheme)).map(|cookie| cookie.value().to_owned());
        // a session that was started with TLS is not accepted in plaintext, whatever the cookie's name
        token.filter(|token| self.is_https(scheme) || !gateway::is_for_tls(token))
    }

    /// Whether the browser sent a session cookie, valid or not.
    pub(super) fn has_session(&self, scheme: Scheme, headers: &HeaderMap) -> bool {
        self.session_cookie(scheme, headers).is_some()
    }

    /// With TLS, the prefix prevents other hosts of the domain, and attackers on plaintext connections, from setting it. A demo has
    /// a cookie of its own: cookies ignore ports, and it must not sign people out of the server beside it.
    fn cookie_name(&self, scheme: Scheme) -> &'static str {
        if self.settings.demo.is_some() {
            return "observerio_demo_session";
        }
        if self.is_https(scheme) { "__Host-observerio_session" } else { "observerio_session" }
    }

    /// Whether the browser uses TLS: the server's, a trusted proxy's, or the public URL's.
    pub(super) fn is_https(&self, scheme: Scheme) -> bool {
        scheme == Scheme::Https || self.is_public_https()
    }

    pub(super) fn is_public_https(&self) -> bool {
        self.settings.public_url.as_ref().is_some_and(|url| url.is_https())
    }

    /// The caller of a request's session cookie.
    pub(super) async fn session_of(&self, parts: &mut Parts) -> Result<Option<Caller>, GatewayError> {
        let Ok(Visitor(origin)) = Visitor::from_request_parts(parts, self).await;
        match SessionToken::from_request_parts(parts, self).await {
            Ok(SessionToken(Some(token))) => self.gateway.authenticate(&token, origin.address).await,
            Ok(SessionToken(None)) => Ok(None),
        }
    }

    /// `Set-Cookie` that signs in.
    pub(super) fn cookie_for(&self, scheme: Scheme, signed_in: &gateway::SignedIn) -> HeaderValue {
        self.cookie(self.cookie_name(scheme), scheme, &signed_in.token, MAX_AGE_SECONDS)
    }

    /// `Set-Cookie` that signs out.
    pub(super) fn no_cookie(&self, scheme: Scheme) -> HeaderValue {
        self.cookie(self.cookie_name(scheme), scheme, "", 0)
    }

    pub(super) fn cookie(
        &self,
        name: &str,
        scheme: Scheme,
        token: &str,
        max_age_seconds: u32,
    ) -> HeaderValue {
        let secure = if self.is_https(scheme) { "; Secure" } else { "" };
        let text =
            format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}{secure}");
        let mut value = HeaderValue::from_str(&text).expect("a token is URL-safe base64");
        value.set_sensitive(true);
        value
    }

    /// As with the session's cookie, the prefix keeps everybody but this host from setting it under TLS.
    fn device_cookie_name(&self, scheme: Scheme) -> &'static str {
        if self.is_https(scheme) { "__Host-observerio_device" } else { "observerio_device" }
    }

    /// The known browser that asks to sign in to the account with that e-mail, if it is one.
    pub(super) fn device_of(&self, scheme: Scheme, headers: &HeaderMap, email: &str) -> Option<Device> {
        let jar = CookieJar::from_headers(headers);
        let kept = jar.get(self.device_cookie_name(scheme))?;
        self.device_key.read(&account_digest(email), kept.value())
    }

    /// `Set-Cookie` that makes the browser a known one.
    pub(super) fn device_cookie(&self, scheme: Scheme, email: &str) -> HeaderValue {
        let value = self.device_key.issue(&account_digest(email));
        self.cookie(self.device_cookie_name(scheme), scheme, &value, DEVICE_MAX_AGE_SECONDS)
    }
}
