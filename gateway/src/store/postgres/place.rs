//! The place at a database: one server has it at a time.
//!
//! Every connection of that server holds one advisory lock, shared, for as long as it lives. Whoever takes the place needs the
//! lock for itself first, so nobody gets it while one such connection is left, and it is free when the last of them is gone:
//! also after a crash. A row says who took it last, and every further connection looks whether that is still its own server. So
//! whoever has lost it, because all of its connections broke and another server was there first, can't write any more on any
//! connection, and finds out who has it now.

use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep};

use super::connect::connect;
use crate::{
    secrets::random_token,
    store::error::{Result, StoreError},
};

/// Of this program and of the schema, of which a database may have several.
const KEY: &str = "hashtextextended('observerio:' || current_schema(), 0)";
/// Marks the row among those of writers, each of which is about a running program too.
const PREFIX: &str = "(place) ";
/// How long the connections of a server that has crashed may take to notice: one that is in the midst of something ends it
/// first.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// What the server that has the place is known by.
#[derive(Clone, Debug)]
pub(super) struct Place {
    token: String,
}

/// Nobody else can take the place, and nobody has it yet.
pub(super) struct Reserved(PgConnection);

/// Keeps everybody else from it.
///
/// # Errors
/// [`StoreError::InUse`] with what the server that has it says of itself.
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
    /// Takes the place in a database that has its tables; `words` tell others who has it. The connection holds it from now on.
    pub(super) async fn take(mut self, words: &str) -> Result<(Place, PgConnection)> {
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
        Ok((Place { token }, self.0))
    }
}

impl Place {
    /// A further connection, which may do what the server does that has the place.
    pub(super) async fn connect(&self, options: &PgConnectOptions) -> Result<PgConnection> {
        let mut connection = options.connect().await?;
        self.join(&mut connection).await?;
        Ok(connection)
    }

    /// The same for one that is there already.
    pub(super) async fn join(&self, connection: &mut PgConnection) -> Result<()> {
        // in this order: what the row says then cannot change while the connection lives
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

/// Token and words of the server that took the place last; `None` in a database that no server has used yet.
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
