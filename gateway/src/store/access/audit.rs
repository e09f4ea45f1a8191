//! The audit trail.

use async_trait::async_trait;
use protocol::model::{AuditCursor, AuditEntry, ProjectId, UnixMicros};

use crate::store::{
    error::Result,
    note::AuditRow,
    page::{PAGE_BYTES, page},
    sql::row,
    sql_store::SqlStore,
};

/// The entries of one project: at most `$6`, and `$7` bytes of values before the last of them.
const OF_PROJECT: &str = page!(
    "at, source, number, name, actor, via, address, project_id, action, subject, old, new",
    "(SELECT at, 0 AS source, id AS number, '' AS name, actor, via, address, project_id,
          action, subject, old, new
      FROM audit WHERE project_id = $1 AND at <= $2
      UNION ALL
      SELECT at, 1, revision, name, author, via, address, project_id,
          CASE WHEN new IS NULL THEN 'value.let_go' ELSE 'value.edit' END, name, old, new
      FROM edits WHERE project_id = $1 AND at <= $2) t
     WHERE (at, source, number, name) < ($2, $3, $4, $5)",
    "at, source, number, name",
    "at DESC, source DESC, number DESC, name DESC",
    "coalesce(octet_length(old), 0) + coalesce(octet_length(new), 0)",
    "$6",
    "$7"
);
/// The entries of all projects and the instance, which are short.
const OF_ALL: &str = "SELECT at, 0 AS source, id AS number, '' AS name, actor, via, address, project_id, action, subject, old, new
     FROM audit WHERE $1 IS NULL AND at <= $2 AND (at, 0, id, '') < ($2, $3, $4, $5) AND $7 > 0
     ORDER BY at DESC, id DESC LIMIT $6";

/// The audit trail.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Writes an audit row without a change.
    async fn record(&self, note: AuditRow) -> Result<()>;

    /// The newest audit entries after a cursor, newest first: of one project including its edits of values, or of all projects
    /// and the instance without edits. At most `limit`, and at most [`PAGE_BYTES`] of values before the last one.
    async fn list_audit(
        &self,
        project: Option<ProjectId>,
        after: Option<&AuditCursor>,
        limit: u32,
    ) -> Result<Vec<(AuditCursor, AuditEntry)>>;
}

row! {
    struct EntryRecord {
        at: i64,
        source: i32,
        number: i64,
        name: String,
        actor: String,
        via: String,
        address: String,
        project_id: Option<i64>,
        action: String,
        subject: String,
        old: Option<String>,
        new: Option<String>,
    } -> (AuditCursor, AuditEntry) {
        let (at, project) = (UnixMicros(at), project_id.map(ProjectId));
        let cursor = AuditCursor { at, is_edit: source == 1, number, name };
        Ok((cursor, AuditEntry { at, actor, by: via, address, project, action, subject, old, new }))
    }
}

#[async_trait]
impl AuditTrail for SqlStore {
    async fn record(&self, note: AuditRow) -> Result<()> {
        self.begin_write().await?.finish(note).await
    }

    async fn list_audit(
        &self,
        project: Option<ProjectId>,
        after: Option<&AuditCursor>,
        limit: u32,
    ) -> Result<Vec<(AuditCursor, AuditEntry)>> {
        let beyond = AuditCursor { at: UnixMicros(i64::MAX), is_edit: true, number: 0, name: String::new() };
        let after = after.unwrap_or(&beyond);
        self.read(if project.is_some() { OF_PROJECT } else { OF_ALL })
            .bind(project.map(|project| project.0))
            .bind(after.at.0)
            .bind(i32::from(after.is_edit))
            .bind(after.number)
            .bind(&after.name)
            .bind(i64::from(limit))
            .bind(PAGE_BYTES as i64)
            .read_all::<EntryRecord>()
            .await
    }
}
