//! The index of the log, block by block.

use std::time::Duration;

use async_trait::async_trait;
use protocol::model::{LogLine, LogOrder, ProjectId, UnixMicros};
use tokio::time::Instant;

use super::{
    error::Result,
    log_times::{self, BlockTimes},
    logs::{LineRecord, cell, lines, number},
    page::{PAGE_BYTES, page},
    sql::{Tx, row},
    sql_store::SqlStore,
};

/// Consecutive lines of a project's log, with their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBlock {
    /// The number of its first line.
    pub first_seq: u64,
    /// The number of its last line.
    pub last_seq: u64,
    /// When the earliest of its lines was received.
    pub earliest: UnixMicros,
    /// When the latest of its lines was received.
    pub latest: UnixMicros,
    /// Bytes of their text.
    pub text_bytes: u64,
    /// What is in their words, roughly.
    pub grams: Vec<u8>,
    /// Their words.
    pub words: Vec<u8>,
    /// The lines of each word.
    pub lines: Vec<u8>,
    /// How many lines it has of each level.
    pub counts: [u64; 6],
    /// Times and levels of its lines.
    pub times: Vec<u8>,
}

impl LogBlock {
    fn block_times(&self) -> BlockTimes {
        let Self { first_seq, last_seq, earliest, latest, counts, .. } = *self;
        BlockTimes { first_seq, last_seq, earliest, latest, counts }
    }
}

/// What tells whether it is worthwhile to read a block's index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockHead {
    /// The number of its first line.
    pub first_seq: u64,
    /// The number of its last line.
    pub last_seq: u64,
    /// When the earliest of its lines was received.
    pub earliest: UnixMicros,
    /// When the latest of its lines was received.
    pub latest: UnixMicros,
    /// What is in their words, roughly.
    pub grams: Vec<u8>,
}

/// The index of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockIndex {
    /// The number of the block's first line.
    pub first_seq: u64,
    /// The words.
    pub words: Vec<u8>,
    /// The lines of each word.
    pub lines: Vec<u8>,
}

/// A project with lines that are in no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unindexed {
    /// Which project.
    pub project: ProjectId,
    /// How many lines at most: some of them may be forgotten.
    pub count: u64,
    /// First number, last number and bytes of text of its last block, if it has one.
    pub last_block: Option<(u64, u64, u64)>,
}

/// Which blocks are listed.
#[derive(Clone, Copy, Debug)]
pub struct BlockRange {
    /// From which end.
    pub order: LogOrder,
    /// Those with a line before this number.
    pub before: u64,
    /// Those with a line behind this number.
    pub after: u64,
    /// Those that may have a line received at this time or later.
    pub since: UnixMicros,
    /// Those that may have a line received before this time.
    pub until: UnixMicros,
}

/// The index of the log. A store without one has only unindexed lines.
#[async_trait]
pub trait LogBlocks: Send + Sync {
    /// Whether it keeps an index at all.
    fn keeps_index(&self) -> bool {
        false
    }

    /// Of the projects with at least so many lines in no block, the one with the fewest by their numbers.
    async fn find_unindexed(&self, _least: u64) -> Result<Option<Unindexed>> {
        Ok(None)
    }

    /// The last line of a project that is in a block, and so are all before it; 0: none.
    async fn indexed_to(&self, _project: ProjectId) -> Result<u64> {
        Ok(0)
    }

    /// Adds a block, in place of one that has lines of it, unless the database has another epoch or the project is
    /// gone. Returns how long other writers had to wait.
    async fn put_block(&self, _epoch: i64, _project: ProjectId, _block: &LogBlock) -> Result<Duration> {
        Ok(Duration::ZERO)
    }

    /// Blocks of a project, in the order of the range.
    async fn list_blocks(
        &self,
        _project: ProjectId,
        _range: BlockRange,
        _limit: u32,
    ) -> Result<Vec<BlockHead>> {
        Ok(Vec::new())
    }

    /// The indexes of the blocks with these first numbers, the last one first.
    async fn read_blocks(&self, _project: ProjectId, _first_seqs: &[u64]) -> Result<Vec<BlockIndex>> {
        Ok(Vec::new())
    }

    /// The lines with these numbers, in this order: at least one if there is one, and at most [`PAGE_BYTES`] of text before
    /// the last one.
    async fn read_lines(&self, _project: ProjectId, _seqs: &[u64], _order: LogOrder) -> Result<Vec<LogLine>> {
        Ok(Vec::new())
    }
}

/// Lines of the project `$1` with the numbers `$2`, for both databases.
const NEWEST_LINES: [&str; 2] = [
    lines!("logs WHERE project_id = $1 AND seq IN (SELECT value FROM json_each($2))", "seq DESC"),
    lines!("logs WHERE project_id = $1 AND seq = ANY($2)", "seq DESC"),
];
const OLDEST_LINES: [&str; 2] = [
    lines!("logs WHERE project_id = $1 AND seq IN (SELECT value FROM json_each($2))", "seq"),
    lines!("logs WHERE project_id = $1 AND seq = ANY($2)", "seq"),
];

/// Numbers of one block at most: one that ends behind a number begins no further before it.
pub(crate) const MAX_SPAN: u64 = 8_192;

/// Blocks of the project `$1`.
macro_rules! blocks {
    ($order:literal) => {
        concat!(
            "SELECT first_seq, last_seq, earliest, latest, grams FROM log_blocks
             WHERE project_id = $1 AND first_seq < $2 AND last_seq > $3 AND latest >= $4 AND earliest < $5
                 AND first_seq > $6 ORDER BY ",
            $order,
            " LIMIT $7"
        )
    };
}
const NEWEST_BLOCKS: &str = blocks!("first_seq DESC");
const OLDEST_BLOCKS: &str = blocks!("first_seq");

/// So many lines must really be there: those of a project may be being deleted, and those that were forgotten still count in
/// its numbers.
const UNINDEXED: &str =
    "SELECT p.id, p.log_seq - coalesce(b.last_seq, 0) AS count, b.first_seq, b.last_seq, b.text_bytes
     FROM projects p LEFT JOIN log_blocks b ON b.project_id = p.id
         AND b.first_seq = (SELECT max(first_seq) FROM log_blocks WHERE project_id = p.id)
     WHERE p.deleted_at IS NULL AND p.log_seq - coalesce(b.last_seq, 0) >= $1
         AND (SELECT count(*) FROM
             (SELECT 1 AS one FROM logs WHERE project_id = p.id AND seq > coalesce(b.last_seq, 0) LIMIT $1) found) >= $1
     ORDER BY count LIMIT 1";

const PUT: &str = "INSERT INTO log_blocks
         (project_id, first_seq, last_seq, earliest, latest, text_bytes, grams, words, lines)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (project_id, first_seq) DO UPDATE SET last_seq = excluded.last_seq, earliest = excluded.earliest,
         latest = excluded.latest, text_bytes = excluded.text_bytes, grams = excluded.grams, words = excluded.words,
         lines = excluded.lines";

row! {
    struct UnindexedRecord {
        id: i64,
        count: i64,
        first_seq: Option<i64>,
        last_seq: Option<i64>,
        text_bytes: Option<i64>,
    } -> Unindexed {
        let last_block = match (first_seq, last_seq, text_bytes) {
            (Some(first), Some(last), Some(bytes)) => Some((number(first)?, number(last)?, number(bytes)?)),
            _ => None,
        };
        Ok(Unindexed { project: ProjectId(id), count: number(count)?, last_block })
    }
}

row! {
    struct HeadRecord {
        first_seq: i64,
        last_seq: i64,
        earliest: i64,
        latest: i64,
        grams: Vec<u8>,
    } -> BlockHead {
        let (earliest, latest) = (UnixMicros(earliest), UnixMicros(latest));
        Ok(BlockHead { first_seq: number(first_seq)?, last_seq: number(last_seq)?, earliest, latest, grams })
    }
}

row! {
    struct IndexRecord {
        first_seq: i64,
        words: Vec<u8>,
        lines: Vec<u8>,
    } -> BlockIndex {
        Ok(BlockIndex { first_seq: number(first_seq)?, words, lines })
    }
}

#[async_trait]
impl LogBlocks for SqlStore {
    fn keeps_index(&self) -> bool {
        true
    }

    async fn find_unindexed(&self, least: u64) -> Result<Option<Unindexed>> {
        let found = self.read(UNINDEXED).bind(cell(least)).read_all::<UnindexedRecord>().await?;
        Ok(found.into_iter().next())
    }

    async fn indexed_to(&self, project: ProjectId) -> Result<u64> {
        let sql = "SELECT last_seq FROM log_blocks WHERE project_id = $1 ORDER BY first_seq DESC LIMIT 1";
        let last: Option<(i64,)> = self.read(sql).bind(project.0).find().await?;
        last.map_or(Ok(0), |(last,)| number(last))
    }

    async fn put_block(&self, epoch: i64, project: ProjectId, block: &LogBlock) -> Result<Duration> {
        let mut tx = self.begin_write().await?;
        let begun = Instant::now();
        // in Postgres this also keeps a restore waiting until it is committed
        let (current,): (i64,) = tx.query("SELECT epoch FROM instance").one().await?;
        let sql = "SELECT id FROM projects WHERE id = $1 AND deleted_at IS NULL";
        let is_there = tx.query(sql).bind(project.0).find::<(i64,)>().await?.is_some();
        if current != epoch || !is_there {
            return Ok(Duration::ZERO);
        }
        tx.clear_for(project, block).await?;
        let LogBlock { first_seq, last_seq, earliest, latest, text_bytes, grams, words, lines, .. } = block;
        let put = tx.query(PUT).bind(project.0).bind(cell(*first_seq)).bind(cell(*last_seq));
        let put = put.bind(earliest.0).bind(latest.0).bind(cell(*text_bytes));
        put.bind(&grams[..]).bind(&words[..]).bind(&lines[..]).run().await?;
        log_times::put(&mut tx, project, &block.block_times(), &block.times).await?;
        tx.commit().await?;
        let blocked = begun.elapsed();
        self.after_step().await?;
        Ok(blocked)
    }

    async fn list_blocks(&self, project: ProjectId, range: BlockRange, limit: u32) -> Result<Vec<BlockHead>> {
        let BlockRange { order, before, after, since, until } = range;
        let sql = match order {
            LogOrder::NewestFirst => NEWEST_BLOCKS,
            LogOrder::OldestFirst => OLDEST_BLOCKS,
        };
        let begins_after = cell(after) - cell(MAX_SPAN);
        let query = self.read(sql).bind(project.0).bind(cell(before)).bind(cell(after));
        let query = query.bind(since.0).bind(until.0).bind(begins_after).bind(i64::from(limit));
        query.read_all::<HeadRecord>().await
    }

    async fn read_blocks(&self, project: ProjectId, first_seqs: &[u64]) -> Result<Vec<BlockIndex>> {
        let seqs: Vec<i64> = first_seqs.iter().copied().map(cell).collect();
        let query = self.read_either(
            "SELECT first_seq, words, lines FROM log_blocks
             WHERE project_id = $1 AND first_seq IN (SELECT value FROM json_each($2)) ORDER BY first_seq DESC",
            "SELECT first_seq, words, lines FROM log_blocks
             WHERE project_id = $1 AND first_seq = ANY($2) ORDER BY first_seq DESC",
        );
        query.bind(project.0).bind_list(&seqs).read_all::<IndexRecord>().await
    }

    async fn read_lines(&self, project: ProjectId, seqs: &[u64], order: LogOrder) -> Result<Vec<LogLine>> {
        let seqs: Vec<i64> = seqs.iter().copied().map(cell).collect();
        let [sqlite, postgres] = match order {
            LogOrder::NewestFirst => NEWEST_LINES,
            LogOrder::OldestFirst => OLDEST_LINES,
        };
        let query = self.read_either(sqlite, postgres).bind(project.0).bind_list(&seqs);
        query.bind(seqs.len() as i64).bind(PAGE_BYTES as i64).read_all::<LineRecord>().await
    }
}

impl Tx<'_> {
    /// Deletes what was counted of a block that is about to be written, and a block that it takes the place of under another
    /// first number: lines at the beginning of that one were forgotten.
    async fn clear_for(&mut self, project: ProjectId, block: &LogBlock) -> Result<()> {
        let [first, last] = [block.first_seq, block.last_seq].map(cell);
        for sql in [
            "DELETE FROM log_levels WHERE project_id = $1 AND first_seq <= $3 AND last_seq >= $2 AND first_seq >=
                 (SELECT coalesce(max(first_seq), 0) FROM log_blocks WHERE project_id = $1 AND first_seq <= $2)",
            "DELETE FROM log_blocks WHERE project_id = $1 AND first_seq <= $3 AND last_seq >= $2 AND first_seq <> $2
                 AND first_seq >=
                 (SELECT coalesce(max(first_seq), 0) FROM log_blocks WHERE project_id = $1 AND first_seq <= $2)",
        ] {
            self.query(sql).bind(project.0).bind(first).bind(last).run().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::page::assert_reads_along, *};

    #[tokio::test]
    async fn single_lines_are_read_along_the_key() {
        for [sqlite, _] in [NEWEST_LINES, OLDEST_LINES] {
            assert_reads_along(sqlite, "logs", "PRIMARY KEY (project_id=? AND seq=?)").await;
        }
    }
}
