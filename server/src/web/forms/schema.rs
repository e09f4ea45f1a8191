//! Freezing declarations, consenting to them and dismissing them.

use axum::{
    Form,
    extract::{Path, State},
    response::Response,
};
use protocol::model::{DeviceId, ProjectId, VarName};
use serde::Deserialize;

use super::settle;
use crate::web::{Web, auth::SignedIn};

fn page(project: ProjectId) -> String {
    format!("/p/{project}/settings/schema")
}

#[derive(Deserialize)]
pub(in crate::web) struct Freeze {
    frozen: bool,
}

/// `POST /p/:id/settings/schema`.
pub(in crate::web) async fn freeze(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<Freeze>,
) -> Response {
    settle(&page(project), web.gateway.freeze(&caller, project, form.frozen).await)
}

/// Which declaration.
#[derive(Deserialize)]
pub(in crate::web) struct Which {
    device: DeviceId,
    name: VarName,
}

/// `POST /p/:id/settings/schema/consent`.
pub(in crate::web) async fn consent(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<Which>,
) -> Response {
    settle(&page(project), web.gateway.consent(&caller, project, form.device, &form.name).await)
}

/// `POST /p/:id/settings/schema/dismiss`.
pub(in crate::web) async fn dismiss(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<Which>,
) -> Response {
    settle(&page(project), web.gateway.dismiss(&caller, project, form.device, &form.name).await)
}
