//! Who makes a request, and how often they may.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use gateway::{Caller, Origin};

use super::error::{ApiResult, Problem};
use crate::web::{Web, auth::Visitor};

/// A caller who is authenticated, by an API token or a session cookie, and within the rate limit.
pub(super) struct Client(pub(super) Caller);

impl FromRequestParts<Web> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> ApiResult<Self> {
        let Ok(Visitor(origin)) = Visitor::from_request_parts(parts, web).await;
        let caller = match bearer(&parts.headers) {
            Bearer::None => web.session_of(parts).await?,
            Bearer::Token(token) => web.gateway.authenticate_token(token, origin.address).await?,
            Bearer::Unreadable => None,
        };
        let Some(caller) = caller else { return Err(refuse(web, &parts.headers, &origin)) };
        web.rates
            .request(&caller)
            .map_err(|wait| Problem::rate(wait, "too many requests; wait as long as Retry-After says"))?;
        Ok(Self(caller))
    }
}

/// An invalid token counts against its address; a missing one does not.
fn refuse(web: &Web, headers: &HeaderMap, origin: &Origin) -> Problem {
    if !headers.contains_key(header::AUTHORIZATION) {
        return Problem::unauthenticated(
            "send Authorization: Bearer with an API token, which you create in the dashboard",
        );
    }
    match web.rates.bad_token(origin.address) {
        Ok(()) => Problem::unauthenticated(
            "this API token is not valid; create a new one in the dashboard (a game key is not an API token)",
        ),
        Err(wait) => {
            Problem::rate(wait, "too many invalid tokens from your address; wait as long as Retry-After says")
        }
    }
}

enum Bearer<'a> {
    None,
    Token(&'a str),
    /// Several headers, or another scheme.
    Unreadable,
}

fn bearer(headers: &HeaderMap) -> Bearer<'_> {
    let mut said = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (said.next(), said.next());
    let Some(first) = first else { return Bearer::None };
    let parts = first.to_str().ok().and_then(|text| text.trim().split_once(' '));
    match (parts, second) {
        (Some((scheme, token)), None) if scheme.eq_ignore_ascii_case("bearer") => Bearer::Token(token.trim()),
        _ => Bearer::Unreadable,
    }
}
