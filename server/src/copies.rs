//! `observerio backup` and `observerio restore`: beside a server that runs, or without one.

use std::path::{Path, PathBuf};

use gateway::store::{Location, StoreError, back_up, restore};

use crate::config::Database;

/// What to copy, and where.
#[derive(Debug)]
pub enum Copy {
    /// Everything into a file.
    BackUp {
        /// The file.
        file: PathBuf,
        /// Whether one that exists is replaced.
        force: bool,
    },
    /// A file in place of everything.
    Restore {
        /// The file.
        file: PathBuf,
        /// Where what was there before is backed up; `None`: nowhere.
        kept_in: Option<PathBuf>,
    },
}

/// Does it, and returns what to tell the operator.
///
/// # Errors
/// A sentence without secrets.
pub async fn run(copy: &Copy, database: &Database) -> Result<String, String> {
    let location = match database {
        Database::Sqlite(path) => Location::Sqlite(path.clone()),
        Database::Postgres(url) => Location::Postgres(url.clone()),
    };
    match copy {
        Copy::BackUp { file, force } => {
            back_up(&location, file, *force).await.map_err(|error| explain(database, &error))?;
            Ok(format!("everything of {database} is in {}\n", file.display()))
        }
        Copy::Restore { file, kept_in } => {
            let kept = match kept_in {
                Some(folder) => keep(&location, folder).await.map_err(|error| explain(database, &error))?,
                None => None,
            };
            let epoch = restore(file, &location).await.map_err(|error| explain(database, &error))?;
            let kept = kept.map(|kept| format!("what was there before is in {}\n", kept.display()));
            Ok(format!(
                "{database} holds what was in {}; a running server takes it up by itself (epoch {})\n{}",
                file.display(),
                epoch.number,
                kept.unwrap_or_default()
            ))
        }
    }
}

/// A back-up of what is about to be replaced; `None` when there is nothing.
async fn keep(location: &Location, folder: &Path) -> Result<Option<PathBuf>, StoreError> {
    if matches!(location, Location::Sqlite(path) if !path.exists()) {
        return Ok(None);
    }
    let name = |n: u32| folder.join(format!("before-restore-{n}.db"));
    let free = (1..).map(name).find(|path| !path.exists()).expect("there are numbers enough");
    back_up(location, &free, false).await?;
    Ok(Some(free))
}

fn explain(database: &Database, error: &StoreError) -> String {
    match error {
        StoreError::Foreign(sentence) => sentence.clone(),
        other => {
            // one sentence on one line, whatever the database said
            let cause = other.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{database} could not be copied: {cause}")
        }
    }
}
