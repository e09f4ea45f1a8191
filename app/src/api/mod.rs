//! What the pages ask the server: authorise, call the gateway, nothing else.

mod account;
mod forget;
mod logs;
mod team;

use codee::binary::PostcardCodec;
use leptos::prelude::*;
use protocol::live::Snapshot;
use protocol::model::{Key, ProjectId, ProjectRole, User};
use serde::{Deserialize, Serialize};
use server_fn::codec::{Postcard, PostcardEncoding};

pub use account::*;
pub use forget::*;
pub use logs::*;
pub use team::*;

/// What a page begins with: fetched on the server and handed to the browser inside the page, so that the
/// browser neither fetches nor waits. Postcard as on the socket: JSON would be a second decoder of the same.
/// Where it can't be shown it says to whom, so that the rest of the page is still his.
pub type Page<T> = Resource<Result<T, (Option<User>, AppError)>, PostcardCodec>;

/// Why a page can't be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("You are signed out.")]
    SignedOut,
    /// There is no such thing, or it is somebody else's.
    #[error("There is no such page, or you may not see it.")]
    NotFound,
    /// He may know of it, and not see it.
    #[error(
        "You may not open this page. Ask an admin of the project, or the owner of this server, if you need it."
    )]
    Forbidden,
    /// It is for people with a second factor, and their account has none.
    #[error(
        "This is for people with a second factor, a code from an app beside the password. Set one up, then come back."
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

/// What a form was answered with, where the page itself is the answer: a secret that is shown once must not stand in
/// an address, and a sentence that says what is wrong has more to say than a code. A context that the server provides.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Why the form was not taken: a sentence.
    pub problem: Option<String>,
    /// The secret that was made: a link or a token.
    pub issued: Option<String>,
    /// For whom or what it was made.
    pub subject: String,
    /// The token of the one-time link that the form came with.
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
    /// What is there now: of a large project the beginning, which the socket completes.
    pub snapshot: Snapshot,
}

/// A project in the list. Its key is not among what everybody may see who sees the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedProject {
    /// Its number.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// What whoever asks may do in it.
    pub role: ProjectRole,
    /// Devices that ever connected.
    pub devices: u32,
    /// Devices that are connected now.
    pub online: u32,
}

/// Who is signed in.
#[server(input = Postcard, output = Postcard)]
pub async fn get_session() -> Result<Option<User>, AppError> {
    Ok(expect_context::<crate::Session>().0)
}

/// His projects, newest first.
#[server(input = Postcard, output = Postcard)]
pub async fn list_projects() -> Result<(User, Vec<ListedProject>), AppError> {
    let (caller, gateway) = authorise()?;
    let projects = gateway.list_projects(&caller).await.map_err(app_error)?;
    let listed = projects.into_iter().map(|summary| ListedProject {
        id: summary.project.id,
        name: summary.project.name,
        role: summary.role,
        devices: summary.devices,
        online: summary.online,
    });
    Ok((caller.user, listed.collect()))
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
