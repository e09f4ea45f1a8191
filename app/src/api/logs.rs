//! Data for the log pane: lines that are older than those on the page.

use leptos::prelude::*;
use protocol::model::{DeviceId, Level, LogHistogram, LogLine, LogOrder, ProjectId, UnixMicros};
use serde::{Deserialize, Serialize};
use server_fn::codec::Postcard;

use super::AppError;
#[cfg(feature = "ssr")]
use super::{app_error, authorise};

/// Lines in one answer.
#[cfg(feature = "ssr")]
const PART_LINES: usize = 500;
/// Text in one answer, in bytes.
#[cfg(feature = "ssr")]
const PART_BYTES: usize = 256 * 1024;

/// Which lines are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQuestion {
    /// The project.
    pub project: ProjectId,
    /// Only those after this number; 0: all.
    pub after: u64,
    /// Only those before this number.
    pub before: u64,
    /// The filter.
    pub filter: String,
    /// Only this level or higher.
    pub at_least: Level,
    /// Only these devices; empty: all.
    pub devices: Vec<DeviceId>,
    /// Only those received at this time or later.
    pub received_from: Option<UnixMicros>,
    /// Only those received earlier.
    pub received_before: Option<UnixMicros>,
    /// From which end it starts.
    pub order: LogOrder,
}

/// Lines that were found, and how far was searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogPart {
    /// The oldest first.
    pub lines: Vec<LogLine>,
    /// All lines from this number on were searched,
    pub from: u64,
    /// and before this one.
    pub to: u64,
    /// When the last of them, in the order of the search, was received; `None`: there was none.
    pub back_to: Option<UnixMicros>,
}

/// Searches a part of the log. One answer has at most 500 lines, and at most 20,000 are read for it.
#[server(input = Postcard, output = Postcard)]
pub async fn search_logs(question: LogQuestion) -> Result<LogPart, AppError> {
    let (caller, gateway) = authorise()?;
    let LogQuestion { project, after, before, received_from, received_before, order, .. } = question;
    let query = gateway::LogQuery {
        filter: read_filter(&question.filter)?,
        at_least: question.at_least,
        devices: question.devices.into_iter().collect(),
    };
    let matcher = gateway.log_matcher(&caller, project, query).await.map_err(app_error)?;
    let all = gateway::LogRange::ALL;
    let range = gateway::LogRange {
        order,
        after,
        before: Some(before),
        since: received_from.unwrap_or(all.since),
        until: received_before.unwrap_or(all.until),
        lines: PART_LINES,
        bytes: PART_BYTES,
    };
    let mut found = gateway.search_logs(&caller, project, &matcher, range).await.map_err(app_error)?;
    let (from, to) = match order {
        LogOrder::NewestFirst => (found.next.unwrap_or(after.saturating_add(1)), before),
        LogOrder::OldestFirst => (after.saturating_add(1), found.next.map_or(before, |last| last + 1)),
    };
    if order == LogOrder::NewestFirst {
        found.lines.reverse();
    }
    let lines = found.lines.into_iter().map(gateway::shorten).collect();
    Ok(LogPart { lines, from, to, back_to: found.searched_to.map(|(_, received)| received) })
}

#[cfg(feature = "ssr")]
fn read_filter(text: &str) -> Result<protocol::filter::Filter, AppError> {
    protocol::filter::Filter::parse(text).map_err(|why| AppError::Failed(why.to_string()))
}

/// Counts the lines that were received from one time up to another, by level, in at most 500 bars. With a filter that asks for
/// more than the level, it reads as much as a search does: `counted_from` says how far back it came.
#[server(name = CountLogs, input = Postcard, output = Postcard)]
pub async fn log_histogram(
    project: ProjectId,
    filter: String,
    from: UnixMicros,
    to: UnixMicros,
    bars: u16,
) -> Result<LogHistogram, AppError> {
    let (caller, gateway) = authorise()?;
    let query = read_filter(&filter)?.into();
    let matcher = gateway.log_matcher(&caller, project, query).await.map_err(app_error)?;
    let bars = LogHistogram::new(from, to, bars);
    gateway.log_histogram(&caller, project, &matcher, bars).await.map_err(app_error)
}

/// The lines that the same device logged before and after a line, the oldest first: at most so many on either side, with the line
/// itself between them.
#[server(input = Postcard, output = Postcard)]
pub async fn log_context(project: ProjectId, seq: u64, lines: u16) -> Result<Vec<LogLine>, AppError> {
    let (caller, gateway) = authorise()?;
    let context = gateway.log_context(&caller, project, seq, lines).await.map_err(app_error)?;
    Ok(context.lines.into_iter().map(gateway::shorten).collect())
}
