//! Every address of the HTTP port.

use std::time::Duration;

use anyhow::Context as _;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{any, get, post},
};
use leptos_axum::LeptosRoutes as _;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, csrf::CsrfLayer,
    limit::RequestBodyLimitLayer, timeout::RequestBodyTimeoutLayer,
};

use super::{Web, api, encryption, forms, guard, live, metrics, pages, site};

/// Nothing that a person or a script sends to us is larger.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Between two pieces of a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The router of the HTTP port.
///
/// # Errors
/// When the public URL can't be an origin.
pub(crate) fn router(web: &Web) -> anyhow::Result<Router> {
    let mut csrf = CsrfLayer::new();
    if let Some(url) = &web.settings.public_url {
        csrf = csrf.add_trusted_origin(url.origin()).context("the public URL is no origin")?;
    }
    let compressed = Router::new()
        .leptos_routes_with_handler(pages::routes(), get(pages::page))
        .route("/setup", post(forms::set_up))
        .route("/sign-in", post(forms::sign_in))
        .route("/sign-out", post(forms::sign_out))
        .route("/projects", post(forms::create_project))
        .route("/api/{*function}", any(pages::server_function))
        .fallback(pages::not_found)
        .layer(CompressionLayer::new());
    let router = Router::new()
        .route("/alive", get(api::alive))
        .route("/healthz", get(api::alive))
        .route("/readyz", get(api::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/users/tokens", get(api::generate_key).post(api::register_key))
        .route("/users", post(api::register_user))
        .route("/live", get(live::live))
        .route("/pkg/{hash}/{file}", get(site::package))
        .route("/favicon.svg", get(site::icon))
        .merge(compressed)
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(csrf)
        .layer(from_fn_with_state(web.clone(), encryption::enforce))
        .layer(from_fn_with_state(web.clone(), guard::check_host))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(guard::harden));
    Ok(router.with_state(web.clone()))
}
