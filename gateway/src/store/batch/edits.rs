//! One edit: refused when it was made on an old view, else saved under the next revision.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use protocol::{
    live::{Change, Desired, NOT_DESIRED},
    model::{Revision, UnixMicros, UserId, Value},
};

use super::{DesiredCells, EditRows, Statements};
use crate::store::{Conflict, Result, StoreError, Write, Written};

/// Saves an edit in its turn, or finds that somebody else's came before.
pub(super) async fn write_edit(sql: &mut impl Statements, write: &Write) -> Result<Written> {
    let Write::Edit { project, author, author_name, via, address, gesture, at, changes, unchanged, seen } =
        write
    else {
        unreachable!("the caller matched an edit")
    };
    if let Some(conflict) = find_conflict(sql, project.0, (*author, gesture.0), changes).await? {
        return Ok(Written::Conflict(Box::new(conflict)));
    }
    let revision = match changes.is_empty() {
        true => seen.0,
        false => sql.next_revision(project.0).await?,
    };
    let rows = |names, values| EditRows {
        project: project.0,
        author_id: author.0,
        author: author_name,
        via,
        address,
        // a bit pattern: databases have no unsigned 64-bit integers
        gesture: gesture.0.cast_signed(),
        revision,
        at: at.0,
        names,
        values,
    };
    if !unchanged.is_empty() {
        let (names, values) = columns(unchanged);
        sql.remember_unchanged(&rows(names, values)).await?;
    }
    if changes.is_empty() {
        return Ok(Written::Edit { revision: *seen });
    }
    let (names, values) = columns(changes);
    let edit = rows(names, values);
    // the history first: it takes the old values from where the new ones go
    let kept = sql.upsert_history(&edit).await?;
    let set = sql.set_desired(&edit).await?;
    let wanted = edit.names.len() as u64;
    if kept != wanted || set != wanted {
        return Err(StoreError::Damaged("an edit names a variable that is not there".to_owned()));
    }
    Ok(Written::Edit { revision: Revision(edit.revision) })
}

/// Names and values as JSON. Of two values for one variable the last one counts.
fn columns(changes: &[Change]) -> (Vec<&str>, Vec<String>) {
    let merged: IndexMap<&str, _> = changes.iter().map(|c| (c.name.as_str(), &c.value)).collect();
    merged.into_iter().map(|(name, value)| (name, value.to_json())).unzip()
}

/// The first change that was made on an old view: the order of commits decides who was first. A gesture goes on from its
/// own values, and to want what is desired already is no conflict.
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
                (Some(desired(json, *revision, author, *at)?), *is_own)
            }
        };
        let is_seen = base == current.as_ref().map_or(NOT_DESIRED, |current| current.revision);
        let is_same = current.as_ref().is_some_and(|current| current.value == change.value);
        if !is_seen && !is_own && !is_same {
            return Ok(Some(Conflict { change: change.clone(), current }));
        }
    }
    Ok(None)
}

fn desired(json: &str, revision: i64, author: &str, at: i64) -> Result<Desired> {
    let value =
        Value::parse_json(json).ok_or_else(|| StoreError::Damaged("a value is not JSON".to_owned()))?;
    Ok(Desired { value, revision: Revision(revision), author: author.to_owned(), at: UnixMicros(at) })
}
