//! SQLite in one file: the default.
//!
//! One connection writes, a few read. Every commit is on disk before it is reported (`synchronous=FULL`).

mod commit;
pub(super) mod inspect;
mod room;
mod space;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use protocol::model::{
    DeviceId, Gesture, Key, KeyId, LogLine, Project, ProjectId, Revision, UnixMicros, UserId, VarName,
};
use sqlx::{
    ConnectOptions, Connection, Executor, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::{
    AccessStore, Chore, Epoch, GestureRow, HistoryRow, KeyState, ProjectState, Result, SessionClock, Store,
    StoreError, Ticket, Write, Written, access::Pools, access_rows, files, history, migrations, rows,
    shared::impl_store, sweep,
};
use inspect::{APPLICATION_ID, Depth, Found, beside, explain, inspect};

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What the write-ahead log is cut down to when a large transaction, or a reader that took long, has made it longer: four
/// times what SQLite lets it grow to by itself.
const MAX_LOG_BYTES: u32 = 16 << 20;
/// One at a time is opened: SQLite has no lock for making a schema, nor waits to change the journal. Two
/// programs are kept apart by the claim on the data directory.
static OPENING: Mutex<()> = Mutex::const_new(());

/// Everything in one file.
pub struct SqliteStore {
    reader: SqlitePool,
    writer: SqlitePool,
    access: AccessStore,
    /// Where the file is.
    folder: PathBuf,
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
        let options = options.pragma("journal_size_limit", MAX_LOG_BYTES.to_string());
        // one: SQLite has one writer at a time, and here the next one waits its turn instead of polling
        let writer = pool(1).connect_with(options.clone()).await?;
        let reader = pool(READERS).connect_with(options.read_only(true)).await?;
        let pools = Pools { reader: reader.clone(), writer: writer.clone(), begin_write: "BEGIN IMMEDIATE" };
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let store = Self { reader, writer, access: AccessStore::Sqlite(pools), folder };
        // a full disk is no reason not to start: what is stored can be read
        store.write_mark().await?;
        Ok(store)
    }

    /// Whoever serves a file locks it: that lasts as long as the process.
    async fn hold_place(&self) -> Result<()> {
        Ok(())
    }

    async fn leave(&self) {}
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
        let made = files::create_private(path);
        made.map_err(|fault| StoreError::Foreign(format!("{} cannot be made: {fault}", path.display())))?;
    }
    close_to_others(path);
    if found == Found::Empty {
        // what a first start has left would keep the settings below from counting
        let cleared = fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(0));
        cleared
            .map_err(|fault| StoreError::Foreign(format!("{} cannot be written: {fault}", path.display())))?;
    }
    let mut connection = options.connect().await.map_err(|fault| explain(path, fault))?;
    if matches!(found, Found::Nothing | Found::Empty) {
        // space can be given back; it can't be turned on later without writing the file anew
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL").await?;
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

/// It holds password hashes; SQLite gives the files beside it the same rights.
fn close_to_others(path: &Path) {
    for file in ["", "-wal", "-shm"].map(|suffix| beside(path, suffix)) {
        if let Err(error) = files::make_private(&file) {
            let file = file.display();
            tracing::warn!(%error, %file, "others can read the database; only the owner of its file can change that");
        }
    }
}

impl_store!(SqliteStore, kind: "sqlite", begin_read: "BEGIN");
