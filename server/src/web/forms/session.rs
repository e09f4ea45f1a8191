//! Setting the instance up, signing in and out.

use axum::{Form, extract::State, http::HeaderMap, response::Response};
use gateway::GatewayError;
use serde::Deserialize;

use super::{back, encode, filled, signed_in, signed_out};
use crate::web::{
    Web,
    auth::{Asking, Visitor},
    client::Scheme,
    next::NextPath,
    pages,
};

#[derive(Deserialize)]
pub(in crate::web) struct SetUp {
    token: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /setup`: the owner's account, by the one-time link.
pub(in crate::web) async fn set_up(
    State(web): State<Web>,
    Asking(previous): Asking,
    Visitor(origin): Visitor,
    scheme: Scheme,
    Form(form): Form<SetUp>,
) -> Response {
    let SetUp { token, email, password } = form;
    match web.gateway.set_up(&token, filled(&email), filled(&password), &origin).await {
        Ok(session) => signed_in(&web, scheme, previous.as_ref(), &session, "/").await,
        // the link still works, so the form is shown again
        Err(error @ GatewayError::Invalid(_)) => {
            back(&format!("/setup?token={}", encode(&token)), '&', &error)
        }
        Err(error) => back("/setup", '?', &error),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct SignIn {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    /// Where to go then.
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`.
pub(in crate::web) async fn sign_in(
    State(web): State<Web>,
    Asking(previous): Asking,
    Visitor(origin): Visitor,
    scheme: Scheme,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Response {
    let next = NextPath::parse(&form.next);
    let (page, separator) = next.map_or(("/sign-in".to_owned(), '?'), |next| (next.sign_in(), '&'));
    let attempt = match web.rates.password(&form.email, origin.address) {
        Ok(attempt) => attempt,
        Err(wait) => {
            let page = format!("{page}{separator}error=rate");
            return pages::too_many_tries(&web, &page, &headers, wait).await;
        }
    };
    match web.gateway.sign_in(&form.email, &form.password, &origin).await {
        Ok(session) => {
            attempt.was_right();
            let to = next.map_or("/", NextPath::as_str);
            signed_in(&web, scheme, previous.as_ref(), &session, to).await
        }
        Err(error) => {
            // the database's fault is nobody's mistake
            if !matches!(error, GatewayError::WrongPassword) {
                attempt.was_right();
            }
            back(&page, separator, &error)
        }
    }
}

/// `POST /sign-out`.
pub(in crate::web) async fn sign_out(
    State(web): State<Web>,
    Asking(caller): Asking,
    scheme: Scheme,
) -> Response {
    if let Some(caller) = &caller
        && let Err(error) = web.gateway.sign_out(caller).await
    {
        return back("/", '?', &error);
    }
    signed_out(web.no_cookie(scheme))
}
