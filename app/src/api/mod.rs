//! Server functions for the pages: authorise, call the gateway, nothing else.

mod account;
mod forget;
mod log_edits;
mod logs;
mod low_disk;
mod patterns;
mod retention;
mod searches;
mod team;

use codee::binary::PostcardCodec;
use leptos::prelude::*;
use protocol::live::Snapshot;
use protocol::model::{Key, ProjectId, ProjectRole, User};
use serde::{Deserialize, Serialize};
use server_fn::codec::{Postcard, PostcardEncoding};

pub use account::*;
pub use forget::*;
pub use log_edits::*;
pub use logs::*;
pub use low_disk::LowDisk;
pub use patterns::*;
pub use retention::*;
pub use searches::*;
pub use team::*;

/// A page's data: fetched on the server and handed to the browser inside the page, so that the browser neither fetches
/// nor waits. Postcard, as on the socket: JSON would need a second decoder.
/// An error comes with who is signed in, so that the rest of the page can still be theirs.
pub type Page<T> = Resource<Result<T, (Option<User>, AppError)>, PostcardCodec>;

/// Why a page can't be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("You are signed out.")]
    SignedOut,
    /// It doesn't exist, or the person may not know that it does.
    #[error("This page doesn't exist, or you don't have access to it.")]
    NotFound,
    /// The person may know of it, but not see it.
    #[error(
        "You don't have access to this page. If you need it, ask an admin of the project or the owner of this server."
    )]
    Forbidden,
    /// It requires a second factor, and the account has none.
    #[error(
        "This page requires a second factor: a code from an app, besides your password. Set one up, then come back."
    )]
    SecondFactorNeeded,
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

/// How a form was answered, where the page itself is the answer: a secret that is shown once must not be in a URL, and a
/// sentence says more than a code. A context that the server provides.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Why the form was rejected: a sentence.
    pub problem: Option<String>,
    /// The secret that was created: a link or a token.
    pub issued: Option<String>,
    /// Whom or what it is for.
    pub subject: String,
    /// The token of the one-time link that the form carried.
    pub token: Option<String>,
    /// The e-mail that was typed.
    pub email: String,
}

/// What the live page begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LivePage {
    /// Who is signed in.
    pub user: User,
    /// The project.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// A game key, for those who may see it.
    pub key: Option<Key>,
    /// Where games connect: `host:port`.
    pub game_address: String,
    /// The project as it is now; of a large one the beginning, which the socket completes.
    pub snapshot: Snapshot,
}

/// A project in the list. Its key is left out: not everybody who sees the list may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedProject {
    /// Its number.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// The person's role in it.
    pub role: ProjectRole,
    /// Devices that have ever connected.
    pub devices: u32,
    /// Devices that are connected now.
    pub online: u32,
}

/// Who is signed in.
#[server(input = Postcard, output = Postcard)]
pub async fn get_session() -> Result<Option<User>, AppError> {
    Ok(expect_context::<crate::Session>().0)
}

/// The person's projects, the newest first; for admins also the disk, if it is about to fill up.
#[server(input = Postcard, output = Postcard)]
pub async fn list_projects() -> Result<(User, Vec<ListedProject>, Option<LowDisk>), AppError> {
    let (caller, gateway) = authorise()?;
    let projects = gateway.list_projects(&caller).await.map_err(app_error)?;
    let listed = projects.into_iter().map(|summary| ListedProject {
        id: summary.project.id,
        name: summary.project.name,
        role: summary.role,
        devices: summary.devices,
        online: summary.online,
    });
    let listed: Vec<_> = listed.collect();
    let is_admin = listed.iter().any(|project| project.role == ProjectRole::Admin);
    Ok((caller.user, listed, LowDisk::of(&gateway).filter(|_| is_admin)))
}

/// One project as it is now.
#[server(input = Postcard, output = Postcard)]
pub async fn get_live(project: ProjectId) -> Result<LivePage, AppError> {
    let (caller, gateway) = authorise()?;
    let snapshot = gateway.first_look(&caller, project).await.map_err(app_error)?;
    let found = gateway.get_project(&caller, project).await.map_err(app_error)?;
    let key = gateway.get_game_key(&caller, project).await.map_err(app_error)?;
    let game_address = expect_context::<crate::RequestInfo>().game_address;
    Ok(LivePage { user: caller.user, project, name: found.name, key, game_address, snapshot })
}

#[cfg(feature = "ssr")]
fn authorise() -> Result<(gateway::Caller, gateway::Gateway), AppError> {
    let caller = expect_context::<crate::Asking>().0.ok_or(AppError::SignedOut)?;
    Ok((caller, expect_context()))
}

#[cfg(feature = "ssr")]
fn reply() -> Reply {
    use_context().unwrap_or_default()
}

#[cfg(feature = "ssr")]
fn now() -> protocol::model::UnixMicros {
    expect_context::<gateway::Gateway>().now()
}

#[cfg(feature = "ssr")]
fn app_error(error: gateway::GatewayError) -> AppError {
    match error {
        gateway::GatewayError::NotFound => AppError::NotFound,
        gateway::GatewayError::Forbidden => AppError::Forbidden,
        gateway::GatewayError::SecondFactorNeeded => AppError::SecondFactorNeeded,
        other => AppError::Failed(other.to_string()),
    }
}
