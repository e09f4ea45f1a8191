//! The log, searched piece by piece to its end.

use protocol::model::ProjectId;

use super::{LogMatcher, range::LogRange, search::LogsFound};
use crate::{Action, Caller, Gateway, GatewayError};

/// The lines of a project that are wanted, piece by piece, for what is too long for one answer.
#[derive(Debug)]
pub struct LogPages {
    gateway: Gateway,
    caller: Caller,
    project: ProjectId,
    /// What is left; `None`: nothing.
    rest: Option<LogRange>,
    is_bounded: bool,
}

impl LogPages {
    /// The lines of a range that are there when the first piece is read. `lines` and `bytes` of it are the limits of a piece.
    pub fn new(gateway: Gateway, caller: Caller, project: ProjectId, range: LogRange) -> Self {
        Self { gateway, caller, project, rest: Some(range), is_bounded: false }
    }

    /// What the next search has found, which may be nothing; `None`: that was all.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn next(&mut self, matcher: &LogMatcher) -> Result<Option<LogsFound>, GatewayError> {
        let Some(mut range) = self.rest else { return Ok(None) };
        if !self.is_bounded {
            range.before = Some(self.end(range).await?);
            self.is_bounded = true;
        }
        let found = self.gateway.search_logs(&self.caller, self.project, matcher, range).await?;
        self.rest = found.next.map(|next| range.beyond(next));
        Ok(Some(found))
    }

    /// Before which number a range ends, though more lines come.
    async fn end(&self, range: LogRange) -> Result<u64, GatewayError> {
        self.gateway.authorise_in(&self.caller, Action::ReadProject, self.project).await?;
        let newest = self.gateway.inner.store.list_logs(self.project, None, 1).await?;
        let behind = newest.first().map_or(1, |line| line.seq + 1);
        Ok(range.before.map_or(behind, |before| before.min(behind)))
    }
}
