//! Opening a database: ours again, somebody else's, a newer one, none.

use std::{fs, path::Path, sync::Arc};

use gateway::store::{Commits, SqlStore, Store, StoreError};
use protocol::model::Role;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{
    house::{KEY, make_project, make_user},
    support::Place,
};

/// What another program does to the database.
async fn execute(place: &Place, sql: &'static str) {
    match place {
        Place::Sqlite { .. } => {
            let options = SqliteConnectOptions::new().filename(place.name()).create_if_missing(true);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Place::Postgres { .. } => {
            let mut connection = PgConnection::connect(&place.name()).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

async fn refusal(place: &Place) -> String {
    match place.open().await {
        Err(StoreError::Foreign(sentence)) => sentence,
        Err(other) => panic!("refused, but not as foreign: {other}"),
        Ok(_) => panic!("opened"),
    }
}

async fn what_was_stored_is_there_after_reopening(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    let owner = make_user(&store, Role::Owner, None).await.unwrap();
    let project = make_project(&store, KEY).await;
    store.close().await;

    let again = place.open().await.unwrap();
    assert_eq!(again.access().get_owner().await.unwrap(), Some((owner, None)));
    assert_eq!(again.get_key(project.key).await.unwrap().unwrap().project, project.id);
    assert_eq!(again.get_project(project.id).await.unwrap(), Some(project));
    again.close().await;
}

async fn two_that_open_a_new_database_at_once_both_get_it(place: Arc<Place>) {
    let (one, other) = tokio::join!(place.open(), place.open());
    one.unwrap().check().await.unwrap();
    other.unwrap().check().await.unwrap();
}

async fn a_database_of_a_newer_version_is_refused(place: Arc<Place>) {
    place.open().await.unwrap().close().await;
    execute(
        &place,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         SELECT 9999, 'future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    let sentence = refusal(&place).await;
    assert!(sentence.contains("newer") && sentence.contains("9999"), "{sentence}");
}

async fn a_schema_that_was_changed_by_hand_is_refused(place: Arc<Place>) {
    place.open().await.unwrap().close().await;
    execute(&place, "UPDATE _sqlx_migrations SET checksum = '\\x00'").await;
    let sentence = refusal(&place).await;
    assert!(sentence.contains("schema step 1"), "{sentence}");
}

async fn a_database_that_lacks_a_table_is_refused_and_gets_none(place: Arc<Place>) {
    place.open().await.unwrap().close().await;
    execute(&place, "DROP TABLE logs").await;
    for _ in 0..2 {
        let sentence = refusal(&place).await;
        assert!(sentence.contains("the table logs") && sentence.contains("restore"), "{sentence}");
    }
}

async fn a_database_with_nothing_in_it_is_nobodys(place: Arc<Place>) {
    // as a first start leaves it that the disk cut short
    execute(&place, "CREATE TABLE gone (id BIGINT)").await;
    execute(&place, "DROP TABLE gone").await;
    let store = place.open().await.unwrap();
    make_project(&store, KEY).await;
    store.close().await;
}

async fn another_programs_database_is_refused(place: Arc<Place>) {
    execute(&place, "CREATE TABLE invoices (id BIGINT)").await;
    let sentence = refusal(&place).await;
    assert!(sentence.contains("another program's"), "{sentence}");
    // and nothing was made beside its table
    execute(&place, "CREATE TABLE _sqlx_migrations (id BIGINT); CREATE TABLE users (id BIGINT)").await;
}

crate::support::stories! {
    what_was_stored_is_there_after_reopening,
    two_that_open_a_new_database_at_once_both_get_it,
    a_database_of_a_newer_version_is_refused,
    a_schema_that_was_changed_by_hand_is_refused,
    a_database_that_lacks_a_table_is_refused_and_gets_none,
    a_database_with_nothing_in_it_is_nobodys,
    another_programs_database_is_refused,
}

/// Opens a file with this content and returns the refusal, after a look that nothing was touched.
async fn refuse_file(content: &[u8]) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    fs::write(&path, content).unwrap();
    let Err(StoreError::Foreign(sentence)) = SqlStore::open(&path).await else { panic!("not refused") };
    assert!(sentence.contains(path.to_str().unwrap()), "names the file: {sentence}");
    assert_eq!(fs::read(&path).unwrap(), content, "the file is as it was");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing was put beside it");
    sentence
}

/// The bytes of a database that was opened and closed.
async fn database_file() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    SqlStore::open(&path).await.unwrap().close().await;
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "closing tidies up");
    fs::read(&path).unwrap()
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    assert!(refuse_file(b"hello, this is a text").await.contains("not a database"));
    assert!(refuse_file(&[0; 4096]).await.contains("not a database"));
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let mut content = database_file().await;
    content[100..].fill(0xff);
    let sentence = refuse_file(&content).await;
    assert!(sentence.contains("damaged") && sentence.contains("observerio restore"), "{sentence}");
}

#[tokio::test]
async fn an_empty_file_is_a_new_database() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    fs::write(&path, b"").unwrap();
    SqlStore::open(&path).await.unwrap().check().await.unwrap();
}

#[tokio::test]
async fn a_start_that_was_cut_short_before_the_schema_is_finished_by_the_next() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    let place = Place::Sqlite { folder };
    // "obsv", which is all that a first start may leave
    execute(&place, "PRAGMA application_id = 0x6f627376").await;
    assert!(fs::metadata(&path).unwrap().len() > 0);
    place.open().await.unwrap().check().await.unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    let Err(error) = SqlStore::open(Path::new("/nonexistent/observerio.db")).await else { panic!("opened") };
    assert!(error.to_string().contains("/nonexistent/observerio.db"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("observerio.db");
    let store = SqlStore::open(&path).await.unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
    store.close().await;
}
