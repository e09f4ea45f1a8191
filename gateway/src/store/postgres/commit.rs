//! The statements of a batch for Postgres. Many rows travel as one array for each column, which `UNNEST`
//! makes a table of.

use async_trait::async_trait;
use sqlx::{Connection as _, PgConnection, Postgres};

use super::super::{
    AuditRow, PostgresStore, Result, StoreError, Ticket, Write, Written,
    access::Pools,
    batch::{
        self, DROPPED_AT_ONCE, DeclaredRow, DesiredCells, DeviceRow, EditRows, FORGET_VAR, LogRow,
        OutcomeRow, ProgressRow, ReportedRow, SessionCells, SessionRow, Statements,
    },
};

/// One field of every row.
fn column<'a, R, T>(rows: &'a [R], field: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(field).collect()
}

impl PostgresStore {
    pub(super) async fn commit_batch(
        &self,
        ticket: &Ticket,
        batch: &[Write],
        written: &mut Vec<Written>,
    ) -> Result<()> {
        let mut slot = self.commits.lock().await;
        let mut connection = self.take_connection(&mut slot).await?;
        let mut tx = connection.begin_with("BEGIN").await?;
        let outcome = match batch::write(&mut *tx, ticket, batch).await {
            Ok(done) => {
                *written = done;
                tx.commit().await.map_err(StoreError::from)
            }
            Err(error) => tx.rollback().await.map_err(StoreError::from).and(Err(error)),
        };
        if !outcome.as_ref().is_err_and(StoreError::is_unavailable) {
            *slot = Some(connection);
        }
        outcome
    }

    pub(super) async fn delete_sessions(&self, sessions: &[i64], before: i64) -> Result<()> {
        let sql = "DELETE FROM game_sessions WHERE id = ANY($1) AND updated_at < $2";
        sqlx::query(sql).bind(sessions).bind(before).execute(&self.writer).await?;
        Ok(())
    }

    /// The mark is written even if nothing changes: that waits for a transaction which was cut off and may
    /// still be committed.
    pub(super) async fn last_commit(&self, writer: &str) -> Result<Option<i64>> {
        let mut slot = self.commits.lock().await;
        let mut connection = self.take_connection(&mut slot).await?;
        let sql = "INSERT INTO writers (name, number) VALUES ($1, 0)
                   ON CONFLICT (name) DO UPDATE SET number = writers.number RETURNING number";
        let number = sqlx::query_scalar(sql).bind(writer).fetch_one(&mut connection).await?;
        *slot = Some(connection);
        Ok(Some(number))
    }

    /// A connection of its own, in nobody's pool: one that hangs is dropped with the call that is given up.
    async fn take_connection(&self, slot: &mut Option<PgConnection>) -> Result<PgConnection> {
        match slot.take() {
            _ if self.writer.is_closed() => Err(sqlx::Error::PoolClosed.into()),
            Some(connection) => Ok(connection),
            None => self.connect_one().await,
        }
    }
}

#[async_trait]
impl Statements for PgConnection {
    async fn mark(&mut self, writer: &str, number: i64) -> Result<i64> {
        sqlx::query(
            "INSERT INTO writers (name, number) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET number = excluded.number",
        )
        .bind(writer)
        .bind(number)
        .execute(&mut *self)
        .await?;
        // a restore locks the table of writers first: this is the epoch until the transaction ends
        Ok(sqlx::query_scalar("SELECT epoch FROM instance").fetch_one(self).await?)
    }

    async fn forget_devices(&mut self, devices: &[i64], at: i64) -> Result<()> {
        let sql = "UPDATE devices SET forgotten_at = $2, to_empty = $2 WHERE id = ANY($1)";
        sqlx::query(sql).bind(devices).bind(at).execute(self).await?;
        Ok(())
    }

    async fn empty_forgotten(&mut self, rows: &[DeviceRow<'_>]) -> Result<()> {
        let sql = "SELECT d.id FROM UNNEST($1::bigint[], $2::text[]) AS c (project_id, identity)
                   JOIN devices d ON d.project_id = c.project_id AND d.identity = c.identity
                   WHERE d.to_empty IS NOT NULL";
        let devices: Vec<i64> = sqlx::query_scalar(sql)
            .bind(column(rows, |r| r.project))
            .bind(column(rows, |r| r.info.identity.as_str()))
            .fetch_all(&mut *self)
            .await?;
        if devices.is_empty() {
            return Ok(());
        }
        for sql in [
            "DELETE FROM reported WHERE device_id = ANY($1)",
            "DELETE FROM outcomes WHERE device_id = ANY($1)",
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
        let made = sqlx::query_as(
            "INSERT INTO devices (project_id, identity, name, about, attrs, applied, first_seen, last_seen)
             SELECT c.*, c.at FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                 $6::bigint[], $7::bigint[]) AS c (project_id, identity, name, about, attrs, applied, at)
             ON CONFLICT (project_id, identity) DO UPDATE SET name = excluded.name, about = excluded.about,
                 attrs = excluded.attrs, applied = excluded.applied, last_seen = excluded.last_seen,
                 forgotten_at = NULL, to_empty = NULL
             RETURNING id, project_id, identity",
        )
        .bind(column(rows, |r| r.project))
        .bind(column(rows, |r| r.info.identity.as_str()))
        .bind(column(rows, |r| r.info.name.as_str()))
        .bind(column(rows, |r| r.info.about.as_str()))
        .bind(column(rows, |r| r.info.attrs.as_deref()))
        .bind(column(rows, |r| r.info.applied.map(|revision| revision.0)))
        .bind(column(rows, |r| r.at))
        .fetch_all(self)
        .await?;
        Ok(made)
    }

    async fn open_sessions(&mut self, rows: &[SessionRow<'_>]) -> Result<Vec<(i64, String, SessionCells)>> {
        let opened: Vec<(i64, String, i64, i64, i64)> = sqlx::query_as(
            "INSERT INTO game_sessions (project_id, name, updated_at)
             SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::bigint[])
             ON CONFLICT (project_id, name)
             DO UPDATE SET generation = game_sessions.generation + 1, updated_at = excluded.updated_at
             RETURNING project_id, name, id, generation, last_seq",
        )
        .bind(column(rows, |r| r.project))
        .bind(column(rows, |r| r.name))
        .bind(column(rows, |r| r.at))
        .fetch_all(self)
        .await?;
        let session = |(project, name, id, generation, last_seq)| (project, name, (id, generation, last_seq));
        Ok(opened.into_iter().map(session).collect())
    }

    async fn sessions(&mut self, ids: &[i64]) -> Result<Vec<SessionCells>> {
        let sql = "SELECT id, generation, last_seq FROM game_sessions WHERE id = ANY($1)";
        Ok(sqlx::query_as(sql).bind(ids).fetch_all(self).await?)
    }

    async fn advance_sessions(&mut self, rows: &[ProgressRow]) -> Result<()> {
        sqlx::query(
            "UPDATE game_sessions SET last_seq = c.last_seq, updated_at = c.at
             FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS c (id, last_seq, at)
             WHERE game_sessions.id = c.id",
        )
        .bind(column(rows, |r| r.session))
        .bind(column(rows, |r| r.last_seq))
        .bind(column(rows, |r| r.at))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn upsert_outcomes(&mut self, rows: &[OutcomeRow<'_>]) -> Result<()> {
        sqlx::query(
            "INSERT INTO outcomes (device_id, project_id, name, revision, status, value, reason)
             SELECT c.* FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                 $7::text[]) AS c (device_id, project_id, name, revision, status, value, reason)
             JOIN vars v ON v.project_id = c.project_id AND v.name = c.name AND v.forgotten_at IS NULL
             ON CONFLICT (device_id, name) DO UPDATE SET revision = excluded.revision, status = excluded.status,
                 value = excluded.value, reason = excluded.reason",
        )
        .bind(column(rows, |r| r.device))
        .bind(column(rows, |r| r.project))
        .bind(column(rows, |r| r.name))
        .bind(column(rows, |r| r.revision))
        .bind(column(rows, |r| r.status))
        .bind(column(rows, |r| r.value.as_deref()))
        .bind(column(rows, |r| r.reason))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn delete_outcomes(&mut self, rows: &[(i64, &str)]) -> Result<()> {
        sqlx::query(
            "DELETE FROM outcomes USING UNNEST($1::bigint[], $2::text[]) AS c (device_id, name)
             WHERE outcomes.device_id = c.device_id AND outcomes.name = c.name",
        )
        .bind(column(rows, |r| r.0))
        .bind(column(rows, |r| r.1))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>> {
        let sql = "SELECT id, project_id FROM devices WHERE id = ANY($1)";
        Ok(sqlx::query_as(sql).bind(devices).fetch_all(self).await?)
    }

    /// In the order of their numbers, so that two batches cannot wait for each other in a circle.
    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>> {
        let sql =
            "SELECT id FROM projects WHERE id = ANY($1) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE";
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

    /// With what refers to them.
    async fn drop_forgotten_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        let sql = "DELETE FROM vars USING UNNEST($1::bigint[], $2::text[]) AS c (project_id, name)
                   WHERE vars.project_id = c.project_id AND vars.name = c.name AND vars.forgotten_at IS NOT NULL";
        sqlx::query(sql)
            .bind(column(rows, |r| r.project))
            .bind(column(rows, |r| r.name))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        sqlx::query(
            "INSERT INTO vars (project_id, name, position, spec, declared_by)
             SELECT c.project_id, c.name,
                 coalesce((SELECT max(position) FROM vars v WHERE v.project_id = c.project_id), 0) + c.n, c.spec,
                 c.device
             FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::bigint[])
                 WITH ORDINALITY AS c (project_id, name, spec, device, n)
             ON CONFLICT (project_id, name)
             DO UPDATE SET spec = excluded.spec, declared_by = excluded.declared_by",
        )
        .bind(column(rows, |r| r.project))
        .bind(column(rows, |r| r.name))
        .bind(column(rows, |r| r.spec.as_str()))
        .bind(column(rows, |r| r.device))
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
                       AND v.name = ANY($4)";
        Ok(sqlx::query_as(sql).bind(project).bind(author).bind(gesture).bind(names).fetch_all(self).await?)
    }

    async fn next_revision(&mut self, project: i64) -> Result<i64> {
        let sql = "UPDATE projects SET revision = revision + 1 WHERE id = $1 RETURNING revision";
        Ok(sqlx::query_scalar(sql).bind(project).fetch_one(self).await?)
    }

    async fn upsert_history(&mut self, edit: &EditRows<'_>) -> Result<u64> {
        let done = sqlx::query(
            "INSERT INTO edits
                 (project_id, author_id, gesture, name, author, old, new, revision, at, via, address)
             SELECT v.project_id, $2, $3, v.name, $4, v.desired, c.value, $5, $6, $9, $10
             FROM UNNEST($7::text[], $8::text[]) AS c (name, value)
             JOIN vars v ON v.project_id = $1 AND v.name = c.name AND v.forgotten_at IS NULL
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
        .bind(&edit.names)
        .bind(&edit.values)
        .bind(edit.via)
        .bind(edit.address)
        .execute(self)
        .await?;
        Ok(done.rows_affected())
    }

    async fn remember_unchanged(&mut self, edit: &EditRows<'_>) -> Result<()> {
        sqlx::query(
            "INSERT INTO unchanged_edits (project_id, author_id, gesture, name, value, revision, set_by)
             SELECT $1, $2, $3, c.name, c.value, $4, c.set_by
             FROM UNNEST($5::text[], $6::text[], $7::bigint[]) AS c (name, value, set_by)
             ON CONFLICT (project_id, author_id, gesture, name) DO NOTHING",
        )
        .bind(edit.project)
        .bind(edit.author_id)
        .bind(edit.gesture)
        .bind(edit.revision)
        .bind(&edit.names)
        .bind(&edit.values)
        .bind(&edit.set_by)
        .execute(self)
        .await?;
        Ok(())
    }

    async fn set_desired(&mut self, edit: &EditRows<'_>) -> Result<u64> {
        let done = sqlx::query(
            "UPDATE vars SET desired = c.value, desired_revision = CASE WHEN c.value IS NOT NULL THEN $2::bigint END,
                 desired_author = CASE WHEN c.value IS NOT NULL THEN $3::text END,
                 desired_at = CASE WHEN c.value IS NOT NULL THEN $4::bigint END
             FROM UNNEST($5::text[], $6::text[]) AS c (name, value)
             WHERE vars.project_id = $1 AND vars.name = c.name AND vars.forgotten_at IS NULL",
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

    async fn note_let_go(&mut self, edit: &EditRows<'_>, names: &[&str]) -> Result<()> {
        sqlx::query(
            "INSERT INTO let_go (project_id, name, revision, author, at)
             SELECT $1, c.name, $2, $3, $4 FROM UNNEST($5::text[]) AS c (name)
             ON CONFLICT (project_id, name) DO UPDATE SET revision = excluded.revision, author = excluded.author,
                 at = excluded.at",
        )
        .bind(edit.project)
        .bind(edit.revision)
        .bind(edit.author)
        .bind(edit.at)
        .bind(names)
        .execute(self)
        .await?;
        Ok(())
    }

    async fn forget_var(&mut self, project: i64, name: &str, at: i64) -> Result<bool> {
        let done = sqlx::query(FORGET_VAR).bind(project).bind(name).bind(at).execute(self).await?;
        Ok(done.rows_affected() > 0)
    }

    async fn note(&mut self, note: &AuditRow) -> Result<()> {
        Pools::<Postgres>::note(note).execute(self).await?;
        Ok(())
    }

    async fn touch_devices(&mut self, seen: &[(i64, i64, Option<i64>)]) -> Result<()> {
        sqlx::query(
            "UPDATE devices SET last_seen = c.at, applied = coalesce(c.applied, devices.applied)
             FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS c (id, at, applied)
             WHERE devices.id = c.id",
        )
        .bind(column(seen, |r| r.0))
        .bind(column(seen, |r| r.1))
        .bind(column(seen, |r| r.2))
        .execute(self)
        .await?;
        Ok(())
    }
}
