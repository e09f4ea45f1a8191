//! A database as a whole.

use async_trait::async_trait;

use super::{
    access::{Access, KeyStates},
    chores::Chores,
    commits::Commits,
    error::Result,
    game_sessions::GameSessions,
    history::History,
    log_blocks::LogBlocks,
    log_times::LogTimes,
    logs::Logs,
    patterns::Patterns,
    retention::Retaining,
    snapshots::Snapshots,
    sql_store::{Engine, SqlStore},
};

/// A database that keeps everything.
#[async_trait]
pub trait Store:
    Chores
    + Commits
    + GameSessions
    + History
    + KeyStates
    + LogBlocks
    + Logs
    + LogTimes
    + Patterns
    + Retaining
    + Snapshots
    + 'static
{
    /// "sqlite" or "postgres".
    fn kind(&self) -> &'static str;

    /// The part that is about people.
    fn access(&self) -> &dyn Access;

    /// Makes sure that no other server has taken the database, if this store was opened as its only server. Call it
    /// periodically: the connection that holds the claim may break.
    ///
    /// # Errors
    /// [`StoreError::InUse`](super::StoreError::InUse): another server has it, and nothing can be written any more. Any other
    /// error leaves that open.
    async fn keep_claim(&self) -> Result<()> {
        Ok(())
    }

    /// Closes every connection, after the last commit.
    async fn close(&self);
}

#[async_trait]
impl Store for SqlStore {
    fn kind(&self) -> &'static str {
        self.engine.kind()
    }

    fn access(&self) -> &dyn Access {
        self
    }

    async fn keep_claim(&self) -> Result<()> {
        match &self.engine {
            // the server holds a lock on the file for as long as it runs
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(postgres) => postgres.hold_claim().await,
        }
    }

    async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }
}
