//! Lines from games that were refused.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use protocol::model::{Refused, RefusedLine};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    caller::Client,
    cursor::{Page, PageQuery},
    error::ApiResult,
    extract::{At, InProject, Params},
    fields::Time,
};
use crate::web::Web;

/// What was refused from one device since the server started.
#[derive(Serialize, ToSchema)]
#[schema(as = Refusals)]
pub(super) struct RefusedView {
    /// The device's number; `null`: games that were turned away, such as with a revoked key.
    #[schema(required)]
    device: Option<i64>,
    /// The total.
    total: u64,
    /// The number for each error code of the line protocol.
    #[schema(example = json!({"bad_json": 12}))]
    counts: BTreeMap<&'static str, u64>,
    /// The latest ones, oldest first.
    last: Vec<RefusedLineView>,
}

/// A line that was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = RefusedLine)]
struct RefusedLineView {
    at: Time,
    #[schema(example = "bad_json")]
    code: &'static str,
    /// The message that the game was sent.
    text: String,
    /// Its beginning, without keys and with base64 decoded; empty if it was not read.
    #[schema(example = "i:…:{\"speed\": 5,}")]
    line: String,
}

impl From<RefusedLine> for RefusedLineView {
    fn from(RefusedLine { at, code, text, line }: RefusedLine) -> Self {
        Self { at: at.into(), code: code.as_str(), text, line }
    }
}

impl From<Refused> for RefusedView {
    fn from(refused: Refused) -> Self {
        let total = refused.total();
        let Refused { device, counts, last } = refused;
        Self {
            device: device.map(|device| device.0),
            total,
            counts: counts.into_iter().map(|(code, count)| (code.as_str(), count)).collect(),
            last: last.into_iter().map(RefusedLineView::from).collect(),
        }
    }
}

/// List refused lines
///
/// Lines from games that were permanently refused since the server started, by device.
#[utoipa::path(
    get, operation_id = "list_refusals", path = "/projects/{project}/refusals", tag = "devices", params(InProject, PageQuery),
    responses((status = 200, body = Page<RefusedView>))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<RefusedView>>> {
    let refused = web.gateway.list_refused(&caller, project).await?;
    // no device has the number 0
    Ok(Json(page.cut(refused, |refused| refused.device.map_or(0, |device| device.0))?.map(RefusedView::from)))
}
