//! Copies the write-ahead log into the file while others go on writing.
//!
//! SQLite does this by itself within the commit that makes the log long (1,000 pages), and every writer waits for that commit,
//! syncs of both files included. What writes many pages on purpose does it beforehand, on a connection of its own. SQLite's own
//! limit still holds, so the log is bounded whatever becomes of this.

use super::SqliteEngine;
use crate::store::error::Result;

/// Rounds before it is left to SQLite.
const ROUNDS: usize = 4;

impl SqliteEngine {
    /// Copies what is committed, and what is added while it copies.
    pub(in crate::store) async fn checkpoint(&self) -> Result<()> {
        let mut end = None;
        for _ in 0..ROUNDS {
            let round = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&self.checkpointer);
            let (_is_busy, pages, _copied): (i64, i64, i64) = round.await?;
            // the file is synced only in a round during which nothing was added
            if end.replace(pages) == Some(pages) {
                break;
            }
        }
        Ok(())
    }
}
