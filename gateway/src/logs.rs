//! The log: which lines are wanted, and reading it page by page.

mod context;
mod histogram;
mod pages;
mod plan;
mod search;

use std::collections::{HashMap, HashSet};

use protocol::{
    filter::{Candidate, Filter},
    model::{Device, DeviceId, Level, LogLine, LogOrder, ProjectId, UnixMicros},
};

use self::pages::Span;
pub use self::{context::LogContext, pages::LogPages, search::LogsFound};
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

/// Where to search, in which order, and how much to find.
#[derive(Clone, Copy, Debug)]
pub struct LogRange {
    /// From which end.
    pub order: LogOrder,
    /// Only lines with a higher number; 0: all.
    pub after: u64,
    /// Only lines with a lower number.
    pub before: Option<u64>,
    /// Only lines that were received at this time or later.
    pub since: UnixMicros,
    /// Only lines that were received before this time.
    pub until: UnixMicros,
    /// Lines that it may find.
    pub lines: usize,
    /// Text that it may find, in bytes; the last line may go beyond.
    pub bytes: usize,
}

impl LogRange {
    /// Every line, the newest first, as many as one search finds.
    pub const ALL: Self = Self {
        order: LogOrder::NewestFirst,
        after: 0,
        before: None,
        since: UnixMicros(i64::MIN),
        until: UnixMicros(i64::MAX),
        lines: usize::MAX,
        bytes: usize::MAX,
    };

    /// What is left of it when everything up to a line was searched: to go on from [`LogsFound::next`].
    pub fn beyond(self, seq: u64) -> Self {
        let Span { after, before } = self.span().beyond(self.order, seq);
        Self { after, before: (before < u64::MAX).then_some(before), ..self }
    }

    fn span(self) -> Span {
        Span { after: self.after, before: self.before.unwrap_or(u64::MAX) }
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
