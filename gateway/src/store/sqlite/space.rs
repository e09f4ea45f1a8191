//! Returns the free pages of the file to the system, at the start.
//!
//! SQLite could do it while the server runs, page by page (`auto_vacuum`), but then each page knows which one refers to it, and
//! appending to a large table writes half as much again. So what is deleted is used again, and the file gets shorter when it
//! is next opened.

use std::path::Path;

use sqlx::{Executor as _, SqliteConnection};

use crate::store::error::Result;

/// Free bytes that are left where they are: the next lines need them.
const MIN_FREE: i64 = 16 << 20;
/// The most bytes to rewrite, which takes a few seconds; a start must not take longer.
const MAX_REWRITTEN: i64 = 1 << 30;

/// Rewrites the file if more than half of it is free, or if an earlier program made it one that can shrink by itself. If there is
/// no room for that, it stays as it is.
pub(super) async fn shrink(path: &Path, connection: &mut SqliteConnection) -> Result<()> {
    let mut ask = async |pragma: &'static str| -> Result<i64> {
        Ok(sqlx::query_scalar(pragma).fetch_one(&mut *connection).await?)
    };
    let page = ask("PRAGMA page_size").await?;
    let bytes = page * ask("PRAGMA page_count").await?;
    let free = page * ask("PRAGMA freelist_count").await?;
    let shrinks_by_itself = ask("PRAGMA auto_vacuum").await? != 0;
    let is_mostly_free = free >= MIN_FREE && 2 * free > bytes;
    if !(shrinks_by_itself || is_mostly_free) {
        return Ok(());
    }
    if bytes - free > MAX_REWRITTEN {
        let (file, free_mebibytes) = (path.display(), free >> 20);
        tracing::info!(%file, free_mebibytes, "the database file is too large to shrink at the start; a restored backup is shorter");
        return Ok(());
    }
    if bytes >= MIN_FREE {
        tracing::info!(file = %path.display(), free_mebibytes = free >> 20, "returning free space to the system");
    }
    if let Err(error) = connection.execute("PRAGMA auto_vacuum = NONE; VACUUM").await {
        tracing::warn!(%error, "the database file keeps its free space");
    }
    Ok(())
}
