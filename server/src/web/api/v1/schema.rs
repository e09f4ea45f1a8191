//! What games declare, where a person has the last word on it.

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

/// Whether declarations wait for consent, and which do.
#[derive(Serialize, ToSchema)]
#[schema(as = Schema)]
pub(super) struct SchemaView {
    /// New and changed declarations wait; values of what is known are taken.
    frozen: bool,
    /// In the order in which they came; at most 500.
    waiting: Vec<WaitingView>,
    /// How many gave way to others since the server started, because only so many may wait.
    gave_way: u64,
}

/// A declaration that waits for consent.
#[derive(Serialize, ToSchema)]
#[schema(as = WaitingDeclaration)]
struct WaitingView {
    #[schema(example = "speed")]
    name: String,
    /// The number of the device that declares it.
    device: i64,
    device_name: String,
    /// Whether that device is connected.
    online: bool,
    /// When it came.
    at: Time,
    /// There is no such variable yet.
    new: bool,
    /// What would be another.
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

/// Whether declarations are to wait.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"frozen": true}))]
pub(super) struct Freeze {
    frozen: bool,
}

/// What games declare, and which of it waits for consent
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

/// Freeze what games declare, or open it again
///
/// While it is frozen, new and changed declarations wait until somebody consents, and games go on reporting values of what is
/// known. When it is opened nothing waits any more. Needs the role and the scope `admin`.
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

/// Consent to a declaration that waits
///
/// It counts from now on, with the value that came with it. Needs the role and the scope `admin`.
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

/// Dismiss a declaration that waits
///
/// In the same words it does not wait again until the server starts anew. Needs the role and the scope `admin`.
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
