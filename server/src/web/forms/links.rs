//! What one-time links lead to: joining a project, setting a new password. The token comes in the form and is in no address
//! from then on.

use app::api::Reply;
use axum::{
    Form,
    extract::State,
    http::request::Parts,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::GatewayError;
use serde::Deserialize;

use super::{explain, filled, signed_in, too_often};
use crate::web::{
    Web,
    auth::{Asking, Visitor},
    client::Scheme,
};

#[derive(Deserialize)]
pub(in crate::web) struct Join {
    token: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /join`: with a new account, or as who is signed in.
pub(in crate::web) async fn join(
    State(web): State<Web>,
    Asking(caller): Asking,
    Visitor(origin): Visitor,
    scheme: Scheme,
    parts: Parts,
    Form(form): Form<Join>,
) -> Response {
    let Join { token, email, password } = form;
    let attempt = match web.rates.link(origin.address) {
        Ok(attempt) => attempt,
        Err(wait) => {
            let is_good = matches!(web.gateway.get_invitation(&token).await, Ok(Some(_)));
            let reply = Reply { token: is_good.then_some(token), email, ..Reply::default() };
            return too_often(&web, caller, parts, reply, wait).await;
        }
    };
    let live = |project| format!("/p/{project}/live");
    let joined = match (filled(&email), &caller) {
        (None, Some(caller)) => {
            let joined = web.gateway.join(caller, &token).await;
            joined.map(|project| Redirect::to(&live(project)).into_response())
        }
        _ => {
            let joined = web.gateway.sign_up(&token, &email, &password, &origin).await;
            match joined {
                Ok((session, project)) => {
                    Ok(signed_in(&web, scheme, caller.as_ref(), &session, &live(project)).await)
                }
                Err(error) => Err(error),
            }
        }
    };
    // an invitation is no way to find out who has an account here
    if !matches!(joined, Err(GatewayError::LinkSpent | GatewayError::EmailExists)) {
        attempt.was_right();
    }
    match joined {
        Ok(response) => response,
        Err(error) => {
            let error = match error {
                GatewayError::EmailExists => GatewayError::Invalid(
                    "there is an account with this e-mail already; sign in with it first".to_owned(),
                ),
                other => other,
            };
            let reply = Reply { token: Some(token), email, ..Reply::default() };
            explain(&web, caller, parts, reply, &error).await
        }
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct ResetPassword {
    token: String,
    #[serde(default)]
    password: String,
}

/// `POST /reset`: a new password, and signed in with it.
pub(in crate::web) async fn reset_password(
    State(web): State<Web>,
    Asking(caller): Asking,
    Visitor(origin): Visitor,
    scheme: Scheme,
    parts: Parts,
    Form(form): Form<ResetPassword>,
) -> Response {
    let ResetPassword { token, password } = form;
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
        Err(error) => {
            let reply = Reply { token: Some(token), ..Reply::default() };
            explain(&web, caller, parts, reply, &error).await
        }
    }
}
