//! Devices: the copies of the game.

use axum::{Json, extract::State, http::StatusCode};
use protocol::model::Device;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    caller::Client,
    cursor::{Page, PageQuery},
    error::{ApiResult, ErrorBody},
    extract::{At, InDevice, InProject, Params},
    fields::Time,
};
use crate::web::Web;

/// A copy of the game.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub(super) struct DeviceView {
    id: i64,
    name: String,
    /// Whether it is connected.
    online: bool,
    last_seen: Time,
    /// How the game describes itself; may be empty.
    #[schema(example = "1.4.2 · android 15 · rust/0.1.0")]
    about: String,
    /// Whether it reports what it applied.
    acknowledges: bool,
    /// The newest revision that it reported as applied.
    applied_revision: i64,
}

impl From<Device> for DeviceView {
    fn from(device: Device) -> Self {
        let Device { id, name, online, last_seen, about, acknowledges, applied, .. } = device;
        let last_seen = last_seen.into();
        Self { id: id.0, name, online, last_seen, about, acknowledges, applied_revision: applied.0 }
    }
}

/// List a project's devices
///
/// Oldest first. If there are very many, only those seen most recently.
#[utoipa::path(
    get, operation_id = "list_devices", path = "/projects/{project}/devices", tag = "devices", params(InProject, PageQuery),
    responses((status = 200, body = Page<DeviceView>))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<DeviceView>>> {
    let devices = web.gateway.list_devices(&caller, project).await?;
    Ok(Json(page.cut(devices, |device| device.id.0)?.map(DeviceView::from)))
}

/// Forget a device
///
/// Only if it is offline. What it reported is deleted; its log lines stay, with its name. If it connects again, it is the
/// same device. Requires the role and the scope `admin`.
#[utoipa::path(
    delete, operation_id = "forget_device", path = "/projects/{project}/devices/{device}", tag = "devices", params(InDevice),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, body = ErrorBody, description = "It is connected.")
    )
)]
pub(super) async fn forget(
    State(web): State<Web>,
    Client(caller): Client,
    At(InDevice { project, device }): At<InDevice>,
) -> ApiResult<StatusCode> {
    web.gateway.forget_device(&caller, project, device).await?;
    Ok(StatusCode::NO_CONTENT)
}
