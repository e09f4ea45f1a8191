//! Data for the log pane: lines that are older than those on the page.

use leptos::prelude::*;
use protocol::model::{DeviceId, Level, LogLine, ProjectId, UnixMicros};
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
    /// Only those before this number, starting with the newest.
    pub before: u64,
    /// The filter.
    pub filter: String,
    /// Only this level or higher.
    pub at_least: Level,
    /// Only these devices; empty: all.
    pub devices: Vec<DeviceId>,
}

/// Lines that were found, and how far back was searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogPart {
    /// The oldest first.
    pub lines: Vec<LogLine>,
    /// All lines from this number on were searched.
    pub from: u64,
    /// When the oldest of them was received; `None`: there was none.
    pub back_to: Option<UnixMicros>,
}

/// Searches a part of the log. One answer has at most 500 lines, and at most 20,000 are read for it.
#[server(input = Postcard, output = Postcard)]
pub async fn search_logs(question: LogQuestion) -> Result<LogPart, AppError> {
    let (caller, gateway) = authorise()?;
    let LogQuestion { project, after, before, filter, at_least, devices } = question;
    let filter = protocol::filter::Filter::parse(&filter).map_err(|why| AppError::Failed(why.to_string()))?;
    let query = gateway::LogQuery { filter, at_least, devices: devices.into_iter().collect() };
    let matcher = gateway.log_matcher(&caller, project, query).await.map_err(app_error)?;
    let range = gateway::LogRange { after, before: Some(before), lines: PART_LINES, bytes: PART_BYTES };
    let mut found = gateway.search_logs(&caller, project, &matcher, range).await.map_err(app_error)?;
    found.lines.reverse();
    Ok(LogPart {
        lines: found.lines.into_iter().map(gateway::shorten).collect(),
        from: found.next.unwrap_or(after + 1),
        back_to: found.back_to.map(|(_, received)| received),
    })
}
