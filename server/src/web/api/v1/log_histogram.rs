//! How many log lines there were, over time.

use axum::{Json, extract::State};
use protocol::{
    limits::MAX_LOG_BARS,
    model::{LogBar, LogHistogram, UnixMicros},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Client,
    error::{ApiResult, Problem},
    extract::{At, InProject, Params},
    fields::Time,
    log_range::TimeQuery,
    logs::{Matcher, Search},
};
use crate::web::Web;

const DEFAULT_BARS: u16 = 60;
/// Without `from`, in microseconds.
const DEFAULT_SPAN: i64 = 3_600_000_000;

/// Counts of lines over time.
#[derive(Serialize, ToSchema)]
#[schema(as = LogHistogram)]
pub(super) struct HistogramView {
    from: Time,
    to: Time,
    /// Width of a bar in microseconds. The last bar may go beyond `to`; lines received then are not counted.
    step_micros: i64,
    /// Lines received before this time were not counted; the same as `from`: all of them were.
    counted_from: Time,
    /// The oldest first, without gaps.
    bars: Vec<BarView>,
}

/// How many lines of each level were received.
#[derive(Serialize, ToSchema)]
#[schema(as = LogBar)]
pub(super) struct BarView {
    /// When the bar begins.
    at: Time,
    trace: u64,
    debug: u64,
    info: u64,
    warn: u64,
    error: u64,
    fatal: u64,
}

impl From<LogHistogram> for HistogramView {
    fn from(histogram: LogHistogram) -> Self {
        let LogHistogram { from, to, step_micros, bars, counted_from } = histogram;
        let starts = (0..).map(|n| UnixMicros(from.0.saturating_add(step_micros.saturating_mul(n))));
        let bars =
            starts.zip(bars).map(|(at, LogBar { levels: [trace, debug, info, warn, error, fatal] })| {
                BarView { at: at.into(), trace, debug, info, warn, error, fatal }
            });
        let bars = bars.collect();
        Self { from: from.into(), to: to.into(), step_micros, counted_from: counted_from.into(), bars }
    }
}

/// How many bars.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BarsQuery {
    /// Maximum number of bars.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, default = 60)]
    bars: Option<String>,
}

impl BarsQuery {
    fn bars(&self) -> ApiResult<u16> {
        match self.bars.as_deref().map(str::parse) {
            None => Ok(DEFAULT_BARS),
            Some(Ok(bars @ 1..=MAX_LOG_BARS)) => Ok(bars),
            Some(_) => Err(Problem::invalid("bars must be a number from 1 to 500")),
        }
    }
}

/// Count log lines over time
///
/// By level, from `from` (an hour before `to`, if it is not given) up to `to` (now). Without a filter, or with one that only asks for levels, this is
/// quick for any number of lines. With another filter, one request reads as much as a search does, the newest lines first, and
/// `counted_from` says how far back it came.
#[utoipa::path(
    get, operation_id = "count_logs", path = "/projects/{project}/logs/histogram", tag = "logs",
    params(InProject, Search, TimeQuery, BarsQuery), responses((status = 200, body = HistogramView))
)]
pub(super) async fn histogram(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(search): Params<Search>,
    Params(time): Params<TimeQuery>,
    Params(wanted): Params<BarsQuery>,
) -> ApiResult<Json<HistogramView>> {
    let now = web.gateway.now();
    let (from, to) = time.ends(now)?;
    let to = to.unwrap_or(now);
    let from = from.unwrap_or(UnixMicros(to.0.saturating_sub(DEFAULT_SPAN)));
    let bars = LogHistogram::new(from, to, wanted.bars()?);
    let matcher = Matcher::new(&web.gateway, &caller, project, &search).await?;
    let counted = web.gateway.log_histogram(&caller, project, matcher.of_gateway(), bars).await?;
    Ok(Json(counted.into()))
}
