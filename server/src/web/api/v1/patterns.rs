//! The log by what it says.

use axum::{Json, extract::State};
use gateway::PatternQuery;
use protocol::model::{Level, LogPattern, LogPatterns, UnixMicros};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Client,
    error::{ApiResult, Problem},
    extract::{At, InProject, Params},
    fields::Time,
    logs::Search,
};
use crate::web::Web;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

/// Log lines that say the same, apart from numbers, ids and quoted texts.
#[derive(Serialize, ToSchema)]
#[schema(as = LogPattern)]
struct PatternView {
    /// Identifies the level and the text.
    #[schema(example = "af63bd4c8601b7df")]
    fingerprint: String,
    /// `trace`, `debug`, `info`, `warn`, `error` or `fatal`.
    #[schema(example = "error")]
    level: &'static str,
    /// What the lines say. `<*>` stands for what differs; a long text ends with `…`.
    #[schema(example = "player <*> left after <*> s")]
    text: String,
    /// How many lines there are in the time range.
    count: u64,
    /// When the first line was received, also if it is not in the time range. With a filter, of the lines that are known.
    first: Time,
    /// When the last line was received, also if it is not in the time range.
    last: Time,
    /// The number of a recent line.
    example: u64,
    /// How many devices sent such lines; at most 256 are counted.
    devices: u32,
    /// Whether there are more devices than are counted.
    more_devices: bool,
    /// The builds that sent them (`app` of the line protocol), the latest first: at most 8.
    builds: Vec<String>,
    /// Only the newest build sent them, and nobody did before that build was there.
    new: bool,
    /// How many lines there are in each bar, the oldest first.
    bars: Vec<u64>,
    /// A filter that finds the lines. It asks for the words of the text in their order, so it may find others, too.
    #[schema(example = "level=error message:*player*left*after*s*")]
    filter: String,
}

impl From<LogPattern> for PatternView {
    fn from(pattern: LogPattern) -> Self {
        let LogPattern { fingerprint, level, text, count, first, last, example, .. } = pattern;
        let LogPattern { devices, has_more_devices, builds, is_new, bars, filter, .. } = pattern;
        Self {
            fingerprint: fingerprint.to_string(),
            level: level.as_str(),
            text,
            count,
            first: first.into(),
            last: last.into(),
            example,
            devices,
            more_devices: has_more_devices,
            builds,
            new: is_new,
            bars,
            filter,
        }
    }
}

/// The patterns of a part of the log.
#[derive(Serialize, ToSchema)]
#[schema(as = LogPatterns)]
pub(super) struct PatternsView {
    /// The last seen first.
    patterns: Vec<PatternView>,
    /// How many patterns there are, with those beyond `limit`.
    total: usize,
    /// When the first bar begins.
    from: Time,
    /// When the last bar ends.
    to: Time,
    /// How long each bar is, in seconds: whole hours, or whole days.
    step_seconds: i64,
    /// Lines of patterns that made room for others.
    other: u64,
    /// Of the newest lines, so many are not counted yet: ask again in some seconds.
    uncounted: u64,
    /// Lines that were received before this were not looked at; `null`: all were.
    #[schema(required)]
    back_to: Option<Time>,
    /// The build that the project's devices announced last for the first time.
    #[schema(required)]
    newest_build: Option<String>,
}

impl PatternsView {
    fn new(found: LogPatterns, limit: usize) -> Self {
        let LogPatterns { patterns, from, to, step_micros, other, uncounted, back_to, build } = found;
        let total = patterns.len();
        Self {
            patterns: patterns.into_iter().take(limit).map(PatternView::from).collect(),
            total,
            from: from.into(),
            to: to.into(),
            step_seconds: step_micros / 1_000_000,
            other,
            uncounted,
            back_to: back_to.map(Time::from),
            newest_build: build,
        }
    }
}

/// Of which lines the patterns are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// This level or higher: `trace`, `debug`, `info`, `warn`, `error` or `fatal`.
    #[param(default = "warn", example = "error")]
    level: Option<String>,
    /// Only lines received at this time or later: RFC 3339.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-22T12:00:00Z")]
    from: Option<String>,
    /// Only lines received before this time: RFC 3339.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-23T12:00:00Z")]
    to: Option<String>,
    /// Maximum number of patterns.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
}

impl Part {
    fn level(&self) -> ApiResult<Level> {
        let known = |word: &str| Level::ALL.into_iter().find(|level| level.as_str() == word);
        match self.level.as_deref() {
            None => Ok(Level::Warn),
            Some(word) => known(word)
                .ok_or_else(|| Problem::invalid("level must be trace, debug, info, warn, error or fatal")),
        }
    }

    fn limit(&self) -> ApiResult<usize> {
        match self.limit.as_deref().map(str::parse) {
            None => Ok(DEFAULT_LIMIT),
            Some(Ok(limit @ 1..=MAX_LIMIT)) => Ok(limit),
            Some(_) => Err(Problem::invalid("limit must be a number from 1 to 1000")),
        }
    }
}

fn time(name: &str, text: Option<&str>) -> ApiResult<Option<UnixMicros>> {
    let Some(text) = text else { return Ok(None) };
    let time = UnixMicros::parse_rfc3339(text);
    time.map(Some)
        .ok_or_else(|| Problem::invalid(format!("{name} must be a time such as 2026-11-22T12:00:00Z")))
}

/// Group the log by what it says
///
/// Lines that say the same, apart from numbers, ids and quoted texts, are one pattern; the last seen comes first. Warnings and
/// errors without `q` are counted for as long as the log has them, by the hour for a week and by the day (UTC) before: `from`
/// and `to` count whole ones. With `q`, or for lower levels, one bounded search groups what it finds, from the newest line back
/// to `back_to`.
#[utoipa::path(
    get, operation_id = "list_log_patterns", path = "/projects/{project}/logs/patterns", tag = "logs",
    params(InProject, Search, Part), responses((status = 200, body = PatternsView))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(search): Params<Search>,
    Params(part): Params<Part>,
) -> ApiResult<Json<PatternsView>> {
    let limit = part.limit()?;
    let query = PatternQuery {
        filter: search.filter()?,
        at_least: part.level()?,
        from: time("from", part.from.as_deref())?,
        to: time("to", part.to.as_deref())?,
    };
    let found = web.gateway.log_patterns(&caller, project, &query).await?;
    Ok(Json(PatternsView::new(found, limit)))
}
