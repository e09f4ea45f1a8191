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
mod error;
mod extract;
mod fields;
mod history;
mod idempotency;
mod invitations;
mod keys;
mod logs;
mod me;
mod members;
mod parameters;
mod projects;
mod refusals;
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
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::document::document;
pub(in crate::web) use self::document::operations;
use self::error::Problem;
pub(in crate::web) use self::error::{Overload, answer_in_json};
pub(in crate::web) use self::idempotency::EditLocks;
use crate::web::Web;

/// The base path.
pub(super) const BASE: &str = "/api/v1";

/// Operations with complete responses.
pub(in crate::web) fn answers() -> Router<Web> {
    let nothing = || async { Problem::not_found() };
    // server functions are below /api/, too; a path that begins like ours is not one of them
    let others = ["", "/", "/{*rest}"]
        .iter()
        .fold(Router::new(), |router, rest| router.route(&format!("{BASE}{rest}"), any(nothing)));
    checked(described_answers()).merge(others)
}

/// Operations with streamed responses. A buffering proxy (nginx) is told to pass on each piece: those of a quiet log would
/// never fill its buffer.
pub(in crate::web) fn streams() -> Router<Web> {
    let unbuffered = SetResponseHeaderLayer::overriding(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    checked(described_streams()).layer(unbuffered)
}

/// Refuses query parameters that an operation does not document.
fn checked(described: OpenApiRouter<Web>) -> Router<Web> {
    let router = OpenApiRouter::new().nest(BASE, described).split_for_parts().0;
    router.route_layer(from_fn(parameters::check))
}

fn described_answers() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(me::me))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::get, projects::rename, projects::delete))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::set_rights, keys::revoke))
        .routes(routes!(members::list))
        .routes(routes!(members::set_role, members::remove))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::revoke))
        .routes(routes!(devices::list))
        .routes(routes!(devices::forget))
        .routes(routes!(refusals::list))
        .routes(routes!(variables::list, edits::set_several))
        .routes(routes!(variables::get, edits::set, variables::forget))
        .routes(routes!(edits::let_go))
        .routes(routes!(schema::get, schema::freeze))
        .routes(routes!(schema::consent, schema::dismiss))
        .routes(routes!(actions::run))
        .routes(routes!(history::list))
        .routes(routes!(logs::list))
        .routes(routes!(audit::list_of_project))
        .routes(routes!(audit::list_of_instance))
        .routes(routes!(document::openapi))
}

fn described_streams() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(logs::export))
        .routes(routes!(tail::live))
        .routes(routes!(audit::export_of_project))
        .routes(routes!(audit::export_of_instance))
}
