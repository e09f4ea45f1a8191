//! Plain HTML forms: each does one thing and redirects, so that the pages work without JavaScript.

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::GatewayError;
use serde::Deserialize;

use super::{
    Web,
    auth::{Asking, Visitor},
    client::Scheme,
    pages,
};

#[derive(Deserialize)]
pub(super) struct SetUp {
    token: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /setup`: the owner's account, by the one-time link.
pub(super) async fn set_up(
    State(web): State<Web>,
    Visitor(origin): Visitor,
    scheme: Scheme,
    Form(form): Form<SetUp>,
) -> Response {
    let SetUp { token, email, password } = form;
    match web.gateway.set_up(&token, filled(&email), filled(&password), &origin).await {
        Ok(signed_in) => with_cookie(web.cookie_for(scheme, &signed_in), "/"),
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
pub(super) async fn sign_in(
    State(web): State<Web>,
    Visitor(origin): Visitor,
    scheme: Scheme,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Response {
    let attempt = match web.rates.password(&form.email, origin.address) {
        Ok(attempt) => attempt,
        Err(wait) => return pages::too_many_tries(&web, "/sign-in?error=rate", &headers, wait).await,
    };
    match web.gateway.sign_in(&form.email, &form.password, &origin).await {
        Ok(signed_in) => {
            attempt.was_right();
            with_cookie(web.cookie_for(scheme, &signed_in), "/")
        }
        Err(error) => {
            // the database's fault is nobody's mistake
            if !matches!(error, GatewayError::WrongPassword) {
                attempt.was_right();
            }
            back("/sign-in", '?', &error)
        }
    }
}

/// `POST /sign-out`.
pub(super) async fn sign_out(State(web): State<Web>, Asking(caller): Asking, scheme: Scheme) -> Response {
    if let Some(caller) = &caller
        && let Err(error) = web.gateway.sign_out(caller).await
    {
        return back("/", '?', &error);
    }
    with_cookie(web.no_cookie(scheme), "/sign-in")
}

#[derive(Deserialize)]
pub(super) struct NewProject {
    #[serde(default)]
    name: String,
}

/// `POST /projects`.
pub(super) async fn create_project(
    State(web): State<Web>,
    Asking(caller): Asking,
    Form(form): Form<NewProject>,
) -> Response {
    let Some(caller) = caller else { return Redirect::to("/sign-in").into_response() };
    match web.gateway.create_project(&caller, &form.name).await {
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
        tracing::error!(error = cause as &dyn std::error::Error, "a form could not be served");
    }
    Redirect::to(&format!("{form}{separator}error={}", error.code())).into_response()
}

/// What came from a form goes into an address only as far as it is plain.
fn encode(token: &str) -> String {
    token.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}
