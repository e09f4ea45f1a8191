//! Postgres 15 or later.

mod claim;
mod commit;
mod connect;
mod room;

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    migrate::Migrate as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{sync::Mutex, time::timeout};

pub(super) use self::connect::connect_for_copy;
use self::{
    claim::Claim,
    connect::{connect, options_of},
};
use super::{
    error::{Result, StoreError},
    migrations,
    schema::Schema,
};

const CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the connection that holds the claim may take to answer before it counts as broken.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(5);
/// The oldest Postgres that the stories pass on.
const OLDEST_MAJOR: i32 = 15;

/// Everything in one database, in the first schema of the search path.
pub(super) struct PostgresEngine {
    pub(super) pool: PgPool,
    /// How to connect, with limits on how long a statement may take.
    options: PgConnectOptions,
    /// The connection for batches; `None` before the first batch and after an error.
    commits: Mutex<Option<PgConnection>>,
    /// The claim of the database's only server; `None`: opened without one.
    claim: Option<Claim>,
    /// Holds the claim while no other connection is open.
    anchor: Mutex<Option<PgConnection>>,
}

impl PostgresEngine {
    /// As [`SqlStore::connect`](super::SqlStore::connect) says, or, with `alone`,
    /// [`SqlStore::connect_alone`](super::SqlStore::connect_alone).
    pub(super) async fn open(url: &str, alone: Option<&str>) -> Result<Self> {
        let options = options_of(url)?;
        // before the schema is touched, which another server may still use
        let reserved = match alone {
            Some(words) => Some((claim::reserve(&options).await?, words)),
            None => None,
        };
        migrate(&options).await?;
        let (claim, anchor) = match reserved {
            Some((reserved, words)) => {
                reserved.take(words).await.map(|(claim, anchor)| (Some(claim), Some(anchor)))?
            }
            None => (None, None),
        };
        // a transaction whose client is gone must not hold its locks for long
        let options = options.options([
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ]);
        let pool = pool(claim.clone()).connect_with(options.clone()).await?;
        Ok(Self { pool, options, commits: Mutex::new(None), claim, anchor: Mutex::new(anchor) })
    }

    /// A connection that is in no pool.
    async fn connect_one(&self) -> Result<PgConnection> {
        match &self.claim {
            Some(claim) => claim.connect(&self.options).await,
            None => Ok(self.options.connect().await?),
        }
    }

    /// Checks the connection that holds the claim, and replaces it if it is broken.
    pub(super) async fn hold_claim(&self) -> Result<()> {
        if self.claim.is_none() || self.pool.is_closed() {
            return Ok(());
        }
        let mut anchor = self.anchor.lock().await;
        if let Some(mut connection) = anchor.take()
            && matches!(timeout(CLAIM_TIMEOUT, connection.ping()).await, Ok(Ok(())))
        {
            *anchor = Some(connection);
            return Ok(());
        }
        *anchor = Some(timeout(CLAIM_TIMEOUT, self.connect_one()).await.map_err(|_| StoreError::TimedOut)??);
        Ok(())
    }

    /// Closes every connection; the one that holds the claim last.
    pub(super) async fn close(&self) {
        self.pool.close().await;
        for slot in [&self.commits, &self.anchor] {
            if let Some(connection) = slot.lock().await.take()
                && let Err(error) = connection.close().await
            {
                tracing::debug!(%error, "a connection to the database was gone already");
            }
        }
    }
}

fn pool(claim: Option<Claim>) -> PgPoolOptions {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
    pool.after_connect(move |connection, _| {
        let claim = claim.clone();
        Box::pin(async move {
            match claim {
                Some(claim) => claim.join(connection).await.map_err(|error| match error {
                    StoreError::Database(error) => error,
                    other => sqlx::Error::Configuration(other.into()),
                }),
                None => Ok(()),
            }
        })
    })
}

async fn migrate(options: &PgConnectOptions) -> Result<()> {
    // on a connection of its own: the lock against two servers that start at once is released when it closes
    let mut connection = connect(options).await?;
    let name = name_of(options);
    refuse_old(&mut connection).await?;
    // check everything before writing anything
    let version = version_of(&mut connection, &name).await?;
    refuse_incomplete(&mut connection, &name, version).await?;
    migrations::postgres().run(&mut connection).await.map_err(|fault| migrations::explain(&name, fault))?;
    Ok(connection.close().await?)
}

fn name_of(options: &PgConnectOptions) -> String {
    format!("the database {}", options.get_database().unwrap_or("of the URL"))
}

async fn refuse_old(connection: &mut PgConnection) -> Result<()> {
    let number: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::integer")
        .fetch_one(connection)
        .await?;
    check_version(number)
}

/// Takes `server_version_num`, such as 150004.
fn check_version(number: i32) -> Result<()> {
    let major = number / 10_000;
    if major < OLDEST_MAJOR {
        return Err(StoreError::Foreign(format!(
            "the server is Postgres {major} and observerio needs {OLDEST_MAJOR} or newer: upgrade it, or name another \
             server in DATABASE_URL"
        )));
    }
    Ok(())
}

/// The last step of the schema; 0 in an empty database.
async fn version_of(connection: &mut PgConnection, name: &str) -> Result<i64> {
    let (tables, migrations): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE tablename = '_sqlx_migrations')
         FROM pg_tables WHERE schemaname = current_schema()",
    )
    .fetch_one(&mut *connection)
    .await?;
    if migrations > 0 {
        let explain = |fault| migrations::explain(name, fault);
        let applied = connection.list_applied_migrations("_sqlx_migrations").await.map_err(explain)?;
        return migrations::last_of(&migrations::postgres(), &applied).map_err(explain);
    }
    match tables {
        0 => Ok(0),
        _ => Err(StoreError::Foreign(format!(
            "{name} holds another program's tables: make an empty database for observerio and name it in \
             DATABASE_URL"
        ))),
    }
}

/// Refuses a schema that lacks something that its steps created.
async fn refuse_incomplete(connection: &mut PgConnection, name: &str, version: i64) -> Result<()> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema()",
    )
    .fetch_all(connection)
    .await?;
    match Schema::at(version).await?.missing_from(&columns) {
        None => Ok(()),
        Some(missing) => Err(StoreError::Foreign(format!(
            "{name} lacks {missing}: it was changed by hand; make an empty database, name it in DATABASE_URL, and put \
             a backup there with `observerio restore FILE`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_is_refused_with_both_versions() {
        for number in [90_624, 130_011, 140_999] {
            let Err(StoreError::Foreign(sentence)) = check_version(number) else {
                panic!("{number} is taken")
            };
            assert!(sentence.contains(&format!("Postgres {}", number / 10_000)) && sentence.contains("15"));
        }
        for number in [150_000, 150_018, 180_001] {
            check_version(number).unwrap();
        }
    }
}
