//! Every operation, but for the document that describes them.

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    actions, audit, devices, edits, history, invitations, keys, log_context, log_histogram, logs, me,
    members, patterns, projects, refusals, retention, schema, tail, variables,
};
use crate::web::Web;

/// Operations with complete responses.
pub(super) fn answers() -> OpenApiRouter<Web> {
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
        .routes(routes!(log_histogram::histogram))
        .routes(routes!(log_context::context))
        .routes(routes!(retention::get, retention::set))
        .routes(routes!(retention::estimate))
        .routes(routes!(retention::list_pins, retention::pin))
        .routes(routes!(retention::unpin))
        .routes(routes!(patterns::list))
        .routes(routes!(audit::list_of_project))
        .routes(routes!(audit::list_of_instance))
}

/// Operations with streamed responses.
pub(super) fn streams() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(logs::export))
        .routes(routes!(tail::live))
        .routes(routes!(audit::export_of_project))
        .routes(routes!(audit::export_of_instance))
}
