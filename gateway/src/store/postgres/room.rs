//! Whether the server's disk has room. A commit that fits into existing pages does not tell.

use super::PostgresEngine;
use crate::store::error::Result;

/// With the smallest possible `work_mem` the result spills into a file of some 3 MB beside the data. It is deleted with the
/// statement, and neither the write-ahead log nor the tables grow.
const SPILL: &str = "SELECT count(*) FROM generate_series(1, 100000)";

impl PostgresEngine {
    /// Takes as much room as a commit may need, and gives it back.
    pub(in crate::store) async fn check_room(&self) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("SET LOCAL work_mem = '64kB'").execute(&mut *tx).await?;
        match sqlx::query(SPILL).execute(&mut *tx).await {
            Err(fault) if is_limited(&fault) => Ok(tx.rollback().await?),
            Err(fault) => Err(fault.into()),
            Ok(_) => Ok(tx.commit().await?),
        }
    }
}

/// The operator allows no files of that size (`temp_file_limit`), which tells nothing about the disk.
fn is_limited(fault: &sqlx::Error) -> bool {
    fault.as_database_error().and_then(|fault| fault.code()).is_some_and(|code| code == "53400")
}
