//! The statements of a batch for Postgres. Many rows travel as one array for each column, which `UNNEST`
//! makes a table of.

use async_trait::async_trait;
use sqlx::PgConnection;

use super::super::{
    Result,
    batch::{DeclaredRow, EditRows, LogRow, ReportedRow, Statements},
};

/// One field of every row.
fn column<'a, R, T>(rows: &'a [R], field: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(field).collect()
}

#[async_trait]
impl Statements for PgConnection {
    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>> {
        let sql = "SELECT id, project_id FROM devices WHERE id = ANY($1)";
        Ok(sqlx::query_as(sql).bind(devices).fetch_all(self).await?)
    }

    /// In the order of their numbers, so that two batches cannot wait for each other in a circle.
    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM projects WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
        Ok(sqlx::query_scalar(sql).bind(projects).fetch_all(self).await?)
    }

    async fn take_log_numbers(&mut self, counts: &[(i64, i64)]) -> Result<Vec<(i64, i64)>> {
        let sql =
            "UPDATE projects SET log_seq = log_seq + c.n FROM UNNEST($1::bigint[], $2::bigint[]) AS c (id, n)
                   WHERE projects.id = c.id RETURNING projects.id, log_seq";
        let (ids, numbers): (Vec<i64>, Vec<i64>) = counts.iter().copied().unzip();
        Ok(sqlx::query_as(sql).bind(ids).bind(numbers).fetch_all(self).await?)
    }

    async fn insert_logs(&mut self, rows: &[LogRow<'_>]) -> Result<()> {
        sqlx::query(
            "INSERT INTO logs (project_id, seq, device_id, at, received, level, message, fields)
             SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::int[],
                 $7::text[], $8::text[])",
        )
        .bind(column(rows, |r| r.project))
        .bind(column(rows, |r| r.seq))
        .bind(column(rows, |r| r.device))
        .bind(column(rows, |r| r.at))
        .bind(column(rows, |r| r.received))
        .bind(column(rows, |r| r.level))
        .bind(column(rows, |r| r.message))
        .bind(column(rows, |r| r.fields))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        sqlx::query(
            "INSERT INTO vars (project_id, name, position, spec)
             SELECT c.project_id, c.name,
                 coalesce((SELECT max(position) FROM vars v WHERE v.project_id = c.project_id), 0) + c.n, c.spec
             FROM UNNEST($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS c (project_id, name, spec, n)
             ON CONFLICT (project_id, name) DO UPDATE SET spec = excluded.spec",
        )
        .bind(column(rows, |r| r.project))
        .bind(column(rows, |r| r.name))
        .bind(column(rows, |r| r.spec.as_str()))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn upsert_reported(&mut self, rows: &[ReportedRow<'_>]) -> Result<()> {
        sqlx::query(
            "INSERT INTO reported (device_id, project_id, name, value, at)
             SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
             ON CONFLICT (device_id, name) DO UPDATE SET value = excluded.value, at = excluded.at",
        )
        .bind(column(rows, |r| r.device))
        .bind(column(rows, |r| r.project))
        .bind(column(rows, |r| r.name))
        .bind(column(rows, |r| r.value.as_str()))
        .bind(column(rows, |r| r.at))
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
             SELECT v.project_id, $2, $3, v.name, $4, v.desired, c.value, $5, $6
             FROM UNNEST($7::text[], $8::text[]) AS c (name, value)
             JOIN vars v ON v.project_id = $1 AND v.name = c.name
             ON CONFLICT (project_id, author_id, gesture, name)
             DO UPDATE SET new = excluded.new, revision = excluded.revision, at = excluded.at",
        )
        .bind(edit.project)
        .bind(edit.author_id)
        .bind(edit.gesture)
        .bind(edit.author)
        .bind(edit.revision)
        .bind(edit.at)
        .bind(&edit.names)
        .bind(&edit.values)
        .execute(self)
        .await?;
        Ok(done.rows_affected())
    }

    async fn set_desired(&mut self, edit: &EditRows<'_>) -> Result<u64> {
        let done = sqlx::query(
            "UPDATE vars SET desired = c.value, desired_revision = $2, desired_author = $3, desired_at = $4
             FROM UNNEST($5::text[], $6::text[]) AS c (name, value)
             WHERE vars.project_id = $1 AND vars.name = c.name",
        )
        .bind(edit.project)
        .bind(edit.revision)
        .bind(edit.author)
        .bind(edit.at)
        .bind(&edit.names)
        .bind(&edit.values)
        .execute(self)
        .await?;
        Ok(done.rows_affected())
    }

    async fn touch_devices(&mut self, seen: &[(i64, i64)]) -> Result<()> {
        let sql = "UPDATE devices SET last_seen = c.at FROM UNNEST($1::bigint[], $2::bigint[]) AS c (id, at)
                   WHERE devices.id = c.id";
        let (ids, times): (Vec<i64>, Vec<i64>) = seen.iter().copied().unzip();
        sqlx::query(sql).bind(ids).bind(times).execute(self).await?;
        Ok(())
    }
}
