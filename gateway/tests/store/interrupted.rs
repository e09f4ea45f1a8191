//! A start that is cut short in the middle of a step of the schema is finished by the next start.

use std::{fs, path::Path, sync::Arc};

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection,
    migrate::{Migrate, Migrator},
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;

use crate::support::Place;

/// The steps as they lie in the repository.
async fn steps(database: &str) -> Migrator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(database);
    Migrator::new(folder.as_path()).await.unwrap()
}

/// A script's statements, each of which ends with its line.
fn statements(script: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    for line in script.lines().filter(|line| !line.trim_start().starts_with("--")) {
        let last = statements.last_mut().unwrap();
        last.push_str(line);
        last.push('\n');
        if line.ends_with(';') {
            statements.push(String::new());
        }
    }
    let rest = statements.pop().unwrap();
    assert!(rest.trim().is_empty(), "the last statement has no end: {rest}");
    statements
}

/// The schema of an SQLite file, as SQL.
async fn schema_of(path: &Path) -> Vec<(String, Option<String>)> {
    let mut connection =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap();
    let sql = "SELECT name, sql FROM sqlite_schema ORDER BY name";
    let schema = sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    schema
}

/// What a power cut leaves after that many statements of a step: the files as they are on disk, in `crashed`.
async fn cut_short(steps: &Migrator, step: i64, statements: &[String], crashed: &Path) {
    let folder = TempDir::new().unwrap();
    let options =
        SqliteConnectOptions::new().filename(folder.path().join("observerio.db")).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    connection.execute("PRAGMA application_id = 0x6f627376").await.unwrap();
    if step > 1 {
        // only the very first start has no write-ahead log yet
        connection.execute("PRAGMA journal_mode = WAL").await.unwrap();
    }
    connection.ensure_migrations_table("_sqlx_migrations").await.unwrap();
    steps.run_to(step - 1, &mut connection).await.unwrap();
    // so that what is not committed is on disk all the same
    connection.execute("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN").await.unwrap();
    for statement in statements {
        connection.execute(AssertSqlSafe(statement.clone())).await.unwrap();
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), crashed.join(entry.file_name())).unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn sqlite_finishes_what_a_power_cut_interrupted() {
    let fresh = Place::Sqlite { folder: TempDir::new().unwrap() };
    fresh.open().await.unwrap().close().await;
    let whole = schema_of(Path::new(&fresh.name())).await;
    let steps = steps("sqlite").await;
    let (mut cuts, mut half_written) = (0, 0);
    for step in steps.iter() {
        let statements = statements(step.sql.as_str());
        for done in 0..=statements.len() {
            let folder = TempDir::new().unwrap();
            cut_short(&steps, step.version, &statements[..done], folder.path()).await;
            let begun = ["-journal", "-wal"].map(|end| folder.path().join(format!("observerio.db{end}")));
            half_written += usize::from(begun.iter().any(|log| fs::metadata(log).is_ok_and(|m| m.len() > 0)));
            let place = Place::Sqlite { folder };
            let store = place
                .open()
                .await
                .unwrap_or_else(|error| panic!("step {} after {done}: {error}", step.version));
            store.check().await.unwrap();
            store.close().await;
            assert_eq!(
                schema_of(Path::new(&place.name())).await,
                whole,
                "step {} after {done}",
                step.version
            );
            cuts += 1;
        }
    }
    assert!(cuts > 15 && half_written > 10, "{half_written} of {cuts} were cut in the middle");
}

async fn a_start_whose_connection_is_cut_is_finished_by_the_next(place: Arc<Place>) {
    let Place::Postgres { url } = &*place else { return };
    let mut other = PgConnection::connect(url).await.unwrap();
    let steps = steps("postgres").await;
    for step in steps.iter() {
        let statements = statements(step.sql.as_str());
        for done in 0..=statements.len() {
            let reset = "DO $$ BEGIN EXECUTE format('DROP SCHEMA %1$I CASCADE; CREATE SCHEMA %1$I', current_schema());
                         END $$";
            other.execute(reset).await.unwrap();
            let mut cut = PgConnection::connect(url).await.unwrap();
            steps.run_to(step.version - 1, &mut cut).await.unwrap();
            // as the server itself begins
            cut.lock().await.unwrap();
            cut.ensure_migrations_table("_sqlx_migrations").await.unwrap();
            cut.execute("BEGIN").await.unwrap();
            for statement in &statements[..done] {
                cut.execute(AssertSqlSafe(statement.clone())).await.unwrap();
            }
            let process: i32 =
                sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut cut).await.unwrap();
            // the next start waits for the lock of the first, whose end it can't foresee
            let (opened, ended) = tokio::join!(
                place.open(),
                sqlx::query("SELECT pg_terminate_backend($1)").bind(process).execute(&mut other),
            );
            ended.unwrap();
            let store = opened.unwrap_or_else(|error| panic!("step {} after {done}: {error}", step.version));
            store.check().await.unwrap();
            store.close().await;
        }
    }
    other.close().await.unwrap();
}

mod postgres {
    #[test]
    fn a_start_whose_connection_is_cut_is_finished_by_the_next() {
        crate::support::on_postgres(super::a_start_whose_connection_is_cut_is_finished_by_the_next);
    }
}
