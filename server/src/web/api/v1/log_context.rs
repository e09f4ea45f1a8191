//! The lines around a log line.

use axum::{Json, extract::State};
use protocol::limits::MAX_CONTEXT_LINES;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Client,
    error::{ApiResult, Problem},
    extract::{At, InLog, Params},
    logs::{LineView, Matcher, Search},
};
use crate::web::Web;

const DEFAULT_LINES: u16 = 50;

/// The lines of a device around one of its lines.
#[derive(Serialize, ToSchema)]
#[schema(as = LogContext)]
pub(super) struct ContextView {
    /// The oldest first, with the line itself.
    items: Vec<LineView>,
    /// Whether these are all that were asked for and are there. `false`: they are long, or the device's other lines are too
    /// far away.
    whole: bool,
}

/// How many lines.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LinesQuery {
    /// Maximum number of lines before and after it.
    #[param(value_type = Option<u16>, minimum = 0, maximum = 200, default = 50)]
    lines: Option<String>,
}

impl LinesQuery {
    fn lines(&self) -> ApiResult<u16> {
        match self.lines.as_deref().map(str::parse) {
            None => Ok(DEFAULT_LINES),
            Some(Ok(lines @ 0..=MAX_CONTEXT_LINES)) => Ok(lines),
            Some(_) => Err(Problem::invalid("lines must be a number from 0 to 200")),
        }
    }
}

/// Get the context of a log line
///
/// What the same device logged before and after it, without a filter: at most 128 KiB on either side.
#[utoipa::path(
    get, operation_id = "get_log_context", path = "/projects/{project}/logs/{seq}/context", tag = "logs", params(InLog, LinesQuery),
    responses((status = 200, body = ContextView))
)]
pub(super) async fn context(
    State(web): State<Web>,
    Client(caller): Client,
    At(InLog { project, seq }): At<InLog>,
    Params(wanted): Params<LinesQuery>,
) -> ApiResult<Json<ContextView>> {
    let context = web.gateway.log_context(&caller, project, seq, wanted.lines()?).await?;
    let names = Matcher::new(&web.gateway, &caller, project, &Search::default()).await?;
    let items = context.lines.into_iter().map(|line| names.view(line)).collect();
    Ok(Json(ContextView { items, whole: context.is_whole }))
}
