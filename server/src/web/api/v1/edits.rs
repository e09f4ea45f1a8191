//! Setting desired values and letting them go, one or several at once.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use gateway::{Caller, FoundEdit, GatewayError};
use protocol::{
    live::EditSaved,
    model::{Change, Desired, Gesture, NOT_DESIRED, ProjectId, Value, VarName, VarRevision},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    caller::Client,
    error::{ApiResult, Conflict, ErrorBody, Problem},
    extract::{At, Body, InProject, InVariable, whole},
    fields::{DesiredValue, Exact},
    idempotency::{IdempotencyKey, is_same_edit},
    variables::etag,
};
use crate::web::{Web, guard};

/// A value to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": 7}))]
pub(super) struct NewValue {
    #[schema(value_type = Exact)]
    value: Box<RawValue>,
    /// Send it to games even if it is already set, because a game may have changed its own value.
    #[serde(default)]
    again: bool,
}

/// Values to set and to let go: all of them, or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"changes": [{"name": "speed", "value": 7, "base_revision": 41}, {"name": "god_mode", "let_go": true}]}))]
pub(super) struct NewValues {
    #[schema(max_items = 500)]
    changes: Vec<NewNamedValue>,
}

/// A value to set or to let go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNamedValue {
    /// The variable's name.
    name: String,
    /// The new value; without it, `let_go` must be `true`.
    #[serde(default, deserialize_with = "present")]
    #[schema(required = false, value_type = Exact)]
    value: Option<Box<RawValue>>,
    /// Let games return to their own value.
    #[serde(default)]
    let_go: bool,
    /// Send the value to games even if it is already set, because a game may have changed its own value.
    #[serde(default)]
    again: bool,
    /// The revision that you have seen (0: nobody had set it). If it differs by now, nothing is changed (409).
    #[serde(default, deserialize_with = "revision")]
    #[schema(minimum = 0, nullable = false)]
    base_revision: Option<i64>,
}

/// `null` is a value, too.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

fn revision<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    whole(from).map(Some)
}

impl NewNamedValue {
    fn read(self) -> ApiResult<Change> {
        let Self { name, value, let_go, again, base_revision } = self;
        let name = VarName::parse(&name).map_err(GatewayError::from)?;
        let value = match (value, let_go) {
            (Some(value), false) => Some(read(&value)?),
            (None, true) => None,
            _ => {
                let text = format!("{name}: give a value, or \"let_go\": true, and not both");
                return Err(Problem::invalid(text));
            }
        };
        Ok(Change { name, value, base: base_revision.map(VarRevision), again })
    }
}

/// The edit was saved and is on its way to games.
#[derive(Serialize, ToSchema)]
pub(super) struct Saved {
    /// The project's revision after this edit.
    revision: i64,
    /// How many connected games it is sent to.
    games: u32,
}

impl From<EditSaved> for Saved {
    fn from(saved: EditSaved) -> Self {
        Self { revision: saved.revision.0, games: saved.games }
    }
}

/// Why nothing was changed.
enum Refusal {
    /// Variables whose revision is not their `base`, with their current desired values.
    Conflict(Vec<(VarName, Option<Desired>)>),
    Problem(Problem),
}

impl From<GatewayError> for Refusal {
    fn from(error: GatewayError) -> Self {
        Self::Problem(error.into())
    }
}

/// Set a variable
///
/// It is on disk once you get the response. With `If-Match`, the value is only set if the variable's `ETag` still matches
/// (412). With `Idempotency-Key`, you may repeat the request after a lost connection: it takes effect once. Requires the
/// role `designer` and a token with scope `write`.
#[utoipa::path(
    put, operation_id = "set_variable", path = "/projects/{project}/variables/{name}", tag = "variables",
    params(
        InVariable,
        ("if-match" = Option<String>, Header, description = "The `ETag` that you have seen: `\"<revision>\"`.", example = "\"41\""),
        ("idempotency-key" = Option<String>, Header, description = "1 to 255 printable ASCII characters, different for each change.",
            min_length = 1, max_length = 255)
    ),
    request_body = NewValue,
    responses(
        (status = 200, body = Saved, headers(("etag" = String, description = "The revision that set it."))),
        (status = 412, body = ErrorBody, description = "Someone else has set it since."),
        (status = 422, body = ErrorBody, description = "This Idempotency-Key was used to set another value.")
    )
)]
pub(super) async fn set(
    State(web): State<Web>,
    Client(caller): Client,
    At(InVariable { project, name }): At<InVariable>,
    headers: HeaderMap,
    Body(NewValue { value, again }): Body<NewValue>,
) -> ApiResult<impl IntoResponse> {
    let change = Change { value: Some(read(&value)?), again, ..Change::let_go(name) };
    change_one(web, caller, project, &headers, change).await
}

/// Let a variable go
///
/// It has no desired value any more: version 2 games return to their own value, games that speak the original grammar are
/// sent the declared default, if there is one. It is on disk once you get the response. Letting a variable go twice changes
/// nothing. Requires the role `designer` and a token with scope `write`.
#[utoipa::path(
    delete, operation_id = "let_go_of_variable", path = "/projects/{project}/variables/{name}/value", tag = "variables",
    params(
        InVariable,
        ("if-match" = Option<String>, Header, description = "The `ETag` that you have seen: `\"<revision>\"`.", example = "\"41\""),
        ("idempotency-key" = Option<String>, Header, description = "1 to 255 printable ASCII characters, different for each change.",
            min_length = 1, max_length = 255)
    ),
    responses(
        (status = 200, body = Saved, headers(("etag" = String, description = "The revision that let it go."))),
        (status = 412, body = ErrorBody, description = "Someone else has set it since."),
        (status = 422, body = ErrorBody, description = "This Idempotency-Key was used for another change.")
    )
)]
pub(super) async fn let_go(
    State(web): State<Web>,
    Client(caller): Client,
    At(InVariable { project, name }): At<InVariable>,
    headers: HeaderMap,
) -> ApiResult<impl IntoResponse> {
    change_one(web, caller, project, &headers, Change::let_go(name)).await
}

/// A change of the variable in the path.
async fn change_one(
    web: Web,
    caller: Caller,
    project: ProjectId,
    headers: &HeaderMap,
    change: Change,
) -> ApiResult<impl IntoResponse + use<>> {
    let (base, key) = (if_match(headers)?, IdempotencyKey::read(headers)?);
    web.gateway.get_var(&caller, project, &change.name, None).await?;
    match save(web, caller, project, key, vec![Change { base, ..change }]).await {
        Ok(saved) => {
            let set_by = saved.vars.first().map_or(NOT_DESIRED, |(_, set_by)| *set_by);
            Ok(([(header::ETAG, etag(set_by))], Json(Saved::from(saved))))
        }
        Err(Refusal::Conflict(conflicts)) => {
            let current = conflicts.into_iter().next().and_then(|(_, current)| current);
            Err(Problem::precondition_failed(current.and_then(DesiredValue::new)))
        }
        Err(Refusal::Problem(problem)) => Err(problem),
    }
}

/// Set several variables
///
/// Or let them go: all in one revision, or none. Requires the role `designer` and a token with scope `write`.
#[utoipa::path(
    patch, operation_id = "set_variables", path = "/projects/{project}/variables", tag = "variables",
    params(
        InProject,
        ("idempotency-key" = Option<String>, Header, description = "1 to 255 printable ASCII characters, different for each change.",
            min_length = 1, max_length = 255)
    ),
    request_body = NewValues,
    responses(
        (status = 200, body = Saved),
        (status = 409, body = ErrorBody, description = "Someone else has set some of them since."),
        (status = 422, body = ErrorBody, description = "This Idempotency-Key was used to set other values.")
    )
)]
pub(super) async fn set_several(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    headers: HeaderMap,
    Body(NewValues { changes }): Body<NewValues>,
) -> ApiResult<Json<Saved>> {
    let key = IdempotencyKey::read(&headers)?;
    let changes = changes.into_iter().map(NewNamedValue::read).collect::<ApiResult<_>>()?;
    match save(web, caller, project, key, changes).await {
        Ok(saved) => Ok(Json(saved.into())),
        Err(Refusal::Conflict(conflicts)) => {
            let conflict = |(name, current): (VarName, Option<Desired>)| Conflict {
                name: name.into(),
                current: current.and_then(DesiredValue::new),
            };
            Err(Problem::conflict(conflicts.into_iter().map(conflict).collect()))
        }
        Err(Refusal::Problem(problem)) => Err(problem),
    }
}

fn read(json: &RawValue) -> ApiResult<Value> {
    Value::parse_json(json.get())
        .ok_or_else(|| Problem::invalid("a number is neither a 64-bit integer nor a finite float"))
}

/// The revision that the client has seen; `*` means any. Compression makes a tag weak, which does not matter here.
fn if_match(headers: &HeaderMap) -> ApiResult<Option<VarRevision>> {
    if !headers.contains_key(header::IF_MATCH) {
        return Ok(None);
    }
    let said = guard::text(headers, &header::IF_MATCH).map(str::trim);
    if said == Some("*") {
        return Ok(None);
    }
    let tag = said.map(|said| said.strip_prefix("W/").unwrap_or(said));
    let revision = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    revision.map(|number| Some(VarRevision(number))).ok_or_else(|| {
        Problem::invalid("If-Match must be the variable's ETag that you have seen, such as \"41\"")
    })
}

/// Saves an edit in a task of its own, which continues if the client disconnects: with a key, the client repeats the request
/// and must get the outcome.
async fn save(
    web: Web,
    caller: Caller,
    project: ProjectId,
    key: Option<IdempotencyKey>,
    changes: Vec<Change>,
) -> Result<EditSaved, Refusal> {
    let tasks = web.tasks.clone();
    let saving = tasks.spawn(async move {
        let Some(key) = key else { return edit(&web, &caller, project, None, changes).await };
        let _held = web.edits.hold(key).await;
        match web.gateway.find_edit(&caller, project, key.0).await? {
            None => edit(&web, &caller, project, Some(key), changes).await,
            Some(FoundEdit { revision, rows }) => {
                if !is_same_edit(&changes, &rows) {
                    return Err(Refusal::Problem(Problem::idempotency_mismatch()));
                }
                // an empty edit returns the number of games
                let now = web.gateway.edit_vars(&caller, project, key.0, Vec::<Change>::new()).await?;
                let vars = rows.into_iter().map(|row| (row.name, row.set_by)).collect();
                Ok(EditSaved { revision, vars, ..now })
            }
        }
    });
    saving.await.unwrap_or_else(|_| Err(GatewayError::Closed.into()))
}

fn random() -> Gesture {
    Gesture(getrandom::u64().expect("the operating system always has randomness"))
}

/// Reports every conflict that is already visible. Of two concurrent edits, the gateway's commit order decides which is first.
async fn edit(
    web: &Web,
    caller: &Caller,
    project: ProjectId,
    key: Option<IdempotencyKey>,
    changes: Vec<Change>,
) -> Result<EditSaved, Refusal> {
    let mut conflicts = Vec::new();
    for Change { name, base, .. } in &changes {
        let Some(base) = base else { continue };
        let var = web.gateway.get_var(caller, project, name, None).await?.var;
        let is_wanted = var.desired.as_ref().is_some_and(|desired| desired.value.is_some());
        let revision = var.desired.as_ref().map_or(NOT_DESIRED, |desired| desired.revision);
        // a client that has seen that it is not set is right, too
        let is_seen = revision == *base || (*base == NOT_DESIRED && !is_wanted);
        if !is_seen {
            conflicts.push((name.clone(), var.desired));
        }
    }
    if !conflicts.is_empty() {
        return Err(Refusal::Conflict(conflicts));
    }
    let outcome = match key {
        Some(key) => web.gateway.edit_vars_once(caller, project, key.0, changes).await,
        None => web.gateway.edit_vars(caller, project, random(), changes).await,
    };
    match outcome {
        Err(GatewayError::Conflict { name, current, .. }) => {
            Err(Refusal::Conflict(vec![(name, current.map(|current| *current))]))
        }
        outcome => Ok(outcome?),
    }
}
