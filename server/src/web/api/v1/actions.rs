//! Actions: things that games do on request.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    caller::Client,
    error::ApiResult,
    extract::{At, BodyIfAny, InVariable},
    fields::Exact,
};
use crate::web::Web;

/// An action's arguments.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"args": {"count": 3}}))]
pub(super) struct Run {
    /// Any JSON; optional.
    #[serde(default, deserialize_with = "some")]
    #[schema(required = false, value_type = Exact)]
    args: Option<Box<RawValue>>,
}

/// `null` is an argument, too.
fn some<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

/// An action was sent.
#[derive(Serialize, ToSchema)]
pub(super) struct Running {
    /// The number of this run.
    run: u64,
    /// How many games it was sent to.
    games: u32,
}

/// Run an action
///
/// Runs on every connected game that declares it. The dashboard shows the outcome. Requires the role `designer` and a
/// token with scope `write`.
#[utoipa::path(
    post, operation_id = "run_action", path = "/projects/{project}/actions/{name}", tag = "variables", params(InVariable),
    request_body = Option<Run>, responses((status = 202, body = Running))
)]
pub(super) async fn run(
    State(web): State<Web>,
    Client(caller): Client,
    At(InVariable { project, name }): At<InVariable>,
    BodyIfAny(Run { args }): BodyIfAny<Run>,
) -> ApiResult<(StatusCode, Json<Running>)> {
    let args = args.map(|args| args.get().to_owned());
    let started = web.gateway.run_action(&caller, project, name, args).await?;
    Ok((StatusCode::ACCEPTED, Json(Running { run: started.run.0, games: started.games })))
}
