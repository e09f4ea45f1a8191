//! What every batch does: it leaves its mark, locks its projects, and writes the audit trail.

use async_trait::async_trait;

use crate::store::{
    error::Result,
    note::AuditRow,
    sql::{Tx, statement},
};

/// Statements on the batch itself.
#[async_trait]
pub trait Marks: Send {
    /// Notes the number of the writer's commit, and returns the epoch of the database.
    async fn mark(&mut self, writer: &str, number: i64) -> Result<i64>;
    /// Locks these projects against other writers until the transaction ends. Returns those that exist.
    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>>;
    /// Adds a row to the audit trail.
    async fn note(&mut self, note: &AuditRow) -> Result<()>;
}

#[async_trait]
impl Marks for Tx<'_> {
    async fn mark(&mut self, writer: &str, number: i64) -> Result<i64> {
        let mark = self.query(
            "INSERT INTO writers (name, number) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET number = excluded.number",
        );
        mark.bind(writer).bind(number).run().await?;
        // in Postgres a restore locks the table of writers first, so the epoch can't change until the transaction ends
        let (epoch,) = self.query("SELECT epoch FROM instance").one().await?;
        Ok(epoch)
    }

    /// SQLite has nothing to lock, since only one connection writes. In Postgres the order of ids keeps two batches from a
    /// deadlock.
    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>> {
        let lock = statement!(
            self,
            "SELECT id FROM projects WHERE deleted_at IS NULL AND",
            sqlite: "id IN (SELECT value FROM json_each($1))",
            postgres: "id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        );
        lock.bind_list(projects).column().await
    }

    async fn note(&mut self, note: &AuditRow) -> Result<()> {
        self.write_note(note).await
    }
}
