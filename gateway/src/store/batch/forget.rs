//! Forgetting a variable.

use protocol::model::VarRevision;

use super::{
    edits::{EditRow, EditedRow, Edits},
    marks::Marks,
    vars::Vars,
};
use crate::store::{
    error::Result,
    write::{Write, Written},
};

/// Releases its desired value under the project's next revision, and marks it as forgotten. Does nothing if there is no such
/// variable.
pub(super) async fn write_forget_var(
    sql: &mut (impl Edits + Marks + Vars),
    write: &Write,
) -> Result<Written> {
    let Write::ForgetVar { project, name, note, .. } = write else {
        unreachable!("the caller matched a variable to forget")
    };
    let let_go = let_go(sql, write).await?;
    if !sql.forget_var(project.0, name.as_str(), note.at.0).await? {
        return Ok(Written::Done);
    }
    sql.note(note).await?;
    Ok(Written::Forgotten { let_go })
}

/// `None`: it had no desired value.
async fn let_go(sql: &mut impl Edits, write: &Write) -> Result<Option<VarRevision>> {
    let Write::ForgetVar { project, name, author, gesture, note, .. } = write else {
        unreachable!("the caller matched a variable to forget")
    };
    let (project, name, gesture) = (project.0, name.as_str(), gesture.0.cast_signed());
    let newest = sql.desired(project, author.0, gesture, &[name]).await?;
    if newest.iter().all(|row| row.value.is_none()) {
        return Ok(None);
    }
    let revision = sql.next_revision(project).await?;
    let edit = EditRow {
        project,
        author_id: author.0,
        author: &note.actor,
        via: &note.via,
        address: &note.address,
        gesture,
        revision,
        at: note.at.0,
        changes: vec![EditedRow { name, value: None, set_by: revision }],
    };
    // the history takes the old value from the variable
    sql.upsert_history(&edit).await?;
    sql.note_let_go(&edit, &[name]).await?;
    Ok(Some(VarRevision(revision)))
}
