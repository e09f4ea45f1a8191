//! The database that is searched: filled, asked and weighed with SQL, past the server.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use protocol::model::ProjectId;
use sqlx::{AssertSqlSafe, Connection as _, QueryBuilder};
use tokio::time::sleep;

use super::corpus::{Corpus, DEVICES, Line};
use crate::stored::Stored;

/// Lines of one transaction, and of one statement.
const COMMIT: usize = 10_000;
const CHUNK: usize = 128;
/// Lines that may be in no block of the index: too few for one.
const UNINDEXED: i64 = 512;

/// Makes the devices of a project; the number of the first one.
pub(super) async fn add_devices(stored: &mut Stored, project: ProjectId, at: i64) -> anyhow::Result<i64> {
    let mut first = None;
    for number in 0..DEVICES {
        let sql = format!(
            "INSERT INTO devices (project_id, identity, name, first_seen, last_seen)
             VALUES ({}, 'id:bench{number}', 'bench device {number:02}', {at}, {at}) RETURNING id",
            project.0
        );
        let id = scalar(stored, &sql).await?.context("the device has no number")?;
        first.get_or_insert(id);
    }
    first.context("there are devices")
}

/// Stores lines, numbered from 1 on; `begin` is when the first one was received.
pub(super) async fn fill(
    stored: &mut Stored,
    project: ProjectId,
    first_device: i64,
    begin: i64,
    corpus: Corpus,
) -> anyhow::Result<u64> {
    let (mut lines, mut seq) = (corpus.peekable(), 0);
    while lines.peek().is_some() {
        let some: Vec<Line> = lines.by_ref().take(COMMIT).collect();
        let row = |(seq, line): (i64, &Line)| (seq, first_device + line.device, begin + line.micros);
        let numbered: Vec<(i64, &Line)> = (seq + 1..).zip(&some).collect();
        // VALUES of many rows, in either database
        macro_rules! insert {
            ($connection:expr) => {{
                let mut tx = $connection.begin().await?;
                for chunk in numbered.chunks(CHUNK) {
                    let mut sql = QueryBuilder::new(
                        "INSERT INTO logs (project_id, seq, device_id, at, received, level, message, fields) ",
                    );
                    sql.push_values(chunk, |mut cells, (seq, line)| {
                        let (seq, device, at) = row((*seq, line));
                        cells.push_bind(project.0).push_bind(seq).push_bind(device).push_bind(at);
                        cells.push_bind(at).push_bind(line.level).push_bind(&line.message);
                        cells.push_bind(&line.fields);
                    });
                    sql.build().persistent(chunk.len() == CHUNK).execute(&mut *tx).await?;
                }
                tx.commit().await?;
            }};
        }
        match stored {
            Stored::Sqlite(connection) => insert!(connection),
            Stored::Postgres(connection) => insert!(connection),
        }
        seq += some.len() as i64;
    }
    execute(stored, &format!("UPDATE projects SET log_seq = {seq} WHERE id = {}", project.0)).await?;
    Ok(seq.cast_unsigned())
}

/// Waits until the index has followed, and how long that took.
pub(super) async fn indexed(stored: &mut Stored) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let sql = format!(
        "SELECT count(*) FROM projects p WHERE log_seq - coalesce((SELECT max(last_seq) FROM log_blocks
             WHERE project_id = p.id), 0) >= {UNINDEXED}"
    );
    while scalar(stored, &sql).await?.context("a count is a number")? > 0 {
        sleep(Duration::from_millis(100)).await;
    }
    Ok(begun.elapsed())
}

/// The numbers of the newest lines for which a condition holds, as SQL alone finds them.
pub(super) async fn newest(
    stored: &mut Stored,
    project: ProjectId,
    condition: &str,
    limit: usize,
) -> anyhow::Result<Vec<i64>> {
    let sql = AssertSqlSafe(format!(
        "SELECT seq, message, fields FROM logs WHERE project_id = {} AND {condition} ORDER BY seq DESC LIMIT {limit}",
        project.0
    ));
    type Row = (i64, String, Option<String>);
    let rows: Vec<Row> = match stored {
        Stored::Sqlite(connection) => sqlx::query_as(sql).fetch_all(connection).await?,
        Stored::Postgres(connection) => sqlx::query_as(sql).fetch_all(connection).await?,
    };
    Ok(rows.into_iter().map(|(seq, ..)| seq).collect())
}

/// How many lines of a range of time there are for which a condition holds.
pub(super) async fn count(
    stored: &mut Stored,
    project: ProjectId,
    condition: &str,
    from: i64,
    until: i64,
) -> anyhow::Result<i64> {
    let sql = format!(
        "SELECT count(*) FROM logs WHERE project_id = {} AND {condition} AND received >= {from} AND received < {until}",
        project.0
    );
    scalar(stored, &sql).await?.context("a count is a number")
}

/// Bytes of the log, and of its index, on disk.
pub(super) async fn bytes(stored: &mut Stored) -> anyhow::Result<(i64, i64)> {
    let size = |table: &str, stored: &Stored| {
        match stored {
        // dbstat is not compiled in
        Stored::Sqlite(_) if table == "log_blocks" => {
            "SELECT sum(length(grams) + length(words) + length(lines)) + (SELECT sum(length(times)) FROM log_times)
             FROM log_blocks"
                .to_owned()
        }
        Stored::Sqlite(_) => {
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size".to_owned()
        }
        Stored::Postgres(_) if table == "log_blocks" => {
            "SELECT pg_total_relation_size('log_blocks') + pg_total_relation_size('log_times')".to_owned()
        }
        Stored::Postgres(_) => format!("SELECT pg_total_relation_size('{table}')"),
    }
    };
    let (log, index) = (size("logs", stored), size("log_blocks", stored));
    let log = scalar(stored, &log).await?.unwrap_or_default();
    let index = scalar(stored, &index).await?.unwrap_or_default();
    // the file of SQLite holds both
    Ok(if matches!(stored, Stored::Sqlite(_)) { (log - index, index) } else { (log, index) })
}

pub(super) async fn execute(stored: &mut Stored, sql: &str) -> anyhow::Result<()> {
    let sql = AssertSqlSafe(sql.to_owned());
    match stored {
        Stored::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ())?,
        Stored::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ())?,
    }
    Ok(())
}

async fn scalar(stored: &mut Stored, sql: &str) -> anyhow::Result<Option<i64>> {
    let sql = AssertSqlSafe(sql.to_owned());
    Ok(match stored {
        Stored::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
        Stored::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
    })
}
