//! The log: search and download.

use std::sync::Arc;

use axum::{Json, extract::State, response::IntoResponse};
use gateway::{Caller, Gateway, GatewayError, LogMatcher, LogPages, LogRange, LogVerdicts};
use protocol::{
    filter::{Filter, FilterError},
    line::log_notes,
    model::{Device, Level, LogLine, ProjectId},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Client,
    csv::{self, Format, FormatQuery, Row},
    cursor::{PageQuery, encode},
    download::{Download, DownloadGuard, body_of},
    error::{ApiResult, Problem},
    extract::{At, InProject, Params},
    fields::{Exact, Time},
    log_range::{Cursor, OrderQuery, TimeQuery},
};
use crate::web::Web;

/// Bytes of text in one response; the last line may exceed it.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// Lines in one piece of a download.
const PIECE_LINES: usize = 1_000;

/// A line of the log.
#[derive(Serialize, ToSchema)]
#[schema(as = LogLine)]
pub(super) struct LineView {
    /// The line's number, counted per project without gaps.
    seq: u64,
    /// The number of the device.
    device: i64,
    /// Its name; `null` if it was not seen for a long time.
    #[schema(required)]
    device_name: Option<String>,
    /// The game's own timestamp, or else the time of receipt.
    at: Time,
    received: Time,
    /// `trace`, `debug`, `info`, `warn`, `error` or `fatal`.
    #[schema(value_type = LevelWord)]
    level: &'static str,
    message: String,
    /// An object with all further fields. A `timestamp` or `level` in it was not readable.
    #[schema(required, value_type = Option<Object>)]
    fields: Option<Exact>,
    /// What was wrong with the entry and what was done about it, such as an unreadable timestamp or a message that was cut.
    notes: Vec<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase", as = Level)]
#[expect(dead_code, reason = "describes the words of `Level`, which knows no OpenAPI")]
enum LevelWord {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

impl LineView {
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }
}

impl Row for LineView {
    const HEADINGS: &'static [&'static str] =
        &["seq", "at", "received", "level", "device", "device_name", "message", "fields", "notes"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.seq.to_string(),
            self.at.0.to_rfc3339_micros(),
            self.received.0.to_rfc3339_micros(),
            self.level.to_owned(),
            self.device.to_string(),
            self.device_name.clone().unwrap_or_default(),
            self.message.clone(),
            self.fields.as_ref().map(|fields| fields.text().to_owned()).unwrap_or_default(),
            self.notes.join("; "),
        ]
    }
}

fn notes(fields: &str) -> Vec<String> {
    log_notes(fields).iter().map(ToString::to_string).collect()
}

/// Lines of the log.
#[derive(Serialize, ToSchema)]
#[schema(as = LogPart)]
pub(super) struct LogPage {
    /// The lines.
    items: Vec<LineView>,
    /// The `cursor` of the next page; `null` on the last one. A page may be short without being the last.
    #[schema(required)]
    next: Option<String>,
    /// How far this page has searched: when the last line that it looked at was received. `null`: there was none.
    #[schema(required)]
    searched_to: Option<Time>,
}

/// Filters log lines.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// As in the box above the log: `word`, `"a phrase"`, `pix*7`, `/regex/i`, `level>=warn` (also `>`, `<=`, `<`, `=`, `!=`),
    /// `device:name`, `message:word`, fields of entries by path as in `hp<10`, `enemy.kind=boss` or `hp:*`, `since:5m`,
    /// `before:2026-11-22T12:00` (UTC, by the time of receipt). Terms are joined by AND; `OR`, `NOT` or `-`, and parentheses
    /// combine them. At most 512 bytes, 64 terms, 4 regular expressions and 16 levels of parentheses.
    #[param(max_length = 512, example = "level>=warn boss")]
    q: Option<String>,
}

impl Search {
    pub(super) fn filter(&self) -> ApiResult<Filter> {
        let text = self.q.as_deref().unwrap_or_default();
        Filter::parse(text).map_err(|fault| refuse(text, &fault))
    }
}

/// The filter, and how matching lines are returned.
pub(super) struct Matcher {
    matcher: LogMatcher,
    /// What everyone knows who follows the log with the same filter.
    verdicts: Option<Arc<LogVerdicts>>,
}

impl Matcher {
    /// For lines that are stored.
    pub(super) async fn new(
        gateway: &Gateway,
        caller: &Caller,
        project: ProjectId,
        search: &Search,
    ) -> ApiResult<Self> {
        let matcher = gateway.log_matcher(caller, project, search.filter()?.into()).await?;
        Ok(Self { matcher, verdicts: None })
    }

    /// For the newest lines: each is matched once, however many follow the log with the same filter.
    pub(super) async fn following(
        gateway: &Gateway,
        caller: &Caller,
        project: ProjectId,
        search: &Search,
    ) -> ApiResult<Self> {
        let filter = search.filter()?;
        let verdicts = gateway.log_verdicts(project, &filter);
        Ok(Self { matcher: gateway.log_matcher(caller, project, filter.into()).await?, verdicts })
    }

    pub(super) fn of_gateway(&self) -> &LogMatcher {
        &self.matcher
    }

    pub(super) fn learn(&mut self, device: &Device) {
        self.matcher.learn(device);
    }

    pub(super) fn matches(&self, line: &LogLine) -> bool {
        match &self.verdicts {
            Some(verdicts) => verdicts.passes(line, || self.matcher.matches(line)),
            None => self.matcher.matches(line),
        }
    }

    pub(super) fn view(&self, line: LogLine) -> LineView {
        let LogLine { seq, device, at, received, level, message, fields } = line;
        LineView {
            seq,
            device: device.0,
            device_name: self.matcher.device_name(device).map(str::to_owned),
            at: at.into(),
            received: received.into(),
            level: Level::as_str(level),
            message,
            notes: fields.as_deref().map(notes).unwrap_or_default(),
            fields: fields.and_then(Exact::read),
        }
    }
}

/// Says where the filter is invalid, without repeating it.
fn refuse(text: &str, fault: &FilterError) -> Problem {
    let character = |byte: usize| text.get(..byte).map_or(0, |before| before.chars().count());
    let (from, to) = (character(fault.start) + 1, character(fault.end));
    Problem::invalid(format!("q is invalid, characters {from} to {to}: {fault}"))
}

/// Search the log
///
/// Newest line first, or oldest first. One request reads at most 20,000 lines, and fewer for regular expressions, so a page may
/// have few lines, or none, and still have a `next`: continue until it is `null`. A `from` like `15m` is that long before each request.
#[utoipa::path(
    get, operation_id = "search_logs", path = "/projects/{project}/logs", tag = "logs",
    params(InProject, Search, TimeQuery, OrderQuery, PageQuery), responses((status = 200, body = LogPage))
)]
pub(super) async fn list(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(search): Params<Search>,
    Params(time): Params<TimeQuery>,
    Params(order): Params<OrderQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<LogPage>> {
    let range = LogRange { lines: page.limit()?, bytes: MAX_ANSWER_BYTES, ..time.range(web.gateway.now())? };
    let range = order.go_on(range, &page)?;
    let matcher = Matcher::new(&web.gateway, &caller, project, &search).await?;
    let found = web.gateway.search_logs(&caller, project, &matcher.matcher, range).await?;
    let next = found.next.map(|seq| encode(&Cursor { order: range.order, seq }.write()));
    let items = found.lines.into_iter().map(|line| matcher.view(line)).collect();
    Ok(Json(LogPage { items, next, searched_to: found.searched_to.map(|(_, received)| received.into()) }))
}

/// Download the log
///
/// All matching lines at the time of the request, newest first, or oldest first. If the connection is cut before the end, some
/// are missing.
#[utoipa::path(
    get, operation_id = "export_logs", path = "/projects/{project}/logs/export", tag = "logs",
    params(InProject, Search, TimeQuery, OrderQuery, FormatQuery),
    responses((status = 200, description = "The lines, streamed.", content(
        (LineView = "application/x-ndjson"), (String = "text/csv")
    )))
)]
pub(super) async fn export(
    State(web): State<Web>,
    Client(caller): Client,
    At(InProject { project }): At<InProject>,
    Params(search): Params<Search>,
    Params(time): Params<TimeQuery>,
    Params(order): Params<OrderQuery>,
    Params(wanted): Params<FormatQuery>,
) -> ApiResult<impl IntoResponse> {
    let format = wanted.format()?;
    let range = LogRange {
        order: order.order()?.unwrap_or_default(),
        lines: PIECE_LINES,
        bytes: MAX_ANSWER_BYTES,
        ..time.range(web.gateway.now())?
    };
    let matcher = Matcher::new(&web.gateway, &caller, project, &search).await?;
    let guard = DownloadGuard::new(&web, &caller)?;
    let pages = LogPages::new(web.gateway, caller, project, range);
    let body = body_of(LogDownload { pages, matcher, format, is_begun: false }, guard).await?;
    Ok((format.headers(&format!("log-{project}")), body))
}

struct LogDownload {
    pages: LogPages,
    matcher: Matcher,
    format: Format,
    is_begun: bool,
}

impl Download for LogDownload {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, GatewayError> {
        let found = self.pages.next(&self.matcher.matcher).await?;
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if found.is_none() && !is_first {
            return Ok(None);
        }
        let lines = found.into_iter().flat_map(|found| found.lines);
        let rows: Vec<_> = lines.map(|line| self.matcher.view(line)).collect();
        Ok(Some(csv::write(self.format, &rows, is_first)))
    }
}
