//! Policies of projects, and what was forgotten by them.

use async_trait::async_trait;
use protocol::model::{Forgotten, ProjectId, RetentionPolicy, UnixMicros};

use crate::store::{
    error::{Result, damaged},
    note::AuditRow,
    sql::{Tx, row},
    sql_store::SqlStore,
};

/// Policies of projects.
#[async_trait]
pub trait Policies: Send + Sync {
    /// Every project with its policy; [`RetentionPolicy::KEEP_ALL`] if it has none.
    async fn list_policies(&self) -> Result<Vec<(ProjectId, RetentionPolicy)>> {
        Ok(Vec::new())
    }

    /// The policy of a project, and what was forgotten of its log; `None`: there is no such project.
    async fn get_policy(&self, _project: ProjectId) -> Result<Option<(RetentionPolicy, Option<Forgotten>)>> {
        Ok(None)
    }

    /// Sets the policy of a project. Returns whether there is one.
    async fn set_policy(
        &self,
        _project: ProjectId,
        _policy: &RetentionPolicy,
        _note: AuditRow,
    ) -> Result<bool> {
        Ok(false)
    }
}

row! {
    struct ListedRecord { id: i64, policy: Option<String> } -> (ProjectId, RetentionPolicy) {
        Ok((ProjectId(id), read(policy.as_deref())?))
    }
}

row! {
    struct PolicyRecord {
        policy: Option<String>,
        forgotten_lines: i64,
        forgotten_bytes: i64,
        pass_at: Option<i64>,
        pass_lines: i64,
    } -> (RetentionPolicy, Option<Forgotten>) {
        let number = |cell: i64| u64::try_from(cell).map_err(|_| damaged("a negative number of lines was forgotten"));
        let (lines, bytes, last_lines) = (number(forgotten_lines)?, number(forgotten_bytes)?, number(pass_lines)?);
        let forgotten = pass_at.map(|at| Forgotten { lines, bytes, at: UnixMicros(at), last_lines });
        Ok((read(policy.as_deref())?, forgotten))
    }
}

fn read(policy: Option<&str>) -> Result<RetentionPolicy> {
    let Some(json) = policy else { return Ok(RetentionPolicy::KEEP_ALL) };
    serde_json::from_str(json).map_err(|_| damaged("a retention policy is malformed"))
}

fn json(policy: &RetentionPolicy) -> String {
    serde_json::to_string(policy).expect("numbers are always JSON")
}

#[async_trait]
impl Policies for SqlStore {
    async fn list_policies(&self) -> Result<Vec<(ProjectId, RetentionPolicy)>> {
        let sql = "SELECT p.id, r.policy FROM projects p LEFT JOIN retention r ON r.project_id = p.id
                   WHERE p.deleted_at IS NULL ORDER BY p.id";
        self.read(sql).read_all::<ListedRecord>().await
    }

    async fn get_policy(&self, project: ProjectId) -> Result<Option<(RetentionPolicy, Option<Forgotten>)>> {
        let sql = "SELECT r.policy, coalesce(r.forgotten_lines, 0) AS forgotten_lines,
                       coalesce(r.forgotten_bytes, 0) AS forgotten_bytes, r.pass_at,
                       coalesce(r.pass_lines, 0) AS pass_lines
                   FROM projects p LEFT JOIN retention r ON r.project_id = p.id
                   WHERE p.id = $1 AND p.deleted_at IS NULL";
        self.read(sql).bind(project.0).read::<PolicyRecord>().await
    }

    async fn set_policy(&self, project: ProjectId, policy: &RetentionPolicy, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let changed = tx.put_policy(project, policy).await?;
        tx.finish_if(changed, note).await
    }
}

impl Tx<'_> {
    /// Sets the policy of a project, if there is one.
    pub(in crate::store) async fn put_policy(
        &mut self,
        project: ProjectId,
        policy: &RetentionPolicy,
    ) -> Result<u64> {
        let sql = "INSERT INTO retention (project_id, policy)
                   SELECT id, $2 FROM projects WHERE id = $1 AND deleted_at IS NULL
                   ON CONFLICT (project_id) DO UPDATE SET policy = excluded.policy";
        self.query(sql).bind(project.0).bind(json(policy)).run().await
    }
}
