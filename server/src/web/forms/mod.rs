//! Plain HTML forms: each does one thing and redirects, so that pages work without JavaScript. If a secret is shown once, or a
//! message is more than a code, the page itself is the response.

pub(super) mod account;
pub(super) mod accounts;
mod confirmed;
pub(super) mod factor;
pub(super) mod keys;
pub(super) mod links;
pub(super) mod members;
pub(super) mod projects;
pub(super) mod retention;
pub(super) mod schema;
pub(super) mod session;

use std::time::Duration;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::{Caller, GatewayError, SignedIn};

use super::{Web, client::Scheme, outage::Outage, pages, rates::retry_after};

fn filled(field: &str) -> Option<&str> {
    Some(field).filter(|field| !field.trim().is_empty())
}

/// Continues with a new session. The browser's previous session ends, because its cookie is replaced.
async fn signed_in(
    web: &Web,
    scheme: Scheme,
    previous: Option<&Caller>,
    session: &SignedIn,
    to: &str,
) -> Response {
    if let Some(previous) = previous
        && let Err(error) = web.gateway.sign_out(previous).await
    {
        // the old session will expire, and the new one is valid
        note(&error);
    }
    let mut response =
        ([(header::SET_COOKIE, web.cookie_for(scheme, session))], Redirect::to(to)).into_response();
    if let Some(email) = &session.caller.user.email {
        response.headers_mut().append(header::SET_COOKIE, web.device_cookie(scheme, email));
    }
    response
}

/// Redirects to the sign-in page and clears the browser's data.
fn signed_out(cookie: HeaderValue) -> Response {
    const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
    let clear = HeaderValue::from_static("\"cache\", \"storage\"");
    ([(header::SET_COOKIE, cookie), (CLEAR_SITE_DATA, clear)], Redirect::to("/sign-in")).into_response()
}

/// Redirects to the form, which shows the message for the error's code.
fn back(form: &str, separator: char, error: &GatewayError) -> Response {
    note(error);
    Redirect::to(&format!("{form}{separator}error={}", error.code())).into_response()
}

/// Redirects to a page, with the error's code if there is one.
fn settle(page: &str, done: Result<(), GatewayError>) -> Response {
    match done {
        Ok(()) => Redirect::to(page).into_response(),
        Err(error) => back(page, '?', &error),
    }
}

/// Responds with the form's page and an error message. `parts` are those of a request to the page's own address.
async fn explain(
    web: &Web,
    caller: Option<Caller>,
    parts: Parts,
    reply: app::api::Reply,
    error: &GatewayError,
) -> Response {
    note(error);
    let problem = Some(sentence(&error.to_string()));
    pages::answer(web, caller, parts, app::api::Reply { problem, ..reply }).await
}

/// Responds with the form's page, saying that it was sent too often. Not a redirect, so that programs notice it, too.
async fn too_often(
    web: &Web,
    caller: Option<Caller>,
    parts: Parts,
    reply: app::api::Reply,
    wait: Duration,
) -> Response {
    let problem = Some("Too many tries. Wait a few minutes, then try again.".to_owned());
    let mut response = pages::answer(web, caller, parts, app::api::Reply { problem, ..reply }).await;
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(header::RETRY_AFTER, retry_after(wait));
    response
}

/// Responds with the form's page and a secret that is only shown once.
async fn reveal(web: &Web, caller: Caller, parts: Parts, secret: String, subject: String) -> Response {
    let reply = app::api::Reply { issued: Some(secret), subject, ..app::api::Reply::default() };
    pages::answer(web, Some(caller), parts, reply).await
}

static OUTAGE: Outage = Outage::new();

fn note(error: &GatewayError) {
    if let GatewayError::Unavailable(cause) = error {
        OUTAGE.log(cause, "a form could not be served");
    }
}

/// The gateway's message as a sentence for a page.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    let end = if text.ends_with('.') { "" } else { "." };
    first.chain(rest).chain(end.chars()).collect()
}
