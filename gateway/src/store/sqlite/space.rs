//! Releases free pages of the file, a few at a time.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _};

use super::SqliteEngine;
use crate::store::{budget::Budget, error::Result};

/// `PRAGMA auto_vacuum` of a file that can shrink. One that an older observerio made can't; there the space is reused.
const INCREMENTAL: i64 = 2;
/// Pages per statement: for each one another page is moved.
const PART: i64 = 50;

impl SqliteEngine {
    /// Whether there are pages to release.
    pub(in crate::store) async fn has_space(&self) -> Result<bool> {
        let mut reader = self.reader.acquire().await?;
        let kind: i64 = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(&mut *reader).await?;
        let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&mut *reader).await?;
        Ok(kind == INCREMENTAL && free > 0)
    }

    /// Truncates the file by up to `pages` pages. Returns how long other writers had to wait.
    pub(in crate::store) async fn give_back(&self, pages: u32, within: Duration) -> Result<Duration> {
        let mut tx = self.writer.begin().await?;
        let mut budget = Budget::new(pages, within);
        let mut free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&mut *tx).await?;
        while free > 0
            && let Some(part) = budget.part()
        {
            let part = part.min(PART);
            tx.execute(AssertSqlSafe(format!("PRAGMA incremental_vacuum({part})"))).await?;
            budget.take(part.cast_unsigned());
            free -= part;
        }
        tx.commit().await?;
        if free <= 0 {
            // the file shrinks when the log is written into it
            self.writer.execute("PRAGMA wal_checkpoint(PASSIVE)").await?;
        }
        Ok(budget.elapsed())
    }
}
