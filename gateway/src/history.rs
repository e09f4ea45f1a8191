//! The history of desired values.

use protocol::model::{ProjectId, Revision, VarName};

use crate::{
    Action, Caller, Gateway, GatewayError,
    store::{HistoryRow, PAGE_BYTES},
};

/// History rows and log lines of one answer.
pub(crate) const MAX_ROWS: u32 = 1_000;

/// A part of a project's history.
#[derive(Debug)]
pub struct HistoryPage {
    /// The newest first, and those of one revision by name.
    pub rows: Vec<HistoryRow>,
    /// Behind which row the next part begins; `None`: that was all.
    pub next: Option<(Revision, VarName)>,
}

impl Gateway {
    /// The history of a project's values, the newest first and those of one revision by name; behind one of them, and of one
    /// variable, if these are given. At most `limit` entries, and fewer when their values are long.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn list_history(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: Option<&VarName>,
        behind: Option<(Revision, &VarName)>,
        limit: usize,
    ) -> Result<HistoryPage, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        let limit = limit.clamp(1, MAX_ROWS as usize);
        // one more tells whether there are more
        let wanted = u32::try_from(limit + 1).unwrap_or(MAX_ROWS).min(MAX_ROWS);
        let mut rows = self.inner.store.list_history(project, name, behind, wanted).await?;
        let has_more = rows.len() == wanted as usize || bytes_of(&rows) >= PAGE_BYTES;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(|row| (row.revision, row.name.clone()));
        Ok(HistoryPage { rows, next })
    }
}

/// At least what the store has counted for these.
fn bytes_of(rows: &[HistoryRow]) -> usize {
    /// Numbers of an older version may be written in more characters.
    const SPARE: usize = 16;
    let values = rows.iter().flat_map(|row| [&row.old, &row.new]).flatten();
    values.map(|value| value.to_json().len() + SPARE).sum()
}
