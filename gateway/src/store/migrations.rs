//! The schema's history, inside the program: `migrations/{sqlite,postgres}/NNNN_name.sql`.
//!
//! Append-only. A released file is never edited: a database stores the digest of every script that was applied to it, and is
//! refused if one of them differs.

use sqlx::{
    SqlSafeStr,
    migrate::{AppliedMigration, MigrateError, Migration, MigrationType, Migrator},
};

use super::error::StoreError;

/// One step, for both databases.
struct Script {
    /// The file's name without `.sql`: a number, `_`, its topic.
    stem: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! script {
    ($stem:literal) => {
        Script {
            stem: $stem,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $stem, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $stem, ".sql")),
        }
    };
}

const SCRIPTS: &[Script] = &[
    script!("0001_init"),
    script!("0002_line_v2"),
    script!("0003_access"),
    script!("0004_unchanged_edits"),
    script!("0005_let_go"),
    script!("0007_forgotten"),
    script!("0009_deleted_projects"),
    script!("0010_links_of_tokens"),
    script!("0011_history_of_a_variable"),
    script!("0012_session_clock"),
    script!("0013_forgotten_in_steps"),
    script!("0016_declared_by"),
    script!("0017_who_declares"),
    script!("0018_confirmed_sessions"),
    script!("0019_second_factors"),
    script!("0020_known_browsers"),
    script!("0021_log_blocks"),
    script!("0022_retention"),
    script!("0024_log_times"),
    script!("0025_log_patterns"),
    script!("0027_origins_of_a_key"),
    script!("0026_saved_searches"),
];

/// The number of the last step.
pub(super) fn newest() -> i64 {
    sqlite().iter().map(|step| step.version).max().unwrap_or(0)
}

pub(super) fn sqlite() -> Migrator {
    migrator(|script| script.sqlite)
}

pub(super) fn postgres() -> Migrator {
    migrator(|script| script.postgres)
}

fn migrator(sql: fn(&Script) -> &'static str) -> Migrator {
    let migration = |script: &Script| {
        let (number, name) = script.stem.split_once('_').expect("a stem is NNNN_name");
        let number = number.parse().expect("a stem begins with its number");
        Migration::new(number, name.into(), MigrationType::Simple, sql(script).into_sql_str(), false)
    };
    Migrator::with_migrations(SCRIPTS.iter().map(migration).collect())
}

/// The last step of a database with these applied migrations, which must all be ours. The migrator's own check, for a database
/// that must not be written to.
pub(super) fn last_of(migrator: &Migrator, applied: &[AppliedMigration]) -> Result<i64, MigrateError> {
    for step in applied {
        match migrator.iter().find(|migration| migration.version == step.version) {
            None => return Err(MigrateError::VersionMissing(step.version)),
            Some(ours) if ours.checksum != step.checksum => {
                return Err(MigrateError::VersionMismatch(step.version));
            }
            Some(_) => {}
        }
    }
    Ok(applied.iter().map(|step| step.version).max().unwrap_or(0))
}

/// Explains an error to the person who starts the program. `database` names the database.
pub(super) fn explain(database: &str, error: MigrateError) -> StoreError {
    let foreign = |why: String| StoreError::Foreign(format!("{database} {why}"));
    match error {
        MigrateError::VersionMissing(version) => foreign(format!(
            "was used by a newer observerio (its schema step {version} is unknown here): start that version, or \
             restore the backup from before the upgrade"
        )),
        MigrateError::VersionMismatch(version) | MigrateError::Dirty(version) => foreign(format!(
            "has another schema step {version} than this observerio: it is another program's, or was changed by \
             hand; name another database, or restore a backup"
        )),
        MigrateError::Execute(error) => StoreError::Database(error),
        other => StoreError::Database(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    fn stems(database: &str) -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(database);
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let stem = |name: String| name.strip_suffix(".sql").expect("only .sql files").to_owned();
        fs::read_dir(folder).unwrap().map(name).map(stem).collect()
    }

    #[test]
    fn every_file_is_embedded_for_both_databases() {
        let embedded: BTreeSet<_> = SCRIPTS.iter().map(|script| script.stem.to_owned()).collect();
        assert_eq!(stems("sqlite"), embedded);
        assert_eq!(stems("postgres"), embedded);
    }

    #[test]
    fn steps_are_numbered_from_one_upwards() {
        for migrator in [sqlite(), postgres()] {
            let numbers: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
            assert!(numbers[0] == 1 && numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
        }
    }
}
