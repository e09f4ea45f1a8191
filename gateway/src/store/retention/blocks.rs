//! What is counted of the log, level by level, in the blocks of its index.
//!
//! A block is counted after it was written, and again after lines of it were forgotten; one of which nothing is left goes. So
//! what a policy would remove, and how large a log is, is told from some rows for each 8,192 lines.

use async_trait::async_trait;
use protocol::model::{LOG_LINE_BYTES, Level, LogSize, ProjectId, UnixMicros};

use crate::store::{
    error::{Result, damaged},
    sql::row,
    sql_store::SqlStore,
};

/// What a block has of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelCount {
    /// Which level.
    pub level: Level,
    /// Lines.
    pub lines: u64,
    /// Their bytes, with 64 for each.
    pub bytes: u64,
    /// When the earliest of them was received.
    pub earliest: UnixMicros,
    /// When the latest of them was received.
    pub latest: UnixMicros,
}

/// What a block has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockCounts {
    /// The number of its first line.
    pub first_seq: u64,
    /// The number of its last line.
    pub last_seq: u64,
    /// Of each level that it has.
    pub levels: Vec<LevelCount>,
}

impl BlockCounts {
    /// Lines of all levels.
    pub fn lines(&self) -> u64 {
        self.levels.iter().map(|level| level.lines).sum()
    }

    /// Bytes of all levels.
    pub fn bytes(&self) -> u64 {
        self.levels.iter().map(|level| level.bytes).sum()
    }
}

/// What is counted of the log.
#[async_trait]
pub trait LogCounts: Send + Sync {
    /// The counted blocks of a project, oldest first.
    async fn list_counts(&self, _project: ProjectId) -> Result<Vec<BlockCounts>> {
        Ok(Vec::new())
    }

    /// What the counted blocks of each project have together.
    async fn sum_counts(&self) -> Result<Vec<(ProjectId, LogSize)>> {
        Ok(Vec::new())
    }

    /// A block that is not counted yet: its project, and its first number.
    async fn find_uncounted(&self) -> Result<Option<(ProjectId, u64)>> {
        Ok(None)
    }

    /// Counts a block, or counts it again; one without lines is deleted. `None`: there is no such block any more.
    async fn count_block(&self, _project: ProjectId, _first_seq: u64) -> Result<Option<BlockCounts>> {
        Ok(None)
    }

    /// Bytes of lines of all projects that were received at a time or later, about: blocks are counted as a whole.
    async fn bytes_since(&self, _time: UnixMicros) -> Result<u64> {
        Ok(0)
    }

    /// The number of the newest line that a project ever had.
    async fn last_line(&self, _project: ProjectId) -> Result<u64> {
        Ok(0)
    }

    /// The oldest line of a project: its number, and when it was received.
    async fn oldest_line(&self, _project: ProjectId) -> Result<Option<(u64, UnixMicros)>> {
        Ok(None)
    }
}

row! {
    struct CountRecord {
        first_seq: i64,
        last_seq: i64,
        level: i32,
        lines: i64,
        bytes: i64,
        earliest: i64,
        latest: i64,
    } -> (u64, u64, LevelCount) {
        let level = Level::from_number(level.into()).ok_or_else(|| damaged("a count is of an unknown level"))?;
        let (earliest, latest) = (UnixMicros(earliest), UnixMicros(latest));
        let count = LevelCount { level, lines: number(lines)?, bytes: number(bytes)?, earliest, latest };
        Ok((number(first_seq)?, number(last_seq)?, count))
    }
}

row! {
    struct SumRecord { project_id: i64, lines: i64, bytes: i64, oldest: i64 } -> (ProjectId, LogSize) {
        let oldest = Some(UnixMicros(oldest));
        Ok((ProjectId(project_id), LogSize { lines: number(lines)?, bytes: number(bytes)?, oldest }))
    }
}

fn number(cell: i64) -> Result<u64> {
    cell.try_into().map_err(|_| damaged("a count of the log is negative"))
}

fn cell(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const LIST: &str = "SELECT first_seq, last_seq, level, lines, bytes, earliest, latest FROM log_levels
     WHERE project_id = $1 ORDER BY first_seq, level";

const SUM: &str =
    "SELECT project_id, CAST(sum(lines) AS BIGINT) AS lines, CAST(sum(bytes) AS BIGINT) AS bytes,
         min(earliest) AS oldest
     FROM log_levels GROUP BY project_id ORDER BY project_id";

const UNCOUNTED: &str =
    "SELECT b.project_id, b.first_seq FROM log_blocks b JOIN projects p ON p.id = b.project_id
     WHERE p.deleted_at IS NULL AND NOT EXISTS
         (SELECT 1 FROM log_levels l WHERE l.project_id = b.project_id AND l.first_seq = b.first_seq)
     LIMIT 1";

/// Lines `$2` to `$3`; `$4`: what each takes beside its texts.
const COUNT: &str = "SELECT CAST($2 AS BIGINT) AS first_seq, CAST($3 AS BIGINT) AS last_seq, level, count(*) AS lines,
         CAST(sum(octet_length(message) + coalesce(octet_length(fields), 0)) + $4 * count(*) AS BIGINT) AS bytes,
         min(received) AS earliest, max(received) AS latest
     FROM logs WHERE project_id = $1 AND seq >= $2 AND seq <= $3 GROUP BY level ORDER BY level";

#[async_trait]
impl LogCounts for SqlStore {
    async fn list_counts(&self, project: ProjectId) -> Result<Vec<BlockCounts>> {
        let rows = self.read(LIST).bind(project.0).read_all::<CountRecord>().await?;
        let mut blocks: Vec<BlockCounts> = Vec::new();
        for (first_seq, last_seq, count) in rows {
            match blocks.last_mut() {
                Some(block) if block.first_seq == first_seq => block.levels.push(count),
                _ => blocks.push(BlockCounts { first_seq, last_seq, levels: vec![count] }),
            }
        }
        Ok(blocks)
    }

    async fn sum_counts(&self) -> Result<Vec<(ProjectId, LogSize)>> {
        self.read(SUM).read_all::<SumRecord>().await
    }

    async fn find_uncounted(&self) -> Result<Option<(ProjectId, u64)>> {
        let found: Option<(i64, i64)> = self.read(UNCOUNTED).find().await?;
        found.map(|(project, first)| Ok((ProjectId(project), number(first)?))).transpose()
    }

    async fn count_block(&self, project: ProjectId, first_seq: u64) -> Result<Option<BlockCounts>> {
        // one count at a time: the one after a deletion has the last word
        let _counting = self.counting.lock().await;
        let sql = "SELECT last_seq FROM log_blocks WHERE project_id = $1 AND first_seq = $2";
        let found: Option<(i64,)> = self.read(sql).bind(project.0).bind(cell(first_seq)).find().await?;
        let Some((last_seq,)) = found else { return Ok(None) };
        let count = self.read(COUNT).bind(project.0).bind(cell(first_seq)).bind(last_seq);
        let counted = count.bind(LOG_LINE_BYTES.cast_signed()).read_all::<CountRecord>().await?;
        let levels: Vec<LevelCount> = counted.into_iter().map(|(.., level)| level).collect();
        let block = BlockCounts { first_seq, last_seq: number(last_seq)?, levels };
        self.put_counts(project, &block).await?;
        Ok(Some(block))
    }

    async fn bytes_since(&self, time: UnixMicros) -> Result<u64> {
        let sql = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM log_levels WHERE latest >= $1";
        let (bytes,) = self.read(sql).bind(time.0).one().await?;
        number(bytes)
    }

    async fn last_line(&self, project: ProjectId) -> Result<u64> {
        let found: Option<(i64,)> =
            self.read("SELECT log_seq FROM projects WHERE id = $1").bind(project.0).find().await?;
        found.map_or(Ok(0), |(last,)| number(last))
    }

    async fn oldest_line(&self, project: ProjectId) -> Result<Option<(u64, UnixMicros)>> {
        let sql = "SELECT seq, received FROM logs WHERE project_id = $1 ORDER BY seq LIMIT 1";
        let found: Option<(i64, i64)> = self.read(sql).bind(project.0).find().await?;
        found.map(|(seq, received)| Ok((number(seq)?, UnixMicros(received)))).transpose()
    }
}

impl SqlStore {
    /// Stores the counts of a block, in place of older ones; deletes a block without lines.
    async fn put_counts(&self, project: ProjectId, block: &BlockCounts) -> Result<()> {
        let mut tx = self.begin_write().await?;
        // if it has grown or gone in the meantime, these counts are out of date
        let sql = "SELECT 1 FROM log_blocks b JOIN projects p ON p.id = b.project_id
                   WHERE b.project_id = $1 AND b.first_seq = $2 AND b.last_seq = $3 AND p.deleted_at IS NULL";
        let [first, last] = [block.first_seq, block.last_seq].map(cell);
        if tx.query(sql).bind(project.0).bind(first).bind(last).find::<(i32,)>().await?.is_none() {
            return Ok(());
        }
        let tables: &[&'static str] = &[
            "DELETE FROM log_levels WHERE project_id = $1 AND first_seq = $2",
            "DELETE FROM log_blocks WHERE project_id = $1 AND first_seq = $2",
        ];
        for sql in &tables[..if block.levels.is_empty() { 2 } else { 1 }] {
            tx.query(*sql).bind(project.0).bind(first).run().await?;
        }
        for LevelCount { level, lines, bytes, earliest, latest } in &block.levels {
            let put = tx.query(
                "INSERT INTO log_levels (project_id, first_seq, last_seq, level, lines, bytes, earliest, latest)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            );
            let put = put.bind(project.0).bind(first).bind(last).bind(*level as i32);
            let put = put.bind(cell(*lines)).bind(cell(*bytes)).bind(earliest.0).bind(latest.0);
            put.run().await?;
        }
        tx.commit().await
    }
}
