//! Log lines, read in the order of their numbers.

use async_trait::async_trait;
use protocol::model::{DeviceId, Level, LogLine, ProjectId, UnixMicros};

use super::{
    error::{Result, damaged},
    page::{PAGE_BYTES, page},
    sql::{Query, row},
    sql_store::SqlStore,
};

/// The log of projects.
#[async_trait]
pub trait Logs: Send + Sync {
    /// Log lines of a project, newest first, with numbers below `before`. At most `limit`, and at most [`PAGE_BYTES`] of text
    /// before the last one.
    async fn list_logs(&self, project: ProjectId, before: Option<u64>, limit: u32) -> Result<Vec<LogLine>>;

    /// Log lines of a project, oldest first, with numbers above `after`, with the same limits.
    async fn list_logs_after(&self, project: ProjectId, after: u64, limit: u32) -> Result<Vec<LogLine>>;
}

/// A [page](super::page) of lines of the project `$1`: their condition, and their order.
macro_rules! lines {
    ($condition:literal, $order:literal) => {
        page!(
            "seq, device_id, at, received, level, message, fields",
            $condition,
            "seq",
            $order,
            "octet_length(message) + coalesce(octet_length(fields), 0)",
            "$3",
            "$4"
        )
    };
}
pub(super) use lines;

/// With a number below `$2`, newest first.
pub(super) const OLDER: &str = lines!("logs WHERE project_id = $1 AND seq < $2", "seq DESC");
/// With a number above `$2`, oldest first.
const NEWER: &str = lines!("logs WHERE project_id = $1 AND seq > $2", "seq");

row! {
    pub(super) struct LineRecord {
        seq: i64,
        device_id: i64,
        at: i64,
        received: i64,
        level: i32,
        message: String,
        fields: Option<String>,
    } -> LogLine {
        let level = Level::from_number(level.into());
        Ok(LogLine {
            seq: number(seq)?,
            device: DeviceId(device_id),
            at: UnixMicros(at),
            received: UnixMicros(received),
            level: level.ok_or_else(|| damaged("a log line has an unknown level"))?,
            message,
            fields,
        })
    }
}

/// A line's number, as it is stored.
pub(super) fn number(cell: i64) -> Result<u64> {
    cell.try_into().map_err(|_| damaged("the log has a negative number"))
}

/// Beyond what is stored, the largest number that is.
pub(super) fn cell(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait]
impl Logs for SqlStore {
    async fn list_logs(&self, project: ProjectId, before: Option<u64>, limit: u32) -> Result<Vec<LogLine>> {
        read_page(self.read(OLDER), project, before.map_or(i64::MAX, cell), limit).await
    }

    async fn list_logs_after(&self, project: ProjectId, after: u64, limit: u32) -> Result<Vec<LogLine>> {
        read_page(self.read(NEWER), project, cell(after), limit).await
    }
}

/// Runs one of the statements above.
pub(super) async fn read_page(
    query: Query<'_>,
    project: ProjectId,
    beyond: i64,
    limit: u32,
) -> Result<Vec<LogLine>> {
    query
        .bind(project.0)
        .bind(beyond)
        .bind(i64::from(limit))
        .bind(PAGE_BYTES as i64)
        .read_all::<LineRecord>()
        .await
}

#[cfg(test)]
mod tests {
    use super::{super::page::assert_reads_along, *};

    #[tokio::test]
    async fn a_part_of_the_log_is_a_range_of_its_key() {
        assert_reads_along(OLDER, "logs", "PRIMARY KEY (project_id=? AND seq<?)").await;
        assert_reads_along(NEWER, "logs", "PRIMARY KEY (project_id=? AND seq>?)").await;
    }
}
