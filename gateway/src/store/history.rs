//! The history of values. That of all variables and that of one have a statement and an index each: in one statement neither
//! database would notice that a name is given, and would read all edits of the project.

use async_trait::async_trait;
use protocol::model::{Gesture, ProjectId, Revision, UnixMicros, UserId, Value, VarName, VarRevision};

use super::{
    cells,
    error::Result,
    page::{PAGE_BYTES, page},
    sql::row,
    sql_store::SqlStore,
};

/// One variable's change; never deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// Which variable.
    pub name: VarName,
    /// The desired value before the gesture; `None` = the game's own value.
    pub old: Option<Value>,
    /// The desired value after it; `None` = the game's own value.
    pub new: Option<Value>,
    /// The revision of the gesture's last edit.
    pub revision: Revision,
    /// Who.
    pub author: String,
    /// When the gesture's last edit was saved.
    pub at: UnixMicros,
}

/// What an edit with a gesture was to do to one variable.
#[derive(Clone, Debug, PartialEq)]
pub struct GestureRow {
    /// Which variable.
    pub name: VarName,
    /// The requested value; `None`: it was to be released.
    pub value: Option<Value>,
    /// The project's revision after the edit.
    pub revision: Revision,
    /// The variable's newest edit after it.
    pub set_by: VarRevision,
}

/// The history of values.
#[async_trait]
pub trait History: Send + Sync {
    /// The newest rows of history of a project, newest first and those of one revision by name, of all variables or of one; with
    /// `behind`, those after that row. At most `limit`, and at most [`PAGE_BYTES`] of values before the last one.
    async fn list_history(
        &self,
        project: ProjectId,
        name: Option<&VarName>,
        behind: Option<(Revision, &VarName)>,
        limit: u32,
    ) -> Result<Vec<HistoryRow>>;

    /// The edit of a person and gesture: its changes, and those that were already in effect. Empty if there was no such edit.
    async fn get_gesture(
        &self,
        project: ProjectId,
        author: UserId,
        gesture: Gesture,
    ) -> Result<Vec<GestureRow>>;
}

/// A [page](super::page) of edits: their condition, what their order is made of, and the order.
macro_rules! edits {
    ($condition:literal, $keys:literal, $order:literal) => {
        page!(
            "name, old, new, revision, author, at",
            $condition,
            $keys,
            $order,
            "coalesce(octet_length(old), 0) + coalesce(octet_length(new), 0)",
            "$3",
            "$4"
        )
    };
}

/// Of the project `$1`, behind the change of the variable `$5` by the revision `$2`, newest first.
const OF_ALL: &str = edits!(
    "edits WHERE project_id = $1 AND revision <= $2 AND (revision < $2 OR name > $5)",
    "revision, name",
    "revision DESC, name"
);
/// Of the variable `$5`, older than the revision `$2`.
const OF_ONE: &str =
    edits!("edits WHERE project_id = $1 AND name = $5 AND revision < $2", "revision", "revision DESC");

row! {
    struct HistoryRecord {
        name: String,
        old: Option<String>,
        new: Option<String>,
        revision: i64,
        author: String,
        at: i64,
    } -> HistoryRow {
        Ok(HistoryRow {
            name: cells::var_name(&name)?,
            old: old.as_deref().map(cells::value).transpose()?,
            new: new.as_deref().map(cells::value).transpose()?,
            revision: Revision(revision),
            author,
            at: UnixMicros(at),
        })
    }
}

row! {
    struct GestureRecord { name: String, value: Option<String>, revision: i64, set_by: i64 } -> GestureRow {
        Ok(GestureRow {
            name: cells::var_name(&name)?,
            value: value.as_deref().map(cells::value).transpose()?,
            revision: Revision(revision),
            set_by: VarRevision(set_by),
        })
    }
}

#[async_trait]
impl History for SqlStore {
    async fn list_history(
        &self,
        project: ProjectId,
        name: Option<&VarName>,
        behind: Option<(Revision, &VarName)>,
        limit: u32,
    ) -> Result<Vec<HistoryRow>> {
        let last = name.or(behind.map(|(_, name)| name));
        self.read(if name.is_some() { OF_ONE } else { OF_ALL })
            .bind(project.0)
            .bind(behind.map_or(i64::MAX, |(revision, _)| revision.0))
            .bind(i64::from(limit))
            .bind(PAGE_BYTES as i64)
            .bind(last.map_or("", VarName::as_str))
            .read_all::<HistoryRecord>()
            .await
    }

    async fn get_gesture(
        &self,
        project: ProjectId,
        author: UserId,
        gesture: Gesture,
    ) -> Result<Vec<GestureRow>> {
        self.read(
            "SELECT name, new AS value, revision, revision AS set_by FROM edits
             WHERE project_id = $1 AND author_id = $2 AND gesture = $3
             UNION ALL
             SELECT name, value, revision, set_by FROM unchanged_edits
             WHERE project_id = $1 AND author_id = $2 AND gesture = $3",
        )
        .bind(project.0)
        .bind(author.0)
        .bind(gesture.0.cast_signed())
        .read_all::<GestureRecord>()
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::{super::page::assert_reads_along, *};

    #[tokio::test]
    async fn a_part_of_the_history_is_a_range_of_an_index() {
        let of_one = "INDEX edits_of_var (project_id=? AND name=? AND revision<?)";
        assert_reads_along(OF_ONE, "edits", of_one).await;
        assert_reads_along(OF_ALL, "edits", "INDEX edits_newest (project_id=? AND revision<?)").await;
    }
}
