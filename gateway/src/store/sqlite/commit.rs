//! The statements of a batch for SQLite. But for logs, many rows travel as one JSON text, which `json_each`
//! makes a table of: one prepared statement whatever the number of rows. `->>` gives text and integers
//! as they were.

use async_trait::async_trait;
use serde::Serialize;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::super::{
    Result,
    batch::{DeclaredRow, EditRows, LogRow, ReportedRow, Statements},
};

/// Rows of one INSERT. From 64 to 256 it makes no difference, beyond it gets slower.
const LOG_CHUNK: usize = 128;

fn json(rows: impl Serialize) -> String {
    serde_json::to_string(&rows).expect("rows of texts and integers are always JSON")
}

#[async_trait]
impl Statements for SqliteConnection {
    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>> {
        let sql = "SELECT id, project_id FROM devices WHERE id IN (SELECT value FROM json_each($1))";
        Ok(sqlx::query_as(sql).bind(json(devices)).fetch_all(self).await?)
    }

    /// Nothing to lock: only one connection writes.
    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM projects WHERE id IN (SELECT value FROM json_each($1))";
        Ok(sqlx::query_scalar(sql).bind(json(projects)).fetch_all(self).await?)
    }

    async fn take_log_numbers(&mut self, counts: &[(i64, i64)]) -> Result<Vec<(i64, i64)>> {
        let sql = "UPDATE projects SET log_seq = log_seq + (c.value->>1) FROM json_each($1) AS c
                   WHERE projects.id = (c.value->>0) RETURNING id, log_seq";
        Ok(sqlx::query_as(sql).bind(json(counts)).fetch_all(self).await?)
    }

    /// In VALUES of many rows, which for logs is 1.5 times as fast as JSON.
    async fn insert_logs(&mut self, rows: &[LogRow<'_>]) -> Result<()> {
        for chunk in rows.chunks(LOG_CHUNK) {
            let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new(
                "INSERT INTO logs (project_id, seq, device_id, at, received, level, message, fields) ",
            );
            sql.push_values(chunk, |mut row, line| {
                row.push_bind(line.project)
                    .push_bind(line.seq)
                    .push_bind(line.device)
                    .push_bind(line.at)
                    .push_bind(line.received)
                    .push_bind(line.level)
                    .push_bind(line.message)
                    .push_bind(line.fields);
            });
            // only the statement of a whole chunk will be seen again
            sql.build().persistent(chunk.len() == LOG_CHUNK).execute(&mut *self).await?;
        }
        Ok(())
    }

    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        let rows: Vec<_> = rows.iter().map(|r| (r.project, r.name, &r.spec)).collect();
        // "WHERE true" keeps ON CONFLICT from being read as a join's ON
        sqlx::query(
            "INSERT INTO vars (project_id, name, position, spec)
             SELECT c.value->>0, c.value->>1,
                 coalesce((SELECT max(position) FROM vars v WHERE v.project_id = (c.value->>0)), 0) + c.key + 1,
                 c.value->>2
             FROM json_each($1) AS c WHERE true
             ON CONFLICT (project_id, name) DO UPDATE SET spec = excluded.spec",
        )
        .bind(json(rows))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn upsert_reported(&mut self, rows: &[ReportedRow<'_>]) -> Result<()> {
        let rows: Vec<_> = rows.iter().map(|r| (r.device, r.project, r.name, &r.value, r.at)).collect();
        sqlx::query(
            "INSERT INTO reported (device_id, project_id, name, value, at)
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each($1) WHERE true
             ON CONFLICT (device_id, name) DO UPDATE SET value = excluded.value, at = excluded.at",
        )
        .bind(json(rows))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn next_revision(&mut self, project: i64) -> Result<i64> {
        let sql = "UPDATE projects SET revision = revision + 1 WHERE id = $1 RETURNING revision";
        Ok(sqlx::query_scalar(sql).bind(project).fetch_one(self).await?)
    }

    async fn upsert_history(&mut self, edit: &EditRows<'_>) -> Result<u64> {
        let done = sqlx::query(
            "INSERT INTO edits (project_id, author_id, gesture, name, author, old, new, revision, at)
             SELECT v.project_id, $2, $3, v.name, $4, v.desired, c.value->>1, $5, $6
             FROM json_each($7) AS c CROSS JOIN vars v ON v.project_id = $1 AND v.name = (c.value->>0) WHERE true
             ON CONFLICT (project_id, author_id, gesture, name)
             DO UPDATE SET new = excluded.new, revision = excluded.revision, at = excluded.at",
        )
        .bind(edit.project)
        .bind(edit.author_id)
        .bind(edit.gesture)
        .bind(edit.author)
        .bind(edit.revision)
        .bind(edit.at)
        .bind(json(pairs(edit)))
        .execute(self)
        .await?;
        Ok(done.rows_affected())
    }

    /// An upsert of rows that exist, and not UPDATE … FROM json_each: SQLite may scan the JSON text anew for
    /// every variable of the project (15 s for 5,000), and only a join's order can be dictated.
    async fn set_desired(&mut self, edit: &EditRows<'_>) -> Result<u64> {
        let done = sqlx::query(
            "INSERT INTO vars
                 (project_id, name, position, spec, desired, desired_revision, desired_author, desired_at)
             SELECT v.project_id, v.name, v.position, v.spec, c.value->>1, $2, $3, $4
             FROM json_each($5) AS c CROSS JOIN vars v ON v.project_id = $1 AND v.name = (c.value->>0) WHERE true
             ON CONFLICT (project_id, name) DO UPDATE SET desired = excluded.desired,
                 desired_revision = excluded.desired_revision, desired_author = excluded.desired_author,
                 desired_at = excluded.desired_at",
        )
        .bind(edit.project)
        .bind(edit.revision)
        .bind(edit.author)
        .bind(edit.at)
        .bind(json(pairs(edit)))
        .execute(self)
        .await?;
        Ok(done.rows_affected())
    }

    async fn touch_devices(&mut self, seen: &[(i64, i64)]) -> Result<()> {
        let sql = "UPDATE devices SET last_seen = (c.value->>1) FROM json_each($1) AS c
                   WHERE devices.id = (c.value->>0)";
        sqlx::query(sql).bind(json(seen)).execute(self).await?;
        Ok(())
    }
}

/// (name, value) of each change.
fn pairs<'a>(edit: &'a EditRows<'_>) -> Vec<(&'a str, &'a str)> {
    edit.names.iter().copied().zip(edit.values.iter().map(String::as_str)).collect()
}
