//! Variables: declarations, reported values and desired values.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use gateway::{SaidPlace, VarPage};
use protocol::model::{
    Applied, Bound, Desired, DeviceId, NOT_DESIRED, Outcome, Var, VarName, VarRevision, VarSpec,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    caller::Client,
    cursor::{CursorKey as _, Page, PageQuery, SaidQuery, encode},
    error::{ApiResult, ErrorBody},
    extract::{At, InProject, InVariable, Params},
    fields::{DesiredValue, Exact, Time},
};
use crate::web::Web;

/// A variable.
#[derive(Serialize, ToSchema)]
pub(super) struct Variable {
    #[schema(example = "speed")]
    name: String,
    /// The declared type: `boolean`, `integer`, `float`, `string`, `enum`, `color`, `json`, `action`, or any other.
    #[serde(rename = "type")]
    #[schema(example = "integer")]
    var_type: String,
    spec: Spec,
    /// The number of the device that declared it, connected or not; `null` if unknown.
    #[schema(required)]
    declared_by: Option<i64>,
    /// The desired value; `null` until someone sets it, and after it was let go.
    #[schema(required)]
    desired: Option<DesiredValue>,
    /// Who let it go, if that was the latest edit.
    #[schema(required)]
    let_go: Option<LetGo>,
    /// The latest value from each device, in the order of their numbers.
    reported: Vec<ReportedValue>,
    /// What devices did with the desired value, if they report it, in the order of their numbers.
    applied: Vec<AppliedValue>,
    /// If what devices say is long, only the first part is here. With this `cursor`, the variable has the next part; `null` on
    /// the last one.
    #[schema(required)]
    next: Option<String>,
}

/// The game's declaration, with only the fields that it has.
#[derive(Serialize, ToSchema)]
struct Spec {
    /// Whether the type was inferred from a value, not declared. An inferred `integer` accepts a number with a fraction.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    inferred: bool,
    /// The game's own name for the type, such as `int`, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    type_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<f64>)]
    min: Option<Bound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<f64>)]
    max: Option<Bound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    step: Option<f64>,
    /// The options of an `enum`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    options: Vec<Choice>,
    /// How many more options there are, if all of them would be longer than 64 KiB.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    options_left_out: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Exact)]
    default: Option<Exact>,
    /// Whether there is a default that is longer than 64 KiB as JSON.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    default_left_out: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order: Option<i64>,
    /// A measurement: it can't be set.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    readonly: bool,
    /// Where the game's source declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    source: Option<String>,
}

/// An option of an `enum`.
#[derive(Serialize, ToSchema)]
struct Choice {
    label: String,
    value: Exact,
}

/// A variable was let go.
#[derive(Serialize, ToSchema)]
struct LetGo {
    /// The revision that let it go.
    revision: i64,
    /// Who let it go.
    author: String,
    at: Time,
}

impl LetGo {
    fn new(desired: &Desired) -> Option<Self> {
        let Desired { value, revision, author, at } = desired;
        value.is_none().then(|| Self { revision: revision.0, author: author.clone(), at: (*at).into() })
    }
}

/// A device's value of a variable.
#[derive(Serialize, ToSchema)]
#[schema(as = Reported)]
struct ReportedValue {
    /// The number of the device.
    device: i64,
    value: Exact,
    at: Time,
}

/// What a device did with the desired value.
#[derive(Serialize, ToSchema)]
#[schema(as = Applied)]
struct AppliedValue {
    /// The number of the device.
    device: i64,
    /// The revision that set the value.
    revision: i64,
    /// `applied`, `clamped` to another value, or `rejected`.
    #[schema(value_type = AppliedWord)]
    status: &'static str,
    /// With `clamped`: the value in effect, if the game reports it.
    #[schema(required, value_type = Exact)]
    value: Option<Exact>,
    /// With `clamped` and `rejected`: the game's reason.
    #[schema(required)]
    reason: Option<String>,
    /// Milliseconds from sending the value to the game's report; `null` if not measured.
    #[schema(required)]
    round_trip_ms: Option<f64>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the words of `status`")]
enum AppliedWord {
    Applied,
    Clamped,
    Rejected,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Spec {
    fn new(spec: VarSpec, options_left_out: usize, default_left_out: bool) -> Self {
        let options = spec.options.into_iter();
        Self {
            inferred: spec.inferred,
            type_name: spec.spelling,
            min: spec.min,
            max: spec.max,
            step: spec.step,
            options: options.map(|o| Choice { label: o.label, value: (&o.value).into() }).collect(),
            options_left_out,
            unit: spec.unit,
            group: spec.group,
            label: spec.label,
            help: spec.help,
            default: spec.default.as_ref().map(Exact::from),
            default_left_out,
            order: spec.order,
            readonly: spec.readonly,
            source: spec.source,
        }
    }
}

impl From<Applied> for AppliedValue {
    fn from(applied: Applied) -> Self {
        let Applied { device, revision, outcome, round_trip_micros } = applied;
        let (status, value, reason) = match outcome {
            Outcome::Applied => ("applied", None, None),
            Outcome::Clamped { value, reason } => ("clamped", value, reason),
            Outcome::Rejected { reason } => ("rejected", None, reason),
        };
        let round_trip_ms = round_trip_micros.map(|micros| f64::from(micros) / 1_000.0);
        let value = value.as_ref().map(Exact::from);
        Self { device: device.0, revision: revision.0, status, value, reason, round_trip_ms }
    }
}

impl From<VarPage> for Variable {
    fn from(page: VarPage) -> Self {
        let VarPage { var, options_left_out, is_default_left_out, next, .. } = page;
        let Var { name, spec, declared_by, desired, reported, applied } = var;
        let next = next.map(|place| encode(&(place.device.0, i64::from(place.is_outcome)).write()));
        let reported = reported.into_iter();
        Self {
            name: name.into(),
            var_type: spec.var_type.as_str().to_owned(),
            spec: Spec::new(spec, options_left_out, is_default_left_out),
            declared_by: declared_by.map(|device| device.0),
            let_go: desired.as_ref().and_then(LetGo::new),
            desired: desired.and_then(DesiredValue::new),
            reported: reported
                .map(|r| ReportedValue { device: r.device.0, value: (&r.value).into(), at: r.at.into() })
                .collect(),
            applied: applied.into_iter().map(AppliedValue::from).collect(),
            next,
        }
    }
}

/// `ETag` of a variable that this revision last set or let go; 0: none did.
pub(super) fn etag(revision: VarRevision) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).expect("a number in quotes is text")
}

/// List a project's variables
///
/// In the order of the game's declarations.
#[utoipa::path(
    get, operation_id = "list_variables", path = "/projects/{project}/variables", tag = "variables", params(InProject, PageQuery),
    responses((status = 200, body = Page<Variable>))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<Variable>>> {
    let (after, limit) = (page.after(|name| VarName::parse(name).ok())?, page.limit()?);
    let part = web.gateway.list_vars(&caller, project, after.as_ref(), limit).await?;
    let next = part.vars.last().filter(|_| part.has_more).map(|page| page.var.name.to_string());
    let vars = part.vars.into_iter().map(Variable::from).collect();
    Ok(Json(Page::new(vars, next)))
}

/// Get a variable
///
/// Its `ETag` is the revision that last set it or let it go, for `If-Match` in your edits. If what devices say of it is long, it
/// comes in parts of about 256 KiB.
#[utoipa::path(
    get, operation_id = "get_variable", path = "/projects/{project}/variables/{name}", tag = "variables", params(InVariable, SaidQuery),
    responses((status = 200, body = Variable, headers(("etag" = String, description = "The revision that last set it or let it go."))))
)]
pub(super) async fn get(
    State(web): State<Web>,
    Client(caller): Client,
    At(InVariable { project, name }): At<InVariable>,
    Params(part): Params<SaidQuery>,
) -> ApiResult<impl IntoResponse> {
    let after = part.after()?.map(|(device, is_outcome): (i64, i64)| SaidPlace {
        device: DeviceId(device),
        is_outcome: is_outcome != 0,
    });
    let page = web.gateway.get_var(&caller, project, &name, after).await?;
    let revision = page.var.desired.as_ref().map_or(NOT_DESIRED, |desired| desired.revision);
    Ok(([(header::ETAG, etag(revision))], Json(Variable::from(page))))
}

/// Forget a variable
///
/// Only if no connected game has it. Its declaration and values are deleted and what was set is let go; its history stays.
/// If a game reports it again, it is a new variable whose revisions continue. Requires the role and the scope `admin`.
#[utoipa::path(
    delete, operation_id = "forget_variable", path = "/projects/{project}/variables/{name}", tag = "variables", params(InVariable),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, body = ErrorBody, description = "A connected game has it.")
    )
)]
pub(super) async fn forget(
    State(web): State<Web>,
    Client(caller): Client,
    At(InVariable { project, name }): At<InVariable>,
) -> ApiResult<StatusCode> {
    web.gateway.forget_var(&caller, project, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
