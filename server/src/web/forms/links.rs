//! What one-time links lead to: joining a project, setting a new password. The token stands behind the `#` of a link, which no
//! browser sends: the page takes it out of the address and posts it, first to be shown what it is good for.

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

/// The token in what somebody pasted, which may be the whole link.
pub(super) fn token_in(pasted: &str) -> String {
    pasted.rsplit_once("token=").map_or(pasted, |(_, token)| token).trim().to_owned()
}

/// The page of a link: nothing is done yet.
pub(super) async fn open(web: &Web, caller: Option<Caller>, parts: Parts, token: String) -> Response {
    pages::answer(web, caller, parts, Reply { token: Some(token), ..Reply::default() }).await
}

#[derive(Deserialize)]
pub(in crate::web) struct Join {
    token: String,
    /// Only to be shown what the link is good for.
    #[serde(default)]
    open: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /join`: with a new account, or as who is signed in.
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
    // an invitation is no way to find out who has an account here, nor to guess a password
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

/// Takes the invitation: as the person who is signed in, or with an e-mail and a password.
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

/// The error in words for somebody who may or may not have an account.
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
    /// Only to be shown what the link is good for.
    #[serde(default)]
    open: String,
    #[serde(default)]
    password: String,
}

/// `POST /reset`: a new password, and signed in with it.
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
            // the page of a link that is good has the form again; that of one that is not says only this
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
