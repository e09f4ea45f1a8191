//! Space that rows have left goes back to the system, a little at a time.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _};

use super::super::{Chore, Result, SqliteStore, sweep::Budget};

/// `PRAGMA auto_vacuum` of a file that can get shorter. One that was made by an older observerio can't; there the space is
/// used for what is stored next.
const INCREMENTAL: i64 = 2;
/// Pages of one statement: another one comes to each one's place.
const PART: i64 = 50;

impl SqliteStore {
    /// Whether there are pages to give back.
    pub(super) async fn find_space(&self) -> Result<Option<Chore>> {
        let mut reader = self.reader.acquire().await?;
        let kind: i64 = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(&mut *reader).await?;
        let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&mut *reader).await?;
        Ok((kind == INCREMENTAL && free > 0).then_some(Chore::Space))
    }

    /// Takes up to so many pages off the end of the file.
    pub(super) async fn give_back(&self, pages: u32, within: Duration) -> Result<Duration> {
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
            // the file gets shorter when the log goes into it
            self.writer.execute("PRAGMA wal_checkpoint(PASSIVE)").await?;
        }
        Ok(budget.elapsed())
    }
}
