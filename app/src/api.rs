//! What the pages ask the server: authorise, call the gateway, nothing else.

use codee::binary::PostcardCodec;
use leptos::prelude::*;
use protocol::live::Snapshot;
use protocol::model::{Project, ProjectId, ProjectSummary, User};
use serde::{Deserialize, Serialize};
use server_fn::codec::{Postcard, PostcardEncoding};

/// What a page begins with: fetched on the server and handed to the browser inside the page, so that the
/// browser neither fetches nor waits. Postcard as on the socket: JSON would be a second decoder of the same.
pub type Page<T> = Resource<Result<T, AppError>, PostcardCodec>;

/// Why a page can't be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("You are signed out.")]
    SignedOut,
    /// There is no such thing, or it is somebody else's.
    #[error("There is no such page, or you may not see it.")]
    NotFound,
    /// Everything else, with a sentence.
    #[error("{0}")]
    Failed(String),
}

impl FromServerFnError for AppError {
    type Encoder = PostcardEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What the live page begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LivePage {
    /// The project with its key.
    pub project: Project,
    /// Where games connect: `host:port`.
    pub game_address: String,
    /// Everything as it is now.
    pub snapshot: Snapshot,
}

/// Who is signed in.
#[server(input = Postcard, output = Postcard)]
pub async fn get_session() -> Result<Option<User>, AppError> {
    Ok(expect_context::<crate::Session>().0)
}

/// His projects, newest first.
#[server(input = Postcard, output = Postcard)]
pub async fn list_projects() -> Result<Vec<ProjectSummary>, AppError> {
    let (caller, gateway) = authorise()?;
    gateway.list_projects(&caller).await.map_err(app_error)
}

/// One project as it is now.
#[server(input = Postcard, output = Postcard)]
pub async fn get_live(project: ProjectId) -> Result<LivePage, AppError> {
    let (caller, gateway) = authorise()?;
    let snapshot = gateway.snapshot(&caller, project).await.map_err(app_error)?;
    let project = gateway.get_project(&caller, project).await.map_err(app_error)?;
    let game_address = expect_context::<crate::RequestInfo>().game_address;
    Ok(LivePage { project, game_address, snapshot })
}

#[cfg(feature = "ssr")]
fn authorise() -> Result<(gateway::Caller, gateway::Gateway), AppError> {
    let caller = expect_context::<crate::Asking>().0.ok_or(AppError::SignedOut)?;
    Ok((caller, expect_context()))
}

#[cfg(feature = "ssr")]
fn app_error(error: gateway::GatewayError) -> AppError {
    match error {
        gateway::GatewayError::NotFound => AppError::NotFound,
        other => AppError::Failed(other.to_string()),
    }
}
