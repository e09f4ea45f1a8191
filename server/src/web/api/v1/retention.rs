//! How long a project keeps what, and pins.

use axum::{Json, extract::State, http::StatusCode};
use gateway::{NewPin, PinRange};
use protocol::model::{
    DeviceId, Forgotten, Level, LogPin, LogSize, Retention, RetentionEstimate, RetentionPolicy, UnixMicros,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{
    caller::Client,
    cursor::{Page, PageQuery},
    error::{ApiResult, Problem},
    extract::{At, Body, InPin, InProject, Params, whole},
    fields::Time,
};
use crate::web::Web;

/// A retention policy. `null`, or a field that is left out, is no limit.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = RetentionPolicy, example = json!({"log_days": {"debug": 1, "info": 30, "error": 90}, "log_bytes": 5_000_000_000_u64}))]
pub(super) struct PolicyView {
    /// Days for which lines of the log are kept, by level, from when they were received.
    #[serde(deserialize_with = "by_level")]
    log_days: LevelDays,
    /// Maximum size of the log in bytes of messages and fields, with 64 for each line. The oldest lines are removed first.
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1_048_576)]
    log_bytes: Option<u64>,
    /// Days for which edits stay in the history. The newest ten of each variable always stay.
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 30, maximum = 3650)]
    history_days: Option<u16>,
    /// Days for which an edit under an `Idempotency-Key` that changed nothing is remembered.
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 3650)]
    request_days: Option<u16>,
    /// A device that was not seen for so many days is forgotten, unless a pin names it.
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 3650)]
    device_days: Option<u16>,
}

/// Days for each level.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct LevelDays {
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 3650)]
    trace: Option<u16>,
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 3650)]
    debug: Option<u16>,
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 3650)]
    info: Option<u16>,
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 3650)]
    warn: Option<u16>,
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 3650)]
    error: Option<u16>,
    #[serde(deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 3650)]
    fatal: Option<u16>,
}

/// Days by the names of levels; serde alone would also take a list.
fn by_level<'de, D: Deserializer<'de>>(from: D) -> Result<LevelDays, D::Error> {
    let days = serde_json::Map::<String, serde_json::Value>::deserialize(from)?;
    LevelDays::deserialize(serde_json::Value::Object(days)).map_err(serde::de::Error::custom)
}

/// A number or `null`.
fn whole_if_any<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    #[derive(Deserialize)]
    #[serde(transparent, bound = "T: TryFrom<i64>")]
    struct Whole<T>(#[serde(deserialize_with = "whole")] T);
    Ok(Option::<Whole<T>>::deserialize(from)?.map(|Whole(number)| number))
}

impl From<PolicyView> for RetentionPolicy {
    fn from(view: PolicyView) -> Self {
        let PolicyView { log_days, log_bytes, history_days, request_days, device_days } = view;
        let LevelDays { trace, debug, info, warn, error, fatal } = log_days;
        let log_days = [trace, debug, info, warn, error, fatal];
        Self { log_days, log_bytes, history_days, request_days, device_days }
    }
}

impl From<RetentionPolicy> for PolicyView {
    fn from(policy: RetentionPolicy) -> Self {
        let RetentionPolicy { log_days, log_bytes, history_days, request_days, device_days } = policy;
        let [trace, debug, info, warn, error, fatal] = Level::ALL.map(|level| log_days[level as usize]);
        let log_days = LevelDays { trace, debug, info, warn, error, fatal };
        Self { log_days, log_bytes, history_days, request_days, device_days }
    }
}

/// How long a project keeps what.
#[derive(Serialize, ToSchema)]
#[schema(as = Retention)]
pub(super) struct RetentionView {
    policy: PolicyView,
    /// What is there of the log.
    log: SizeView,
    /// What policies have removed of the log; `null`: nothing.
    #[schema(required)]
    forgotten: Option<ForgottenView>,
    /// Maximum size of the logs of all projects together (`--max-log-bytes`): beyond it, the oldest lines of the largest
    /// logs are removed. `null`: no limit.
    #[schema(required)]
    instance_bytes: Option<u64>,
}

/// How much there is of a log.
#[derive(Serialize, ToSchema)]
#[schema(as = LogSize)]
struct SizeView {
    lines: u64,
    /// Of messages and fields, with 64 for each line.
    bytes: u64,
    /// When the oldest line was received.
    #[schema(required)]
    oldest: Option<Time>,
}

/// What policies have removed of a log.
#[derive(Serialize, ToSchema)]
#[schema(as = Forgotten)]
struct ForgottenView {
    /// Lines since the project was created.
    lines: u64,
    /// Their bytes.
    bytes: u64,
    /// When lines were last removed.
    at: Time,
    /// How many lines were removed then.
    last_lines: u64,
}

/// What a policy would remove.
#[derive(Serialize, ToSchema)]
#[schema(as = RetentionEstimate)]
pub(super) struct EstimateView {
    removed_lines: u64,
    removed_bytes: u64,
    /// What would stay.
    kept: SizeView,
    /// Lines that are not counted yet: the same policy applies to them, and nothing is said about them here.
    uncounted_lines: u64,
}

impl From<LogSize> for SizeView {
    fn from(LogSize { lines, bytes, oldest }: LogSize) -> Self {
        Self { lines, bytes, oldest: oldest.map(Time) }
    }
}

impl From<Forgotten> for ForgottenView {
    fn from(Forgotten { lines, bytes, at, last_lines }: Forgotten) -> Self {
        Self { lines, bytes, at: at.into(), last_lines }
    }
}

impl From<Retention> for RetentionView {
    fn from(retention: Retention) -> Self {
        let Retention { policy, forgotten, log, instance_bytes, pins: _ } = retention;
        let forgotten = forgotten.map(ForgottenView::from);
        Self { policy: policy.into(), log: log.into(), forgotten, instance_bytes }
    }
}

impl From<RetentionEstimate> for EstimateView {
    fn from(told: RetentionEstimate) -> Self {
        let RetentionEstimate { removed_lines, removed_bytes, kept, uncounted_lines } = told;
        Self { removed_lines, removed_bytes, kept: kept.into(), uncounted_lines }
    }
}

/// Get the retention policy
///
/// It comes with the size of the log, and what was removed of it.
#[utoipa::path(
    get, operation_id = "get_retention", path = "/projects/{project}/retention", tag = "retention", params(InProject),
    responses((status = 200, body = RetentionView))
)]
pub(super) async fn get(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
) -> ApiResult<Json<RetentionView>> {
    Ok(Json(web.gateway.get_retention(&caller, project).await?.into()))
}

/// Set the retention policy
///
/// Replaces the whole policy; a field that is left out is no limit. It takes effect within ten minutes, and what is removed
/// is gone for good, so ask for an estimate first. Requires the role and the scope `admin`.
#[utoipa::path(
    put, operation_id = "set_retention", path = "/projects/{project}/retention", tag = "retention", params(InProject),
    request_body = PolicyView, responses((status = 200, body = RetentionView))
)]
pub(super) async fn set(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Body(policy): Body<PolicyView>,
) -> ApiResult<Json<RetentionView>> {
    web.gateway.set_retention(&caller, project, &policy.into()).await?;
    Ok(Json(web.gateway.get_retention(&caller, project).await?.into()))
}

/// Estimate what a policy would remove
///
/// Nothing is changed. Requires the role and the scope `admin`.
#[utoipa::path(
    post, operation_id = "estimate_retention", path = "/projects/{project}/retention/estimate", tag = "retention",
    params(InProject), request_body = PolicyView, responses((status = 200, body = EstimateView))
)]
pub(super) async fn estimate(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Body(policy): Body<PolicyView>,
) -> ApiResult<Json<EstimateView>> {
    Ok(Json(web.gateway.estimate_retention(&caller, project, &policy.into()).await?.into()))
}

/// Lines of the log that no policy removes.
#[derive(Serialize, ToSchema)]
#[schema(as = Pin)]
pub(super) struct PinView {
    id: i64,
    name: String,
    /// The number of the first line.
    first: u64,
    /// The number of the last line.
    last: u64,
    /// Only lines of the device with this number; `null`: of every device.
    #[schema(required)]
    device: Option<i64>,
    created_at: Time,
    created_by: String,
}

impl From<LogPin> for PinView {
    fn from(pin: LogPin) -> Self {
        let LogPin { id, name, first_seq, last_seq, device, at, by } = pin;
        let device = device.map(|device| device.0);
        Self { id, name, first: first_seq, last: last_seq, device, created_at: at.into(), created_by: by }
    }
}

/// Lines to keep: from one number to another, or from one time to another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "crash in the boss fight", "first": 1200, "last": 3400}))]
pub(super) struct PinRequest {
    /// One line of at most 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// The number of the first line.
    #[serde(default, deserialize_with = "whole_if_any")]
    first: Option<i64>,
    /// The number of the last line.
    #[serde(default, deserialize_with = "whole_if_any")]
    last: Option<i64>,
    /// When the first line was received, in RFC 3339.
    #[serde(default)]
    from: Option<String>,
    /// When the last line was received, in RFC 3339.
    #[serde(default)]
    to: Option<String>,
    /// Only lines of the device with this number.
    #[serde(default, deserialize_with = "whole_if_any")]
    device: Option<i64>,
}

/// The new pin's number.
#[derive(Serialize, ToSchema)]
#[schema(as = NewPin)]
pub(super) struct PinMade {
    id: i64,
}

impl PinRequest {
    fn range(&self) -> ApiResult<PinRange> {
        let number = |number: i64| u64::try_from(number).unwrap_or(0);
        let time = |text: &str| {
            UnixMicros::parse_rfc3339(text)
                .ok_or_else(|| Problem::invalid("a time is in RFC 3339, such as 2026-11-26T01:02:03Z"))
        };
        match (self.first, self.last, &self.from, &self.to) {
            (Some(first), Some(last), None, None) => Ok(PinRange::Lines(number(first), number(last))),
            (None, None, Some(from), Some(to)) => Ok(PinRange::Times(time(from)?, time(to)?)),
            _ => Err(Problem::invalid("name the lines with `first` and `last`, or with `from` and `to`")),
        }
    }
}

/// List pins
///
/// Ranges of the log that no policy removes, oldest first.
#[utoipa::path(
    get, operation_id = "list_pins", path = "/projects/{project}/pins", tag = "retention", params(InProject, PageQuery),
    responses((status = 200, body = Page<PinView>))
)]
pub(super) async fn list_pins(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<PinView>>> {
    let pins = web.gateway.get_retention(&caller, project).await?.pins;
    Ok(Json(page.cut(pins, |pin| pin.id)?.map(PinView::from)))
}

/// Pin lines
///
/// A project has at most 100 pins. Requires the role and the scope `admin`.
#[utoipa::path(
    post, operation_id = "create_pin", path = "/projects/{project}/pins", tag = "retention", params(InProject),
    request_body = PinRequest, responses((status = 201, body = PinMade))
)]
pub(super) async fn pin(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Body(request): Body<PinRequest>,
) -> ApiResult<(StatusCode, Json<PinMade>)> {
    let (range, device) = (request.range()?, request.device.map(DeviceId));
    let new = NewPin { name: request.name, range, device };
    let id = web.gateway.pin_logs(&caller, project, &new).await?;
    Ok((StatusCode::CREATED, Json(PinMade { id })))
}

/// Remove a pin
///
/// The policy applies to its lines again. Requires the role and the scope `admin`.
#[utoipa::path(
    delete, operation_id = "delete_pin", path = "/projects/{project}/pins/{pin}", tag = "retention", params(InPin),
    responses((status = 204, description = "It is gone."))
)]
pub(super) async fn unpin(
    State(web): State<Web>,
    Client(caller): Client,
    At(InPin { project, pin }): At<InPin>,
) -> ApiResult<StatusCode> {
    web.gateway.unpin_logs(&caller, project, pin).await?;
    Ok(StatusCode::NO_CONTENT)
}
