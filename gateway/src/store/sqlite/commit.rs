//! The statements of a batch for SQLite. But for logs, many rows travel as one JSON text, which `json_each`
//! makes a table of: one prepared statement whatever the number of rows. `->>` gives text and integers
//! as they were.

use async_trait::async_trait;
use serde::Serialize;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::super::{
    AuditRow, Result, SqliteStore, Ticket, Write, Written,
    access::Pools,
    batch::{
        self, DROPPED_AT_ONCE, DeclaredRow, DesiredCells, DeviceRow, EditRows, FORGET_VAR, LogRow,
        OutcomeRow, ProgressRow, ReportedRow, SessionCells, SessionRow, Statements,
    },
};

/// Rows of one INSERT. From 64 to 256 it makes no difference, beyond it gets slower.
const LOG_CHUNK: usize = 128;

fn json(rows: impl Serialize) -> String {
    serde_json::to_string(&rows).expect("rows of texts and integers are always JSON")
}

impl SqliteStore {
    pub(super) async fn commit_batch(
        &self,
        ticket: &Ticket,
        batch: &[Write],
        written: &mut Vec<Written>,
    ) -> Result<()> {
        // without a commit, every return from here rolls back
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        *written = batch::write(&mut *tx, ticket, batch).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn delete_sessions(&self, sessions: &[i64], before: i64) -> Result<()> {
        let sql =
            "DELETE FROM game_sessions WHERE id IN (SELECT value FROM json_each($1)) AND updated_at < $2";
        sqlx::query(sql).bind(json(sessions)).bind(before).execute(&self.writer).await?;
        Ok(())
    }

    /// On the one connection that writes: a commit that was given up comes to its end first.
    pub(super) async fn last_commit(&self, writer: &str) -> Result<Option<i64>> {
        let sql = "SELECT number FROM writers WHERE name = $1";
        Ok(sqlx::query_scalar(sql).bind(writer).fetch_optional(&self.writer).await?)
    }
}

#[async_trait]
impl Statements for SqliteConnection {
    async fn mark(&mut self, writer: &str, number: i64) -> Result<i64> {
        sqlx::query(
            "INSERT INTO writers (name, number) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET number = excluded.number",
        )
        .bind(writer)
        .bind(number)
        .execute(&mut *self)
        .await?;
        Ok(sqlx::query_scalar("SELECT epoch FROM instance").fetch_one(self).await?)
    }

    async fn forget_devices(&mut self, devices: &[i64], at: i64) -> Result<()> {
        let sql = "UPDATE devices SET forgotten_at = $2, to_empty = $2
                   WHERE id IN (SELECT value FROM json_each($1))";
        sqlx::query(sql).bind(json(devices)).bind(at).execute(self).await?;
        Ok(())
    }

    async fn empty_forgotten(&mut self, rows: &[DeviceRow<'_>]) -> Result<()> {
        let known: Vec<_> = rows.iter().map(|r| (r.project, &r.info.identity)).collect();
        let sql = "SELECT id FROM devices WHERE to_empty IS NOT NULL
                       AND (project_id, identity) IN (SELECT value->>0, value->>1 FROM json_each($1))";
        let devices: Vec<i64> = sqlx::query_scalar(sql).bind(json(known)).fetch_all(&mut *self).await?;
        if devices.is_empty() {
            return Ok(());
        }
        let devices = json(devices);
        for sql in [
            "DELETE FROM reported WHERE device_id IN (SELECT value FROM json_each($1))",
            "DELETE FROM outcomes WHERE device_id IN (SELECT value FROM json_each($1))",
        ] {
            sqlx::query(sql).bind(&devices).execute(&mut *self).await?;
        }
        Ok(())
    }

    async fn drop_forgotten(&mut self, project: i64, most: i64) -> Result<()> {
        sqlx::query(
            "DELETE FROM devices WHERE to_empty IS NULL AND id IN
                 (SELECT id FROM devices WHERE project_id = $1 AND forgotten_at IS NOT NULL
                  ORDER BY forgotten_at DESC, id DESC LIMIT $3 OFFSET $2)",
        )
        .bind(project)
        .bind(most)
        .bind(DROPPED_AT_ONCE)
        .execute(self)
        .await?;
        Ok(())
    }

    async fn upsert_devices(&mut self, rows: &[DeviceRow<'_>]) -> Result<Vec<(i64, i64, String)>> {
        let rows: Vec<_> = rows
            .iter()
            .map(|r| {
                (
                    r.project,
                    &r.info.identity,
                    &r.info.name,
                    &r.info.about,
                    &r.info.attrs,
                    r.info.applied,
                    r.at,
                )
            })
            .collect();
        let made = sqlx::query_as(
            "INSERT INTO devices (project_id, identity, name, about, attrs, applied, first_seen, last_seen)
             SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>6
             FROM json_each($1) WHERE true
             ON CONFLICT (project_id, identity) DO UPDATE SET name = excluded.name, about = excluded.about,
                 attrs = excluded.attrs, applied = excluded.applied, last_seen = excluded.last_seen,
                 forgotten_at = NULL, to_empty = NULL
             RETURNING id, project_id, identity",
        )
        .bind(json(rows))
        .fetch_all(self)
        .await?;
        Ok(made)
    }

    async fn open_sessions(&mut self, rows: &[SessionRow<'_>]) -> Result<Vec<(i64, String, SessionCells)>> {
        let rows: Vec<_> = rows.iter().map(|r| (r.project, r.name, r.at)).collect();
        let opened: Vec<(i64, String, i64, i64, i64)> = sqlx::query_as(
            "INSERT INTO game_sessions (project_id, name, updated_at)
             SELECT value->>0, value->>1, value->>2 FROM json_each($1) WHERE true
             ON CONFLICT (project_id, name) DO UPDATE SET generation = generation + 1, updated_at = excluded.updated_at
             RETURNING project_id, name, id, generation, last_seq",
        )
        .bind(json(rows))
        .fetch_all(self)
        .await?;
        let session = |(project, name, id, generation, last_seq)| (project, name, (id, generation, last_seq));
        Ok(opened.into_iter().map(session).collect())
    }

    async fn sessions(&mut self, ids: &[i64]) -> Result<Vec<SessionCells>> {
        let sql = "SELECT id, generation, last_seq FROM game_sessions
                   WHERE id IN (SELECT value FROM json_each($1))";
        Ok(sqlx::query_as(sql).bind(json(ids)).fetch_all(self).await?)
    }

    async fn advance_sessions(&mut self, rows: &[ProgressRow]) -> Result<()> {
        let rows: Vec<_> = rows.iter().map(|r| (r.session, r.last_seq, r.at)).collect();
        sqlx::query(
            "UPDATE game_sessions SET last_seq = (c.value->>1), updated_at = (c.value->>2)
             FROM json_each($1) AS c WHERE game_sessions.id = (c.value->>0)",
        )
        .bind(json(rows))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn upsert_outcomes(&mut self, rows: &[OutcomeRow<'_>]) -> Result<()> {
        let rows: Vec<_> = rows
            .iter()
            .map(|r| (r.device, r.project, r.name, r.revision, r.status, &r.value, r.reason))
            .collect();
        sqlx::query(
            "INSERT INTO outcomes (device_id, project_id, name, revision, status, value, reason)
             SELECT c.value->>0, v.project_id, v.name, c.value->>3, c.value->>4, c.value->>5, c.value->>6
             FROM json_each($1) AS c CROSS JOIN vars v ON v.project_id = (c.value->>1) AND v.name = (c.value->>2)
             WHERE v.forgotten_at IS NULL
             ON CONFLICT (device_id, name) DO UPDATE SET revision = excluded.revision, status = excluded.status,
                 value = excluded.value, reason = excluded.reason",
        )
        .bind(json(rows))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn delete_outcomes(&mut self, rows: &[(i64, &str)]) -> Result<()> {
        sqlx::query(
            "DELETE FROM outcomes WHERE (device_id, name) IN
                 (SELECT value->>0, value->>1 FROM json_each($1))",
        )
        .bind(json(rows))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>> {
        let sql = "SELECT id, project_id FROM devices WHERE id IN (SELECT value FROM json_each($1))";
        Ok(sqlx::query_as(sql).bind(json(devices)).fetch_all(self).await?)
    }

    /// Nothing to lock: only one connection writes.
    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>> {
        let sql =
            "SELECT id FROM projects WHERE id IN (SELECT value FROM json_each($1)) AND deleted_at IS NULL";
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

    /// With what refers to them.
    async fn drop_forgotten_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        let rows: Vec<_> = rows.iter().map(|r| (r.project, r.name)).collect();
        let sql = "DELETE FROM vars WHERE forgotten_at IS NOT NULL
                       AND (project_id, name) IN (SELECT value->>0, value->>1 FROM json_each($1))";
        sqlx::query(sql).bind(json(rows)).execute(self).await?;
        Ok(())
    }

    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        let rows: Vec<_> = rows.iter().map(|r| (r.project, r.name, &r.spec, r.device)).collect();
        // "WHERE true" keeps ON CONFLICT from being read as a join's ON
        sqlx::query(
            "INSERT INTO vars (project_id, name, position, spec, declared_by)
             SELECT c.value->>0, c.value->>1,
                 coalesce((SELECT max(position) FROM vars v WHERE v.project_id = (c.value->>0)), 0) + c.key + 1,
                 c.value->>2, c.value->>3
             FROM json_each($1) AS c WHERE true
             ON CONFLICT (project_id, name)
             DO UPDATE SET spec = excluded.spec, declared_by = excluded.declared_by",
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

    async fn desired(
        &mut self,
        project: i64,
        author: i64,
        gesture: i64,
        names: &[&str],
    ) -> Result<Vec<DesiredCells>> {
        let sql = "SELECT v.name, v.desired, coalesce(v.desired_revision, l.revision), coalesce(v.desired_author, l.author),
                       coalesce(v.desired_at, l.at), e.name IS NOT NULL
                   FROM vars v LEFT JOIN let_go l ON l.project_id = v.project_id AND l.name = v.name
                   LEFT JOIN edits e ON e.project_id = v.project_id AND e.author_id = $2 AND e.gesture = $3
                       AND e.name = v.name AND e.revision = coalesce(v.desired_revision, l.revision)
                   WHERE v.project_id = $1 AND v.forgotten_at IS NULL AND (v.desired IS NOT NULL OR l.name IS NOT NULL)
                       AND v.name IN (SELECT value FROM json_each($4))";
        Ok(sqlx::query_as(sql)
            .bind(project)
            .bind(author)
            .bind(gesture)
            .bind(json(names))
            .fetch_all(self)
            .await?)
    }

    async fn next_revision(&mut self, project: i64) -> Result<i64> {
        let sql = "UPDATE projects SET revision = revision + 1 WHERE id = $1 RETURNING revision";
        Ok(sqlx::query_scalar(sql).bind(project).fetch_one(self).await?)
    }

    async fn upsert_history(&mut self, edit: &EditRows<'_>) -> Result<u64> {
        let done = sqlx::query(
            "INSERT INTO edits
                 (project_id, author_id, gesture, name, author, old, new, revision, at, via, address)
             SELECT v.project_id, $2, $3, v.name, $4, v.desired, c.value->>1, $5, $6, $8, $9
             FROM json_each($7) AS c CROSS JOIN vars v ON v.project_id = $1 AND v.name = (c.value->>0)
             WHERE v.forgotten_at IS NULL
             ON CONFLICT (project_id, author_id, gesture, name)
             DO UPDATE SET new = excluded.new, revision = excluded.revision, at = excluded.at,
                 via = excluded.via, address = excluded.address",
        )
        .bind(edit.project)
        .bind(edit.author_id)
        .bind(edit.gesture)
        .bind(edit.author)
        .bind(edit.revision)
        .bind(edit.at)
        .bind(json(cells(edit)))
        .bind(edit.via)
        .bind(edit.address)
        .execute(self)
        .await?;
        Ok(done.rows_affected())
    }

    async fn remember_unchanged(&mut self, edit: &EditRows<'_>) -> Result<()> {
        sqlx::query(
            "INSERT INTO unchanged_edits (project_id, author_id, gesture, name, value, revision, set_by)
             SELECT $1, $2, $3, c.value->>0, c.value->>1, $4, c.value->>2 FROM json_each($5) AS c WHERE true
             ON CONFLICT (project_id, author_id, gesture, name) DO NOTHING",
        )
        .bind(edit.project)
        .bind(edit.author_id)
        .bind(edit.gesture)
        .bind(edit.revision)
        .bind(json(cells(edit)))
        .execute(self)
        .await?;
        Ok(())
    }

    /// An upsert of rows that exist, and not UPDATE … FROM json_each: SQLite may scan the JSON text anew for
    /// every variable of the project (15 s for 5,000), and only a join's order can be dictated.
    async fn set_desired(&mut self, edit: &EditRows<'_>) -> Result<u64> {
        let done = sqlx::query(
            "INSERT INTO vars
                 (project_id, name, position, spec, desired, desired_revision, desired_author, desired_at)
             SELECT v.project_id, v.name, v.position, v.spec, c.value->>1, iif((c.value->>1) IS NULL, NULL, $2),
                 iif((c.value->>1) IS NULL, NULL, $3), iif((c.value->>1) IS NULL, NULL, $4)
             FROM json_each($5) AS c CROSS JOIN vars v ON v.project_id = $1 AND v.name = (c.value->>0)
             WHERE v.forgotten_at IS NULL
             ON CONFLICT (project_id, name) DO UPDATE SET desired = excluded.desired,
                 desired_revision = excluded.desired_revision, desired_author = excluded.desired_author,
                 desired_at = excluded.desired_at",
        )
        .bind(edit.project)
        .bind(edit.revision)
        .bind(edit.author)
        .bind(edit.at)
        .bind(json(cells(edit)))
        .execute(self)
        .await?;
        Ok(done.rows_affected())
    }

    async fn note_let_go(&mut self, edit: &EditRows<'_>, names: &[&str]) -> Result<()> {
        sqlx::query(
            "INSERT INTO let_go (project_id, name, revision, author, at)
             SELECT $1, c.value, $2, $3, $4 FROM json_each($5) AS c WHERE true
             ON CONFLICT (project_id, name) DO UPDATE SET revision = excluded.revision, author = excluded.author,
                 at = excluded.at",
        )
        .bind(edit.project)
        .bind(edit.revision)
        .bind(edit.author)
        .bind(edit.at)
        .bind(json(names))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn forget_var(&mut self, project: i64, name: &str, at: i64) -> Result<bool> {
        let done = sqlx::query(FORGET_VAR).bind(project).bind(name).bind(at).execute(self).await?;
        Ok(done.rows_affected() > 0)
    }

    async fn note(&mut self, note: &AuditRow) -> Result<()> {
        Pools::<Sqlite>::note(note).execute(self).await?;
        Ok(())
    }

    async fn touch_devices(&mut self, seen: &[(i64, i64, Option<i64>)]) -> Result<()> {
        let sql = "UPDATE devices SET last_seen = (c.value->>1), applied = coalesce(c.value->>2, applied)
                   FROM json_each($1) AS c WHERE devices.id = (c.value->>0)";
        sqlx::query(sql).bind(json(seen)).execute(self).await?;
        Ok(())
    }
}

/// (name, value, the edit that made it so) of each change.
fn cells<'a>(edit: &'a EditRows<'_>) -> Vec<(&'a str, Option<&'a str>, i64)> {
    let values = edit.values.iter().map(Option::as_deref);
    edit.names.iter().zip(values).zip(&edit.set_by).map(|((name, value), by)| (*name, value, *by)).collect()
}
