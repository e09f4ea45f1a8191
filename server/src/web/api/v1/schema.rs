//! Declarations that wait for an admin's consent.

use axum::{Json, extract::State, http::StatusCode};
use protocol::model::{Difference, Schema, WaitingDeclaration};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::Client,
    error::ApiResult,
    extract::{At, Body, InDeclaration, InProject},
    fields::Time,
};
use crate::web::Web;

/// Whether declarations are frozen, and which ones wait for consent.
#[derive(Serialize, ToSchema)]
#[schema(as = Schema)]
pub(super) struct SchemaView {
    /// Whether new and changed declarations wait. Values of known variables are accepted anyway.
    frozen: bool,
    /// Oldest first; at most 500.
    waiting: Vec<WaitingView>,
    /// How many were dropped since the server started, because too many were waiting.
    gave_way: u64,
}

/// A declaration that waits for consent.
#[derive(Serialize, ToSchema)]
#[schema(as = WaitingDeclaration)]
struct WaitingView {
    #[schema(example = "speed")]
    name: String,
    /// The number of the declaring device.
    device: i64,
    device_name: String,
    /// Whether that device is connected.
    online: bool,
    /// When it arrived.
    at: Time,
    /// Whether the variable is new.
    new: bool,
    /// What would change.
    differences: Vec<DifferenceView>,
}

/// A part of a declaration that differs.
#[derive(Serialize, ToSchema)]
#[schema(as = Difference)]
struct DifferenceView {
    #[schema(example = "min")]
    field: String,
    #[schema(required)]
    old: Option<String>,
    #[schema(required)]
    new: Option<String>,
}

impl From<Schema> for SchemaView {
    fn from(schema: Schema) -> Self {
        let Schema { is_frozen, waiting, gave_way } = schema;
        let waiting = waiting.into_iter().map(WaitingView::from).collect();
        Self { frozen: is_frozen, waiting, gave_way }
    }
}

impl From<WaitingDeclaration> for WaitingView {
    fn from(said: WaitingDeclaration) -> Self {
        let WaitingDeclaration { name, device, device_name, is_online, at, is_new, differences } = said;
        let shown = |Difference { field, old, new }| DifferenceView { field, old, new };
        Self {
            name: name.into(),
            device: device.0,
            device_name,
            online: is_online,
            at: at.into(),
            new: is_new,
            differences: differences.into_iter().map(shown).collect(),
        }
    }
}

/// Whether to freeze declarations.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"frozen": true}))]
pub(super) struct Freeze {
    frozen: bool,
}

/// Get the declarations that wait for consent
#[utoipa::path(
    get, operation_id = "get_schema", path = "/projects/{project}/schema", tag = "variables", params(InProject),
    responses((status = 200, body = SchemaView))
)]
pub(super) async fn get(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
) -> ApiResult<Json<SchemaView>> {
    Ok(Json(web.gateway.get_schema(&caller, project).await?.into()))
}

/// Freeze or unfreeze declarations
///
/// While declarations are frozen, new and changed ones wait for consent, and games continue to report values of known
/// variables. Unfreezing discards what waits. Requires the role and the scope `admin`.
#[utoipa::path(
    put, operation_id = "freeze_schema", path = "/projects/{project}/schema", tag = "variables", params(InProject),
    request_body = Freeze, responses((status = 200, body = SchemaView))
)]
pub(super) async fn freeze(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Body(Freeze { frozen }): Body<Freeze>,
) -> ApiResult<Json<SchemaView>> {
    web.gateway.freeze(&caller, project, frozen).await?;
    Ok(Json(web.gateway.get_schema(&caller, project).await?.into()))
}

/// Consent to a waiting declaration
///
/// It takes effect with the value that came with it. Requires the role and the scope `admin`.
#[utoipa::path(
    post, operation_id = "consent", path = "/projects/{project}/schema/{device}/{name}", tag = "variables",
    params(InDeclaration), responses((status = 204, description = "It counts."))
)]
pub(super) async fn consent(
    State(web): State<Web>,
    Client(caller): Client,
    At(InDeclaration { project, device, name }): At<InDeclaration>,
) -> ApiResult<StatusCode> {
    web.gateway.consent(&caller, project, device, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Dismiss a waiting declaration
///
/// The same declaration does not wait again until the server restarts. Requires the role and the scope `admin`.
#[utoipa::path(
    delete, operation_id = "dismiss", path = "/projects/{project}/schema/{device}/{name}", tag = "variables",
    params(InDeclaration), responses((status = 204, description = "It is gone."))
)]
pub(super) async fn dismiss(
    State(web): State<Web>,
    Client(caller): Client,
    At(InDeclaration { project, device, name }): At<InDeclaration>,
) -> ApiResult<StatusCode> {
    web.gateway.dismiss(&caller, project, device, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
