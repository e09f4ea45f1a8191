//! `observerio backup` and `observerio restore`: beside a server that runs, or without one.

use std::path::PathBuf;

use gateway::store::{Location, Restored, StoreError, back_up, restore};

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
            let restored = restore(file, &location, kept_in.as_deref()).await;
            let Restored { epoch, kept } = restored.map_err(|error| explain(database, &error))?;
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
