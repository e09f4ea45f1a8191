//! The log: which lines are wanted, and reading it page by page.

mod context;
mod download;
mod histogram;
mod pages;
mod plan;
mod range;
mod search;

use std::collections::{HashMap, HashSet};

use protocol::{
    filter::{Candidate, Filter},
    model::{Device, DeviceId, Level, LogLine, ProjectId},
};

pub use self::{context::LogContext, download::LogPages, range::LogRange, search::LogsFound};
use crate::{Action, Caller, Clock, Gateway, GatewayError, history::MAX_ROWS};

/// Which lines are wanted.
#[derive(Clone, Debug)]
pub struct LogQuery {
    /// What was typed.
    pub filter: Filter,
    /// This level or a higher one.
    pub at_least: Level,
    /// Of these devices; empty: of all.
    pub devices: HashSet<DeviceId>,
}

impl From<Filter> for LogQuery {
    /// Of every level and device.
    fn from(filter: Filter) -> Self {
        Self { filter, at_least: Level::Trace, devices: HashSet::new() }
    }
}

/// A query, and what it needs to know beside a line.
#[derive(Debug)]
pub struct LogMatcher {
    query: LogQuery,
    names: HashMap<DeviceId, String>,
    clock: Clock,
}

impl LogMatcher {
    /// A device is new or was renamed.
    pub fn learn(&mut self, device: &Device) {
        if self.names.get(&device.id) != Some(&device.name) {
            self.names.insert(device.id, device.name.clone());
        }
    }

    /// What a device is called; `None`: it was not seen for long.
    pub fn device_name(&self, device: DeviceId) -> Option<&str> {
        self.names.get(&device).map(String::as_str)
    }

    /// Whether a line is wanted, now.
    pub fn matches(&self, line: &LogLine) -> bool {
        let LogQuery { filter, at_least, devices } = &self.query;
        let candidate = Candidate {
            level: line.level,
            message: &line.message,
            fields: line.fields.as_deref(),
            device: self.device_name(line.device).unwrap_or_default(),
            received: line.received,
        };
        line.level >= *at_least
            && (devices.is_empty() || devices.contains(&line.device))
            && filter.matches(&candidate, self.clock.now())
    }
}

impl Gateway {
    /// Log lines of a project, the newest first, of those before a line's number if it is given: at most `limit`, and fewer
    /// when they are long.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn list_logs(
        &self,
        caller: &Caller,
        project: ProjectId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<LogLine>, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        Ok(self.inner.store.list_logs(project, before, limit.clamp(1, MAX_ROWS)).await?)
    }

    /// Log lines behind a number, the oldest first.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn list_logs_after(
        &self,
        caller: &Caller,
        project: ProjectId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogLine>, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        Ok(self.inner.store.list_logs_after(project, after, limit.clamp(1, MAX_ROWS)).await?)
    }

    /// A query that knows the project's devices.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn log_matcher(
        &self,
        caller: &Caller,
        project: ProjectId,
        query: LogQuery,
    ) -> Result<LogMatcher, GatewayError> {
        let names = self.device_names(caller, project).await?;
        Ok(LogMatcher { query, names, clock: self.inner.clock.clone() })
    }
}
