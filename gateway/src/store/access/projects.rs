//! Projects as people see them.

use protocol::model::{Key, Project, ProjectId, ProjectSummary, UnixMicros, UserId};

use super::{AccessStore, AuditRow, both};
use crate::store::{Result, StoreError, rows, sweep::ENDS};

impl AccessStore {
    /// Makes a project with its first game key. `owner` becomes its first admin.
    ///
    /// # Errors
    /// `KeyTaken`; then nothing is made.
    pub async fn create_project(
        &self,
        name: &str,
        owner: Option<UserId>,
        key: Key,
        created_at: UnixMicros,
        note: AuditRow,
    ) -> Result<Project> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let id: i64 = sqlx::query_scalar(
                "INSERT INTO projects (name, owner_id, created_at) VALUES ($1, $2, $3) RETURNING id",
            )
            .bind(name)
            .bind(owner.map(|owner| owner.0))
            .bind(created_at.0)
            .fetch_one(&mut *tx)
            .await?;
            let made = sqlx::query(
                "INSERT INTO game_keys (project_id, key, name, created_at, created_by)
                 VALUES ($1, $2, 'first key', $3, $4) ON CONFLICT (key) DO NOTHING",
            )
            .bind(id)
            .bind(key.as_str())
            .bind(created_at.0)
            .bind(owner.map(|_| &note.actor))
            .execute(&mut *tx)
            .await?;
            if made.rows_affected() == 0 {
                return Err(StoreError::KeyTaken);
            }
            if let Some(owner) = owner {
                sqlx::query(
                    "INSERT INTO members (project_id, user_id, role, added_at) VALUES ($1, $2, 'admin', $3)",
                )
                .bind(id)
                .bind(owner.0)
                .bind(created_at.0)
                .execute(&mut *tx)
                .await?;
            }
            let note = AuditRow { project: Some(ProjectId(id)), ..note };
            db.finish(tx, note).await?;
            Ok(Project { id: ProjectId(id), name: name.to_owned(), key, created_at })
        })
    }

    /// The projects of a member, or every project for `None` (with the role admin); the newest first. `online` is
    /// 0 everywhere.
    pub async fn list_projects(&self, member: Option<UserId>) -> Result<Vec<ProjectSummary>> {
        both!(self, db, {
            // the newest by number: a clock may have jumped
            let cells = sqlx::query_as(
                "SELECT p.id, p.name, p.created_at,
                     (SELECT count(*) FROM devices d WHERE d.project_id = p.id AND d.forgotten_at IS NULL),
                     (SELECT max(last_seen) FROM devices d WHERE d.project_id = p.id),
                     coalesce(m.role, 'admin')
                 FROM projects p LEFT JOIN members m ON m.project_id = p.id AND m.user_id = $1
                 WHERE p.deleted_at IS NULL AND ($1 IS NULL OR m.role IS NOT NULL) ORDER BY p.id DESC",
            )
            .bind(member.map(|member| member.0))
            .fetch_all(&db.reader)
            .await?;
            cells.into_iter().map(rows::summary).collect()
        })
    }

    /// Renames a project.
    pub async fn rename_project(&self, project: ProjectId, name: &str, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let rename = sqlx::query("UPDATE projects SET name = $2 WHERE id = $1 AND deleted_at IS NULL")
                .bind(project.0)
                .bind(name);
            Ok(db.change(rename, [], note).await? > 0)
        })
    }

    /// Says whether new and changed declarations of a project's games wait for consent.
    pub async fn set_frozen(&self, project: ProjectId, is_frozen: bool, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let freeze = sqlx::query("UPDATE projects SET frozen = $2 WHERE id = $1 AND deleted_at IS NULL")
                .bind(project.0)
                .bind(i64::from(is_frozen));
            Ok(db.change(freeze, [], note).await? > 0)
        })
    }

    /// Deletes a project: nothing leads to it any more. What is in it goes piece by piece
    /// ([`Store::do_chore`](super::super::Store::do_chore)).
    pub async fn delete_project(&self, project: ProjectId, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let delete =
                sqlx::query("UPDATE projects SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
                    .bind(project.0)
                    .bind(note.at.0);
            let ends = ENDS.map(|sql| sqlx::query(sql).bind(project.0));
            Ok(db.change(delete, ends, note).await? > 0)
        })
    }
}
