//! The caller.

use axum::{Json, extract::State};
use protocol::model::{Role, TokenScope};
use serde::Serialize;
use utoipa::ToSchema;

use super::{caller::Client, error::ApiResult, fields::Time};
use crate::web::Web;

/// The caller's account and token.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    user: Account,
    /// The API token of this request; `null`: a browser session.
    #[schema(required)]
    token: Option<Token>,
}

/// An account.
#[derive(Serialize, ToSchema)]
struct Account {
    id: i64,
    /// The display name.
    name: String,
    #[schema(required)]
    email: Option<String>,
    /// `owner` sees every project, `member` those they are a member of.
    #[schema(example = "member")]
    role: &'static str,
}

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
struct Token {
    id: i64,
    name: String,
    /// The most it may do.
    #[schema(value_type = String, example = "write")]
    scope: TokenScope,
    /// The project it is limited to; `null`: all of its owner's projects.
    #[schema(required)]
    project: Option<i64>,
    expires_at: Time,
}

/// Who you are
///
/// Your account, and the API token of this request.
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
