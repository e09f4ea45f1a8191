//! How long a project keeps what, and pins.

use app::api::{PinForm, PolicyForm, Reply};
use axum::{
    Form,
    extract::{Path, State},
    http::request::Parts,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway::{GatewayError, NewPin, PinRange};
use protocol::model::{DeviceId, ProjectId};
use serde::Deserialize;

use super::{back, explain, settle};
use crate::web::{Web, auth::SignedIn};

fn page(project: ProjectId) -> String {
    format!("/p/{project}/settings/retention")
}

/// `POST /p/:id/settings/retention`.
pub(in crate::web) async fn set(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    parts: Parts,
    Form(form): Form<PolicyForm>,
) -> Response {
    let saved = match form.policy() {
        Ok(policy) => web.gateway.set_retention(&caller, project, &policy).await,
        // whether they may is told first
        Err(why) => {
            match web.gateway.authorise_in(&caller, gateway::Action::ManageRetention, project).await {
                Ok(_) => Err(GatewayError::Invalid(why)),
                Err(error) => Err(error),
            }
        }
    };
    match saved {
        Ok(()) => Redirect::to(&format!("{}?done=retention", page(project))).into_response(),
        Err(error @ GatewayError::Invalid(_)) => {
            explain(&web, Some(caller), parts, Reply::default(), &error).await
        }
        Err(error) => back(&page(project), '?', &error),
    }
}

/// `POST /p/:id/settings/retention/pin`.
pub(in crate::web) async fn pin(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<PinForm>,
) -> Response {
    let PinForm { name, first, last, device } = form;
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    let range = PinRange::Lines(number(&first), number(&last));
    let new = NewPin { name, range, device: device.trim().parse().ok().map(DeviceId) };
    match web.gateway.pin_logs(&caller, project, &new).await {
        Ok(_) => Redirect::to(&page(project)).into_response(),
        Err(GatewayError::Invalid(_)) => {
            Redirect::to(&format!("{}?error=bad_pin", page(project))).into_response()
        }
        Err(error) => back(&page(project), '?', &error),
    }
}

/// Which pin.
#[derive(Deserialize)]
pub(in crate::web) struct Which {
    pin: i64,
}

/// `POST /p/:id/settings/retention/unpin`.
pub(in crate::web) async fn unpin(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(project): Path<ProjectId>,
    Form(form): Form<Which>,
) -> Response {
    settle(&page(project), web.gateway.unpin_logs(&caller, project, form.pin).await)
}
