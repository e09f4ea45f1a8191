//! Space that rows have left goes back to the system, a little at a time.

use sqlx::{AssertSqlSafe, Executor as _};

use super::super::{Result, SqliteStore};

/// `PRAGMA auto_vacuum` of a file that can get shorter. One that was made by an older observerio can't; there the space is
/// used for what is stored next.
const INCREMENTAL: i64 = 2;

impl SqliteStore {
    /// Takes up to so many pages off the end of the file. Whether there were any.
    pub(super) async fn give_back(&self, pages: u32) -> Result<bool> {
        let mut writer = self.writer.acquire().await?;
        let kind: i64 = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(&mut *writer).await?;
        let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&mut *writer).await?;
        if kind != INCREMENTAL || free == 0 {
            return Ok(false);
        }
        writer.execute(AssertSqlSafe(format!("PRAGMA incremental_vacuum({pages})"))).await?;
        if free <= i64::from(pages) {
            // the file gets shorter when the log goes into it
            writer.execute("PRAGMA wal_checkpoint(PASSIVE)").await?;
        }
        Ok(true)
    }
}
