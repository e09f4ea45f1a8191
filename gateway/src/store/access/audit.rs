//! The audit trail, and how a change gets its row in it.

use protocol::model::{AuditCursor, AuditEntry, ProjectId, UnixMicros, UserId};
use sqlx::{Database, Postgres, Sqlite, Transaction, query::Query};

use super::{AccessStore, Pools, both};
use crate::store::{PAGE_BYTES, Result, access_rows, page::page};

/// A statement with its values.
pub(in crate::store) type Statement<DB> = Query<'static, DB, <DB as Database>::Arguments>;

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
const OF_ALL: &str = "SELECT at, 0, id, '', actor, via, address, project_id, action, subject, old, new
     FROM audit WHERE $1 IS NULL AND at <= $2 AND (at, 0, id, '') < ($2, $3, $4, $5) AND $7 > 0
     ORDER BY at DESC, id DESC LIMIT $6";

/// A row of the audit trail that is yet to be written.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Now.
    pub at: UnixMicros,
    /// Who, if there is an account.
    pub actor_id: Option<UserId>,
    /// His name, kept when the account goes.
    pub actor: String,
    /// By what.
    pub via: String,
    /// From where; may be empty.
    pub address: String,
    /// In which project.
    pub project: Option<ProjectId>,
    /// What: a stable code.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is now.
    pub new: Option<String>,
}

impl AccessStore {
    /// Writes an audit row that no change goes with.
    pub async fn record(&self, note: AuditRow) -> Result<()> {
        both!(self, db, db.finish(db.begin_write().await?, note).await)
    }

    /// The newest audit entries behind a cursor, newest first: of one project together with its edits of values, or
    /// of all projects and the instance without them. At most `limit`, and [`PAGE_BYTES`] of values before the last of them.
    pub async fn list_audit(
        &self,
        project: Option<ProjectId>,
        after: Option<&AuditCursor>,
        limit: u32,
    ) -> Result<Vec<(AuditCursor, AuditEntry)>> {
        both!(self, db, {
            let beyond =
                AuditCursor { at: UnixMicros(i64::MAX), is_edit: true, number: 0, name: String::new() };
            let after = after.unwrap_or(&beyond);
            let cells: Vec<access_rows::AuditCells> =
                sqlx::query_as(if project.is_some() { OF_PROJECT } else { OF_ALL })
                    .bind(project.map(|project| project.0))
                    .bind(after.at.0)
                    .bind(i32::from(after.is_edit))
                    .bind(after.number)
                    .bind(&after.name)
                    .bind(i64::from(limit))
                    .bind(PAGE_BYTES as i64)
                    .fetch_all(&db.reader)
                    .await?;
            Ok(cells.into_iter().map(access_rows::audit).collect())
        })
    }
}

macro_rules! implement {
    ($db:ty) => {
        impl Pools<$db> {
            /// Runs `first`. When that changes rows, runs `then` and writes the audit row, all in one transaction.
            /// Returns how many rows `first` changed.
            pub(super) async fn change(
                &self,
                first: Statement<$db>,
                then: impl IntoIterator<Item = Statement<$db>>,
                note: AuditRow,
            ) -> Result<u64> {
                let mut tx = self.begin_write().await?;
                let changed = first.execute(&mut *tx).await?.rows_affected();
                if changed == 0 {
                    return Ok(0);
                }
                for statement in then {
                    statement.execute(&mut *tx).await?;
                }
                self.finish(tx, note).await?;
                Ok(changed)
            }

            /// Writes a transaction's audit row and commits.
            pub(super) async fn finish(&self, mut tx: Transaction<'_, $db>, note: AuditRow) -> Result<()> {
                Self::note(&note).execute(&mut *tx).await?;
                Ok(tx.commit().await?)
            }

            /// The statement that writes an audit row.
            pub(in crate::store) fn note(note: &AuditRow) -> Statement<$db> {
                sqlx::query(
                    "INSERT INTO audit (at, actor_id, actor, via, address, project_id, action, subject, old, new)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                )
                .bind(note.at.0)
                .bind(note.actor_id.map(|id| id.0))
                .bind(&note.actor)
                .bind(&note.via)
                .bind(&note.address)
                .bind(note.project.map(|id| id.0))
                .bind(note.action)
                .bind(&note.subject)
                .bind(&note.old)
                .bind(&note.new)
            }
        }
    };
}

implement!(Sqlite);
implement!(Postgres);
