//! What the pages of people's accounts ask, and those that one-time links lead to.

use leptos::prelude::*;
use protocol::model::{Account, ApiToken, Invitation, ProjectId, SessionInfo, UnixMicros, User};
use serde::{Deserialize, Serialize};
use server_fn::codec::Postcard;

use super::{AppError, Reply};
#[cfg(feature = "ssr")]
use super::{app_error, authorise, now, reply};

/// One's own account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    /// Whose.
    pub user: User,
    /// Where he is signed in, the newest first.
    pub sessions: Vec<SessionInfo>,
    /// The server's clock.
    pub now: UnixMicros,
    /// What a form of the page was answered with.
    pub reply: Reply,
}

/// One's own API tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokensPage {
    /// Whose.
    pub user: User,
    /// The newest first, expired ones too.
    pub tokens: Vec<ApiToken>,
    /// His projects, which a token may be for.
    pub projects: Vec<(ProjectId, String)>,
    /// The server's clock.
    pub now: UnixMicros,
    /// What a form of the page was answered with.
    pub reply: Reply,
}

/// Every account, for the owner.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsPage {
    /// The owner.
    pub user: User,
    /// The oldest first.
    pub accounts: Vec<Account>,
    /// The server's clock.
    pub now: UnixMicros,
    /// What a form of the page was answered with.
    pub reply: Reply,
}

/// What a one-time link leads to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPage<T> {
    /// Who is signed in, if anybody is.
    pub user: Option<User>,
    /// The link's token; the form carries it.
    pub token: String,
    /// What the link is for; `None`: it is not good (any more).
    pub good_for: Option<T>,
    /// The server's clock.
    pub now: UnixMicros,
    /// What the form of the page was answered with.
    pub reply: Reply,
}

/// One's own account and where it is signed in.
#[server(input = Postcard, output = Postcard)]
pub async fn get_account() -> Result<AccountPage, AppError> {
    let (caller, gateway) = authorise()?;
    let sessions = gateway.list_sessions(&caller).await.map_err(app_error)?;
    Ok(AccountPage { user: caller.user, sessions, now: now(), reply: reply() })
}

/// One's own API tokens.
#[server(input = Postcard, output = Postcard)]
pub async fn list_tokens() -> Result<TokensPage, AppError> {
    let (caller, gateway) = authorise()?;
    let tokens = gateway.list_tokens(&caller).await.map_err(app_error)?;
    let projects = gateway.list_projects(&caller).await.map_err(app_error)?;
    let projects = projects.into_iter().map(|summary| (summary.project.id, summary.project.name)).collect();
    Ok(TokensPage { user: caller.user, tokens, projects, now: now(), reply: reply() })
}

/// Every account.
#[server(input = Postcard, output = Postcard)]
pub async fn list_accounts() -> Result<AccountsPage, AppError> {
    let (caller, gateway) = authorise()?;
    let accounts = gateway.list_accounts(&caller).await.map_err(app_error)?;
    Ok(AccountsPage { user: caller.user, accounts, now: now(), reply: reply() })
}

/// What an invitation says.
#[server(input = Postcard, output = Postcard)]
pub async fn get_invitation(token: String) -> Result<LinkPage<Invitation>, AppError> {
    let reply = reply();
    let token = reply.token.clone().unwrap_or(token);
    let gateway = expect_context::<gateway::Gateway>();
    let good_for = gateway.get_invitation(&token).await.map_err(app_error)?;
    Ok(LinkPage { user: expect_context::<crate::Session>().0, token, good_for, now: now(), reply })
}

/// For which account a link sets a new password: its name.
#[server(input = Postcard, output = Postcard)]
pub async fn get_reset(token: String) -> Result<LinkPage<String>, AppError> {
    let reply = reply();
    let token = reply.token.clone().unwrap_or(token);
    let gateway = expect_context::<gateway::Gateway>();
    let good_for = gateway.get_reset(&token).await.map_err(app_error)?.map(|user| user.name);
    Ok(LinkPage { user: expect_context::<crate::Session>().0, token, good_for, now: now(), reply })
}
