//! Game keys.

use axum::{Json, extract::State, http::StatusCode};
use gateway::GatewayError;
use protocol::model::{AllowedOrigins, GameKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::Client,
    cursor::{Page, PageQuery},
    error::ApiResult,
    extract::{At, Body, InKey, InProject, Params, whole},
    fields::Time,
};
use crate::web::Web;

/// A game key. Only this list shows it in full.
#[derive(Serialize, ToSchema)]
#[schema(as = GameKey)]
pub(super) struct KeyView {
    id: i64,
    /// The key that games send.
    #[schema(example = "0123456789ab")]
    key: String,
    /// What it is for.
    name: String,
    /// Games may only report values of known variables with it, and not declare any.
    report_only: bool,
    /// The origins of the web pages whose games may connect with it; empty: any page. Games that are not in a browser always
    /// may.
    #[schema(example = json!(["https://games.example.org"]))]
    origins: Vec<String>,
    created_at: Time,
    /// Who created it; `null`: nobody who was signed in.
    #[schema(required)]
    created_by: Option<String>,
    /// When a game last connected with it, to the minute.
    #[schema(required)]
    last_used_at: Option<Time>,
    /// When it stops working because another key replaces it.
    #[schema(required)]
    expires_at: Option<Time>,
    #[schema(required)]
    revoked_at: Option<Time>,
}

impl From<GameKey> for KeyView {
    fn from(key: GameKey) -> Self {
        Self {
            id: key.id.0,
            key: key.key.as_str().to_owned(),
            name: key.name,
            report_only: key.report_only,
            origins: key.origins.iter().map(str::to_owned).collect(),
            created_at: key.created_at.into(),
            created_by: key.created_by,
            last_used_at: key.last_used_at.map(Time),
            expires_at: key.expires_at.map(Time),
            revoked_at: key.revoked_at.map(Time),
        }
    }
}

/// A key's name, and what games may do with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Steam build"}))]
pub(super) struct KeyName {
    /// One line of at most 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// Games may only report values of known variables with it, and not declare any.
    #[serde(default)]
    report_only: bool,
    /// The origins of the web pages whose games may connect with it; empty: any page.
    #[serde(default)]
    #[schema(max_items = 16)]
    origins: Vec<String>,
}

/// What games may do with a key; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"report_only": true}))]
pub(super) struct Rights {
    /// They may only report values of known variables, and not declare any.
    report_only: Option<bool>,
    /// The origins of the web pages whose games may connect with it; empty: any page. `https://*.example.org` stands for all
    /// subdomains, `null` for files and sandboxed frames.
    #[schema(max_items = 16)]
    origins: Option<Vec<String>>,
}

/// Origins as a client lists them.
fn allowed(origins: &[String]) -> ApiResult<AllowedOrigins> {
    let allowed = AllowedOrigins::parse(&origins.join("\n"));
    Ok(allowed.map_err(GatewayError::Invalid)?)
}

/// How a key is replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_days": 7}))]
pub(super) struct Rotation {
    /// How many days games may still use the old key; 0 ends it at once.
    #[serde(deserialize_with = "whole")]
    #[schema(maximum = 366)]
    overlap_days: u32,
}

/// List a project's game keys
///
/// Oldest first, including revoked ones. Requires the role `designer` and a token with scope `write`.
#[utoipa::path(
    get, operation_id = "list_keys", path = "/projects/{project}/keys", tag = "keys", params(InProject, PageQuery),
    responses((status = 200, body = Page<KeyView>))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<KeyView>>> {
    let keys = web.gateway.list_keys(&caller, project).await?;
    Ok(Json(page.cut(keys, |key| key.id.0)?.map(KeyView::from)))
}

/// Create a game key
///
/// Requires the role and the scope `admin`.
#[utoipa::path(
    post, operation_id = "create_key", path = "/projects/{project}/keys", tag = "keys", params(InProject), request_body = KeyName,
    responses((status = 201, body = KeyView))
)]
pub(super) async fn create(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Body(KeyName { name, report_only, origins }): Body<KeyName>,
) -> ApiResult<(StatusCode, Json<KeyView>)> {
    let origins = allowed(&origins)?;
    let made = web.gateway.create_key_of(&caller, project, &name, report_only, origins).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Change what games may do with a key
///
/// `report_only` takes effect at once, also for connected games; what they have declared stays. `origins` concerns games that
/// connect from then on. Requires the role and the scope `admin`.
#[utoipa::path(
    patch, operation_id = "set_key_rights", path = "/projects/{project}/keys/{key}", tag = "keys", params(InKey),
    request_body = Rights, responses((status = 200, body = KeyView))
)]
pub(super) async fn set_rights(
    State(web): State<Web>,
    Client(caller): Client,
    At(InKey { project, key }): At<InKey>,
    Body(Rights { report_only, origins }): Body<Rights>,
) -> ApiResult<Json<KeyView>> {
    let origins = origins.as_deref().map(allowed).transpose()?;
    let mut set = None;
    if let Some(report_only) = report_only {
        set = Some(web.gateway.set_report_only(&caller, project, key, report_only).await?);
    }
    if let Some(origins) = origins {
        set = Some(web.gateway.set_origins(&caller, project, key, origins).await?);
    }
    let nothing = || GatewayError::Invalid("say `report_only` or `origins`".to_owned());
    Ok(Json(set.ok_or_else(nothing)?.into()))
}

/// Replace a game key
///
/// Games may keep using the old key for a number of days. Requires the role and the scope `admin`.
#[utoipa::path(
    post, operation_id = "rotate_key", path = "/projects/{project}/keys/{key}/rotate", tag = "keys", params(InKey), request_body = Rotation,
    responses((status = 201, body = KeyView))
)]
pub(super) async fn rotate(
    State(web): State<Web>,
    Client(caller): Client,
    At(InKey { project, key }): At<InKey>,
    Body(Rotation { overlap_days }): Body<Rotation>,
) -> ApiResult<(StatusCode, Json<KeyView>)> {
    let made = web.gateway.rotate_key(&caller, project, key, overlap_days).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Revoke a game key
///
/// Games that use it are disconnected at once. Requires the role and the scope `admin`.
#[utoipa::path(
    delete, operation_id = "revoke_key", path = "/projects/{project}/keys/{key}", tag = "keys", params(InKey),
    responses((status = 204, description = "No game can connect with it any more."))
)]
pub(super) async fn revoke(
    State(web): State<Web>,
    Client(caller): Client,
    At(InKey { project, key }): At<InKey>,
) -> ApiResult<StatusCode> {
    web.gateway.revoke_key(&caller, project, key).await?;
    Ok(StatusCode::NO_CONTENT)
}
