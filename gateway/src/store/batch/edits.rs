//! One edit: refused when it was made on an old view, else saved under the next revision.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use protocol::model::{Change, Desired, NOT_DESIRED, Revision, UnixMicros, UserId, Value, VarRevision};

use super::{DesiredCells, EditRows, Statements};
use crate::store::{Conflict, Result, StoreError, Write, Written};

/// Saves an edit in its turn, or finds that somebody else's came before.
pub(super) async fn write_edit(sql: &mut impl Statements, write: &Write) -> Result<Written> {
    let Write::Edit { project, author, gesture, changes, unchanged, seen, .. } = write else {
        unreachable!("the caller matched an edit")
    };
    if let Some(conflict) = find_conflict(sql, project.0, (*author, gesture.0), changes).await? {
        return Ok(Written::Conflict(Box::new(conflict)));
    }
    let revision = match changes.is_empty() {
        true => seen.0,
        false => sql.next_revision(project.0).await?,
    };
    if !unchanged.is_empty() {
        let kept = unchanged.iter().map(|(change, set_by)| (change, *set_by));
        sql.remember_unchanged(&rows(write, revision, kept)).await?;
    }
    if changes.is_empty() {
        return Ok(Written::Edit { revision: *seen, set: None });
    }
    let set = VarRevision(revision);
    let edit = rows(write, revision, changes.iter().map(|change| (change, set)));
    // the history first: it takes the old values from where the new ones go
    let kept = sql.upsert_history(&edit).await?;
    let changed = sql.set_desired(&edit).await?;
    let wanted = edit.names.len() as u64;
    if kept != wanted || changed != wanted {
        return Err(StoreError::Damaged("an edit names a variable that is not there".to_owned()));
    }
    let edited = edit.names.iter().zip(&edit.values);
    let let_go: Vec<&str> = edited.filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    if !let_go.is_empty() {
        sql.note_let_go(&edit, &let_go).await?;
    }
    Ok(Written::Edit { revision: Revision(revision), set: Some(set) })
}

/// The rows of some of an edit's changes. Of two for one variable the last one counts.
fn rows<'a>(
    write: &'a Write,
    revision: i64,
    changes: impl Iterator<Item = (&'a Change, VarRevision)>,
) -> EditRows<'a> {
    let Write::Edit { project, author, author_name, via, address, gesture, at, .. } = write else {
        unreachable!("the caller matched an edit")
    };
    let merged: IndexMap<&str, _> =
        changes.map(|(change, set_by)| (change.name.as_str(), (&change.value, set_by.0))).collect();
    let value = |(value, _): &(&Option<Value>, i64)| value.as_ref().map(Value::to_json);
    EditRows {
        project: project.0,
        author_id: author.0,
        author: author_name,
        via,
        address,
        // a bit pattern: databases have no unsigned 64-bit integers
        gesture: gesture.0.cast_signed(),
        revision,
        at: at.0,
        names: merged.keys().copied().collect(),
        values: merged.values().map(value).collect(),
        set_by: merged.values().map(|(_, set_by)| *set_by).collect(),
    }
}

/// The first change that was made on an old view: the order of commits decides who was first. A gesture goes on from its
/// own values, and to want what is desired already is no conflict. Who has seen no desired value has seen a variable
/// that was let go as it is.
async fn find_conflict(
    sql: &mut impl Statements,
    project: i64,
    (author, gesture): (UserId, u64),
    changes: &[Change],
) -> Result<Option<Conflict>> {
    let names: BTreeSet<&str> =
        changes.iter().filter(|change| change.base.is_some()).map(|change| change.name.as_str()).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let names: Vec<&str> = names.into_iter().collect();
    let stored = sql.desired(project, author.0, gesture.cast_signed(), &names).await?;
    let stored: HashMap<&str, &DesiredCells> = stored.iter().map(|cells| (cells.0.as_str(), cells)).collect();
    for change in changes {
        let (Some(base), cells) = (change.base, stored.get(change.name.as_str())) else { continue };
        let (current, is_own) = match cells {
            None => (None, false),
            Some((_, json, revision, author, at, is_own)) => {
                (Some(desired(json.as_deref(), *revision, author, *at)?), *is_own)
            }
        };
        let value = current.as_ref().and_then(|current| current.value.as_ref());
        let revision = current.as_ref().map_or(NOT_DESIRED, |current| current.revision);
        let is_seen = base == revision || (base == NOT_DESIRED && value.is_none());
        let is_same = value == change.value.as_ref();
        if !is_seen && !is_own && !is_same {
            return Ok(Some(Conflict { change: change.clone(), current }));
        }
    }
    Ok(None)
}

fn desired(json: Option<&str>, revision: i64, author: &str, at: i64) -> Result<Desired> {
    let damaged = || StoreError::Damaged("a value is not JSON".to_owned());
    let value = json.map(|json| Value::parse_json(json).ok_or_else(damaged)).transpose()?;
    Ok(Desired { value, revision: VarRevision(revision), author: author.to_owned(), at: UnixMicros(at) })
}
