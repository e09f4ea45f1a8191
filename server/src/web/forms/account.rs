//! The caller's own account: password, sessions, API tokens.

use app::api::Reply;
use axum::{
    Form,
    extract::State,
    http::request::Parts,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::GatewayError;
use protocol::model::{Handle, ProjectId, TokenId, TokenScope};
use serde::Deserialize;

use super::{back, confirmed::Confirmed, explain, filled, reveal, settle, signed_out, too_often};
use crate::web::{Web, auth::SignedIn, client::Scheme};

const PAGE: &str = "/account";
const TOKENS: &str = "/account/tokens";

#[derive(Deserialize)]
pub(in crate::web) struct ChangePassword {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
    /// Set by the checkbox unless people want to keep their API tokens.
    #[serde(default)]
    tokens: String,
}

/// `POST /account`: another password.
pub(in crate::web) async fn change_password(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    parts: Parts,
    Form(form): Form<ChangePassword>,
) -> Response {
    // limited like signing in, because someone may have found an open browser
    let attempt = match web.rates.own_password(&caller) {
        Ok(attempt) => attempt,
        Err(wait) => return too_often(&web, Some(caller), parts, Reply::default(), wait).await,
    };
    let error =
        match web.gateway.change_password(&caller, &form.current, &form.new, !form.tokens.is_empty()).await {
            Ok(()) => {
                attempt.was_right();
                return Redirect::to("/account?done=password").into_response();
            }
            Err(GatewayError::WrongPassword) => {
                GatewayError::Invalid("this is not your current password".to_owned())
            }
            Err(error) => {
                attempt.was_right();
                error
            }
        };
    match error {
        GatewayError::Invalid(_) => explain(&web, Some(caller), parts, Reply::default(), &error).await,
        error => back(PAGE, '?', &error),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct EndSession {
    session: String,
}

/// `POST /account/sessions/end`.
pub(in crate::web) async fn end_session(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Form(form): Form<EndSession>,
) -> Response {
    settle(PAGE, web.gateway.end_session(&caller, &Handle(form.session)).await)
}

/// `POST /account/sign-out-everywhere`.
pub(in crate::web) async fn sign_out_everywhere(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    scheme: Scheme,
) -> Response {
    match web.gateway.sign_out_everywhere(&caller).await {
        Ok(()) => signed_out(web.no_cookie(scheme)),
        Err(error) => back(PAGE, '?', &error),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct CreateToken {
    #[serde(default)]
    name: String,
    scope: TokenScope,
    /// Empty: all of their projects.
    #[serde(default)]
    project: String,
    days: u32,
}

/// `POST /account/tokens`: the answer shows the secret, once.
pub(in crate::web) async fn create_token(
    State(web): State<Web>,
    parts: Parts,
    Confirmed { caller, form }: Confirmed<CreateToken>,
) -> Response {
    let project = match filled(&form.project).map(str::parse::<ProjectId>).transpose() {
        Ok(project) => project,
        Err(_) => return back(TOKENS, '?', &GatewayError::NotFound),
    };
    match web.gateway.create_token(&caller, &form.name, form.scope, project, form.days).await {
        Ok((secret, token)) => reveal(&web, caller, parts, secret.reveal().to_owned(), token.name).await,
        Err(error @ GatewayError::Invalid(_)) => {
            explain(&web, Some(caller), parts, Reply::default(), &error).await
        }
        Err(error) => back(TOKENS, '?', &error),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct DeleteToken {
    token: TokenId,
}

/// `POST /account/tokens/delete`.
pub(in crate::web) async fn delete_token(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Form(form): Form<DeleteToken>,
) -> Response {
    settle(TOKENS, web.gateway.delete_token(&caller, form.token).await)
}
