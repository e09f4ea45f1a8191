//! Projects.

use std::cmp::Reverse;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use gateway::Caller;
use protocol::model::{ProjectId, ProjectRole, ProjectSummary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::Client,
    cursor::{Page, PageQuery},
    error::{ApiResult, BASE, Problem},
    extract::{At, Body, InProject, Params},
    fields::Time,
};
use crate::web::Web;

/// A project.
#[derive(Serialize, ToSchema)]
pub(super) struct Project {
    id: i64,
    name: String,
    /// Your role: `viewer`, `designer` or `admin`.
    #[schema(value_type = String, example = "designer")]
    role: ProjectRole,
    created_at: Time,
    /// Devices that ever connected.
    devices: u32,
    /// Devices that are connected now.
    online: u32,
    /// When a device was last connected.
    #[schema(required)]
    last_seen: Option<Time>,
    /// Bytes of log that its games have stored today (UTC), since the server started.
    stored_today: u64,
    /// Until when log entries are refused because the daily limit is reached; `null` if it is not.
    #[schema(required)]
    full_until: Option<Time>,
}

impl From<ProjectSummary> for Project {
    fn from(summary: ProjectSummary) -> Self {
        let ProjectSummary { project, role, devices, online, last_seen, stored_today, full_until } = summary;
        let (last_seen, full_until) = (last_seen.map(Time), full_until.map(Time));
        Self {
            id: project.id.0,
            name: project.name,
            role,
            created_at: project.created_at.into(),
            devices,
            online,
            last_seen,
            stored_today,
            full_until,
        }
    }
}

/// A project's name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Aliens"}))]
pub(super) struct ProjectName {
    /// One line of at most 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
}

/// List your projects
///
/// Newest first.
#[utoipa::path(get, operation_id = "list_projects", path = "/projects", tag = "projects", params(PageQuery), responses((status = 200, body = Page<Project>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<Project>>> {
    let projects = web.gateway.list_projects(&caller).await?;
    Ok(Json(page.cut(projects, |summary| Reverse(summary.project.id.0))?.map(Project::from)))
}

/// Create a project
///
/// You become its first admin. Requires a token with scope `admin`.
#[utoipa::path(
    post, operation_id = "create_project", path = "/projects", tag = "projects", request_body = ProjectName,
    responses((status = 201, body = Project, headers(("location" = String, description = "Where it is."))))
)]
pub(super) async fn create(
    State(web): State<Web>,
    Client(caller): Client,
    Body(ProjectName { name }): Body<ProjectName>,
) -> ApiResult<impl IntoResponse> {
    let made = web.gateway.create_project(&caller, &name).await?;
    let location = [(header::LOCATION, format!("{BASE}/projects/{}", made.id))];
    let summary = ProjectSummary {
        project: made.into(),
        role: ProjectRole::Admin,
        devices: 0,
        online: 0,
        last_seen: None,
        stored_today: 0,
        full_until: None,
    };
    Ok((StatusCode::CREATED, location, Json(Project::from(summary))))
}

/// Get a project
#[utoipa::path(get, operation_id = "get_project", path = "/projects/{project}", tag = "projects", params(InProject), responses((status = 200, body = Project)))]
pub(super) async fn get(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
) -> ApiResult<Json<Project>> {
    read(&web, &caller, project).await.map(Json)
}

/// Rename a project
///
/// Requires the role and the scope `admin`.
#[utoipa::path(
    patch, operation_id = "rename_project", path = "/projects/{project}", tag = "projects", params(InProject), request_body = ProjectName,
    responses((status = 200, body = Project))
)]
pub(super) async fn rename(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Body(ProjectName { name }): Body<ProjectName>,
) -> ApiResult<Json<Project>> {
    web.gateway.rename_project(&caller, project, &name).await?;
    read(&web, &caller, project).await.map(Json)
}

/// Delete a project and everything in it
///
/// Its games are disconnected. Only a backup can bring it back. Requires the role and the scope `admin`.
#[utoipa::path(delete, operation_id = "delete_project", path = "/projects/{project}", tag = "projects", params(InProject), responses((status = 204, description = "It is gone.")))]
pub(super) async fn delete(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
) -> ApiResult<StatusCode> {
    web.gateway.delete_project(&caller, project).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read(web: &Web, caller: &Caller, id: ProjectId) -> ApiResult<Project> {
    let projects = web.gateway.list_projects(caller).await?;
    let found = projects.into_iter().find(|summary| summary.project.id == id);
    found.map(Project::from).ok_or_else(Problem::not_found)
}
