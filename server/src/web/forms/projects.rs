//! Creating, renaming and deleting a project.

use app::api::Reply;
use axum::{
    Form,
    extract::{Path, State},
    http::request::Parts,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::GatewayError;
use protocol::model::ProjectId;
use serde::Deserialize;

use super::{back, confirmed::Confirmed, explain};
use crate::web::{Web, auth::SignedIn};

#[derive(Deserialize)]
pub(in crate::web) struct Named {
    #[serde(default)]
    name: String,
}

/// `POST /projects`.
pub(in crate::web) async fn create(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Form(form): Form<Named>,
) -> Response {
    match web.gateway.create_project(&caller, &form.name).await {
        Ok(project) => Redirect::to(&format!("/p/{}/live", project.id)).into_response(),
        Err(error) => back("/", '?', &error),
    }
}

/// `POST /p/:id/settings`: another name.
pub(in crate::web) async fn rename(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    parts: Parts,
    Form(form): Form<Named>,
) -> Response {
    let page = format!("/p/{project}/settings");
    match web.gateway.rename_project(&caller, project, &form.name).await {
        Ok(()) => Redirect::to(&format!("{page}?done=renamed")).into_response(),
        Err(error @ GatewayError::Invalid(_)) => {
            explain(&web, Some(caller), parts, Reply::default(), &error).await
        }
        Err(error) => back(&page, '?', &error),
    }
}

/// `POST /p/:id/settings/delete`: only with the project's name, typed by hand.
pub(in crate::web) async fn delete(
    State(web): State<Web>,
    Path(project): Path<ProjectId>,
    Confirmed { caller, form }: Confirmed<Named>,
) -> Response {
    let page = format!("/p/{project}/settings");
    let known = match web.gateway.get_project(&caller, project).await {
        Ok(known) => known,
        Err(error) => return back(&page, '?', &error),
    };
    if known.name != form.name.trim() {
        return Redirect::to(&format!("{page}?error=wrong_name")).into_response();
    }
    match web.gateway.delete_project(&caller, project).await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => back(&page, '?', &error),
    }
}

#[derive(Deserialize)]
pub(in crate::web) struct Guard {
    required: bool,
}

/// `POST /p/:id/settings/second-factor`: whether the project requires one.
pub(in crate::web) async fn guard(
    State(web): State<Web>,
    Path(project): Path<ProjectId>,
    Confirmed { caller, form }: Confirmed<Guard>,
) -> Response {
    let page = format!("/p/{project}/settings");
    match web.gateway.guard_project(&caller, project, form.required).await {
        Ok(()) => Redirect::to(&format!("{page}?done=guard")).into_response(),
        Err(GatewayError::Invalid(_)) => Redirect::to(&format!("{page}?error=own_factor")).into_response(),
        Err(error) => back(&page, '?', &error),
    }
}
