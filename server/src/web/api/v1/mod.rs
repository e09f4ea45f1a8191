//! Version 1 of the HTTP API: decode, call the gateway, encode. One noun a file; what may be done is decided in the
//! gateway alone.

mod actions;
mod audit;
mod caller;
mod csv;
mod cursor;
mod devices;
mod document;
mod download;
mod edits;
mod endpoints;
mod error;
mod extract;
mod fields;
mod history;
mod idempotency;
mod invitations;
mod keys;
mod log_context;
mod log_histogram;
mod log_range;
mod logs;
mod me;
mod members;
mod parameters;
mod patterns;
mod projects;
mod refusals;
mod retention;
mod schema;
mod tail;
mod variables;

use axum::{
    Router,
    http::{HeaderName, HeaderValue},
    middleware::from_fn,
    routing::any,
};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;

pub(super) use self::document::document;
pub(in crate::web) use self::document::operations;
use self::error::{BASE, Problem};
pub(in crate::web) use self::error::{Overload, answer_in_json};
pub(in crate::web) use self::idempotency::EditLocks;
use crate::web::Web;

/// Operations with complete responses.
pub(in crate::web) fn answers() -> Router<Web> {
    let nothing = || async { Problem::not_found() };
    // server functions are below /api/, too; a path that begins like ours is not one of them
    let others = ["", "/", "/{*rest}"]
        .iter()
        .fold(Router::new(), |router, rest| router.route(&format!("{BASE}{rest}"), any(nothing)));
    checked(document::answers()).merge(others)
}

/// Operations with streamed responses. A buffering proxy (nginx) is told to pass on each piece: those of a quiet log would
/// never fill its buffer.
pub(in crate::web) fn streams() -> Router<Web> {
    let unbuffered = SetResponseHeaderLayer::overriding(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    checked(endpoints::streams()).layer(unbuffered)
}

/// Refuses query parameters that an operation does not document.
fn checked(described: OpenApiRouter<Web>) -> Router<Web> {
    let router = OpenApiRouter::new().nest(BASE, described).split_for_parts().0;
    router.route_layer(from_fn(parameters::check))
}
