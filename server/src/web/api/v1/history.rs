//! What was set before, by whom.

use axum::{Json, extract::State};
use gateway::{GatewayError, store::HistoryRow};
use protocol::model::{Revision, VarName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::super::Web;
use super::{
    caller::Client,
    cursor::{CursorKey as _, Part, Place},
    error::Answer,
    extract::{Asked, At, InProject},
    fields::{Exact, Time},
};

/// A change of a variable's desired value.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub(super) struct ChangeView {
    name: String,
    /// What was desired before; `null`: nothing, the game's own value.
    #[schema(required, value_type = Exact)]
    old: Option<Exact>,
    /// What is desired since; `null`: it was let go.
    #[schema(required, value_type = Exact)]
    new: Option<Exact>,
    /// The revision that made it.
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

/// Of which variable.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfVariable {
    /// Only changes of this variable.
    #[param(example = "speed")]
    name: Option<String>,
}

/// List what was set
///
/// The newest first; all values of one drag of a slider are one entry.
#[utoipa::path(
    get, operation_id = "list_history", path = "/projects/{project}/history", tag = "history", params(InProject, OfVariable, Place),
    responses((status = 200, body = Part<ChangeView>))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Asked(OfVariable { name }): Asked<OfVariable>,
    Asked(place): Asked<Place>,
) -> Answer<Json<Part<ChangeView>>> {
    let name = name.map(|name| VarName::parse(&name)).transpose().map_err(GatewayError::from)?;
    let read = |text: &str| {
        let (revision, name) = <(i64, String)>::read(text)?;
        Some((Revision(revision), VarName::parse(&name).ok()?))
    };
    let (after, limit) = (place.after(read)?, place.limit()?);
    let behind = after.as_ref().map(|(revision, name)| (*revision, name));
    let page = web.gateway.list_history(&caller, project, name.as_ref(), behind, limit).await?;
    let next = page.next.map(|(revision, name)| (revision.0, name.to_string()).write());
    Ok(Json(Part::new(page.rows.into_iter().map(ChangeView::from).collect(), next)))
}
