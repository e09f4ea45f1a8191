//! Back-ups: an SQLite file with our schema, whatever database it was taken from. So a back-up also moves an
//! instance from one database to the other.
//!
//! Both directions work while a server uses the database: a back-up reads one state of it, and a restore replaces
//! everything in one transaction and begins a new epoch, by which a running server notices.

mod part;
mod rows;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

use self::part::{Part, file_error};
use super::{
    commits::Epoch,
    database::Store as _,
    error::{Result, StoreError},
    files, migrations,
    postgres::connect_for_copy,
    schema::{Schema, Table},
    sql_store::SqlStore,
    sqlite::inspect::{Depth, Found, beside, inspect},
};
use crate::secrets::random_token;

/// Marks of running programs, which mean nothing in another database.
const LEFT_OUT: &str = "writers";

/// Where an instance keeps its data.
#[derive(Clone, Debug)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The epoch that begins.
    pub epoch: Epoch,
    /// Where the previous data is now: a back-up, or the damaged file itself. `None`: there was none, or it was not to be kept.
    pub kept: Option<PathBuf>,
}

/// Writes everything into `file`, which must not exist unless `overwrite`. It appears there once it is complete and on disk;
/// only its owner can read it.
///
/// # Errors
/// [`StoreError::Foreign`] with a sentence. Then, and when the call is cancelled, `file` is unchanged and nothing is left
/// beside it.
pub async fn back_up(from: &Location, file: &Path, overwrite: bool) -> Result<()> {
    if !overwrite && file.exists() {
        let text =
            format!("{} exists already: name another file, or overwrite it with --force", file.display());
        return Err(StoreError::Foreign(text));
    }
    let part = Part::create(beside(file, ".part"))?;
    write_copy(from, part.path()).await?;
    check_copy(part.path()).await?;
    part.put_in_place(file)
}

async fn write_copy(from: &Location, made: &Path) -> Result<()> {
    match from {
        Location::Sqlite(path) => {
            refuse_other_version(path).await?;
            let mut source = options(path).connect().await?;
            sqlx::query("VACUUM INTO $1").bind(utf8(made)?).execute(&mut source).await?;
            Ok(source.close().await?)
        }
        Location::Postgres(url) => {
            // made like any other database, so that it has the schema of this very program
            SqlStore::open(made).await?.close().await;
            let (mut source, mut target) = (connect_for_copy(url).await?, options(made).connect().await?);
            let mut read = source.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            let mut write = target.begin_with("BEGIN IMMEDIATE").await?;
            let tables = tables().await?;
            clear_sqlite(&mut write, &tables).await?;
            for table in &tables {
                rows::from_postgres(&mut read, &mut write, table).await?;
            }
            write.commit().await?;
            read.commit().await?;
            target.execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE").await?;
            target.close().await?;
            Ok(source.close().await?)
        }
    }
}

/// Replaces everything in a database with the contents of `file`, and begins a new epoch. The previous contents are backed up
/// into the folder `keep_in`; an unusable SQLite file is moved aside in any case.
///
/// # Errors
/// [`StoreError::Foreign`] with a sentence when `file` is damaged, no back-up, or of a newer observerio. Any error
/// leaves the database as it was.
pub async fn restore(file: &Path, into: &Location, keep_in: Option<&Path>) -> Result<Restored> {
    match inspect(file, Depth::Full).await? {
        Found::Ours { version } if version > 0 => {}
        _ => {
            let text =
                format!("{} is not a backup: name a file that `observerio backup` created", file.display());
            return Err(StoreError::Foreign(text));
        }
    }
    for folder in keep_in.into_iter().chain(folder_of(into)) {
        files::make_folder(folder).map_err(|fault| file_error(folder, "cannot be made", &fault))?;
    }
    let kept = match set_aside(into).await? {
        Some(moved) => Some(moved),
        None => keep(into, keep_in).await?,
    };
    // a copy, because an older version is brought up to date first
    let folder = folder_of(into).map_or_else(std::env::temp_dir, Path::to_owned);
    let copy = Part::create(folder.join(format!("observerio-restore-{}.db", random_token())))?;
    let copied = File::options().write(true).open(copy.path());
    copied
        .and_then(|mut copied| io::copy(&mut File::open(file)?, &mut copied))
        .map_err(|fault| file_error(copy.path(), "cannot be written", &fault))?;
    let epoch = replace(copy.path(), into).await?;
    Ok(Restored { epoch, kept })
}

/// The folder that an SQLite file is in.
fn folder_of(location: &Location) -> Option<&Path> {
    match location {
        Location::Sqlite(path) => path.parent(),
        Location::Postgres(_) => None,
    }
}

/// Moves a damaged SQLite file aside, with its log. `None` if it can be used.
async fn set_aside(location: &Location) -> Result<Option<PathBuf>> {
    let Location::Sqlite(path) = location else { return Ok(None) };
    let Err(StoreError::Foreign(_)) = inspect(path, Depth::Start).await else { return Ok(None) };
    let moved = free(|n| beside(path, &format!(".damaged-{n}")));
    for suffix in ["", "-wal", "-shm"] {
        match fs::rename(beside(path, suffix), beside(&moved, suffix)) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => {
                return Err(file_error(path, "cannot be moved aside", &fault));
            }
            _ => {}
        }
        let moved = beside(&moved, suffix);
        files::make_private(&moved).map_err(|fault| file_error(&moved, "is still open to others", &fault))?;
    }
    Ok(Some(moved))
}

/// Backs up what is about to be replaced, if there is anything.
async fn keep(location: &Location, keep_in: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(folder) = keep_in else { return Ok(None) };
    match location {
        Location::Sqlite(path) if !path.exists() => return Ok(None),
        Location::Sqlite(path) => SqlStore::open(path).await?.close().await,
        // an empty database becomes one of ours
        Location::Postgres(url) => SqlStore::connect(url).await?.close().await,
    }
    let file = free(|n| folder.join(format!("before-restore-{n}.db")));
    back_up(location, &file, false).await?;
    Ok(Some(file))
}

/// The first name that is not taken.
fn free(name: impl Fn(u32) -> PathBuf) -> PathBuf {
    (1..).map(name).find(|path| !path.exists()).expect("there are numbers enough")
}

async fn replace(copy: &Path, into: &Location) -> Result<Epoch> {
    SqlStore::open(copy).await?.close().await;
    let tables = tables().await?;
    match into {
        Location::Sqlite(path) => replace_sqlite(copy, path, &tables).await,
        Location::Postgres(url) => replace_postgres(copy, url, &tables).await,
    }
}

async fn replace_sqlite(copy: &Path, path: &Path, tables: &[Table]) -> Result<Epoch> {
    let mut source = options(copy).connect().await?;
    let old = epoch_of_sqlite(&mut source).await?;
    source.close().await?;
    // made if it is missing, and refused if it is not ours
    SqlStore::open(path).await?.close().await;
    let mut target = options(path).connect().await?;
    let attached = sqlx::query("ATTACH $1 AS copy").bind(utf8(copy)?).execute(&mut target).await;
    attached?;
    let mut write = target.begin_with("BEGIN IMMEDIATE").await?;
    let epoch = next_epoch(&old, &epoch_of_sqlite(&mut write).await?);
    clear_sqlite(&mut write, tables).await?;
    for table in tables {
        let columns = rows::columns(table);
        let sql = format!("INSERT INTO main.{0} ({columns}) SELECT {columns} FROM copy.{0}", table.name);
        write.execute(AssertSqlSafe(sql)).await?;
    }
    let sql = "UPDATE main.instance SET epoch = $1";
    sqlx::query(sql).bind(epoch.number).execute(&mut *write).await?;
    write.commit().await?;
    empty_log(&mut target).await?;
    target.close().await?;
    Ok(epoch)
}

async fn replace_postgres(copy: &Path, url: &str, tables: &[Table]) -> Result<Epoch> {
    let mut source = options(copy).connect().await?;
    let old = epoch_of_sqlite(&mut source).await?;
    SqlStore::connect(url).await?.close().await;
    let mut target = connect_for_copy(url).await?;
    let mut write = target.begin_with("BEGIN").await?;
    // a running server writes its mark before anything else: from here on it waits
    write.execute("LOCK TABLE writers IN ACCESS EXCLUSIVE MODE").await?;
    let epoch = next_epoch(&old, &epoch_of_postgres(&mut write).await?);
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    write.execute(AssertSqlSafe(format!("TRUNCATE {}", names.join(", ")))).await?;
    for table in tables {
        rows::to_postgres(&mut source, &mut write, table).await?;
    }
    let sql = "UPDATE instance SET epoch = $1";
    sqlx::query(sql).bind(epoch.number).execute(&mut *write).await?;
    write.commit().await?;
    target.close().await?;
    source.close().await?;
    Ok(epoch)
}

/// Everything went through the write-ahead log, which would keep that size under a running server.
async fn empty_log(connection: &mut SqliteConnection) -> Result<()> {
    // the bulk without a lock, so that nobody waits for it; the server truncates what a reader still needs
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").await?;
    connection.execute("PRAGMA busy_timeout = 500; PRAGMA wal_checkpoint(TRUNCATE)").await?;
    Ok(())
}

/// Newer than both: neither history goes on.
fn next_epoch(backup: &Epoch, target: &Epoch) -> Epoch {
    Epoch { instance: backup.instance.clone(), number: backup.number.max(target.number) + 1 }
}

async fn epoch_of_sqlite(connection: &mut SqliteConnection) -> Result<Epoch> {
    let sql = "SELECT instance_id, epoch FROM main.instance";
    let (instance, number) = sqlx::query_as(sql).fetch_one(connection).await?;
    Ok(Epoch { instance, number })
}

async fn epoch_of_postgres(connection: &mut PgConnection) -> Result<Epoch> {
    let sql = "SELECT instance_id, epoch FROM instance";
    let (instance, number) = sqlx::query_as(sql).fetch_one(connection).await?;
    Ok(Epoch { instance, number })
}

/// In the order in which they can be filled.
async fn tables() -> Result<Vec<Table>> {
    let schema = Schema::at(migrations::newest()).await?;
    Ok(schema.tables.into_iter().filter(|table| table.name != LEFT_OUT).collect())
}

async fn clear_sqlite(connection: &mut SqliteConnection, tables: &[Table]) -> Result<()> {
    for table in tables.iter().rev() {
        connection.execute(AssertSqlSafe(format!("DELETE FROM main.{}", table.name))).await?;
    }
    Ok(())
}

/// Refuses to copy a database with another version of the schema.
async fn refuse_other_version(path: &Path) -> Result<()> {
    match inspect(path, Depth::Start).await? {
        Found::Ours { version } if version == migrations::newest() => Ok(()),
        Found::Ours { .. } => Err(StoreError::Foreign(format!(
            "{} has a different version than this program: start it with this observerio first, or back it up with its own",
            path.display()
        ))),
        Found::Nothing | Found::Empty => {
            Err(StoreError::Foreign(format!("there is no database at {}", path.display())))
        }
    }
}

async fn check_copy(made: &Path) -> Result<()> {
    match inspect(made, Depth::Full).await? {
        Found::Ours { version } if version == migrations::newest() => Ok(()),
        other => Err(StoreError::Damaged(format!("the copy is {other:?}"))),
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(std::time::Duration::from_secs(30))
        .disable_statement_logging()
}

fn utf8(path: &Path) -> Result<&str> {
    let text = || StoreError::Foreign(format!("{} is not UTF-8: name another file", path.display()));
    path.to_str().ok_or_else(text)
}
