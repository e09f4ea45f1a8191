//! What the log pane asks: lines that are older than those that the page has.

use leptos::prelude::*;
use protocol::model::LogLine;
use protocol::model::{DeviceId, Level, ProjectId, UnixMicros};
use serde::{Deserialize, Serialize};
use server_fn::codec::Postcard;

use super::AppError;
#[cfg(feature = "ssr")]
use super::{app_error, authorise};

/// Lines of one answer.
#[cfg(feature = "ssr")]
const PART_LINES: usize = 500;
/// Text of one answer, in bytes.
#[cfg(feature = "ssr")]
const PART_BYTES: usize = 256 * 1024;

/// Which lines are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQuestion {
    /// Of which project.
    pub project: ProjectId,
    /// Only those behind this number; 0: all.
    pub after: u64,
    /// Only those before this number; the newest of them first.
    pub before: u64,
    /// What is typed above the log.
    pub filter: String,
    /// Only of this level or a higher one.
    pub at_least: Level,
    /// Only of these devices; empty: of all.
    pub devices: Vec<DeviceId>,
}

/// Lines that were found, and how far was looked for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogPart {
    /// The oldest first.
    pub lines: Vec<LogLine>,
    /// From this number on all lines were looked at.
    pub from: u64,
    /// When the oldest of them was received; `None`: there was none.
    pub back_to: Option<UnixMicros>,
}

/// A part of the log, filtered. One answer has 500 lines at most, and looks at 20,000.
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
