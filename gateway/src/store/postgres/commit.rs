//! Committing a batch to Postgres.

use sqlx::{Connection as _, PgConnection};

use super::PostgresEngine;
use crate::store::{
    batch,
    error::{Result, StoreError},
    sql::Tx,
    write::{Ticket, Write, Written},
};

impl PostgresEngine {
    pub(in crate::store) async fn commit(
        &self,
        ticket: &Ticket,
        batch: &[Write],
        written: &mut Vec<Written>,
    ) -> Result<()> {
        let mut slot = self.commits.lock().await;
        let mut connection = self.take_connection(&mut slot).await?;
        let mut tx = Tx::Postgres(connection.begin_with("BEGIN").await?);
        let outcome = match batch::write(&mut tx, ticket, batch).await {
            Ok(done) => {
                *written = done;
                tx.commit().await
            }
            Err(error) => tx.rollback().await.and(Err(error)),
        };
        if !outcome.as_ref().is_err_and(StoreError::is_unavailable) {
            *slot = Some(connection);
        }
        outcome
    }

    /// Writes the mark even if nothing changes, which waits for an interrupted transaction that may still be committed.
    pub(in crate::store) async fn last_commit(&self, writer: &str) -> Result<i64> {
        let mut slot = self.commits.lock().await;
        let mut connection = self.take_connection(&mut slot).await?;
        let sql = "INSERT INTO writers (name, number) VALUES ($1, 0)
                   ON CONFLICT (name) DO UPDATE SET number = writers.number RETURNING number";
        let number = sqlx::query_scalar(sql).bind(writer).fetch_one(&mut connection).await?;
        *slot = Some(connection);
        Ok(number)
    }

    /// A connection of its own, in no pool: one that hangs is dropped with the cancelled call.
    async fn take_connection(&self, slot: &mut Option<PgConnection>) -> Result<PgConnection> {
        match slot.take() {
            _ if self.pool.is_closed() => Err(sqlx::Error::PoolClosed.into()),
            Some(connection) => Ok(connection),
            None => self.connect_one().await,
        }
    }
}
