//! SQLite in one file: the default.
//!
//! One connection writes, a few read. Every commit is on disk before it is reported (`synchronous=FULL`).

mod commit;

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read},
    path::Path,
    time::Duration,
};

use protocol::model::{Key, Project, ProjectId, ProjectSummary, UnixMicros, User, UserId};
use sqlx::{
    ConnectOptions, Connection, Executor, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::{
    Epoch, HistoryRow, NewSession, NewUser, ProjectState, Result, Store, StoreError, Ticket, TokenHash,
    Write, Written, migrations, rows, shared::impl_store,
};

/// Tells our files from other programs': "obsv" in ASCII, at byte 68 of the file.
const APPLICATION_ID: u32 = u32::from_be_bytes(*b"obsv");
const APPLICATION_ID_AT: usize = 68;
const HEADER_BYTES: usize = 100;
const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// One at a time is opened: SQLite has no lock for making a schema, nor waits to change the journal. Two
/// programs are kept apart by the claim on the data directory.
static OPENING: Mutex<()> = Mutex::const_new(());

/// Everything in one file.
pub struct SqliteStore {
    reader: SqlitePool,
    writer: SqlitePool,
}

impl SqliteStore {
    /// Opens the database, which is made if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] with a sentence when the file is not ours or cannot be used; it is then as it was.
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
        let store = Self { reader, writer };
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
}

async fn migrate(path: &Path, options: &SqliteConnectOptions) -> Result<()> {
    let is_new = claim_file(path)?;
    let name = format!("the database {}", path.display());
    let mut connection = options.connect().await.map_err(|fault| explain(path, fault))?;
    if is_new {
        // before the schema and without a write-ahead log, so that whatever interrupts us, the file's own
        // first page says whose it is
        connection.execute(sqlx::AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}"))).await?;
    }
    migrations::sqlite().run(&mut connection).await.map_err(|fault| {
        match migrations::explain(&name, fault) {
            StoreError::Database(fault) => explain(path, fault),
            other => other,
        }
    })?;
    Ok(connection.close().await?)
}

/// Makes the file if there is none. Looks at one that exists without opening it as a database, which
/// could change it. Returns whether it is empty.
fn claim_file(path: &Path) -> Result<bool> {
    let foreign = |why: &str| StoreError::Foreign(format!("{} {why}", path.display()));
    let mut header = Vec::with_capacity(HEADER_BYTES);
    match File::open(path) {
        Ok(file) => {
            let read = file.take(HEADER_BYTES as u64).read_to_end(&mut header);
            read.map_err(|fault| foreign(&format!("cannot be read: {fault}")))?;
        }
        Err(fault) if fault.kind() == ErrorKind::NotFound => {
            make_file(path).map_err(|fault| foreign(&format!("cannot be made: {fault}")))?;
        }
        Err(fault) => return Err(foreign(&format!("cannot be read: {fault}"))),
    }
    if header.is_empty() {
        return Ok(true);
    }
    if header.len() < HEADER_BYTES || !header.starts_with(b"SQLite format 3\0") {
        return Err(foreign("is not a database: name another file, or move this one away"));
    }
    if header[APPLICATION_ID_AT..][..4] != APPLICATION_ID.to_be_bytes() {
        return Err(foreign("is another program's database: name another file, or move this one away"));
    }
    Ok(false)
}

fn make_file(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // it will hold password hashes: for nobody else's eyes
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Names the file when its content is the fault.
fn explain(path: &Path, fault: sqlx::Error) -> StoreError {
    // SQLITE_CORRUPT, SQLITE_CANTOPEN and SQLITE_NOTADB; extended codes have them in the low byte
    let code =
        fault.as_database_error().and_then(|fault| fault.code()).and_then(|code| code.parse::<u32>().ok());
    let path = path.display();
    match code.map(|code| code & 0xff) {
        Some(11 | 26) => {
            StoreError::Foreign(format!("{path} is damaged: restore a backup, or move the file away"))
        }
        Some(14) => StoreError::Foreign(format!("{path} cannot be opened: look at who may write there")),
        _ => StoreError::Database(fault),
    }
}

impl_store!(SqliteStore, kind: "sqlite", begin_write: "BEGIN IMMEDIATE", begin_read: "BEGIN");
