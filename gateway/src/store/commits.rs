//! How batches are committed.

use async_trait::async_trait;

use super::{
    error::{Result, damaged},
    sql_store::{Engine, SqlStore},
    write::{Ticket, Write, Written},
};

/// The history that revisions belong to. Restoring a backup begins a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Identifies the instance; created once.
    pub instance: String,
    /// +1 with every restored backup.
    pub number: i64,
}

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.instance, self.number)
    }
}

/// The part of a store that the writer uses.
#[async_trait]
pub trait Commits: Send + Sync {
    /// Writes everything in one transaction, in order. `written` must be empty; it gets one entry for each write just before
    /// the transaction is committed, and so outlives a cancelled call.
    ///
    /// # Errors
    /// Any, and [`StoreError::Restored`](super::StoreError::Restored) when the database has another epoch. With `written`
    /// still empty nothing of the batch is stored. Otherwise ask [`Commits::is_committed`].
    async fn commit(&self, ticket: &Ticket, batch: &[Write], written: &mut Vec<Written>) -> Result<()>;

    /// Whether the commit with that ticket, the writer's last one, has succeeded. Waits until the answer is final.
    async fn is_committed(&self, ticket: &Ticket) -> Result<bool>;

    /// The current epoch of the database.
    async fn epoch(&self) -> Result<Epoch>;

    /// Whether the database answers, can be written to, and has room for more.
    async fn check(&self) -> Result<()>;
}

#[async_trait]
impl Commits for SqlStore {
    async fn commit(&self, ticket: &Ticket, batch: &[Write], written: &mut Vec<Written>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.commit(ticket, batch, written).await,
            Engine::Postgres(postgres) => postgres.commit(ticket, batch, written).await,
        }
    }

    async fn is_committed(&self, ticket: &Ticket) -> Result<bool> {
        let last = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.last_commit(&ticket.writer).await?,
            Engine::Postgres(postgres) => Some(postgres.last_commit(&ticket.writer).await?),
        };
        Ok(last == Some(ticket.number))
    }

    async fn epoch(&self) -> Result<Epoch> {
        let (instance, number) = self.read("SELECT instance_id, epoch FROM instance").one().await?;
        Ok(Epoch { instance, number })
    }

    async fn check(&self) -> Result<()> {
        self.write_mark().await?;
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.check_room().await,
            Engine::Postgres(postgres) => postgres.check_room().await,
        }
    }
}

impl SqlStore {
    /// Whether it can be written to.
    pub(super) async fn write_mark(&self) -> Result<()> {
        // a committed change: SQLite does not write a row that stays the same
        let sql = "INSERT INTO writers (name, number) SELECT '(check)', 1 FROM instance WHERE true
                   ON CONFLICT (name) DO UPDATE SET number = writers.number + 1";
        match self.write(sql).run().await? {
            1 => Ok(()),
            _ => Err(damaged("the instance's own row is missing")),
        }
    }
}
