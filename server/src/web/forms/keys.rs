//! Creating, rotating and revoking game keys, and their rights.

use app::api::Reply;
use axum::{
    Form,
    extract::{Path, State},
    http::request::Parts,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::GatewayError;
use protocol::model::{AllowedOrigins, KeyId, ProjectId};
use serde::Deserialize;

use super::{back, confirmed::Confirmed, explain, settle};
use crate::web::{Web, auth::SignedIn};

fn page(project: ProjectId) -> String {
    format!("/p/{project}/settings/keys")
}

#[derive(Deserialize)]
pub(in crate::web) struct Create {
    #[serde(default)]
    name: String,
    /// An unticked checkbox is not sent.
    report_only: Option<String>,
}

/// `POST /p/:id/settings/keys`.
pub(in crate::web) async fn create(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    parts: Parts,
    Form(form): Form<Create>,
) -> Response {
    let (report_only, origins) = (form.report_only.is_some(), AllowedOrigins::default());
    match web.gateway.create_key_of(&caller, project, &form.name, report_only, origins).await {
        Ok(_) => Redirect::to(&page(project)).into_response(),
        Err(error @ GatewayError::Invalid(_)) => {
            explain(&web, Some(caller), parts, Reply::default(), &error).await
        }
        Err(error) => back(&page(project), '?', &error),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct Rotate {
    key: KeyId,
    /// How long games may still use the old one, in days.
    days: u32,
}

/// `POST /p/:id/settings/keys/rotate`.
pub(in crate::web) async fn rotate(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<Rotate>,
) -> Response {
    settle(&page(project), web.gateway.rotate_key(&caller, project, form.key, form.days).await.map(drop))
}

#[derive(Deserialize)]
pub(in crate::web) struct Rights {
    key: KeyId,
    report_only: bool,
}

/// `POST /p/:id/settings/keys/rights`.
pub(in crate::web) async fn set_rights(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<Rights>,
) -> Response {
    let set = web.gateway.set_report_only(&caller, project, form.key, form.report_only).await;
    settle(&page(project), set.map(drop))
}

#[derive(Deserialize)]
pub(in crate::web) struct Pages {
    key: KeyId,
    #[serde(default)]
    origins: String,
}

/// `POST /p/:id/settings/keys/origins`.
pub(in crate::web) async fn set_origins(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    mut parts: Parts,
    Form(form): Form<Pages>,
) -> Response {
    let set = match AllowedOrigins::parse(&form.origins) {
        Ok(origins) => web.gateway.set_origins(&caller, project, form.key, origins).await,
        Err(why) => Err(GatewayError::Invalid(why)),
    };
    match set {
        Err(error @ GatewayError::Invalid(_)) => {
            parts.uri = page(project).parse().expect("the path of a page is a URI");
            explain(&web, Some(caller), parts, Reply::default(), &error).await
        }
        set => settle(&page(project), set.map(drop)),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct Revoke {
    key: KeyId,
}

/// `POST /p/:id/settings/keys/revoke`.
pub(in crate::web) async fn revoke(
    State(web): State<Web>,
    Path(project): Path<ProjectId>,
    Confirmed { caller, form }: Confirmed<Revoke>,
) -> Response {
    settle(&page(project), web.gateway.revoke_key(&caller, project, form.key).await)
}
