//! One-time links: joining a project, resetting a password. The token follows the link's `#`, which browsers don't send: the page
//! removes it from the address and posts it, at first only to show what the link is for.

use app::api::Reply;
use axum::{
    Form,
    extract::State,
    http::request::Parts,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::{Caller, GatewayError, Origin};
use serde::Deserialize;

use super::{explain, filled, signed_in, too_often};
use crate::web::{
    Web,
    auth::{MaybeSignedIn, Visitor},
    client::Scheme,
    pages,
};

/// The token in a pasted text, which may be the whole link.
pub(super) fn token_in(pasted: &str) -> String {
    pasted.rsplit_once("token=").map_or(pasted, |(_, token)| token).trim().to_owned()
}

/// The link's page; nothing is done yet.
pub(super) async fn open(web: &Web, caller: Option<Caller>, parts: Parts, token: String) -> Response {
    pages::answer(web, caller, parts, Reply { token: Some(token), ..Reply::default() }).await
}

#[derive(Deserialize)]
pub(in crate::web) struct Join {
    token: String,
    /// Set if the page only wants to show what the link is for.
    #[serde(default)]
    open: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /join`: with an account, or as the signed-in person.
pub(in crate::web) async fn join(
    State(web): State<Web>,
    MaybeSignedIn(caller): MaybeSignedIn,
    Visitor(origin): Visitor,
    scheme: Scheme,
    parts: Parts,
    Form(form): Form<Join>,
) -> Response {
    let Join { token, open: opens, email, password } = form;
    let token = token_in(&token);
    if !opens.is_empty() {
        return open(&web, caller, parts, token).await;
    }
    let attempt = match web.rates.link(origin.address) {
        Ok(attempt) => attempt,
        Err(wait) => {
            let is_good = matches!(web.gateway.get_invitation(&token).await, Ok(Some(_)));
            let reply = Reply { token: is_good.then_some(token), email, ..Reply::default() };
            return too_often(&web, caller, parts, reply, wait).await;
        }
    };
    let joined = take(&web, scheme, caller.as_ref(), &token, &email, &password, &origin).await;
    // an invitation must not help to find out who has an account, or to guess a password
    if !matches!(joined, Err(GatewayError::LinkSpent | GatewayError::WrongPassword)) {
        attempt.was_right();
    }
    match joined {
        Ok(response) => response,
        Err(error) => {
            let reply = Reply { token: Some(token), email, ..Reply::default() };
            explain(&web, caller, parts, reply, &for_invited(error)).await
        }
    }
}

/// Accepts the invitation: as the signed-in person, or with an e-mail address and a password.
async fn take(
    web: &Web,
    scheme: Scheme,
    caller: Option<&Caller>,
    token: &str,
    email: &str,
    password: &str,
    origin: &Origin,
) -> Result<Response, GatewayError> {
    let live = |project| format!("/p/{project}/live");
    match (filled(email), caller) {
        (None, Some(caller)) => {
            let project = web.gateway.join(caller, token).await?;
            Ok(Redirect::to(&live(project)).into_response())
        }
        _ => {
            let (session, project) = web.gateway.take_invitation(token, email, password, origin).await?;
            Ok(signed_in(web, scheme, caller, &session, &live(project)).await)
        }
    }
}

/// The error for someone who may or may not have an account.
fn for_invited(error: GatewayError) -> GatewayError {
    let text = match error {
        GatewayError::WrongPassword => {
            "these can't be used; if you have an account here, enter its password, otherwise use another e-mail"
        }
        GatewayError::CodeNeeded => {
            "your account has a second factor: sign in first, then open the link again"
        }
        other => return other,
    };
    GatewayError::Invalid(text.to_owned())
}

#[derive(Deserialize)]
pub(in crate::web) struct ResetPassword {
    token: String,
    /// Set if the page only wants to show what the link is for.
    #[serde(default)]
    open: String,
    #[serde(default)]
    password: String,
}

/// `POST /reset`: sets a new password and signs in.
pub(in crate::web) async fn reset_password(
    State(web): State<Web>,
    MaybeSignedIn(caller): MaybeSignedIn,
    Visitor(origin): Visitor,
    scheme: Scheme,
    parts: Parts,
    Form(form): Form<ResetPassword>,
) -> Response {
    let ResetPassword { token, open: opens, password } = form;
    let token = token_in(&token);
    if !opens.is_empty() {
        return open(&web, caller, parts, token).await;
    }
    let attempt = match web.rates.link(origin.address) {
        Ok(attempt) => attempt,
        Err(wait) => {
            // for a valid link, the page shows the form again; otherwise, only the error
            let is_good = matches!(web.gateway.get_reset(&token).await, Ok(Some(_)));
            let reply = Reply { token: is_good.then_some(token), ..Reply::default() };
            return too_often(&web, caller, parts, reply, wait).await;
        }
    };
    let outcome = web.gateway.reset_password(&token, &password, &origin).await;
    if !matches!(outcome, Err(GatewayError::LinkSpent)) {
        attempt.was_right();
    }
    match outcome {
        Ok(session) => signed_in(&web, scheme, caller.as_ref(), &session, "/").await,
        Err(GatewayError::CodeNeeded) => Redirect::to("/sign-in?done=reset").into_response(),
        Err(error) => {
            let reply = Reply { token: Some(token), ..Reply::default() };
            explain(&web, caller, parts, reply, &error).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_link_is_as_good_as_its_token() {
        for pasted in [
            "a-b_c",
            " a-b_c\n",
            "https://tune.example.org/join#token=a-b_c",
            "https://tune.example.org/join?token=a-b_c",
            "#token=a-b_c",
        ] {
            assert_eq!(token_in(pasted), "a-b_c");
        }
    }
}
