//! Whoever asks.

use axum::{Json, extract::State};
use protocol::model::{Role, TokenScope};
use serde::Serialize;
use utoipa::ToSchema;

use super::{caller::Client, error::ApiResult, fields::Time};
use crate::web::Web;

/// Whoever asks, and by what.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    user: Account,
    /// The token by which he asks; `null`: a session in a browser.
    #[schema(required)]
    token: Option<Token>,
}

/// An account.
#[derive(Serialize, ToSchema)]
struct Account {
    id: i64,
    /// What others read.
    name: String,
    #[schema(required)]
    email: Option<String>,
    /// `owner` sees every project, `member` those that he is a member of.
    #[schema(example = "member")]
    role: &'static str,
}

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
struct Token {
    id: i64,
    name: String,
    /// What it may do at most.
    #[schema(value_type = String, example = "write")]
    scope: TokenScope,
    /// The one project that it is for; `null`: all that its person has.
    #[schema(required)]
    project: Option<i64>,
    expires_at: Time,
}

/// Who you are
///
/// The account and the token that you ask with.
#[utoipa::path(get, operation_id = "get_me", path = "/me", tag = "me", responses((status = 200, body = Me)))]
pub(super) async fn me(State(web): State<Web>, Client(caller): Client) -> ApiResult<Json<Me>> {
    let token = web.gateway.get_own_token(&caller).await?.map(|token| Token {
        id: token.id.0,
        name: token.name,
        scope: token.scope,
        project: token.project.map(|project| project.0),
        expires_at: token.expires_at.into(),
    });
    let user = caller.user;
    let role = match user.role {
        Role::Owner => "owner",
        Role::Member => "member",
    };
    Ok(Json(Me { user: Account { id: user.id.0, name: user.name, email: user.email, role }, token }))
}
