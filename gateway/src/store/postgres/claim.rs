//! The claim on a database: one server holds it at a time.
//!
//! Every connection of that server holds a shared advisory lock for as long as it lives. Taking the claim needs the lock
//! exclusively first, so no other server gets it while one such connection is left, and it is free when the last one is gone,
//! even after a crash. A row names the server that took it last, and every further connection checks that this is still its own
//! server. A server that lost the claim, because all of its connections broke and another server was faster, can therefore no
//! longer write on any connection, and learns who has it.

use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep};

use super::connect::connect;
use crate::{
    secrets::random_token,
    store::error::{Result, StoreError},
};

/// Specific to this program and to the schema, of which a database may have several.
const KEY: &str = "hashtextextended('observerio:' || current_schema(), 0)";
/// Tells the row from those of writers in the same table.
const PREFIX: &str = "(place) ";
/// How long Postgres may take to close the connections of a crashed server: a running statement ends first.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Identifies the server that holds the claim.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    token: String,
}

/// No other server can take the claim, and none has it yet.
pub(super) struct Reserved(PgConnection);

/// Keeps other servers from taking it.
///
/// # Errors
/// [`StoreError::InUse`] with the words of the server that holds it.
pub(super) async fn reserve(options: &PgConnectOptions) -> Result<Reserved> {
    let mut connection = connect(options).await?;
    let give_up_at = Instant::now() + PATIENCE;
    let sql = format!("SELECT pg_try_advisory_lock({KEY})");
    while !sqlx::query_scalar(AssertSqlSafe(sql.as_str())).fetch_one(&mut connection).await? {
        if Instant::now() >= give_up_at {
            let who = who(&mut connection).await?.map_or(String::new(), |(_, words)| format!(": {words}"));
            return Err(StoreError::InUse(format!("another observerio uses it{who}")));
        }
        sleep(PAUSE).await;
    }
    Ok(Reserved(connection))
}

impl Reserved {
    /// Takes the claim in a database that has its tables; `words` tell others who holds it. The connection holds it from now on.
    pub(super) async fn take(mut self, words: &str) -> Result<(Claim, PgConnection)> {
        let token = random_token();
        let mut tx = self.0.begin().await?;
        sqlx::query("DELETE FROM writers WHERE starts_with(name, $1)").bind(PREFIX).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO writers (name, number) VALUES ($1, 0)")
            .bind(format!("{PREFIX}{token} {words}"))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        hold(&mut self.0).await?;
        let sql = format!("SELECT pg_advisory_unlock({KEY})");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut self.0).await?;
        Ok((Claim { token }, self.0))
    }
}

impl Claim {
    /// Opens another connection of the server that holds the claim.
    pub(super) async fn connect(&self, options: &PgConnectOptions) -> Result<PgConnection> {
        let mut connection = options.connect().await?;
        self.join(&mut connection).await?;
        Ok(connection)
    }

    /// Does that for a connection that is open already.
    pub(super) async fn join(&self, connection: &mut PgConnection) -> Result<()> {
        // in this order, so that the row can't change while the connection lives
        hold(connection).await?;
        match who(connection).await? {
            Some((token, _)) if token == self.token => Ok(()),
            Some((_, words)) => Err(StoreError::InUse(format!("was lost to another observerio: {words}"))),
            None => Err(StoreError::InUse("was lost to another observerio".to_owned())),
        }
    }
}

async fn hold(connection: &mut PgConnection) -> Result<()> {
    let sql = format!("SELECT pg_advisory_lock_shared({KEY})");
    sqlx::query(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Token and words of the server that took the claim last; `None` in a database that no server has used yet.
async fn who(connection: &mut PgConnection) -> Result<Option<(String, String)>> {
    let is_made: bool =
        sqlx::query_scalar("SELECT to_regclass('writers') IS NOT NULL").fetch_one(&mut *connection).await?;
    if !is_made {
        return Ok(None);
    }
    let sql = "SELECT name FROM writers WHERE starts_with(name, $1)";
    let row: Option<String> = sqlx::query_scalar(sql).bind(PREFIX).fetch_optional(connection).await?;
    let row = row.as_deref().and_then(|row| row.strip_prefix(PREFIX)?.split_once(' '));
    Ok(row.map(|(token, words)| (token.to_owned(), words.to_owned())))
}
