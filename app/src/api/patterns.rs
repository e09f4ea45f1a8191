//! Data for the page of errors: the log by what it says.

use leptos::prelude::*;
use protocol::model::{Level, LogPatterns, ProjectId, UnixMicros};
use serde::{Deserialize, Serialize};
use server_fn::codec::Postcard;

use super::{AppError, ProjectHead};
#[cfg(feature = "ssr")]
use super::{app_error, authorise, now, team::head};

/// Microseconds of an hour.
#[cfg(feature = "ssr")]
const HOUR: i64 = 3_600_000_000;

/// Of which lines the patterns are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatternQuestion {
    /// The project.
    pub project: ProjectId,
    /// The filter, as typed.
    pub filter: String,
    /// Only this level or higher.
    pub at_least: Level,
    /// Only the last so many hours; 0: all.
    pub hours: u32,
}

/// What the page of errors shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorsPage {
    /// Which project.
    pub head: ProjectHead,
    /// The patterns, or a sentence about why there are none.
    pub found: Result<LogPatterns, String>,
    /// The server's clock.
    pub now: UnixMicros,
}

/// The patterns of a part of the log.
#[server(input = Postcard, output = Postcard)]
pub async fn list_log_patterns(question: PatternQuestion) -> Result<ErrorsPage, AppError> {
    let asking = authorise()?;
    let PatternQuestion { project, filter, at_least, hours } = question;
    let (head, now) = (head(&asking, gateway::Action::ReadProject, project).await?, now());
    let filter = match protocol::filter::Filter::parse(&filter) {
        Ok(filter) => filter,
        Err(fault) => {
            return Ok(ErrorsPage { head, found: Err(format!("The filter is invalid: {fault}")), now });
        }
    };
    let from = (hours > 0).then_some(UnixMicros(now.0 - i64::from(hours) * HOUR));
    let query = gateway::PatternQuery { filter, at_least, from, to: None };
    let (caller, gateway) = asking;
    let found = match gateway.log_patterns(&caller, project, &query).await {
        Err(gateway::GatewayError::Invalid(why)) => Err(why),
        found => Ok(found.map_err(app_error)?),
    };
    Ok(ErrorsPage { head, found, now })
}
