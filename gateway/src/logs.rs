//! The log: which lines are wanted, and reading it page by page.

mod plan;
mod search;

use std::collections::{HashMap, HashSet};

use protocol::{
    filter::{Candidate, Filter},
    model::{Device, DeviceId, Level, LogLine, ProjectId},
};

pub use self::search::LogsFound;
use crate::{Action, Caller, Clock, Gateway, GatewayError, history::MAX_ROWS, store::PAGE_BYTES};

/// Lines of the first page. Of the next one as many are asked for as may fit into [`PAGE_BYTES`]: the store counts them all.
const FIRST_LINES: usize = 100;
const MIN_LINES: usize = 16;

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

/// Where to search, and how much to find.
#[derive(Clone, Copy, Debug)]
pub struct LogRange {
    /// Only lines with a higher number; 0: all.
    pub after: u64,
    /// Only lines with a lower number.
    pub before: Option<u64>,
    /// Lines that it may find.
    pub lines: usize,
    /// Text that it may find, in bytes; the last line may go beyond.
    pub bytes: usize,
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

/// The log of a project from a place on, page by page, the newest line first.
#[derive(Debug)]
pub struct LogPages {
    gateway: Gateway,
    caller: Caller,
    project: ProjectId,
    before: Option<u64>,
    lines: usize,
    is_over: bool,
}

impl LogPages {
    /// From the newest line on, or from the one before a number.
    pub fn new(gateway: Gateway, caller: Caller, project: ProjectId, before: Option<u64>) -> Self {
        Self { gateway, caller, project, before, lines: FIRST_LINES, is_over: false }
    }

    /// The next lines; none: that was all.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn next(&mut self) -> Result<Vec<LogLine>, GatewayError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let wanted = u32::try_from(self.lines).unwrap_or(MAX_ROWS);
        let page = self.gateway.list_logs(&self.caller, self.project, self.before, wanted).await?;
        self.before = page.last().map(|line| line.seq);
        // a short page may be one of long lines
        self.is_over = self.before.is_none_or(|seq| seq <= 1);
        let bytes: usize = page.iter().map(weight).sum();
        let fitting = PAGE_BYTES * page.len().max(1) / bytes.max(1);
        self.lines = fitting.clamp(MIN_LINES, MAX_ROWS as usize);
        Ok(page)
    }

    /// Those of the next lines that are wanted, which may be none; `None`: that was all.
    ///
    /// # Errors
    /// Those of [`LogPages::next`].
    pub async fn next_matching(
        &mut self,
        matcher: &LogMatcher,
    ) -> Result<Option<Vec<LogLine>>, GatewayError> {
        let page = self.next().await?;
        let is_over = page.is_empty();
        Ok((!is_over).then(|| page.into_iter().filter(|line| matcher.matches(line)).collect()))
    }
}

/// Size of a line's text in bytes.
fn weight(line: &LogLine) -> usize {
    const REST: usize = 64;
    REST + line.message.len() + line.fields.as_ref().map_or(0, String::len)
}
