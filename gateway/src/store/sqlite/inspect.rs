//! A look at an SQLite file that changes nothing: is it ours, is it whole, is it no newer than we are?
//!
//! What is refused must stay as it was, so that it can still be rescued. SQLite writes as soon as it opens a
//! database for writing: it rolls back, recovers, moves the write-ahead log into the file and deletes it.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, migrate::Migrate as _,
    sqlite::SqliteConnectOptions,
};

use crate::store::{
    error::{Result, StoreError},
    migrations,
    schema::Schema,
};

/// Tells our files from other programs': "obsv" in ASCII, at byte 68 of the file.
pub(super) const APPLICATION_ID: u32 = u32::from_be_bytes(*b"obsv");
const APPLICATION_ID_AT: usize = 68;
const PAGE_SIZE_AT: usize = 16;
const FORMAT_VERSIONS_AT: usize = 18;
const USER_VERSION_AT: usize = 60;
const HEADER_BYTES: usize = 100;
/// Of the list of tables, which follows the header.
const LIST_BYTES: usize = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Up to here indexes are compared with their tables too, 3 s for each GiB. Beyond it that would keep a server
/// down for long; every page is still looked at, in half the time, and `observerio check` compares.
const MAX_THOROUGH_BYTES: u64 = 1 << 30;
/// From here on a look takes long enough to be announced.
const ANNOUNCED_BYTES: u64 = 256 << 20;

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No file.
    Nothing,
    /// A file without content: without a byte, or with the first page of a database that has nothing in it, as a first
    /// start leaves it that the disk cut short.
    Empty,
    /// Ours and whole.
    Ours {
        /// The last step of its schema; 0 when its first start was cut short.
        version: i64,
    },
}

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// At everything, as long as that does not take too long.
    Start,
    /// At everything, however long it takes.
    Full,
}

/// Looks at a file and what lies beside it.
///
/// # Errors
/// [`StoreError::Foreign`] with a sentence that names the file and says what to do. Everything is then as it was,
/// but for an interrupted first start, which SQLite takes back before anything can be read.
pub(crate) async fn inspect(path: &Path, depth: Depth) -> Result<Found> {
    let header = match read_header(path) {
        Ok(header) => header,
        Err(fault) if fault.kind() == ErrorKind::NotFound => {
            refuse_orphaned_log(path, "is missing")?;
            return Ok(Found::Nothing);
        }
        Err(fault) => return Err(foreign(path, format_args!("cannot be read: {fault}"))),
    };
    if header.is_empty() || is_blank(path, &header) {
        refuse_orphaned_log(path, "is empty")?;
        return Ok(Found::Empty);
    }
    check_header(path, &header)?;
    let looked = look(path, depth).await;
    looked.map_err(|fault| match fault {
        // SQLITE_ERROR: our own statements are right, so what they read is not
        StoreError::Database(fault) if code(&fault) == Some(1) => damaged(path, &finding(&fault)),
        StoreError::Database(fault) => explain(path, fault),
        other => other,
    })
}

fn read_header(path: &Path) -> io::Result<Vec<u8>> {
    let mut header = Vec::with_capacity(HEADER_BYTES + LIST_BYTES);
    File::open(path)?.take((HEADER_BYTES + LIST_BYTES) as u64).read_to_end(&mut header)?;
    Ok(header)
}

/// Whether it is a database of no program and without a table, nor room in which one could have been.
fn is_blank(path: &Path, header: &[u8]) -> bool {
    let is_zero = |at: usize| header[at..][..4] == [0; 4];
    if header.len() < HEADER_BYTES + LIST_BYTES || !header.starts_with(b"SQLite format 3\0") {
        return false;
    }
    let page = match u16::from_be_bytes([header[PAGE_SIZE_AT], header[PAGE_SIZE_AT + 1]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    // a leaf with no entry
    let list = &header[HEADER_BYTES..];
    let has_no_table = list[0] == 13 && list[3..5] == [0, 0];
    // the second page of one that can shrink says where the others belong
    let is_small = fs::metadata(path).is_ok_and(|found| found.len() <= 2 * page);
    has_no_table && is_small && is_zero(APPLICATION_ID_AT) && is_zero(USER_VERSION_AT)
}

/// SQLite would delete a log whose database is gone, and with it what was stored last.
fn refuse_orphaned_log(path: &Path, what: &str) -> Result<()> {
    let log = beside(path, "-wal");
    match fs::metadata(&log) {
        Ok(found) if found.len() > 0 => Err(foreign(
            path,
            format_args!(
                "{what}, but {} beside it is not: bring the database back, or restore a backup with `observerio \
                 restore FILE`",
                log.display()
            ),
        )),
        _ => Ok(()),
    }
}

fn check_header(path: &Path, header: &[u8]) -> Result<()> {
    if header.len() < HEADER_BYTES || !header.starts_with(b"SQLite format 3\0") {
        return Err(foreign(path, "is not a database: name another file, or move this one away"));
    }
    if header[APPLICATION_ID_AT..][..4] != APPLICATION_ID.to_be_bytes() {
        return Err(foreign(path, "is another program's database: name another file, or move this one away"));
    }
    // 1: rollback journal, 2: write-ahead log; SQLite would read on and refuse to write later
    if header[FORMAT_VERSIONS_AT..][..2].iter().any(|version| !matches!(version, 1 | 2)) {
        return Err(damaged(path, "its format version is none that exists"));
    }
    Ok(())
}

async fn look(path: &Path, depth: Depth) -> Result<Found> {
    let bytes = fs::metadata(path).map_or(0, |found| found.len());
    if bytes >= ANNOUNCED_BYTES {
        tracing::info!(file = %path.display(), mebibytes = bytes >> 20, "checking the database");
    }
    read_through(path).await?;
    let mut connection = connect(path).await?;
    let found = match whole(path, &mut connection, depth == Depth::Full || bytes <= MAX_THOROUGH_BYTES).await
    {
        Ok(()) => version_of(path, &mut connection).await,
        Err(damage) => Err(damage),
    };
    connection.close().await?;
    found.map(|version| Found::Ours { version })
}

/// In order, so that the check finds in memory what it reads criss-cross: on a cold disk 1 s instead of 20 s
/// for each GiB.
async fn read_through(path: &Path) -> Result<()> {
    let from = path.to_owned();
    let read = tokio::task::spawn_blocking(move || io::copy(&mut File::open(from)?, &mut io::sink()));
    match read.await.expect("copying bytes does not panic") {
        Ok(_) => Ok(()),
        Err(fault) => Err(foreign(path, format_args!("cannot be read: {fault}"))),
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection> {
    let options =
        SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT).disable_statement_logging();
    let options = if beside(path, "-journal").exists() {
        // a first start that was cut short: nothing can be read before SQLite has taken it back
        options
    } else if beside(path, "-wal").exists() {
        options.read_only(true)
    } else {
        // nobody is at work there; without this, SQLite would leave files beside it
        options.read_only(true).immutable(true)
    };
    Ok(options.connect().await?)
}

async fn whole(path: &Path, connection: &mut SqliteConnection, thorough: bool) -> Result<()> {
    let check = if thorough { "PRAGMA integrity_check(1)" } else { "PRAGMA quick_check(1)" };
    let finding: String = sqlx::query_scalar(check).fetch_one(&mut *connection).await?;
    if finding != "ok" {
        return Err(damaged(path, &finding));
    }
    let orphan: Option<(String, Option<i64>, String)> =
        sqlx::query_as("SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 1")
            .fetch_optional(connection)
            .await?;
    match orphan {
        None => Ok(()),
        Some((table, _, parent)) => Err(damaged(
            path,
            &format!("a row of the table {table} belongs to a row of {parent} that is not there"),
        )),
    }
}

/// The last step of its schema.
async fn version_of(path: &Path, connection: &mut SqliteConnection) -> Result<i64> {
    let name = format!("the database {}", path.display());
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'",
    )
    .fetch_all(&mut *connection)
    .await?;
    if tables.is_empty() {
        return Ok(0);
    }
    if !tables.iter().any(|table| table == "_sqlx_migrations") {
        return Err(damaged(path, "it has tables, but none that says which schema they are of"));
    }
    let explain = |fault| migrations::explain(&name, fault);
    let applied = connection.list_applied_migrations("_sqlx_migrations").await.map_err(explain)?;
    let version = migrations::last_of(&migrations::sqlite(), &applied).map_err(explain)?;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'",
    )
    .fetch_all(connection)
    .await?;
    match Schema::at(version).await?.missing_from(&columns) {
        None => Ok(version),
        Some(missing) => Err(damaged(path, &format!("it lacks {missing}"))),
    }
}

/// `observerio.db` → `observerio.db-wal`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn foreign(path: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Foreign(format!("{} {why}", path.display()))
}

fn damaged(path: &Path, finding: &str) -> StoreError {
    foreign(
        path,
        format_args!(
            "is damaged ({}): `observerio restore FILE` puts a backup in its place and keeps the damaged file",
            finding.trim()
        ),
    )
}

/// Names the file when its content is the fault.
pub(super) fn explain(path: &Path, fault: sqlx::Error) -> StoreError {
    match code(&fault) {
        // SQLITE_CORRUPT and SQLITE_NOTADB
        Some(11 | 26) => damaged(path, &finding(&fault)),
        // SQLITE_CANTOPEN
        Some(14) => foreign(path, "cannot be opened: check its permissions"),
        _ => StoreError::Database(fault),
    }
}

/// SQLite's primary result code; extended ones have it in the low byte.
fn code(fault: &sqlx::Error) -> Option<u32> {
    let code: u32 = fault.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

fn finding(fault: &sqlx::Error) -> String {
    fault.as_database_error().map_or_else(String::new, |fault| fault.message().to_owned())
}
