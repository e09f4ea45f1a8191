//! What warnings and errors of the log say, and how often.

use std::time::Duration;

use async_trait::async_trait;
use protocol::model::{DeviceId, Fingerprint, Level, LogLine, ProjectId, UnixMicros};
use tokio::time::Instant;

use super::{
    error::{Result, damaged},
    logs::{LineRecord, lines},
    page::{PAGE_BYTES, page},
    sql::{Tx, row},
    sql_store::SqlStore,
};

/// Patterns of one project that are kept. Beyond that, those that were seen longest ago make room.
pub(super) const MAX_PATTERNS: i64 = 1_000;

/// A pattern, and what is counted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternRow {
    /// Which pattern.
    pub fingerprint: Fingerprint,
    /// The level of its lines.
    pub level: Level,
    /// What they say.
    pub text: String,
    /// How many lines the body counts.
    pub count: u64,
    /// When the first one was received.
    pub first: UnixMicros,
    /// When the last one was received.
    pub last: UnixMicros,
    /// The number of the last one.
    pub last_seq: u64,
    /// Counts by time, devices and builds.
    pub body: Vec<u8>,
}

/// A project with lines that are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ungrouped {
    /// Which project.
    pub project: ProjectId,
    /// All lines up to this number are counted.
    pub counted_to: u64,
    /// The number of its last line.
    pub last_seq: u64,
}

/// How far the lines of a project are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatternMark {
    /// All lines up to this number are counted.
    pub counted_to: u64,
    /// The number of its last line.
    pub last_seq: u64,
    /// Lines whose patterns made room for others.
    pub other: u64,
}

/// What was counted at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternStep {
    /// All lines up to this number were counted before.
    pub from: u64,
    /// All lines up to this number are counted now.
    pub to: u64,
    /// The patterns that these lines have, with all that is counted of them.
    pub rows: Vec<PatternRow>,
    /// Patterns that were last seen before are forgotten.
    pub oldest: UnixMicros,
}

/// The build of the game that a device announced last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceBuild {
    /// Which device.
    pub device: DeviceId,
    /// The build.
    pub build: String,
    /// Since when.
    pub since: UnixMicros,
}

/// The build that a project's devices announced last for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewestBuild {
    /// The build.
    pub build: String,
    /// When a device announced it first.
    pub since: UnixMicros,
    /// When the project's first device was seen.
    pub first_device: UnixMicros,
}

/// The patterns of the log. A store that does not count has only uncounted lines.
#[async_trait]
pub trait Patterns: Send + Sync {
    /// Of the projects with at least so many lines that are not counted, the one with the fewest.
    async fn find_ungrouped(&self, _least: u64) -> Result<Option<Ungrouped>> {
        Ok(None)
    }

    /// How far the lines of a project are counted.
    async fn pattern_mark(&self, _project: ProjectId) -> Result<PatternMark> {
        Ok(PatternMark::default())
    }

    /// All patterns of a project.
    async fn list_patterns(&self, _project: ProjectId) -> Result<Vec<PatternRow>> {
        Ok(Vec::new())
    }

    /// How far the lines of a project are counted, and all of its patterns at that moment.
    async fn load_patterns(&self, _project: ProjectId) -> Result<(PatternMark, Vec<PatternRow>)> {
        Ok((PatternMark::default(), Vec::new()))
    }

    /// Those of these patterns that there are.
    async fn read_patterns(&self, _project: ProjectId, _which: &[Fingerprint]) -> Result<Vec<PatternRow>> {
        Ok(Vec::new())
    }

    /// Puts patterns in the place of what was known of them, unless the database has another epoch, the project is gone, or
    /// others were counted in the meantime. Returns how long other writers had to wait.
    async fn put_patterns(&self, _epoch: i64, _project: ProjectId, _step: &PatternStep) -> Result<Duration> {
        Ok(Duration::ZERO)
    }

    /// Lines of at least a level with numbers above `after` and up to `to`, oldest first. At most `limit`, and at most
    /// [`PAGE_BYTES`] of text before the last one.
    async fn list_logs_of_level(
        &self,
        _project: ProjectId,
        _after: u64,
        _to: u64,
        _at_least: Level,
        _limit: u32,
    ) -> Result<Vec<LogLine>> {
        Ok(Vec::new())
    }

    /// The builds of those of these devices that announced one.
    async fn list_builds(&self, _project: ProjectId, _devices: &[DeviceId]) -> Result<Vec<DeviceBuild>> {
        Ok(Vec::new())
    }

    /// The build that the project's devices announced last for the first time.
    async fn newest_build(&self, _project: ProjectId) -> Result<Option<NewestBuild>> {
        Ok(None)
    }
}

const UNGROUPED: &str = "SELECT p.id, coalesce(m.counted_to, 0) AS counted_to, p.log_seq
     FROM projects p LEFT JOIN log_pattern_marks m ON m.project_id = p.id
     WHERE p.deleted_at IS NULL AND p.log_seq - coalesce(m.counted_to, 0) >= $1
     ORDER BY p.log_seq - coalesce(m.counted_to, 0) LIMIT 1";

const MARK: &str = "SELECT coalesce(m.counted_to, 0) AS counted_to, p.log_seq, coalesce(m.other, 0) AS other
     FROM projects p LEFT JOIN log_pattern_marks m ON m.project_id = p.id WHERE p.id = $1";

const ALL: &str =
    "SELECT fingerprint, level, text, count, first_at, last_at, last_seq, body FROM log_patterns
     WHERE project_id = $1";

/// A line's level is looked at before its text is read.
const OF_LEVEL: &str = lines!("logs WHERE project_id = $1 AND seq > $2 AND seq <= $5 AND level >= $6", "seq");

const PUT: &str = "INSERT INTO log_patterns
         (project_id, fingerprint, level, text, count, first_at, last_at, last_seq, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (project_id, fingerprint) DO UPDATE SET count = excluded.count, first_at = excluded.first_at,
         last_at = excluded.last_at, last_seq = excluded.last_seq, body = excluded.body";

const MARK_STEP: &str = "INSERT INTO log_pattern_marks (project_id, counted_to, other) VALUES ($1, $2, $3)
     ON CONFLICT (project_id) DO UPDATE SET counted_to = excluded.counted_to,
         other = log_pattern_marks.other + excluded.other";

row! {
    struct UngroupedRecord { id: i64, counted_to: i64, log_seq: i64 } -> Ungrouped {
        Ok(Ungrouped { project: ProjectId(id), counted_to: number(counted_to)?, last_seq: number(log_seq)? })
    }
}

row! {
    struct MarkRecord { counted_to: i64, log_seq: i64, other: i64 } -> PatternMark {
        Ok(PatternMark { counted_to: number(counted_to)?, last_seq: number(log_seq)?, other: number(other)? })
    }
}

row! {
    struct PatternRecord {
        fingerprint: i64,
        level: i32,
        text: String,
        count: i64,
        first_at: i64,
        last_at: i64,
        last_seq: i64,
        body: Vec<u8>,
    } -> PatternRow {
        let level = Level::from_number(level.into()).ok_or_else(|| damaged("a pattern has an unknown level"))?;
        let (first, last) = (UnixMicros(first_at), UnixMicros(last_at));
        let (count, last_seq) = (number(count)?, number(last_seq)?);
        let fingerprint = Fingerprint(fingerprint.cast_unsigned());
        Ok(PatternRow { fingerprint, level, text, count, first, last, last_seq, body })
    }
}

row! {
    struct BuildRecord { id: i64, build: String, build_since: i64 } -> DeviceBuild {
        Ok(DeviceBuild { device: DeviceId(id), build, since: UnixMicros(build_since) })
    }
}

row! {
    struct NewestRecord { build: String, since: i64, first_device: i64 } -> NewestBuild {
        Ok(NewestBuild { build, since: UnixMicros(since), first_device: UnixMicros(first_device) })
    }
}

fn number(cell: i64) -> Result<u64> {
    cell.try_into().map_err(|_| damaged("a count of the log's patterns is negative"))
}

/// Beyond what is stored, the largest number that is.
fn cell(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait]
impl Patterns for SqlStore {
    async fn find_ungrouped(&self, least: u64) -> Result<Option<Ungrouped>> {
        let found = self.read(UNGROUPED).bind(cell(least)).read_all::<UngroupedRecord>().await?;
        Ok(found.into_iter().next())
    }

    async fn pattern_mark(&self, project: ProjectId) -> Result<PatternMark> {
        let mark = self.read(MARK).bind(project.0).read::<MarkRecord>().await?;
        Ok(mark.unwrap_or_default())
    }

    async fn list_patterns(&self, project: ProjectId) -> Result<Vec<PatternRow>> {
        self.read(ALL).bind(project.0).read_all::<PatternRecord>().await
    }

    async fn load_patterns(&self, project: ProjectId) -> Result<(PatternMark, Vec<PatternRow>)> {
        // one look at both: a step in between would be counted twice
        let mut tx = self.begin_read().await?;
        let mark = tx.query(MARK).bind(project.0).read::<MarkRecord>().await?;
        let rows = tx.query(ALL).bind(project.0).read_all::<PatternRecord>().await?;
        Ok((mark.unwrap_or_default(), rows))
    }

    async fn read_patterns(&self, project: ProjectId, which: &[Fingerprint]) -> Result<Vec<PatternRow>> {
        let which: Vec<i64> = which.iter().map(|fingerprint| fingerprint.0.cast_signed()).collect();
        let query = self.read_either(
            "SELECT fingerprint, level, text, count, first_at, last_at, last_seq, body FROM log_patterns
             WHERE project_id = $1 AND fingerprint IN (SELECT value FROM json_each($2))",
            "SELECT fingerprint, level, text, count, first_at, last_at, last_seq, body FROM log_patterns
             WHERE project_id = $1 AND fingerprint = ANY($2)",
        );
        query.bind(project.0).bind_list(&which).read_all::<PatternRecord>().await
    }

    async fn put_patterns(&self, epoch: i64, project: ProjectId, step: &PatternStep) -> Result<Duration> {
        let mut tx = self.begin_write().await?;
        let begun = Instant::now();
        // in Postgres this also keeps a restore waiting until it is committed
        let (current,): (i64,) = tx.query("SELECT epoch FROM instance").one().await?;
        let sql = "SELECT coalesce((SELECT counted_to FROM log_pattern_marks WHERE project_id = $1), 0) AS counted_to
             FROM projects WHERE id = $1 AND deleted_at IS NULL";
        let counted = tx.query(sql).bind(project.0).find::<(i64,)>().await?;
        if current != epoch || counted != Some((cell(step.from),)) {
            return Ok(Duration::ZERO);
        }
        for row in &step.rows {
            tx.put(project, row).await?;
        }
        let other = tx.make_room(project, step.oldest).await?;
        tx.query(MARK_STEP).bind(project.0).bind(cell(step.to)).bind(other).run().await?;
        tx.commit().await?;
        let blocked = begun.elapsed();
        self.after_step().await?;
        Ok(blocked)
    }

    async fn list_logs_of_level(
        &self,
        project: ProjectId,
        after: u64,
        to: u64,
        at_least: Level,
        limit: u32,
    ) -> Result<Vec<LogLine>> {
        let query = self.read(OF_LEVEL).bind(project.0).bind(cell(after));
        let query = query.bind(i64::from(limit)).bind(PAGE_BYTES as i64).bind(cell(to));
        query.bind(at_least as i32).read_all::<LineRecord>().await
    }

    async fn list_builds(&self, project: ProjectId, devices: &[DeviceId]) -> Result<Vec<DeviceBuild>> {
        let devices: Vec<i64> = devices.iter().map(|device| device.0).collect();
        let query = self.read_either(
            "SELECT id, build, build_since FROM devices
             WHERE project_id = $1 AND build <> '' AND id IN (SELECT value FROM json_each($2))",
            "SELECT id, build, build_since FROM devices WHERE project_id = $1 AND build <> '' AND id = ANY($2)",
        );
        query.bind(project.0).bind_list(&devices).read_all::<BuildRecord>().await
    }

    async fn newest_build(&self, project: ProjectId) -> Result<Option<NewestBuild>> {
        let sql = "SELECT build, min(build_since) AS since,
                 (SELECT min(first_seen) FROM devices WHERE project_id = $1) AS first_device
             FROM devices WHERE project_id = $1 AND build <> ''
             GROUP BY build ORDER BY since DESC, build DESC LIMIT 1";
        self.read(sql).bind(project.0).read::<NewestRecord>().await
    }
}

impl Tx<'_> {
    async fn put(&mut self, project: ProjectId, row: &PatternRow) -> Result<()> {
        let PatternRow { fingerprint, level, text, count, first, last, last_seq, body } = row;
        let put = self.query(PUT).bind(project.0).bind(fingerprint.0.cast_signed()).bind(*level as i32);
        let put = put.bind(text.as_str()).bind(cell(*count)).bind(first.0).bind(last.0);
        put.bind(cell(*last_seq)).bind(&body[..]).run().await?;
        Ok(())
    }

    /// Forgets patterns that were last seen before a time, and those beyond the limit; how many lines the latter had.
    async fn make_room(&mut self, project: ProjectId, oldest: UnixMicros) -> Result<i64> {
        let old = "DELETE FROM log_patterns WHERE project_id = $1 AND last_at < $2";
        self.query(old).bind(project.0).bind(oldest.0).run().await?;
        let sql = "SELECT fingerprint, count FROM log_patterns WHERE project_id = $1
             ORDER BY last_at DESC, last_seq DESC LIMIT 1000000 OFFSET $2";
        let beyond: Vec<(i64, i64)> = self.query(sql).bind(project.0).bind(MAX_PATTERNS).all().await?;
        for (fingerprint, _) in &beyond {
            let drop = "DELETE FROM log_patterns WHERE project_id = $1 AND fingerprint = $2";
            self.query(drop).bind(project.0).bind(*fingerprint).run().await?;
        }
        Ok(beyond.iter().map(|(_, count)| count).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::page::assert_reads_along, *};

    #[tokio::test]
    async fn lines_of_a_level_are_read_along_the_key() {
        assert_reads_along(OF_LEVEL, "logs", "PRIMARY KEY (project_id=? AND seq>? AND seq<?)").await;
    }
}
