//! A project is deleted: nothing leads to it at once, and what it held goes in steps.

use std::{fs, path::Path, sync::Arc, time::Duration};

use gateway::store::{SqlStore, Store, StoreError};
use protocol::model::{Role, UnixMicros};
use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::{
    house::{House, KEY, NOW, later, make_device, make_project, make_user, note, session},
    support::Place,
    whole::{self, Everything},
};

/// Rows of one step.
const STEP: usize = 70;

/// Tables that are about people, and outlive a project.
const OF_PEOPLE: [&str; 4] = ["audit", "instance", "sessions", "users"];

/// How many rows a project has, and those that lead to it.
fn rows_of_projects(all: &Everything) -> usize {
    all.iter().filter(|(table, _)| !OF_PEOPLE.contains(&table.as_str())).map(|(_, rows)| rows.len()).sum()
}

pub async fn everything(place: &Place) -> Everything {
    match place {
        Place::Sqlite { .. } => whole::of_sqlite(&place.name()).await,
        Place::Postgres { .. } => whole::of_postgres(&place.name()).await,
    }
}

pub async fn execute(place: &Place, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    match place {
        Place::Sqlite { .. } => {
            let mut connection =
                SqliteConnection::connect(&format!("sqlite:{}", place.name())).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Place::Postgres { .. } => {
            let mut connection = PgConnection::connect(&place.name()).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

/// A step of up to so many rows, if there is anything to do.
pub async fn sweep(store: &Arc<dyn Store>, rows: usize) -> bool {
    let Some(chore) = store.find_chore().await.unwrap() else { return false };
    store.do_chore(&chore, rows as u32, Duration::MAX).await.unwrap();
    true
}

/// Steps until nothing is left to do.
async fn sweep_all(store: &Arc<dyn Store>) {
    while sweep(store, STEP).await {}
}

async fn a_deleted_project_goes_in_steps_and_from_where_it_stopped(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    whole::fill(Arc::clone(&store)).await;
    let project = store.get_key(KEY.parse().unwrap()).await.unwrap().unwrap().project;
    let neighbour = make_project(&store, "the-neighbor").await;
    let device = make_device(&store, &neighbour, "one").await;
    let other = House { store: Arc::clone(&store), project: neighbour.clone(), device };
    other.commit(&[other.logs(&["still here"])]).await;

    assert!(store.access().delete_project(project, note("project.delete")).await.unwrap());
    assert!(!store.access().delete_project(project, note("project.delete")).await.unwrap(), "it is gone");
    assert_eq!(store.get_project(project).await.unwrap(), None);
    assert!(store.get_key(KEY.parse().unwrap()).await.unwrap().is_none());
    assert!(!store.access().rename_project(project, "x", note("project.rename")).await.unwrap());
    let listed = store.access().list_projects(None).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.project.id).collect::<Vec<_>>(), [neighbour.id]);
    // a game whose line was under way
    let late = House { store: Arc::clone(&store), project: neighbour.clone(), device };
    let mut write = late.logs(&["too late"]);
    if let gateway::store::Write::Logs { project: of, .. } = &mut write {
        *of = project;
    }
    let refused = crate::house::commit(&store, &[write]).await;
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");

    // the keys and links went at once, and every step takes some and no more than it was asked for
    let mut steps = 0;
    let mut left = rows_of_projects(&everything(&place).await);
    let mut store = store;
    while sweep(&store, STEP).await {
        let now = rows_of_projects(&everything(&place).await);
        assert!(now <= left && left - now <= STEP, "{} rows in one step", left - now);
        left = now;
        steps += 1;
        if steps % 20 == 0 {
            store.close().await;
            store = place.open().await.unwrap();
        }
    }
    assert!(steps > 60, "{steps} steps");
    let all = everything(&place).await;
    let counts = ["projects", "devices", "logs", "game_keys"].map(|table| all[table].len());
    assert_eq!(counts, [1, 1, 1, 1], "the neighbour's alone");
    for table in [
        "vars",
        "reported",
        "outcomes",
        "edits",
        "unchanged_edits",
        "game_sessions",
        "log_times",
        "log_blocks",
        "members",
        "log_patterns",
        "log_pattern_marks",
    ] {
        assert_eq!(all[table], Vec::<Json>::new(), "{table}");
    }
    // those that were about no project
    assert_eq!((all["api_tokens"].len(), all["links"].len()), (20, 10));
    store.close().await;
}

async fn dead_sessions_of_people_go_some_at_a_time(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let owner = make_user(&store, Role::Owner, None).await.unwrap();
    let sign_in = async |n: u16, at: UnixMicros| {
        let mut token = [0; 32];
        token[..2].copy_from_slice(&n.to_le_bytes());
        store.access().create_session(session(token, owner.id, at, 10), note("session.begin")).await.unwrap();
    };
    for n in 0..150 {
        sign_in(n, NOW).await;
    }
    let mut left = Vec::new();
    for n in 150..153 {
        sign_in(n, later(20)).await;
        left.push(everything(&place).await["sessions"].len());
    }
    assert_eq!(left, [51, 2, 3]);
    store.close().await;
}

/// As an older program left them: the project was gone, and then it was stopped.
async fn lines_without_a_project_are_found_by_the_upgrade(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let kept = House::new(Arc::clone(&store)).await;
    kept.commit(&[kept.logs(&["one", "two"])]).await;
    let gone = make_project(&store, "another-key1").await;
    let device = make_device(&store, &gone, "one").await;
    let gone = House { store: Arc::clone(&store), project: gone, device };
    gone.commit(&[gone.logs(&["three", "four"])]).await;
    let last = make_project(&store, "another-key2").await;
    store.close().await;
    execute(
        &place,
        &format!(
            "DELETE FROM projects WHERE id = {};
             DROP INDEX links_token;
             DROP INDEX links_created_by;
             ALTER TABLE links DROP COLUMN token_id;
             DROP INDEX edits_of_var;
             ALTER TABLE instance DROP COLUMN session_time;
             ALTER TABLE instance DROP COLUMN session_clock_seen;
             ALTER TABLE projects DROP COLUMN deleted_at;
             ALTER TABLE projects DROP COLUMN frozen;
             ALTER TABLE game_keys DROP COLUMN report_only;
             ALTER TABLE game_keys DROP COLUMN origins;
             ALTER TABLE vars DROP COLUMN declared_by;
             DROP INDEX devices_to_empty;
             DROP INDEX vars_forgotten;
             ALTER TABLE devices DROP COLUMN to_empty;
             ALTER TABLE vars DROP COLUMN forgotten_at;
             ALTER TABLE sessions DROP COLUMN confirmed_at;
             ALTER TABLE projects DROP COLUMN needs_second_factor;
             ALTER TABLE instance DROP COLUMN device_key;
             ALTER TABLE links DROP COLUMN wrong_passwords;
             DROP TABLE saved_searches;
             DROP TABLE log_times;
             DROP TABLE log_blocks;
             DROP TABLE log_levels;
             DROP TABLE retention;
             DROP TABLE log_pins;
             DROP INDEX unchanged_edits_revision;
             DROP TABLE log_patterns;
             DROP TABLE log_pattern_marks;
             ALTER TABLE devices DROP COLUMN build;
             ALTER TABLE devices DROP COLUMN build_since;
             DROP TABLE recovery_codes;
             DROP TABLE second_factors;
             DELETE FROM _sqlx_migrations WHERE version >= 9",
            gone.project.id
        ),
    )
    .await;
    let store = place.open().await.unwrap();
    assert_eq!(everything(&place).await["logs"].len(), 4);
    sweep_all(&store).await;
    let all = everything(&place).await;
    assert_eq!((all["logs"].len(), all["projects"].len()), (2, 2));
    // and numbers go on where they were
    assert_eq!(make_project(&store, "the-next-key").await.id.0, last.id.0 + 1);
    store.close().await;
}

/// A project of some megabytes in a new file, and how many bytes the file has.
async fn large_project(path: &Path) -> (Arc<dyn Store>, House, u64) {
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(path).await.unwrap());
    let house = House::new(Arc::clone(&store)).await;
    fill_log(&house).await;
    store.close().await;
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(path).await.unwrap());
    (store, house, bytes(path))
}

/// 20 MB of log.
async fn fill_log(house: &House) {
    let message = "x".repeat(50_000);
    for _ in 0..20 {
        house.commit(&[house.logs(&[message.as_str(); 20])]).await;
    }
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

async fn pragma(path: &Path, sql: &'static str) -> Option<i64> {
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let value = sqlx::query_scalar(sql).fetch_optional(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    value
}

#[tokio::test]
async fn the_space_is_used_again_and_returned_at_the_next_start() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    let (store, house, before) = large_project(&path).await;
    assert!(before > 20_000_000, "{before}");
    assert!(store.access().delete_project(house.project.id, note("project.delete")).await.unwrap());
    sweep_all(&store).await;
    let house = House { project: make_project(&store, "the-next-key").await, ..house };
    let house = House {
        device: make_device(&store, &house.project, "one").await,
        store: Arc::clone(&store),
        ..house
    };
    fill_log(&house).await;
    let after = bytes(&path);
    assert!(after <= before + 100_000, "{after} after {before} bytes");

    assert!(store.access().delete_project(house.project.id, note("project.delete")).await.unwrap());
    sweep_all(&store).await;
    store.close().await;
    let store = SqlStore::open(&path).await.unwrap();
    store.close().await;
    let after = bytes(&path);
    assert!(after < 1_000_000, "{after} of {before} bytes");
}

/// An earlier program made files that can shrink while they are open, and for that appended more slowly.
#[tokio::test]
async fn a_file_that_shrinks_by_itself_is_rewritten_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    let (store, house, _) = large_project(&path).await;
    store.close().await;
    pragma(&path, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA auto_vacuum").await;
    assert_eq!(pragma(&path, "PRAGMA auto_vacuum").await, Some(2));
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(&path).await.unwrap());
    assert_eq!(store.list_logs(house.project.id, None, 1).await.unwrap()[0].seq, 400);
    store.close().await;
    assert_eq!(pragma(&path, "PRAGMA auto_vacuum").await, Some(0));
}

#[tokio::test]
async fn no_other_commit_has_to_copy_what_a_step_wrote() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    let (store, house, _) = large_project(&path).await;
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    assert!(store.access().delete_project(house.project.id, note("project.delete")).await.unwrap());
    while sweep(&store, STEP).await {
        let log = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut connection).await.unwrap();
        let (_, pages, copied): (i64, i64, i64) = log;
        assert_eq!(copied, pages);
        // so the next one starts it over
        assert!(log_bytes(&path) < 4 << 20, "{} bytes", log_bytes(&path));
    }
    connection.close().await.unwrap();
    store.close().await;
}

/// Bytes of the write-ahead log.
fn log_bytes(path: &Path) -> u64 {
    fs::metadata(path.with_extension("db-wal")).map_or(0, |log| log.len())
}

#[tokio::test]
async fn the_write_ahead_log_does_not_keep_its_peak_size() {
    const PEAK: u64 = 24 << 20;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    let store: Arc<dyn Store> = Arc::new(SqlStore::open(&path).await.unwrap());
    let house = House::new(Arc::clone(&store)).await;
    // somebody reads for so long that the log grows and grows
    let mut reader = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT * FROM projects").execute(&mut reader).await.unwrap();
    let message = "x".repeat(60_000);
    while log_bytes(&path) < PEAK {
        house.commit(&[house.logs(&[message.as_str(); 20])]).await;
    }
    sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
    reader.close().await.unwrap();
    // the first one moves it into the database, the next one begins it anew
    for _ in 0..3 {
        house.commit(&[house.logs(&["goes on"])]).await;
    }
    assert!(log_bytes(&path) <= 16 << 20, "{} bytes", log_bytes(&path));
    store.close().await;
}

crate::support::stories! {
    a_deleted_project_goes_in_steps_and_from_where_it_stopped,
    lines_without_a_project_are_found_by_the_upgrade,
    dead_sessions_of_people_go_some_at_a_time,
}
