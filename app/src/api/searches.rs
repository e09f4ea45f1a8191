//! Searches of the log that people keep.

use leptos::prelude::*;
use protocol::model::{ProjectId, SavedSearch};
use server_fn::codec::Postcard;

use super::AppError;
#[cfg(feature = "ssr")]
use super::{app_error, authorise};

/// The person's own searches of a project's log, and those that others share, by name.
#[server(input = Postcard, output = Postcard)]
pub async fn list_searches(project: ProjectId) -> Result<Vec<SavedSearch>, AppError> {
    let (caller, gateway) = authorise()?;
    gateway.list_searches(&caller, project).await.map_err(app_error)
}

/// Keeps a search under a name, for everybody in the project or for the person alone. Returns what [`list_searches`] does.
#[server(input = Postcard, output = Postcard)]
pub async fn save_search(
    project: ProjectId,
    name: String,
    search: String,
    is_shared: bool,
) -> Result<Vec<SavedSearch>, AppError> {
    let (caller, gateway) = authorise()?;
    gateway.save_search(&caller, project, &name, &search, is_shared).await.map_err(app_error)?;
    gateway.list_searches(&caller, project).await.map_err(app_error)
}

/// Deletes one of the person's searches, or, as an admin, one that somebody shares. Returns what [`list_searches`] does.
#[server(input = Postcard, output = Postcard)]
pub async fn delete_search(project: ProjectId, id: i64) -> Result<Vec<SavedSearch>, AppError> {
    let (caller, gateway) = authorise()?;
    gateway.delete_search(&caller, project, id).await.map_err(app_error)?;
    gateway.list_searches(&caller, project).await.map_err(app_error)
}
