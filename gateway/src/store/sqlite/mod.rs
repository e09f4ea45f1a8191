//! SQLite in one file: the default.
//!
//! One connection writes, a few read. Every commit is on disk before it is reported (`synchronous=FULL`).

mod commit;
pub(super) mod inspect;

use std::{fs::OpenOptions, path::Path, time::Duration};

use protocol::{
    live::{Gesture, LogLine},
    model::{DeviceId, Key, KeyId, Project, ProjectId, Revision, UnixMicros, UserId, VarName},
};
use sqlx::{
    ConnectOptions, Connection, Executor, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::{
    AccessStore, Epoch, GestureRow, HistoryRow, KeyState, ProjectState, Result, Store, StoreError, Ticket,
    Write, Written, access::Pools, access_rows, migrations, rows, shared::impl_store,
};
use inspect::{APPLICATION_ID, Depth, Found, explain, inspect};

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// One at a time is opened: SQLite has no lock for making a schema, nor waits to change the journal. Two
/// programs are kept apart by the claim on the data directory.
static OPENING: Mutex<()> = Mutex::const_new(());

/// Everything in one file.
pub struct SqliteStore {
    reader: SqlitePool,
    writer: SqlitePool,
    access: AccessStore,
}

impl SqliteStore {
    /// Opens the database, which is made if there is none, and brings its schema up to date. Before that, all
    /// of an existing file is checked: some 2 s for each GiB.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] with a sentence when the file is not ours, is damaged or newer, or cannot be used; it is
    /// then as it was.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let _opening = OPENING.lock().await;
        migrate(path, &options).await?;
        let options = options.journal_mode(SqliteJournalMode::Wal);
        // one: SQLite has one writer at a time, and here the next one waits its turn instead of polling
        let writer = pool(1).connect_with(options.clone()).await?;
        let reader = pool(READERS).connect_with(options.read_only(true)).await?;
        let pools = Pools { reader: reader.clone(), writer: writer.clone(), begin_write: "BEGIN IMMEDIATE" };
        let store = Self { reader, writer, access: AccessStore::Sqlite(pools) };
        store.check().await?;
        Ok(store)
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // connections to a file do not go stale
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                // a rollback may still be on its way
                connection.ping().await?;
                // when the disk fails it, SQLite takes a transaction back by itself; the driver still counts it as
                // open then, and would refuse every other one on this connection for ever
                Ok(!connection.is_in_transaction())
            })
        })
}

async fn migrate(path: &Path, options: &SqliteConnectOptions) -> Result<()> {
    let found = inspect(path, Depth::Start).await?;
    if found == Found::Nothing {
        let made = make_file(path);
        made.map_err(|fault| StoreError::Foreign(format!("{} cannot be made: {fault}", path.display())))?;
    }
    let mut connection = options.connect().await.map_err(|fault| explain(path, fault))?;
    if matches!(found, Found::Nothing | Found::Empty) {
        // before the schema and without a write-ahead log, so that whatever interrupts us, the file's own
        // first page says whose it is
        connection.execute(sqlx::AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}"))).await?;
    }
    let name = format!("the database {}", path.display());
    migrations::sqlite().run(&mut connection).await.map_err(|fault| {
        match migrations::explain(&name, fault) {
            StoreError::Database(fault) => explain(path, fault),
            other => other,
        }
    })?;
    Ok(connection.close().await?)
}

fn make_file(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // it will hold password hashes: for nobody else's eyes
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

impl_store!(SqliteStore, kind: "sqlite", begin_read: "BEGIN");
