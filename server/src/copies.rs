//! `observerio backup` and `observerio restore`, with or without a running server.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use gateway::store::{Location, Restored, StoreError, back_up, make_folder, restore};

use crate::config::Database;

/// A backup or a restore.
#[derive(Debug)]
pub enum Copy {
    /// Back up everything.
    BackUp(Target),
    /// Replace everything with the contents of a backup.
    Restore {
        /// The file.
        file: PathBuf,
        /// The data directory; created if it is missing.
        data_dir: PathBuf,
        /// Whether to back up the previous contents there first.
        keeps: bool,
    },
}

/// Where a backup goes.
#[derive(Debug)]
pub enum Target {
    /// To a file.
    File {
        /// The file.
        file: PathBuf,
        /// Whether to replace an existing file.
        force: bool,
    },
    /// To standard output.
    Output,
}

/// Why it failed: a sentence without secrets.
#[derive(Debug)]
pub enum CopyError {
    /// The request makes no sense.
    Usage(String),
    /// A file or a database can't be used.
    Unusable(String),
    /// Standard output can't be written.
    Output(String),
}

/// Runs it, and returns a message for the operator. If it is cancelled, nothing incomplete is left behind.
///
/// # Errors
/// [`CopyError`].
pub async fn run(copy: &Copy, database: &Database) -> Result<String, CopyError> {
    let location = match database {
        Database::Sqlite(path) => Location::Sqlite(path.clone()),
        Database::Postgres(url) => Location::Postgres(url.clone()),
    };
    let explain = |error: StoreError| CopyError::Unusable(explain(database, &error));
    match copy {
        Copy::BackUp(Target::File { file, force }) => {
            back_up(&location, file, *force).await.map_err(explain)?;
            Ok(format!("{database} was backed up to {}\n", file.display()))
        }
        Copy::BackUp(Target::Output) => {
            write_out(&location, explain).await?;
            Ok(String::new())
        }
        Copy::Restore { file, data_dir, keeps } => {
            let restored = restore(file, &location, keeps.then_some(data_dir.as_path())).await;
            let Restored { epoch, kept } = restored.map_err(explain)?;
            // only create the directory if the file can be restored
            make_folder(data_dir).map_err(|fault| {
                CopyError::Unusable(format!("{} can't be created: {fault}", data_dir.display()))
            })?;
            let kept = kept.map(|kept| format!("the previous contents are in {}\n", kept.display()));
            Ok(format!(
                "{database} was restored from {}; a running server picks it up (epoch {})\n{}",
                file.display(),
                epoch.number,
                kept.unwrap_or_default()
            ))
        }
    }
}

/// A database is not written sequentially, so it is created in a temporary directory, and then copied to standard output.
async fn write_out(location: &Location, explain: impl Fn(StoreError) -> CopyError) -> Result<(), CopyError> {
    if io::stdout().is_terminal() {
        let text = "a backup is binary and can't go to a terminal; redirect it to a file or a program, as in `observerio backup - | gzip \
                    > observerio.db.gz`";
        return Err(CopyError::Usage(text.to_owned()));
    }
    let unusable = |fault: io::Error| {
        CopyError::Unusable(format!(
            "can't create a temporary file in {}: {fault}; set TMPDIR to another directory",
            std::env::temp_dir().display()
        ))
    };
    let folder = tempfile::Builder::new().prefix("observerio-backup-").tempdir().map_err(unusable)?;
    let file = folder.path().join("observerio.db");
    back_up(location, &file, false).await.map_err(explain)?;
    let copy = open_unlinked(&file).map_err(unusable)?;
    drop(folder);
    let sent = tokio::task::spawn_blocking(move || send(copy)).await;
    sent.map_err(io::Error::from).and_then(|sent| sent).map_err(|fault| {
        CopyError::Output(format!("the backup can't be written to standard output: {fault}"))
    })
}

/// Opens the file and unlinks it, so that nothing is left behind however the program ends.
fn open_unlinked(file: &Path) -> io::Result<File> {
    let open = File::open(file)?;
    fs::remove_file(file)?;
    Ok(open)
}

fn send(mut copy: File) -> io::Result<()> {
    let mut out = io::stdout().lock();
    io::copy(&mut copy, &mut out)?;
    out.flush()
}

fn explain(database: &Database, error: &StoreError) -> String {
    match error {
        StoreError::Foreign(sentence) => sentence.clone(),
        other => {
            // one line, whatever the database's message looks like
            let cause = other.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{database} can't be backed up or restored: {cause}")
        }
    }
}
