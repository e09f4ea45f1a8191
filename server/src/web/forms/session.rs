//! Setting the instance up, signing in and out.

use app::api::Reply;
use axum::{
    Form,
    extract::State,
    http::request::Parts,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::{Caller, GatewayError, Origin, SignIn};
use protocol::model::ProjectId;
use serde::Deserialize;

use super::{
    back, explain, filled,
    links::{open, token_in},
    signed_in, signed_out, too_often,
};
use crate::web::{
    Web,
    auth::{MaybeSignedIn, Visitor},
    client::Scheme,
    next::NextPath,
    pages,
};

#[derive(Deserialize)]
pub(in crate::web) struct SetUp {
    token: String,
    /// Set if the page only wants to show whether the link is valid.
    #[serde(default)]
    open: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /setup`: the owner's account, by the one-time link.
pub(in crate::web) async fn set_up(
    State(web): State<Web>,
    MaybeSignedIn(previous): MaybeSignedIn,
    Visitor(origin): Visitor,
    scheme: Scheme,
    parts: Parts,
    Form(form): Form<SetUp>,
) -> Response {
    let SetUp { token, open: opens, email, password } = form;
    let token = token_in(&token);
    if let Some(project) = web.settings.demo {
        return enter_demo(&web, scheme, previous, &token, project, &origin).await;
    }
    if !opens.is_empty() {
        return open(&web, previous, parts, token).await;
    }
    match web.gateway.set_up(&token, filled(&email), filled(&password), &origin).await {
        Ok(session) => signed_in(&web, scheme, previous.as_ref(), &session, "/").await,
        // the link still works, so the form is shown again
        Err(error @ GatewayError::Invalid(_)) => {
            let reply = Reply { token: Some(token), email, ..Reply::default() };
            explain(&web, previous, parts, reply, &error).await
        }
        Err(error) => back("/setup", '?', &error),
    }
}

/// The link of a demo signs in at once, and leads to its project; again, too, in the same browser.
async fn enter_demo(
    web: &Web,
    scheme: Scheme,
    previous: Option<Caller>,
    token: &str,
    project: ProjectId,
    origin: &Origin,
) -> Response {
    let to = format!("/p/{project}/live");
    if previous.is_some() {
        return Redirect::to(&to).into_response();
    }
    match web.gateway.set_up(token, None, None, origin).await {
        Ok(session) => signed_in(web, scheme, None, &session, &to).await,
        Err(error) => back("/setup", '?', &error),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    /// Where to go then.
    #[serde(default)]
    next: String,
    /// A token for the correct password, if this is the form for the second factor's code.
    #[serde(default)]
    begun: String,
    #[serde(default)]
    code: String,
}

/// `POST /sign-in`: the password, and then the code for accounts with a second factor.
pub(in crate::web) async fn sign_in(
    State(web): State<Web>,
    MaybeSignedIn(previous): MaybeSignedIn,
    Visitor(origin): Visitor,
    scheme: Scheme,
    parts: Parts,
    Form(form): Form<SignInForm>,
) -> Response {
    if !form.begun.is_empty() {
        return enter_code(&web, previous, &origin, scheme, parts, &form).await;
    }
    let next = NextPath::parse(&form.next);
    let (page, separator) = page_of(next);
    let device = web.device_of(scheme, &parts.headers, &form.email);
    let attempt = match web.rates.sign_in(&form.email, device, origin.address) {
        Ok(attempt) => attempt,
        Err(wait) => {
            let page = format!("{page}{separator}error=rate");
            return pages::too_many_tries(&web, &page, &parts.headers, wait).await;
        }
    };
    match web.gateway.begin_sign_in(&form.email, &form.password, &origin).await {
        Ok(SignIn::Done(session)) => {
            attempt.was_right();
            let to = next.map_or("/", NextPath::as_str);
            signed_in(&web, scheme, previous.as_ref(), &session, to).await
        }
        Ok(SignIn::CodeNeeded(begun)) => {
            attempt.was_right();
            pages::answer(&web, previous, parts, asking_for_code(begun.reveal(), next)).await
        }
        Err(error) => {
            // a database error is not a wrong password
            if !matches!(error, GatewayError::WrongPassword) {
                attempt.was_right();
            }
            back(&page, separator, &error)
        }
    }
}

fn page_of(next: Option<NextPath<'_>>) -> (String, char) {
    next.map_or(("/sign-in".to_owned(), '?'), |next| (next.sign_in(), '&'))
}

/// The page's second form. The token for the password is never in an address.
fn asking_for_code(begun: &str, next: Option<NextPath<'_>>) -> Reply {
    let subject = next.map_or("", NextPath::as_str).to_owned();
    Reply { token: Some(begun.to_owned()), subject, ..Reply::default() }
}

async fn enter_code(
    web: &Web,
    previous: Option<Caller>,
    origin: &Origin,
    scheme: Scheme,
    parts: Parts,
    form: &SignInForm,
) -> Response {
    let next = NextPath::parse(&form.next);
    let (page, separator) = page_of(next);
    let Some(user) = web.gateway.get_begun(&form.begun) else {
        return back(&page, separator, &GatewayError::SignInExpired);
    };
    let reply = asking_for_code(&form.begun, next);
    let attempt = match web.rates.code(user, origin.address) {
        Ok(attempt) => attempt,
        Err(wait) => return too_often(web, previous, parts, reply, wait).await,
    };
    match web.gateway.finish_sign_in(&form.begun, &form.code, origin).await {
        Ok(session) => {
            attempt.was_right();
            let to = next.map_or("/", NextPath::as_str);
            signed_in(web, scheme, previous.as_ref(), &session, to).await
        }
        Err(error @ GatewayError::WrongCode) if web.gateway.get_begun(&form.begun).is_some() => {
            explain(web, previous, parts, reply, &error).await
        }
        // that was the last attempt
        Err(GatewayError::WrongCode) => back(&page, separator, &GatewayError::SignInExpired),
        Err(error) => {
            attempt.was_right();
            back(&page, separator, &error)
        }
    }
}

/// `POST /sign-out`.
pub(in crate::web) async fn sign_out(
    State(web): State<Web>,
    MaybeSignedIn(caller): MaybeSignedIn,
    scheme: Scheme,
) -> Response {
    if let Some(caller) = &caller
        && let Err(error) = web.gateway.sign_out(caller).await
    {
        return back("/", '?', &error);
    }
    signed_out(web.no_cookie(scheme))
}
