//! When the lines of each block of the log were received, and their levels.

use async_trait::async_trait;
use protocol::model::{Level, ProjectId, UnixMicros};

use super::{
    error::{Result, damaged},
    logs::{Logs, cell, number},
    sql::{Tx, row},
    sql_store::SqlStore,
    times::{TimesBuilder, read_counts, write_counts},
};

/// When the lines of a block were received, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockTimes {
    /// The number of its first line.
    pub first_seq: u64,
    /// The number of its last line.
    pub last_seq: u64,
    /// When the earliest of its lines was received.
    pub earliest: UnixMicros,
    /// When the latest of its lines was received.
    pub latest: UnixMicros,
    /// Lines of each level, in the order of [`Level::ALL`].
    pub counts: [u64; 6],
}

/// A line without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTime {
    /// Its number.
    pub seq: u64,
    /// When it was received.
    pub received: UnixMicros,
    /// Its level.
    pub level: Level,
}

/// A block whose times are unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untimed {
    /// Whose block it is.
    pub project: ProjectId,
    /// The number of its first line.
    pub first_seq: u64,
    /// The number of its last line.
    pub last_seq: u64,
}

/// Times and levels of lines. A store without them has only lines.
#[async_trait]
pub trait LogTimes: Logs {
    /// Blocks that begin before a number, the last one first. Lines that are in none of them have to be counted
    /// one by one.
    async fn list_block_times(
        &self,
        _project: ProjectId,
        _before: u64,
        _limit: u32,
    ) -> Result<Vec<BlockTimes>> {
        Ok(Vec::new())
    }

    /// Times and levels of the blocks with these first numbers, in no order; a block may be missing.
    async fn read_times(&self, _project: ProjectId, _first_seqs: &[u64]) -> Result<Vec<Vec<u8>>> {
        Ok(Vec::new())
    }

    /// Lines between two numbers, neither among them, the newest first: at least one if there is one.
    async fn list_line_times(
        &self,
        project: ProjectId,
        after: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<LineTime>> {
        let lines = self.list_logs(project, Some(before), limit).await?;
        let times = lines.into_iter().map(|line| LineTime {
            seq: line.seq,
            received: line.received,
            level: line.level,
        });
        Ok(times.take_while(|line| line.seq > after).collect())
    }

    /// A block whose times are unknown, if there is one.
    async fn find_untimed(&self) -> Result<Option<Untimed>> {
        Ok(None)
    }

    /// Reads the lines of a block and stores their times, unless the database has another epoch or the block is another one
    /// by now.
    async fn put_times(&self, _epoch: i64, _block: Untimed) -> Result<()> {
        Ok(())
    }
}

const PUT: &str = "INSERT INTO log_times (project_id, first_seq, last_seq, earliest, latest, counts, times)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (project_id, first_seq) DO UPDATE SET last_seq = excluded.last_seq, earliest = excluded.earliest,
         latest = excluded.latest, counts = excluded.counts, times = excluded.times";

const COUNTS: &str = "SELECT first_seq, last_seq, earliest, latest, counts FROM log_times
     WHERE project_id = $1 AND first_seq < $2 ORDER BY first_seq DESC LIMIT $3";

const LINES: &str = "SELECT seq, received, level FROM logs
     WHERE project_id = $1 AND seq > $2 AND seq < $3 ORDER BY seq DESC LIMIT $4";

/// Only keys are compared, because blocks are large.
const UNTIMED: &str = "SELECT found.project_id, found.first_seq, b.last_seq FROM
         (SELECT project_id, first_seq FROM log_blocks
          WHERE project_id IN (SELECT id FROM projects WHERE deleted_at IS NULL)
              AND NOT EXISTS (SELECT 1 FROM log_times t
                  WHERE t.project_id = log_blocks.project_id AND t.first_seq = log_blocks.first_seq)
          LIMIT 1) found
     JOIN log_blocks b ON b.project_id = found.project_id AND b.first_seq = found.first_seq";

row! {
    struct CountsRecord {
        first_seq: i64,
        last_seq: i64,
        earliest: i64,
        latest: i64,
        counts: Vec<u8>,
    } -> BlockTimes {
        let (earliest, latest) = (UnixMicros(earliest), UnixMicros(latest));
        let counts = read_counts(&counts).ok_or_else(|| damaged("a block of the log has no counts"))?;
        Ok(BlockTimes { first_seq: number(first_seq)?, last_seq: number(last_seq)?, earliest, latest, counts })
    }
}

row! {
    struct TimeRecord {
        seq: i64,
        received: i64,
        level: i32,
    } -> LineTime {
        let level = Level::from_number(level.into());
        let level = level.ok_or_else(|| damaged("a log line has an unknown level"))?;
        Ok(LineTime { seq: number(seq)?, received: UnixMicros(received), level })
    }
}

row! {
    struct UntimedRecord {
        project_id: i64,
        first_seq: i64,
        last_seq: i64,
    } -> Untimed {
        let (first_seq, last_seq) = (number(first_seq)?, number(last_seq)?);
        Ok(Untimed { project: ProjectId(project_id), first_seq, last_seq })
    }
}

/// Stores the times of a block, in place of what it had.
pub(super) async fn put(tx: &mut Tx<'_>, project: ProjectId, block: &BlockTimes, times: &[u8]) -> Result<()> {
    let BlockTimes { first_seq, last_seq, earliest, latest, counts } = block;
    let put = tx.query(PUT).bind(project.0).bind(cell(*first_seq)).bind(cell(*last_seq));
    put.bind(earliest.0).bind(latest.0).bind(write_counts(*counts)).bind(times).run().await?;
    Ok(())
}

#[async_trait]
impl LogTimes for SqlStore {
    async fn list_block_times(&self, project: ProjectId, before: u64, limit: u32) -> Result<Vec<BlockTimes>> {
        let query = self.read(COUNTS).bind(project.0).bind(cell(before)).bind(i64::from(limit));
        query.read_all::<CountsRecord>().await
    }

    async fn read_times(&self, project: ProjectId, first_seqs: &[u64]) -> Result<Vec<Vec<u8>>> {
        let seqs: Vec<i64> = first_seqs.iter().copied().map(cell).collect();
        let query = self.read_either(
            "SELECT times FROM log_times WHERE project_id = $1 AND first_seq IN (SELECT value FROM json_each($2))",
            "SELECT times FROM log_times WHERE project_id = $1 AND first_seq = ANY($2)",
        );
        query.bind(project.0).bind_list(&seqs).column().await
    }

    async fn list_line_times(
        &self,
        project: ProjectId,
        after: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<LineTime>> {
        let query = self.read(LINES).bind(project.0).bind(cell(after)).bind(cell(before));
        query.bind(i64::from(limit)).read_all::<TimeRecord>().await
    }

    async fn find_untimed(&self) -> Result<Option<Untimed>> {
        self.read(UNTIMED).read::<UntimedRecord>().await
    }

    /// In one transaction, so that no line is deleted between reading it and counting it.
    async fn put_times(&self, epoch: i64, block: Untimed) -> Result<()> {
        let Untimed { project, first_seq, last_seq } = block;
        let mut tx = self.begin_write().await?;
        let sql = "SELECT earliest, latest FROM log_blocks
             WHERE project_id = $1 AND first_seq = $2 AND last_seq = $3 AND $4 = (SELECT epoch FROM instance)";
        let found = tx.query(sql).bind(project.0).bind(cell(first_seq)).bind(cell(last_seq)).bind(epoch);
        let Some((earliest, latest)) = found.find::<(i64, i64)>().await? else { return Ok(()) };
        let (earliest, latest) = (UnixMicros(earliest), UnixMicros(latest));
        let sql = "SELECT seq, received, level FROM logs WHERE project_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq";
        let lines = tx.query(sql).bind(project.0).bind(cell(first_seq)).bind(cell(last_seq));
        let mut builder = TimesBuilder::default();
        for line in lines.read_all::<TimeRecord>().await? {
            builder.add(line.received, line.level);
        }
        let counts = BlockTimes { first_seq, last_seq, earliest, latest, counts: builder.counts };
        put(&mut tx, project, &counts, &builder.times).await?;
        tx.commit().await?;
        self.after_step().await
    }
}
