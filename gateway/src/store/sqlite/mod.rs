//! SQLite in one file: the default.
//!
//! One connection writes, a few read, and one copies the write-ahead log. Every commit is on disk before it is reported
//! (`synchronous=FULL`).

mod checkpoint;
pub(super) mod inspect;
mod room;
mod space;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, Executor, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Mutex;

use self::inspect::{APPLICATION_ID, Depth, Found, beside, explain, inspect};
use super::{
    batch,
    error::{Result, StoreError},
    files, migrations,
    sql::Tx,
    write::{Ticket, Write, Written},
};

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The size to which the write-ahead log is truncated after a large transaction or a long read: four times the size at which
/// SQLite itself checkpoints it.
const MAX_LOG_BYTES: u32 = 16 << 20;
/// Databases are opened one at a time: SQLite neither locks for creating a schema nor waits to change the journal mode. The
/// claim on the data directory keeps other programs out.
static OPENING: Mutex<()> = Mutex::const_new(());

/// Everything in one file.
pub(super) struct SqliteEngine {
    pub(super) reader: SqlitePool,
    pub(super) writer: SqlitePool,
    checkpointer: SqlitePool,
    /// Where the file is.
    folder: PathBuf,
}

impl SqliteEngine {
    /// As [`SqlStore::open`](super::SqlStore::open) says.
    pub(super) async fn open(path: &Path) -> Result<Self> {
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
        // one: SQLite has a single writer, and on a pool the next one waits its turn instead of polling
        let writer = pool(1).connect_with(options.clone()).await?;
        // opened when it is needed
        let checkpointer = pool(1).connect_lazy_with(options.clone());
        let reader = pool(READERS).connect_with(options.read_only(true)).await?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { reader, writer, checkpointer, folder })
    }

    pub(super) async fn begin_write(&self) -> Result<Tx<'static>> {
        Ok(Tx::Sqlite(self.writer.begin_with("BEGIN IMMEDIATE").await?))
    }

    pub(super) async fn commit(
        &self,
        ticket: &Ticket,
        batch: &[Write],
        written: &mut Vec<Written>,
    ) -> Result<()> {
        // every return before the commit rolls back
        let mut tx = self.begin_write().await?;
        *written = batch::write(&mut tx, ticket, batch).await?;
        tx.commit().await
    }

    /// On the one connection that writes, so that a cancelled commit comes to its end first.
    pub(super) async fn last_commit(&self, writer: &str) -> Result<Option<i64>> {
        let sql = "SELECT number FROM writers WHERE name = $1";
        Ok(sqlx::query_scalar(sql).bind(writer).fetch_optional(&self.writer).await?)
    }

    pub(super) async fn close(&self) {
        // the writer last: the last connection to close cleans up the file, which writes
        self.reader.close().await;
        self.checkpointer.close().await;
        self.writer.close().await;
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // connections to a file never go stale
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                // a rollback may still be running
                connection.ping().await?;
                // when the disk fails, SQLite rolls a transaction back by itself, but the driver still counts it as open and
                // would refuse every other one on this connection
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
        // what an interrupted first start left would keep the settings below from taking effect
        let cleared = fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(0));
        cleared
            .map_err(|fault| StoreError::Foreign(format!("{} cannot be written: {fault}", path.display())))?;
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
    space::shrink(path, &mut connection).await?;
    Ok(connection.close().await?)
}

/// It holds password hashes; SQLite gives the files beside it the same permissions.
fn close_to_others(path: &Path) {
    for file in ["", "-wal", "-shm"].map(|suffix| beside(path, suffix)) {
        if let Err(error) = files::make_private(&file) {
            let file = file.display();
            tracing::warn!(%error, %file, "others can read the database; only the owner of its file can change that");
        }
    }
}
