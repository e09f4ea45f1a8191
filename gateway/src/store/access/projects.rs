//! Projects as people see them.

use async_trait::async_trait;
use protocol::model::{
    Key, Project, ProjectId, ProjectInfo, ProjectSummary, RetentionPolicy, UnixMicros, UserId,
};

use crate::store::{
    cells,
    chores::ENDS,
    error::{Result, StoreError, damaged},
    note::AuditRow,
    sql::row,
    sql_store::SqlStore,
};

/// Projects as people see them.
#[async_trait]
pub trait Projects: Send + Sync {
    /// Creates a project with its first game key. `owner` becomes its first admin.
    ///
    /// # Errors
    /// `KeyTaken`; then nothing is created.
    async fn create_project(
        &self,
        name: &str,
        owner: Option<UserId>,
        key: Key,
        created_at: UnixMicros,
        note: AuditRow,
    ) -> Result<Project>;

    /// The projects of a member, or all projects for `None` (with the role admin), newest first. `online` is always 0.
    async fn list_projects(&self, member: Option<UserId>) -> Result<Vec<ProjectSummary>>;

    /// Renames a project.
    async fn rename_project(&self, project: ProjectId, name: &str, note: AuditRow) -> Result<bool>;

    /// Sets whether new and changed declarations of a project's games wait for consent.
    async fn set_frozen(&self, project: ProjectId, is_frozen: bool, note: AuditRow) -> Result<bool>;

    /// Deletes a project: it is no longer accessible. Its contents are deleted in steps
    /// ([`Chores::do_chore`](crate::store::Chores::do_chore)).
    async fn delete_project(&self, project: ProjectId, note: AuditRow) -> Result<bool>;

    /// The projects that require a second factor.
    async fn list_guarded_projects(&self) -> Result<Vec<ProjectId>>;

    /// Sets whether a project requires a second factor. Returns whether that is new.
    async fn guard_project(&self, project: ProjectId, guarded: bool, note: AuditRow) -> Result<bool>;
}

row! {
    struct SummaryRecord {
        id: i64,
        name: String,
        created_at: i64,
        devices: i64,
        last_seen: Option<i64>,
        role: String,
    } -> ProjectSummary {
        let (id, created_at) = (ProjectId(id), UnixMicros(created_at));
        Ok(ProjectSummary {
            project: ProjectInfo { id, name, created_at },
            role: cells::project_role(&role)?,
            devices: devices.try_into().map_err(|_| damaged("a project has too many devices"))?,
            online: 0,
            last_seen: last_seen.map(UnixMicros),
            stored_today: 0,
            full_until: None,
        })
    }
}

#[async_trait]
impl Projects for SqlStore {
    async fn create_project(
        &self,
        name: &str,
        owner: Option<UserId>,
        key: Key,
        created_at: UnixMicros,
        note: AuditRow,
    ) -> Result<Project> {
        let mut tx = self.begin_write().await?;
        let (id,): (i64,) = tx
            .query("INSERT INTO projects (name, owner_id, created_at) VALUES ($1, $2, $3) RETURNING id")
            .bind(name)
            .bind(owner.map(|owner| owner.0))
            .bind(created_at.0)
            .one()
            .await?;
        let made = tx
            .query(
                "INSERT INTO game_keys (project_id, key, name, created_at, created_by)
                 VALUES ($1, $2, 'first key', $3, $4) ON CONFLICT (key) DO NOTHING",
            )
            .bind(id)
            .bind(key.as_str())
            .bind(created_at.0)
            .bind(owner.map(|_| &note.actor))
            .run()
            .await?;
        if made == 0 {
            return Err(StoreError::KeyTaken);
        }
        if let Some(owner) = owner {
            tx.query(
                "INSERT INTO members (project_id, user_id, role, added_at) VALUES ($1, $2, 'admin', $3)",
            )
            .bind(id)
            .bind(owner.0)
            .bind(created_at.0)
            .run()
            .await?;
        }
        let id = ProjectId(id);
        tx.put_policy(id, &RetentionPolicy::OF_NEW_PROJECTS).await?;
        tx.finish(AuditRow { project: Some(id), ..note }).await?;
        Ok(Project { id, name: name.to_owned(), key, created_at })
    }

    async fn list_projects(&self, member: Option<UserId>) -> Result<Vec<ProjectSummary>> {
        // ordered by id, because a clock may have jumped
        self.read(
            "SELECT p.id, p.name, p.created_at,
                 (SELECT count(*) FROM devices d WHERE d.project_id = p.id AND d.forgotten_at IS NULL) AS devices,
                 (SELECT max(last_seen) FROM devices d WHERE d.project_id = p.id) AS last_seen,
                 coalesce(m.role, 'admin') AS role
             FROM projects p LEFT JOIN members m ON m.project_id = p.id AND m.user_id = $1
             WHERE p.deleted_at IS NULL AND ($1 IS NULL OR m.role IS NOT NULL) ORDER BY p.id DESC",
        )
        .bind(member.map(|member| member.0))
        .read_all::<SummaryRecord>()
        .await
    }

    async fn rename_project(&self, project: ProjectId, name: &str, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let rename = tx.query("UPDATE projects SET name = $2 WHERE id = $1 AND deleted_at IS NULL");
        let renamed = rename.bind(project.0).bind(name).run().await?;
        tx.finish_if(renamed, note).await
    }

    async fn set_frozen(&self, project: ProjectId, is_frozen: bool, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let freeze = tx.query("UPDATE projects SET frozen = $2 WHERE id = $1 AND deleted_at IS NULL");
        let changed = freeze.bind(project.0).bind(i64::from(is_frozen)).run().await?;
        tx.finish_if(changed, note).await
    }

    async fn delete_project(&self, project: ProjectId, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let delete = tx.query("UPDATE projects SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL");
        let deleted = delete.bind(project.0).bind(note.at.0).run().await?;
        if deleted > 0 {
            for sql in ENDS {
                tx.query(sql).bind(project.0).run().await?;
            }
        }
        tx.finish_if(deleted, note).await
    }

    async fn list_guarded_projects(&self) -> Result<Vec<ProjectId>> {
        let sql = "SELECT id FROM projects WHERE needs_second_factor <> 0 AND deleted_at IS NULL";
        Ok(self.read(sql).column().await?.into_iter().map(ProjectId).collect())
    }

    async fn guard_project(&self, project: ProjectId, guarded: bool, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let change = tx.query(
            "UPDATE projects SET needs_second_factor = $2
             WHERE id = $1 AND needs_second_factor <> $2 AND deleted_at IS NULL",
        );
        let changed = change.bind(project.0).bind(i64::from(guarded)).run().await?;
        tx.finish_if(changed, note).await
    }
}
