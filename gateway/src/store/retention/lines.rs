//! Lines of the log, without their texts, and forgetting them.

use std::time::Duration;

use async_trait::async_trait;
use protocol::model::{DeviceId, LOG_LINE_BYTES, Level, ProjectId, UnixMicros};

use super::forgot::Forgot;
use crate::store::{
    budget::Budget,
    error::{Result, damaged},
    log_blocks::MAX_SPAN,
    sql::{Tx, row, statement},
    sql_store::{Engine, SqlStore},
};

/// A line of the log, as far as a policy looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineMark {
    /// Its number.
    pub seq: u64,
    /// Which device wrote it.
    pub device: DeviceId,
    /// Its level.
    pub level: Level,
    /// When it was received.
    pub received: UnixMicros,
    /// Bytes of its texts, and 64.
    pub bytes: u64,
}

/// Forgetting lines of the log.
#[async_trait]
pub trait ForgetLines: Send + Sync {
    /// Lines with numbers above `after` and up to `last`, oldest first.
    async fn list_marks(
        &self,
        _project: ProjectId,
        _after: u64,
        _last: u64,
        _limit: u32,
    ) -> Result<Vec<LineMark>> {
        Ok(Vec::new())
    }

    /// Forgets the first ones of these lines in one transaction: as many as that takes no longer than `within`, and at
    /// least some. `pass` is the time of the pass that it belongs to.
    async fn forget_lines(
        &self,
        _project: ProjectId,
        _lines: &[LineMark],
        _pass: UnixMicros,
        _within: Duration,
    ) -> Result<Forgot> {
        Ok(Forgot::default())
    }

    /// Bytes that can still be written to the disk of the database; `None` where it can't be asked.
    async fn free_bytes(&self) -> Option<u64> {
        None
    }

    /// Lets the database use the space of forgotten lines again, where it does not do so by itself at once.
    async fn reuse_space(&self) -> Result<()> {
        Ok(())
    }
}

row! {
    struct MarkRecord { seq: i64, device_id: i64, level: i32, received: i64, bytes: i64 } -> LineMark {
        let number = |cell: i64| u64::try_from(cell).map_err(|_| damaged("a log line has a negative number"));
        let level = Level::from_number(level.into()).ok_or_else(|| damaged("a log line has an unknown level"))?;
        let (device, received) = (DeviceId(device_id), UnixMicros(received));
        Ok(LineMark { seq: number(seq)?, device, level, received, bytes: number(bytes)? + LOG_LINE_BYTES })
    }
}

const MARKS: &str = "SELECT seq, device_id, level, received,
         CAST(octet_length(message) + coalesce(octet_length(fields), 0) AS BIGINT) AS bytes
     FROM logs WHERE project_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4";

/// Counts `$2` lines and `$3` bytes that the pass `$4` has forgotten.
const NOTE: &str = "INSERT INTO retention (project_id, forgotten_lines, forgotten_bytes, pass_at, pass_lines)
     SELECT id, $2, $3, $4, $2 FROM projects WHERE id = $1
     ON CONFLICT (project_id) DO UPDATE SET
         forgotten_lines = retention.forgotten_lines + excluded.forgotten_lines,
         forgotten_bytes = retention.forgotten_bytes + excluded.forgotten_bytes,
         pass_lines = excluded.pass_lines
             + CASE WHEN retention.pass_at = excluded.pass_at THEN retention.pass_lines ELSE 0 END,
         pass_at = excluded.pass_at";

#[async_trait]
impl ForgetLines for SqlStore {
    async fn list_marks(
        &self,
        project: ProjectId,
        after: u64,
        last: u64,
        limit: u32,
    ) -> Result<Vec<LineMark>> {
        let query = self.read(MARKS).bind(project.0).bind(cell(after)).bind(cell(last));
        query.bind(i64::from(limit)).read_all::<MarkRecord>().await
    }

    async fn forget_lines(
        &self,
        project: ProjectId,
        lines: &[LineMark],
        pass: UnixMicros,
        within: Duration,
    ) -> Result<Forgot> {
        let mut tx = self.begin_write().await?;
        // from here on other writers wait
        let mut budget = Budget::new(u32::try_from(lines.len()).unwrap_or(u32::MAX), within);
        let (mut rows, mut forgotten, mut bytes) = (0, 0, 0);
        while let Some(part) = budget.part() {
            let part = &lines[rows..(rows + part as usize).min(lines.len())];
            forgotten += tx.delete_lines(project, part).await?;
            bytes += part.iter().map(|line| line.bytes).sum::<u64>();
            budget.take(part.len() as u64);
            rows += part.len();
        }
        let note = tx.query(NOTE).bind(project.0).bind(cell(forgotten)).bind(cell(bytes)).bind(pass.0);
        note.run().await?;
        tx.commit().await?;
        let blocked = budget.elapsed();
        self.after_step().await?;
        Ok(Forgot { rows, blocked })
    }

    async fn free_bytes(&self) -> Option<u64> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.free_bytes().await,
            Engine::Postgres(_) => None,
        }
    }

    async fn reuse_space(&self) -> Result<()> {
        match self.engine.kind() {
            // its free pages are taken by what is written next
            "sqlite" => Ok(()),
            // writers go on, and the end of the table is not cut off, for which they would have to wait
            _ => self.write("VACUUM (TRUNCATE FALSE) logs, log_blocks").run().await.map(drop),
        }
    }
}

impl Tx<'_> {
    async fn delete_lines(&mut self, project: ProjectId, lines: &[LineMark]) -> Result<u64> {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(0) };
        // the indexer makes the times of these blocks again from the lines that are left
        let sql = "DELETE FROM log_times WHERE project_id = $1 AND first_seq > $2 AND first_seq <= $3 AND last_seq >= $4";
        let uncount = self.query(sql).bind(project.0).bind(cell(first.seq) - cell(MAX_SPAN));
        uncount.bind(cell(last.seq)).bind(cell(first.seq)).run().await?;
        if last.seq - first.seq + 1 == lines.len() as u64 {
            let sql = "DELETE FROM logs WHERE project_id = $1 AND seq >= $2 AND seq <= $3";
            return self.query(sql).bind(project.0).bind(cell(first.seq)).bind(cell(last.seq)).run().await;
        }
        let seqs: Vec<i64> = lines.iter().map(|line| cell(line.seq)).collect();
        let delete = statement!(self, "DELETE FROM logs WHERE project_id = $1 AND seq", in: "$2");
        delete.bind(project.0).bind_list(&seqs).run().await
    }
}

fn cell(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
