//! The dashboard's pages, rendered by Leptos, and its server functions.

use std::{sync::OnceLock, time::Duration};

use app::{App, RequestInfo, Session, api::Reply, shell};
use axum::{
    body::Body,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::Caller;
use leptos::{
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::ResponseOptions;
use serde::Deserialize;

use super::{Web, auth::MaybeSignedIn, guard, next::NextPath, outage::unavailable, rates::retry_after};

/// Pages that don't require a session.
const PUBLIC: [&str; 4] = ["/sign-in", "/setup", "/join", "/reset"];

/// A page of the app.
pub(super) async fn page(
    State(web): State<Web>,
    MaybeSignedIn(caller): MaybeSignedIn,
    request: Request,
) -> Response {
    let path = request.uri().path();
    if caller.is_none() && !PUBLIC.contains(&path) {
        return match web.gateway.has_owner().await {
            Ok(true) => Redirect::to(&sign_in_before(&request)).into_response(),
            Ok(false) => Redirect::to("/setup").into_response(),
            Err(error) => unavailable(&error),
        };
    }
    if caller.is_some() && path == "/sign-in" {
        return Redirect::to(&next_of(&request).unwrap_or_else(|| "/".to_owned())).into_response();
    }
    render(&web, caller, request, Reply::default()).await
}

/// The sign-in page that returns to the requested one.
fn sign_in_before(request: &Request) -> String {
    let asked = request.uri().path_and_query().map(|path| path.as_str()).filter(|path| *path != "/");
    asked.and_then(NextPath::parse).map_or_else(|| "/sign-in".to_owned(), NextPath::sign_in)
}

/// Where to go if already signed in.
fn next_of(request: &Request) -> Option<String> {
    let query = Query::<Next>::try_from_uri(request.uri()).ok()?;
    NextPath::parse(&query.next).map(|next| next.as_str().to_owned())
}

#[derive(Deserialize)]
struct Next {
    next: String,
}

/// A page as the response to its own form: `parts` are those of the form's request, to the page's address.
pub(super) async fn answer(web: &Web, caller: Option<Caller>, mut parts: Parts, reply: Reply) -> Response {
    let status = match reply.problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    parts.method = Method::GET;
    let mut response = render(web, caller, Request::from_parts(parts, Body::empty()), reply).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    // it may contain a secret
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The page of a form that was sent too often, with `error=rate` in `address`. Not a redirect, so that programs notice it, too.
pub(super) async fn too_many_tries(
    web: &Web,
    address: &str,
    headers: &HeaderMap,
    wait: Duration,
) -> Response {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = address.parse().unwrap_or_else(|_| Uri::from_static("/sign-in?error=rate"));
    if let Some(host) = headers.get(header::HOST) {
        request.headers_mut().insert(header::HOST, host.clone());
    }
    let mut response = render(web, None, request, Reply::default()).await;
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(header::RETRY_AFTER, retry_after(wait));
    response
}

/// The response for unknown paths.
pub(super) async fn not_found(
    State(web): State<Web>,
    MaybeSignedIn(caller): MaybeSignedIn,
    request: Request,
) -> Response {
    let mut response = render(&web, caller, request, Reply::default()).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A server function of the app.
pub(super) async fn server_function(
    State(web): State<Web>,
    MaybeSignedIn(caller): MaybeSignedIn,
    request: Request,
) -> Response {
    let context = context_of(&web, caller, guard::plain_host(request.headers()), Reply::default());
    leptos_axum::handle_server_fns_with_context(context, request).await.into_response()
}

async fn render(web: &Web, caller: Option<Caller>, request: Request, reply: Reply) -> Response {
    let context = context_of(web, caller, guard::plain_host(request.headers()), reply);
    let options = web.leptos.clone();
    leptos_axum::render_app_async_with_context(context, move || shell(options.clone()))(request).await
}

/// The app's context for a request.
fn context_of(
    web: &Web,
    caller: Option<Caller>,
    host: Option<String>,
    reply: Reply,
) -> impl Fn() + Clone + Send + Sync + 'static {
    let gateway = web.gateway.clone();
    let game_address = web.game_address(host.as_deref());
    let session = Session(caller.as_ref().map(|caller| caller.user.clone()));
    move || {
        provide_context(gateway.clone());
        provide_context(session.clone());
        provide_context(app::Asking(caller.clone()));
        provide_context(reply.clone());
        provide_context(RequestInfo { game_address: game_address.clone() });
        if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) {
            let policy = guard::page_policy(&nonce, host.as_deref());
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// The paths of the app's pages. Leptos may only list them once per process: while it does, it loads nothing for any page, and a page that
/// another server in this process renders at that time would wait forever.
pub(super) fn paths() -> &'static [String] {
    static PATHS: OnceLock<Vec<String>> = OnceLock::new();
    PATHS.get_or_init(|| {
        let pages = leptos_axum::generate_route_list(App);
        pages.iter().map(|page| page.path().to_owned()).collect()
    })
}
