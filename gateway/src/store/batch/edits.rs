//! Edits: rejected if they are based on an outdated value, otherwise saved under the next revision.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use indexmap::IndexMap;
use protocol::model::{Change, Desired, NOT_DESIRED, Revision, UnixMicros, UserId, Value, VarRevision};

use crate::store::{
    cells::value,
    error::{Result, StoreError},
    sql::{Tx, bind_rows, row, statement},
    write::{Conflict, Write, Written},
};

/// One edit: all its changes have one revision, author and time.
pub struct EditRow<'a> {
    pub project: i64,
    pub author_id: i64,
    pub author: &'a str,
    pub via: &'a str,
    pub address: &'a str,
    pub gesture: i64,
    pub revision: i64,
    pub at: i64,
    /// One for each variable.
    pub changes: Vec<EditedRow<'a>>,
}

/// One variable of an edit.
pub struct EditedRow<'a> {
    pub name: &'a str,
    /// JSON; `None`: it is released.
    pub value: Option<String>,
    /// The edit that set it: this one, or an earlier one for a change that was already in effect.
    pub set_by: i64,
}

row! {
    /// The newest edit of a variable; `value` is JSON.
    pub struct DesiredRow {
        name: String,
        value: Option<String>,
        revision: i64,
        author: String,
        at: i64,
        is_own: bool,
    }
}

/// Statements on desired values and their history.
#[async_trait]
pub trait Edits: Send {
    /// The newest edits of these variables of a project. `is_own`: made by this gesture of this author.
    async fn desired(
        &mut self,
        project: i64,
        author: i64,
        gesture: i64,
        names: &[&str],
    ) -> Result<Vec<DesiredRow>>;
    /// Adds 1 to the project's revision and returns it.
    async fn next_revision(&mut self, project: i64) -> Result<i64>;
    /// Creates or extends the rows of history of a gesture, and returns how many. A new row takes its old value from the
    /// variable.
    async fn upsert_history(&mut self, edit: &EditRow<'_>) -> Result<u64>;
    /// Stores under the gesture the changes that were already in effect.
    async fn remember_unchanged(&mut self, edit: &EditRow<'_>) -> Result<()>;
    /// Sets or releases desired values, and returns how many.
    async fn set_desired(&mut self, edit: &EditRow<'_>) -> Result<u64>;
    /// Notes that the newest edit of these variables released them.
    async fn note_let_go(&mut self, edit: &EditRow<'_>, names: &[&str]) -> Result<()>;
}

/// Saves an edit, or finds that somebody else's came first.
pub(super) async fn write_edit(sql: &mut impl Edits, write: &Write) -> Result<Written> {
    let Write::Edit { project, author, gesture, changes, unchanged, seen, .. } = write else {
        unreachable!("the caller matched an edit")
    };
    if let Some(conflict) = find_conflict(sql, project.0, (*author, gesture.0), changes).await? {
        return Ok(Written::Conflict(Box::new(conflict)));
    }
    let revision = if changes.is_empty() { seen.0 } else { sql.next_revision(project.0).await? };
    if !unchanged.is_empty() {
        let kept = unchanged.iter().map(|(change, set_by)| (change, *set_by));
        sql.remember_unchanged(&row(write, revision, kept)).await?;
    }
    if changes.is_empty() {
        return Ok(Written::Edit { revision: *seen, set: None });
    }
    let set = VarRevision(revision);
    let edit = row(write, revision, changes.iter().map(|change| (change, set)));
    // the history first: it reads the old values that are then overwritten
    let kept = sql.upsert_history(&edit).await?;
    let changed = sql.set_desired(&edit).await?;
    let wanted = edit.changes.len() as u64;
    if kept != wanted || changed != wanted {
        return Err(StoreError::Damaged("an edit names a variable that is not there".to_owned()));
    }
    let let_go = edit.changes.iter().filter(|change| change.value.is_none());
    let let_go: Vec<&str> = let_go.map(|change| change.name).collect();
    if !let_go.is_empty() {
        sql.note_let_go(&edit, &let_go).await?;
    }
    Ok(Written::Edit { revision: Revision(revision), set: Some(set) })
}

/// The row of some of an edit's changes. Of two changes to one variable the last one counts.
fn row<'a>(
    write: &'a Write,
    revision: i64,
    changes: impl Iterator<Item = (&'a Change, VarRevision)>,
) -> EditRow<'a> {
    let Write::Edit { project, author, author_name, via, address, gesture, at, .. } = write else {
        unreachable!("the caller matched an edit")
    };
    let merged: IndexMap<&str, _> =
        changes.map(|(change, set_by)| (change.name.as_str(), (&change.value, set_by.0))).collect();
    let edited = |(name, (value, set_by)): (&'a str, (&Option<Value>, i64))| EditedRow {
        name,
        value: value.as_ref().map(Value::to_json),
        set_by,
    };
    EditRow {
        project: project.0,
        author_id: author.0,
        author: author_name,
        via,
        address,
        // a bit pattern: databases have no unsigned 64-bit integers
        gesture: gesture.0.cast_signed(),
        revision,
        at: at.0,
        changes: merged.into_iter().map(edited).collect(),
    }
}

/// The first change that is based on an outdated value; the order of commits decides. A gesture never conflicts with its own
/// values, nor does a change with an equal desired value. "No desired value" is up to date for a variable that was released.
async fn find_conflict(
    sql: &mut impl Edits,
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
    let stored: HashMap<&str, &DesiredRow> = stored.iter().map(|row| (row.name.as_str(), row)).collect();
    for change in changes {
        let (Some(base), stored) = (change.base, stored.get(change.name.as_str())) else { continue };
        let current = stored.map(|row| desired(row)).transpose()?;
        let is_own = stored.is_some_and(|row| row.is_own);
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

fn desired(row: &DesiredRow) -> Result<Desired> {
    let value = row.value.as_deref().map(value).transpose()?;
    let (revision, at) = (VarRevision(row.revision), UnixMicros(row.at));
    Ok(Desired { value, revision, author: row.author.clone(), at })
}

#[async_trait]
impl Edits for Tx<'_> {
    async fn desired(
        &mut self,
        project: i64,
        author: i64,
        gesture: i64,
        names: &[&str],
    ) -> Result<Vec<DesiredRow>> {
        let select = statement!(self, "SELECT v.name, v.desired AS value, coalesce(v.desired_revision, l.revision) AS revision,
                 coalesce(v.desired_author, l.author) AS author, coalesce(v.desired_at, l.at) AS at,
                 e.name IS NOT NULL AS is_own
             FROM vars v LEFT JOIN let_go l ON l.project_id = v.project_id AND l.name = v.name
             LEFT JOIN edits e ON e.project_id = v.project_id AND e.author_id = $2 AND e.gesture = $3
                 AND e.name = v.name AND e.revision = coalesce(v.desired_revision, l.revision)
             WHERE v.project_id = $1 AND v.forgotten_at IS NULL AND (v.desired IS NOT NULL OR l.name IS NOT NULL)
                 AND v.name", in: "$4");
        select.bind(project).bind(author).bind(gesture).bind_list(names).all().await
    }

    async fn next_revision(&mut self, project: i64) -> Result<i64> {
        let next = self.query("UPDATE projects SET revision = revision + 1 WHERE id = $1 RETURNING revision");
        let (revision,) = next.bind(project).one().await?;
        Ok(revision)
    }

    async fn upsert_history(&mut self, edit: &EditRow<'_>) -> Result<u64> {
        let upsert = statement!(
            self,
            "INSERT INTO edits
                 (project_id, author_id, gesture, name, author, old, revision, at, via, address, new)
             SELECT v.project_id, $2, $3, v.name, $4, v.desired, $5, $6, $7, $8,",
            sqlite: "c.value->>1 FROM json_each($9) AS c
                     CROSS JOIN vars v ON v.project_id = $1 AND v.name = (c.value->>0)",
            postgres: "c.value FROM UNNEST($9::text[], $10::text[]) AS c (name, value)
                       JOIN vars v ON v.project_id = $1 AND v.name = c.name",
            "WHERE v.forgotten_at IS NULL
             ON CONFLICT (project_id, author_id, gesture, name)
             DO UPDATE SET new = excluded.new, revision = excluded.revision, at = excluded.at,
                 via = excluded.via, address = excluded.address",
        );
        let upsert = upsert
            .bind(edit.project)
            .bind(edit.author_id)
            .bind(edit.gesture)
            .bind(edit.author)
            .bind(edit.revision)
            .bind(edit.at)
            .bind(edit.via)
            .bind(edit.address);
        bind_rows!(upsert, edit.changes, |r| r.name, r.value.as_deref()).run().await
    }

    async fn remember_unchanged(&mut self, edit: &EditRow<'_>) -> Result<()> {
        let insert = statement!(
            self,
            "INSERT INTO unchanged_edits (project_id, author_id, gesture, revision, name, value, set_by)
             SELECT $1, $2, $3, $4,",
            sqlite: "c.value->>0, c.value->>1, c.value->>2 FROM json_each($5) AS c WHERE true",
            postgres: "c.* FROM UNNEST($5::text[], $6::text[], $7::bigint[]) AS c (name, value, set_by)",
            "ON CONFLICT (project_id, author_id, gesture, name) DO NOTHING",
        );
        let insert = insert.bind(edit.project).bind(edit.author_id).bind(edit.gesture).bind(edit.revision);
        bind_rows!(insert, edit.changes, |r| r.name, r.value.as_deref(), r.set_by).run().await?;
        Ok(())
    }

    /// In SQLite an upsert of existing rows rather than UPDATE … FROM json_each, for which it may scan the JSON text again for
    /// every variable of the project (15 s for 5,000): only the order of a join can be forced.
    async fn set_desired(&mut self, edit: &EditRow<'_>) -> Result<u64> {
        let set = self.either(
            "INSERT INTO vars
                 (project_id, name, position, spec, desired, desired_revision, desired_author, desired_at)
             SELECT v.project_id, v.name, v.position, v.spec, c.value->>1, iif((c.value->>1) IS NULL, NULL, $2),
                 iif((c.value->>1) IS NULL, NULL, $3), iif((c.value->>1) IS NULL, NULL, $4)
             FROM json_each($5) AS c CROSS JOIN vars v ON v.project_id = $1 AND v.name = (c.value->>0)
             WHERE v.forgotten_at IS NULL
             ON CONFLICT (project_id, name) DO UPDATE SET desired = excluded.desired,
                 desired_revision = excluded.desired_revision, desired_author = excluded.desired_author,
                 desired_at = excluded.desired_at",
            "UPDATE vars SET desired = c.value, desired_revision = CASE WHEN c.value IS NOT NULL THEN $2::bigint END,
                 desired_author = CASE WHEN c.value IS NOT NULL THEN $3::text END,
                 desired_at = CASE WHEN c.value IS NOT NULL THEN $4::bigint END
             FROM UNNEST($5::text[], $6::text[]) AS c (name, value)
             WHERE vars.project_id = $1 AND vars.name = c.name AND vars.forgotten_at IS NULL",
        );
        let set = set.bind(edit.project).bind(edit.revision).bind(edit.author).bind(edit.at);
        bind_rows!(set, edit.changes, |r| r.name, r.value.as_deref()).run().await
    }

    async fn note_let_go(&mut self, edit: &EditRow<'_>, names: &[&str]) -> Result<()> {
        let note = statement!(
            self,
            "INSERT INTO let_go (project_id, revision, author, at, name) SELECT $1, $2, $3, $4,",
            sqlite: "c.value FROM json_each($5) AS c WHERE true",
            postgres: "c.name FROM UNNEST($5::text[]) AS c (name)",
            "ON CONFLICT (project_id, name) DO UPDATE SET revision = excluded.revision, author = excluded.author,
                 at = excluded.at",
        );
        let note = note.bind(edit.project).bind(edit.revision).bind(edit.author).bind(edit.at);
        note.bind_list(names).run().await?;
        Ok(())
    }
}
