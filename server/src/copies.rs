//! `observerio backup` and `observerio restore`: beside a server that runs, or without one.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use gateway::store::{Location, Restored, StoreError, back_up, make_folder, restore};

use crate::config::Database;

/// What to copy, and where.
#[derive(Debug)]
pub enum Copy {
    /// Everything into a file.
    BackUp(Target),
    /// A file in place of everything.
    Restore {
        /// The file.
        file: PathBuf,
        /// Where files are kept; made if it is missing.
        data_dir: PathBuf,
        /// Whether what was there before is backed up there.
        keeps: bool,
    },
}

/// Where a back-up goes.
#[derive(Debug)]
pub enum Target {
    /// Into a file.
    File {
        /// The file.
        file: PathBuf,
        /// Whether one that exists is replaced.
        force: bool,
    },
    /// To standard output.
    Output,
}

/// Why it was not done: a sentence without secrets.
#[derive(Debug)]
pub enum CopyError {
    /// It was asked for in a way that can't be meant.
    Usage(String),
    /// A file or a database can't be used.
    Unusable(String),
    /// Standard output does not take it.
    Output(String),
}

/// Does it, and returns what to tell the operator. When it is given up, nothing half is left behind.
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
            // a file that can't be restored makes no directory
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

/// A database is not written from front to back: it is made in a folder for temporary files, and then sent.
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

/// From here on whatever ends the program leaves nothing behind.
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
            // one sentence on one line, whatever the database said
            let cause = other.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{database} can't be backed up or restored: {cause}")
        }
    }
}
