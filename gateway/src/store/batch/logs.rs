//! Log lines of a batch.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite, Transaction};

use crate::store::{
    error::{Result, missing},
    sql::{Tx, bind_rows, statement},
    write::{Write, Written},
};

/// Rows per INSERT in SQLite. From 64 to 256 there is no difference; beyond that it gets slower.
const CHUNK: usize = 128;

/// One line of a game's log, numbered.
pub struct LogRow<'a> {
    pub project: i64,
    pub seq: i64,
    pub device: i64,
    pub at: i64,
    pub received: i64,
    pub level: i32,
    pub message: &'a str,
    pub fields: Option<&'a str>,
}

/// Statements on the log.
#[async_trait]
pub trait Logs: Send {
    /// Adds to each project's log number and returns (project, its new number).
    async fn take_log_numbers(&mut self, counts: &[(i64, i64)]) -> Result<Vec<(i64, i64)>>;
    /// Appends log lines.
    async fn insert_logs(&mut self, rows: &[LogRow<'_>]) -> Result<()>;
}

/// Numbers the admitted lines, and appends them.
pub(super) async fn append(sql: &mut impl Logs, batch: &[Write], written: &mut [Written]) -> Result<()> {
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for (write, outcome) in batch.iter().zip(&*written) {
        if let (Write::Logs { project, entries, .. }, Written::Done) = (write, outcome) {
            *counts.entry(project.0).or_default() += entries.len() as i64;
        }
    }
    if counts.is_empty() {
        return Ok(());
    }
    let pairs: Vec<(i64, i64)> = counts.iter().map(|(project, count)| (*project, *count)).collect();
    let last = sql.take_log_numbers(&pairs).await?;
    // from the last number that was taken back to the first one
    let mut next: HashMap<i64, i64> =
        last.into_iter().map(|(project, last)| (project, last - counts[&project] + 1)).collect();

    let mut rows = Vec::new();
    for (write, outcome) in batch.iter().zip(written) {
        let (Write::Logs { project, device, received, entries, .. }, Written::Done) = (write, &*outcome)
        else {
            continue;
        };
        let next = next.get_mut(&project.0).ok_or_else(|| missing("project", project.0))?;
        *outcome = Written::Logs { first_seq: next.cast_unsigned() };
        rows.extend(entries.iter().zip(*next..).map(|(entry, seq)| LogRow {
            project: project.0,
            seq,
            device: device.0,
            at: entry.at.unwrap_or(*received).0,
            received: received.0,
            level: entry.level as i32,
            message: &entry.message,
            fields: entry.fields.as_deref(),
        }));
        *next += entries.len() as i64;
    }
    if rows.is_empty() { Ok(()) } else { sql.insert_logs(&rows).await }
}

#[async_trait]
impl Logs for Tx<'_> {
    async fn take_log_numbers(&mut self, counts: &[(i64, i64)]) -> Result<Vec<(i64, i64)>> {
        let take = statement!(
            self,
            "UPDATE projects SET",
            sqlite: "log_seq = log_seq + (c.value->>1) FROM json_each($1) AS c WHERE projects.id = (c.value->>0)",
            postgres: "log_seq = log_seq + c.n FROM UNNEST($1::bigint[], $2::bigint[]) AS c (id, n)
                       WHERE projects.id = c.id",
            "RETURNING projects.id, log_seq",
        );
        bind_rows!(take, counts, |r| r.0, r.1).all().await
    }

    async fn insert_logs(&mut self, rows: &[LogRow<'_>]) -> Result<()> {
        if let Self::Sqlite(tx) = self {
            return insert_in_chunks(tx, rows).await;
        }
        let insert = self.query(
            "INSERT INTO logs (project_id, seq, device_id, at, received, level, message, fields)
             SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::int[],
                 $7::text[], $8::text[])",
        );
        let insert = bind_rows!(
            insert,
            rows,
            |r| r.project,
            r.seq,
            r.device,
            r.at,
            r.received,
            r.level,
            r.message,
            r.fields,
        );
        insert.run().await?;
        Ok(())
    }
}

/// With VALUES of many rows, which for logs is 1.5 times as fast as JSON.
async fn insert_in_chunks(tx: &mut Transaction<'_, Sqlite>, rows: &[LogRow<'_>]) -> Result<()> {
    for chunk in rows.chunks(CHUNK) {
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
        // only the statement of a full chunk is reused
        sql.build().persistent(chunk.len() == CHUNK).execute(&mut **tx).await?;
    }
    Ok(())
}
