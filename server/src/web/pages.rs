//! The dashboard's pages, rendered by Leptos, and its server functions.

use app::{App, RequestInfo, Session, shell};
use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::GatewayError;
use leptos::{
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::ResponseOptions;

use super::{Web, auth::SessionToken, guard, outage::Outage};

/// Pages for people who are not signed in.
const PUBLIC: [&str; 2] = ["/sign-in", "/setup"];

/// A page of the app.
pub(super) async fn page(State(web): State<Web>, token: SessionToken, request: Request) -> Response {
    let user = match web.user_of(&token).await {
        Ok(user) => user,
        Err(error) => return unavailable(&error),
    };
    let path = request.uri().path();
    if user.is_none() && !PUBLIC.contains(&path) {
        return match web.gateway.has_owner().await {
            Ok(true) => Redirect::to("/sign-in").into_response(),
            Ok(false) => Redirect::to("/setup").into_response(),
            Err(error) => unavailable(&error),
        };
    }
    if user.is_some() && path == "/sign-in" {
        return Redirect::to("/").into_response();
    }
    render(&web, Session(user), request).await
}

/// Every address that is no page.
pub(super) async fn not_found(State(web): State<Web>, token: SessionToken, request: Request) -> Response {
    let user = match web.user_of(&token).await {
        Ok(user) => user,
        Err(error) => return unavailable(&error),
    };
    let mut response = render(&web, Session(user), request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A server function of the app.
pub(super) async fn server_function(
    State(web): State<Web>,
    token: SessionToken,
    request: Request,
) -> Response {
    let user = match web.user_of(&token).await {
        Ok(user) => user,
        Err(error) => return unavailable(&error),
    };
    let context = context_of(&web, Session(user), guard::plain_host(request.headers()));
    leptos_axum::handle_server_fns_with_context(context, request).await.into_response()
}

async fn render(web: &Web, session: Session, request: Request) -> Response {
    let context = context_of(web, session, guard::plain_host(request.headers()));
    let options = web.leptos.clone();
    leptos_axum::render_app_async_with_context(context, move || shell(options.clone()))(request).await
}

/// What the app finds in its context, on every request.
fn context_of(
    web: &Web,
    session: Session,
    host: Option<String>,
) -> impl Fn() + Clone + Send + Sync + 'static {
    let gateway = web.gateway.clone();
    let game_address = web.game_address(host.as_deref());
    let user = session.0;
    move || {
        provide_context(gateway.clone());
        provide_context(Session(user.clone()));
        provide_context(RequestInfo { game_address: game_address.clone() });
        if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) {
            let policy = guard::page_policy(&nonce, host.as_deref());
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

static OUTAGE: Outage = Outage::new();

fn unavailable(error: &GatewayError) -> Response {
    match error {
        GatewayError::Unavailable(cause) => OUTAGE.log(cause, "a page could not be made"),
        other => tracing::error!(error = other as &dyn std::error::Error, "a page could not be made"),
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response()
}

/// The app's routes, for the router.
pub(super) fn routes() -> Vec<leptos_axum::AxumRouteListing> {
    leptos_axum::generate_route_list(App)
}
