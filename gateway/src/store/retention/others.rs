//! What else grows old: edits, remembered requests, devices, and the audit trail.

use std::time::Duration;

use async_trait::async_trait;
use protocol::model::{DeviceId, ProjectId, UnixMicros};
use sqlx::AssertSqlSafe;

use super::forgot::Forgot;
use crate::store::{
    budget::Budget,
    error::{Result, damaged},
    sql::row,
    sql_store::SqlStore,
};

/// A row of the history, as far as a policy looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldEdit {
    /// The revision.
    pub revision: i64,
    /// Which variable.
    pub name: String,
    /// When it was saved.
    pub at: UnixMicros,
    /// How many newer edits the variable has, up to the number that was asked for.
    pub newer: u32,
}

/// Forgetting everything but the log.
#[async_trait]
pub trait ForgetOthers: Send + Sync {
    /// Edits of a project behind a revision and a variable, oldest first. Of each it is told whether its variable has as
    /// many as `keep` newer ones.
    async fn list_edits(
        &self,
        _project: ProjectId,
        _after: (i64, &str),
        _keep: u32,
        _limit: u32,
    ) -> Result<Vec<OldEdit>> {
        Ok(Vec::new())
    }

    /// Forgets the first ones of these edits, as many as that takes no longer than `within`.
    async fn forget_edits(
        &self,
        _project: ProjectId,
        _edits: &[OldEdit],
        _within: Duration,
    ) -> Result<Forgot> {
        Ok(Forgot::default())
    }

    /// Forgets up to so many remembered requests of a project that changed nothing and are certainly older.
    async fn forget_requests(
        &self,
        _project: ProjectId,
        _before: UnixMicros,
        _rows: u32,
        _within: Duration,
    ) -> Result<Forgot> {
        Ok(Forgot::default())
    }

    /// Devices that were last seen before a time, with numbers above `after`.
    async fn list_unseen(
        &self,
        _project: ProjectId,
        _before: UnixMicros,
        _after: DeviceId,
        _limit: u32,
    ) -> Result<Vec<DeviceId>> {
        Ok(Vec::new())
    }

    /// Forgets up to so many older entries of the audit trail.
    async fn forget_audit(&self, _before: UnixMicros, _rows: u32, _within: Duration) -> Result<Forgot> {
        Ok(Forgot::default())
    }
}

row! {
    struct EditRecord { revision: i64, name: String, at: i64, newer: i64 } -> OldEdit {
        let newer = newer.try_into().map_err(|_| damaged("a variable has a negative number of edits"))?;
        Ok(OldEdit { revision, name, at: UnixMicros(at), newer })
    }
}

/// Along the index of revisions; for each row a few more of the index of its variable.
const EDITS: &str = "SELECT revision, name, at,
         (SELECT count(*) FROM (SELECT 1 AS one FROM edits n
              WHERE n.project_id = $1 AND n.name = e.name AND n.revision > e.revision LIMIT $4) newest) AS newer
     FROM edits e WHERE project_id = $1 AND revision >= $2 AND (revision > $2 OR name > $3)
     ORDER BY revision, name LIMIT $5";

/// The newest revision that is older: what was asked before it is older, too.
const BOUND: &str =
    "SELECT revision FROM edits WHERE project_id = $1 AND at < $2 ORDER BY at DESC, revision DESC LIMIT 1";

#[async_trait]
impl ForgetOthers for SqlStore {
    async fn list_edits(
        &self,
        project: ProjectId,
        (revision, name): (i64, &str),
        keep: u32,
        limit: u32,
    ) -> Result<Vec<OldEdit>> {
        let query = self.read(EDITS).bind(project.0).bind(revision).bind(name);
        query.bind(i64::from(keep)).bind(i64::from(limit)).read_all::<EditRecord>().await
    }

    async fn forget_edits(&self, project: ProjectId, edits: &[OldEdit], within: Duration) -> Result<Forgot> {
        let mut tx = self.begin_write().await?;
        let mut budget = Budget::new(u32::try_from(edits.len()).unwrap_or(u32::MAX), within);
        let mut rows = 0;
        for OldEdit { revision, name, .. } in edits {
            if budget.part().is_none() {
                break;
            }
            let sql = "DELETE FROM edits WHERE project_id = $1 AND revision = $2 AND name = $3";
            tx.query(sql).bind(project.0).bind(*revision).bind(name).run().await?;
            budget.take(1);
            rows += 1;
        }
        tx.commit().await?;
        let blocked = budget.elapsed();
        self.after_step().await?;
        Ok(Forgot { rows, blocked })
    }

    async fn forget_requests(
        &self,
        project: ProjectId,
        before: UnixMicros,
        rows: u32,
        within: Duration,
    ) -> Result<Forgot> {
        let bound: Option<(i64,)> = self.read(BOUND).bind(project.0).bind(before.0).find().await?;
        let Some((bound,)) = bound else { return Ok(Forgot::default()) };
        self.forget_some(
            "unchanged_edits",
            "project_id = $2 AND revision < $3",
            [project.0, bound],
            (rows, within),
        )
        .await
    }

    async fn list_unseen(
        &self,
        project: ProjectId,
        before: UnixMicros,
        after: DeviceId,
        limit: u32,
    ) -> Result<Vec<DeviceId>> {
        let sql = "SELECT id FROM devices
                   WHERE project_id = $1 AND forgotten_at IS NULL AND last_seen < $2 AND id > $3
                   ORDER BY id LIMIT $4";
        let query = self.read(sql).bind(project.0).bind(before.0).bind(after.0).bind(i64::from(limit));
        Ok(query.column().await?.into_iter().map(DeviceId).collect())
    }

    async fn forget_audit(&self, before: UnixMicros, rows: u32, within: Duration) -> Result<Forgot> {
        // along the index of times
        self.forget_some("audit", "at < $2 AND at >= $3", [before.0, i64::MIN], (rows, within)).await
    }
}

impl SqlStore {
    /// Deletes rows of a table in one transaction, under a condition on `$2` and `$3`.
    async fn forget_some(
        &self,
        table: &'static str,
        condition: &'static str,
        [second, third]: [i64; 2],
        (most, within): (u32, Duration),
    ) -> Result<Forgot> {
        let row = if self.engine.kind() == "sqlite" { "rowid" } else { "ctid" };
        let some = format!("SELECT {row} FROM {table} WHERE {condition} LIMIT $1");
        let sql = match row {
            "rowid" => format!("DELETE FROM {table} WHERE rowid IN ({some})"),
            _ => format!("DELETE FROM {table} WHERE ctid = ANY (ARRAY ({some}))"),
        };
        let mut tx = self.begin_write().await?;
        let mut budget = Budget::new(most, within);
        let mut rows = 0;
        while let Some(part) = budget.part() {
            let delete = tx.query(AssertSqlSafe(sql.clone())).bind(part).bind(second).bind(third);
            let gone = delete.run().await?;
            rows += usize::try_from(gone).unwrap_or(usize::MAX);
            budget.take(gone);
            if gone < part.cast_unsigned() {
                break;
            }
        }
        tx.commit().await?;
        let blocked = budget.elapsed();
        self.after_step().await?;
        Ok(Forgot { rows, blocked })
    }
}
