//! For admins on the live page: forgets what no game uses any more.

use leptos::prelude::*;
use protocol::model::{DeviceId, ProjectId, VarName};
use server_fn::codec::Postcard;

use super::AppError;
#[cfg(feature = "ssr")]
use super::{app_error, authorise};

/// Forgets a variable that no connected game has reported.
#[server(input = Postcard, output = Postcard)]
pub async fn forget_var(project: ProjectId, name: VarName) -> Result<(), AppError> {
    let (caller, gateway) = authorise()?;
    gateway.forget_var(&caller, project, &name).await.map_err(app_error)
}

/// Forgets a device that is not connected.
#[server(input = Postcard, output = Postcard)]
pub async fn forget_device(project: ProjectId, device: DeviceId) -> Result<(), AppError> {
    let (caller, gateway) = authorise()?;
    gateway.forget_device(&caller, project, device).await.map_err(app_error)
}
