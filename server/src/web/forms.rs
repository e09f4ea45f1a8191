//! Plain HTML forms: each does one thing and redirects, so that the pages work without JavaScript.

use axum::{
    Form,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::GatewayError;
use serde::Deserialize;

use super::{Web, auth::SessionToken, outage::Outage};

static OUTAGE: Outage = Outage::new();

#[derive(Deserialize)]
pub(super) struct SetUp {
    token: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /setup`: the owner's account, by the one-time link.
pub(super) async fn set_up(State(web): State<Web>, Form(form): Form<SetUp>) -> Response {
    let SetUp { token, email, password } = form;
    match web.gateway.set_up(&token, filled(&email), filled(&password)).await {
        Ok(signed_in) => with_cookie(web.cookie_for(&signed_in), "/"),
        // the link still works, so the form is shown again
        Err(error @ GatewayError::Invalid(_)) => {
            back(&format!("/setup?token={}", encode(&token)), '&', &error)
        }
        Err(error) => back("/setup", '?', &error),
    }
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /sign-in`.
pub(super) async fn sign_in(State(web): State<Web>, Form(form): Form<SignIn>) -> Response {
    match web.gateway.sign_in(&form.email, &form.password).await {
        Ok(signed_in) => with_cookie(web.cookie_for(&signed_in), "/"),
        Err(error) => back("/sign-in", '?', &error),
    }
}

/// `POST /sign-out`.
pub(super) async fn sign_out(State(web): State<Web>, token: SessionToken) -> Response {
    if let Some(token) = &token.0
        && let Err(error) = web.gateway.sign_out(token).await
    {
        return back("/", '?', &error);
    }
    with_cookie(web.no_cookie(), "/sign-in")
}

#[derive(Deserialize)]
pub(super) struct NewProject {
    #[serde(default)]
    name: String,
}

/// `POST /projects`.
pub(super) async fn create_project(
    State(web): State<Web>,
    token: SessionToken,
    Form(form): Form<NewProject>,
) -> Response {
    let user = match web.user_of(&token).await {
        Ok(Some(user)) => user,
        Ok(None) => return Redirect::to("/sign-in").into_response(),
        Err(error) => return back("/", '?', &error),
    };
    match web.gateway.create_project(&user, &form.name).await {
        Ok(project) => Redirect::to(&format!("/p/{}/live", project.id)).into_response(),
        Err(error) => back("/", '?', &error),
    }
}

fn filled(field: &str) -> Option<&str> {
    Some(field).filter(|field| !field.trim().is_empty())
}

fn with_cookie(cookie: HeaderValue, to: &str) -> Response {
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// To the form again, which shows the sentence of that code.
fn back(form: &str, separator: char, error: &GatewayError) -> Response {
    if let GatewayError::Unavailable(cause) = error {
        OUTAGE.log(cause, "a form could not be served");
    }
    Redirect::to(&format!("{form}{separator}error={}", error.code())).into_response()
}

/// What came from a form goes into an address only as far as it is plain.
fn encode(token: &str) -> String {
    token.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}
