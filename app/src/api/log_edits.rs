//! Edits of variables, which the log shows between its lines.

use leptos::prelude::*;
use protocol::model::{ProjectId, Revision, UnixMicros, Value, VarName};
use serde::{Deserialize, Serialize};
use server_fn::codec::Postcard;

use super::AppError;
#[cfg(feature = "ssr")]
use super::{app_error, authorise};

/// Entries of the history in one answer: one for each variable of an edit.
#[cfg(feature = "ssr")]
const EDIT_ROWS: usize = 1_000;

/// An edit of variables, or the last one of a drag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEdit {
    /// Its number.
    pub revision: Revision,
    /// When it was saved.
    pub at: UnixMicros,
    /// Who.
    pub author: String,
    /// The variables, each with the value that it was set to; `None`: it was let go.
    pub changes: Vec<(VarName, Option<Value>)>,
}

/// The newest edits of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogEdits {
    /// The oldest first.
    pub edits: Vec<LogEdit>,
    /// Older ones were left out: those from this time on are here. `None`: all are.
    pub since: Option<UnixMicros>,
}

/// The newest edits of a project; at most 1,000 changes.
#[server(input = Postcard, output = Postcard)]
pub async fn list_edits(project: ProjectId) -> Result<LogEdits, AppError> {
    let (caller, gateway) = authorise()?;
    let found = gateway.list_history(&caller, project, None, None, EDIT_ROWS).await.map_err(app_error)?;
    let mut edits: Vec<LogEdit> = Vec::new();
    for row in found.rows.into_iter().rev() {
        let change = (row.name, row.new);
        match edits.last_mut() {
            Some(last) if last.revision == row.revision => last.changes.push(change),
            _ => edits.push(LogEdit {
                revision: row.revision,
                at: row.at,
                author: row.author,
                changes: vec![change],
            }),
        }
    }
    let since = found.next.and_then(|_| edits.first()).map(|edit| edit.at);
    Ok(LogEdits { edits, since })
}
