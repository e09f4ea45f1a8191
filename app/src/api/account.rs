//! Data for the pages of people's accounts, and for those that one-time links lead to.

use leptos::prelude::*;
use protocol::model::{Account, ApiToken, Invitation, ProjectId, SessionInfo, UnixMicros, User};
use serde::{Deserialize, Serialize};
use server_fn::codec::Postcard;

use super::{AppError, Reply};
#[cfg(feature = "ssr")]
use super::{app_error, authorise, now, reply};

/// The person's own account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    /// Whose.
    pub user: User,
    /// Where they are signed in, the newest first.
    pub sessions: Vec<SessionInfo>,
    /// The server's clock.
    pub now: UnixMicros,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// The person's own API tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokensPage {
    /// Whose.
    pub user: User,
    /// The newest first, expired ones too.
    pub tokens: Vec<ApiToken>,
    /// Their projects, which a token may be for.
    pub projects: Vec<(ProjectId, String)>,
    /// Whether they have to confirm their password before they create one.
    pub asks_password: bool,
    /// The server's clock.
    pub now: UnixMicros,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// The person's own second factor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorPage {
    /// Whose.
    pub user: User,
    /// Since when it is on, and how many recovery codes are left; `None`: it is off.
    pub state: Option<(UnixMicros, u32)>,
    /// One that is being set up: its secret, and the QR code's side and dark modules.
    pub enrolment: Option<(String, u32, String)>,
    /// Whether they have to confirm their password before they change it.
    pub asks_password: bool,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// Every account, for the owner.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsPage {
    /// The owner.
    pub user: User,
    /// The oldest first.
    pub accounts: Vec<Account>,
    /// Whether the owner has to confirm their password before they change one.
    pub asks_password: bool,
    /// The server's clock.
    pub now: UnixMicros,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// What a one-time link leads to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPage<T> {
    /// Who is signed in, if anybody is.
    pub user: Option<User>,
    /// The link's token; the form carries it.
    pub token: String,
    /// What the link is for; `None`: it is not valid, or no longer.
    pub good_for: Option<T>,
    /// The server's clock.
    pub now: UnixMicros,
    /// How the form on the page was answered.
    pub reply: Reply,
}

/// The person's own account and where it is signed in.
#[server(input = Postcard, output = Postcard)]
pub async fn get_account() -> Result<AccountPage, AppError> {
    let (caller, gateway) = authorise()?;
    let sessions = gateway.list_sessions(&caller).await.map_err(app_error)?;
    Ok(AccountPage { user: caller.user, sessions, now: now(), reply: reply() })
}

/// The person's own API tokens.
#[server(input = Postcard, output = Postcard)]
pub async fn list_tokens() -> Result<TokensPage, AppError> {
    let (caller, gateway) = authorise()?;
    let tokens = gateway.list_tokens(&caller).await.map_err(app_error)?;
    let projects = gateway.list_projects(&caller).await.map_err(app_error)?;
    let projects = projects.into_iter().map(|summary| (summary.project.id, summary.project.name)).collect();
    let asks_password = gateway.asks_password(&caller).await.map_err(app_error)?;
    Ok(TokensPage { user: caller.user, tokens, projects, asks_password, now: now(), reply: reply() })
}

/// The person's own second factor.
#[server(input = Postcard, output = Postcard)]
pub async fn get_second_factor() -> Result<FactorPage, AppError> {
    let (caller, gateway) = authorise()?;
    let reply = reply();
    let state = gateway.get_second_factor(&caller).await.map_err(app_error)?;
    let asks_password = gateway.asks_password(&caller).await.map_err(app_error)?;
    // only as the answer to the form that began it
    let enrolment = if reply.subject == "enrolment" && !asks_password {
        gateway.get_enrolment(&caller).await.map_err(app_error)?
    } else {
        None
    };
    let enrolment = enrolment.map(|begun| (begun.secret, begun.size, begun.picture));
    let state = state.map(|state| (state.since, state.recovery_codes));
    Ok(FactorPage { user: caller.user, state, enrolment, asks_password, reply })
}

/// How the sign-in form was answered.
#[server(input = Postcard, output = Postcard)]
pub async fn get_sign_in() -> Result<Reply, AppError> {
    Ok(reply())
}

/// Every account.
#[server(input = Postcard, output = Postcard)]
pub async fn list_accounts() -> Result<AccountsPage, AppError> {
    let (caller, gateway) = authorise()?;
    let accounts = gateway.list_accounts(&caller).await.map_err(app_error)?;
    let asks_password = gateway.asks_password(&caller).await.map_err(app_error)?;
    Ok(AccountsPage { user: caller.user, accounts, asks_password, now: now(), reply: reply() })
}

/// Whether a link sets the instance up.
#[server(input = Postcard, output = Postcard)]
pub async fn get_set_up(token: String) -> Result<LinkPage<()>, AppError> {
    let reply = reply();
    let token = reply.token.clone().unwrap_or(token);
    let good_for = expect_context::<gateway::Gateway>().is_setup_token(&token).then_some(());
    Ok(LinkPage { user: expect_context::<crate::Session>().0, token, good_for, now: now(), reply })
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

/// The name of the account for which a link sets a new password.
#[server(input = Postcard, output = Postcard)]
pub async fn get_reset(token: String) -> Result<LinkPage<String>, AppError> {
    let reply = reply();
    let token = reply.token.clone().unwrap_or(token);
    let gateway = expect_context::<gateway::Gateway>();
    let good_for = gateway.get_reset(&token).await.map_err(app_error)?.map(|user| user.name);
    Ok(LinkPage { user: expect_context::<crate::Session>().0, token, good_for, now: now(), reply })
}
