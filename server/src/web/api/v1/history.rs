//! The history of desired values.

use axum::{Json, extract::State};
use gateway::{GatewayError, store::HistoryRow};
use protocol::model::{Revision, VarName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Client,
    cursor::{CursorKey as _, Page, PageQuery},
    error::ApiResult,
    extract::{At, InProject, Params},
    fields::{Exact, Time},
};
use crate::web::Web;

/// A change of a variable's desired value.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub(super) struct ChangeView {
    name: String,
    /// The desired value before; `null`: none, the game's own value.
    #[schema(required, value_type = Exact)]
    old: Option<Exact>,
    /// The desired value since; `null`: it was let go.
    #[schema(required, value_type = Exact)]
    new: Option<Exact>,
    /// The revision of the change.
    revision: i64,
    author: String,
    at: Time,
}

impl From<HistoryRow> for ChangeView {
    fn from(row: HistoryRow) -> Self {
        let HistoryRow { name, old, new, revision, author, at } = row;
        let (old, new) = (old.as_ref().map(Exact::from), new.as_ref().map(Exact::from));
        Self { name: name.into(), old, new, revision: revision.0, author, at: at.into() }
    }
}

/// Filters by variable.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfVariable {
    /// Only changes of this variable.
    #[param(example = "speed")]
    name: Option<String>,
}

/// List the history of edits
///
/// Newest first. All values of one drag of a slider are one entry.
#[utoipa::path(
    get, operation_id = "list_history", path = "/projects/{project}/history", tag = "history", params(InProject, OfVariable, PageQuery),
    responses((status = 200, body = Page<ChangeView>))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(OfVariable { name }): Params<OfVariable>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<ChangeView>>> {
    let name = name.map(|name| VarName::parse(&name)).transpose().map_err(GatewayError::from)?;
    let read = |text: &str| {
        let (revision, name) = <(i64, String)>::read(text)?;
        Some((Revision(revision), VarName::parse(&name).ok()?))
    };
    let (after, limit) = (page.after(read)?, page.limit()?);
    let behind = after.as_ref().map(|(revision, name)| (*revision, name));
    let page = web.gateway.list_history(&caller, project, name.as_ref(), behind, limit).await?;
    let next = page.next.map(|(revision, name)| (revision.0, name.to_string()).write());
    Ok(Json(Page::new(page.rows.into_iter().map(ChangeView::from).collect(), next)))
}
