//! The audit trail: who did what.

use axum::{Json, extract::State, response::IntoResponse};
use gateway::{AuditPages, Caller, GatewayError};
use protocol::model::{AuditCursor, AuditEntry, ProjectId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    caller::Client,
    csv::{self, Format, FormatQuery, Row},
    cursor::{Page, PageQuery},
    download::{Download, DownloadGuard, body_of},
    error::ApiResult,
    extract::{At, InProject, Params},
    fields::Time,
};
use crate::web::Web;

/// An entry of the audit trail.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(super) struct AuditEvent {
    at: Time,
    /// Who did it: a display name.
    actor: String,
    /// How they were authenticated.
    #[schema(example = "token nightly")]
    by: String,
    /// The client's IP address; empty if unknown.
    address: String,
    /// The project's number; `null`: the instance.
    #[schema(required)]
    project: Option<i64>,
    /// What was done.
    #[schema(example = "member.role")]
    action: String,
    /// What it was done to: a display name.
    subject: String,
    /// The old value.
    #[schema(required)]
    old: Option<String>,
    /// The new value.
    #[schema(required)]
    new: Option<String>,
}

impl From<AuditEntry> for AuditEvent {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { at, actor, by, address, project, action, subject, old, new } = entry;
        let project = project.map(|project| project.0);
        Self { at: at.into(), actor, by, address, project, action, subject, old, new }
    }
}

impl Row for AuditEvent {
    const HEADINGS: &'static [&'static str] =
        &["at", "actor", "by", "address", "project", "action", "subject", "old", "new"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.at.0.to_rfc3339_micros(),
            self.actor.clone(),
            self.by.clone(),
            self.address.clone(),
            self.project.map(|project| project.to_string()).unwrap_or_default(),
            self.action.clone(),
            self.subject.clone(),
            self.old.clone().unwrap_or_default(),
            self.new.clone().unwrap_or_default(),
        ]
    }
}

/// List a project's audit trail
///
/// Newest first, including edits of values. A page has at most 200 entries. Requires the role and the scope `admin`.
#[utoipa::path(
    get, operation_id = "list_project_audit", path = "/projects/{project}/audit", tag = "audit", params(InProject, PageQuery),
    responses((status = 200, body = Page<AuditEvent>))
)]
pub(super) async fn list_of_project(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<AuditEvent>>> {
    list(&web, &caller, Some(project), &page).await
}

/// List the instance's audit trail
///
/// Covers all projects, without edits of values. Only for the owner, with a token with scope `admin`.
#[utoipa::path(get, operation_id = "list_instance_audit", path = "/audit", tag = "audit", params(PageQuery), responses((status = 200, body = Page<AuditEvent>)))]
pub(super) async fn list_of_instance(
    State(web): State<Web>,
    Client(caller): Client,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<AuditEvent>>> {
    list(&web, &caller, None, &page).await
}

async fn list(
    web: &Web,
    caller: &Caller,
    project: Option<ProjectId>,
    page: &PageQuery,
) -> ApiResult<Json<Page<AuditEvent>>> {
    let after = page.after(|text| text.parse::<AuditCursor>().ok())?;
    let limit = u32::try_from(page.limit()?).unwrap_or(u32::MAX);
    let page = web.gateway.list_audit(caller, project, after.as_ref(), limit).await?;
    let next = page.next.map(|cursor| cursor.to_string());
    Ok(Json(Page::new(page.entries.into_iter().map(AuditEvent::from).collect(), next)))
}

/// Download a project's audit trail
///
/// Requires the role and the scope `admin`.
#[utoipa::path(
    get, operation_id = "export_project_audit", path = "/projects/{project}/audit/export", tag = "audit", params(InProject, FormatQuery),
    responses((status = 200, description = "All entries, newest first.", content(
        (AuditEvent = "application/x-ndjson"), (String = "text/csv")
    )))
)]
pub(super) async fn export_of_project(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(wanted): Params<FormatQuery>,
) -> ApiResult<impl IntoResponse> {
    export(web, caller, Some(project), wanted).await
}

/// Download the instance's audit trail
///
/// Only for the owner, with a token with scope `admin`.
#[utoipa::path(
    get, operation_id = "export_instance_audit", path = "/audit/export", tag = "audit", params(FormatQuery),
    responses((status = 200, description = "All entries, newest first.", content(
        (AuditEvent = "application/x-ndjson"), (String = "text/csv")
    )))
)]
pub(super) async fn export_of_instance(
    State(web): State<Web>,
    Client(caller): Client,
    Params(wanted): Params<FormatQuery>,
) -> ApiResult<impl IntoResponse> {
    export(web, caller, None, wanted).await
}

async fn export(
    web: Web,
    caller: Caller,
    project: Option<ProjectId>,
    wanted: FormatQuery,
) -> ApiResult<impl IntoResponse> {
    let format = wanted.format()?;
    let guard = DownloadGuard::new(&web, &caller)?;
    let pages = AuditPages::new(web.gateway, caller, project);
    let body = body_of(AuditDownload { pages, format, is_begun: false }, guard).await?;
    let name = project.map_or_else(|| "audit".to_owned(), |project| format!("audit-{project}"));
    Ok((format.headers(&name), body))
}

struct AuditDownload {
    pages: AuditPages,
    format: Format,
    is_begun: bool,
}

impl Download for AuditDownload {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, GatewayError> {
        let page = self.pages.next().await?;
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if page.is_empty() && !is_first {
            return Ok(None);
        }
        let rows: Vec<_> = page.into_iter().map(AuditEvent::from).collect();
        Ok(Some(csv::write(self.format, &rows, is_first)))
    }
}
