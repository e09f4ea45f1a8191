//! Postgres 15 or later.

mod commit;

use std::{str::FromStr, time::Duration};

use protocol::model::{Key, Project, ProjectId, ProjectSummary, UnixMicros, User, UserId};
use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::Mutex;

use super::{
    Epoch, HistoryRow, NewSession, NewUser, ProjectState, Result, Store, StoreError, Ticket, TokenHash,
    Write, Written, migrations, rows, shared::impl_store,
};

const CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything in one Postgres database, in the first schema of the search path.
pub struct PostgresStore {
    /// The same pool as `writer`: in Postgres everybody may do both.
    reader: PgPool,
    writer: PgPool,
    /// How to connect, with limits on how long a statement may take.
    options: PgConnectOptions,
    /// The connection of batches; `None` before the first one and after a fault.
    commits: Mutex<Option<PgConnection>>,
}

impl PostgresStore {
    /// Connects to the database of a `postgres://` URL, which must exist, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] with a sentence when the database holds another program's tables or a newer
    /// schema; it is then as it was.
    pub async fn connect(url: &str) -> Result<Self> {
        let options =
            PgConnectOptions::from_str(url)?.application_name("observerio").disable_statement_logging();
        migrate(&options).await?;
        // a transaction that lost its client must not hold its locks for long
        let options = options.options([
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ]);
        let writer = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.clone())
            .await?;
        let store = Self { reader: writer.clone(), writer, options, commits: Mutex::new(None) };
        store.check().await?;
        Ok(store)
    }
}

async fn migrate(options: &PgConnectOptions) -> Result<()> {
    // its own connection: the lock against two servers that start at once goes when it closes
    let mut connection = options.connect().await?;
    let name = format!("the database {}", options.get_database().unwrap_or("of the URL"));
    if is_foreign(&mut connection).await? {
        return Err(StoreError::Foreign(format!(
            "{name} holds another program's tables: make an empty database for observerio and name it in \
             DATABASE_URL"
        )));
    }
    migrations::postgres().run(&mut connection).await.map_err(|fault| migrations::explain(&name, fault))?;
    Ok(connection.close().await?)
}

/// Whether there are tables, but none that says which of our migrations made them.
async fn is_foreign(connection: &mut PgConnection) -> Result<bool> {
    let (tables, migrations): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE tablename = '_sqlx_migrations')
         FROM pg_tables WHERE schemaname = current_schema()",
    )
    .fetch_one(connection)
    .await?;
    Ok(tables > 0 && migrations == 0)
}

impl_store!(
    PostgresStore,
    kind: "postgres",
    begin_write: "BEGIN",
    begin_read: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
);
