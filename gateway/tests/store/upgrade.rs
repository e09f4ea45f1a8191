//! A database with data, as an older version left it: what it holds means the same afterwards.

use std::sync::Arc;

use protocol::model::{Key, ProjectId, ProjectRole, Role, UnixMicros, UserId};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, SqlStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::SqliteConnectOptions,
};

use crate::{house::integer, support::Place};

/// The scripts of the version before, under their names.
macro_rules! before_access {
    ($folder:literal) => {
        [
            (1, "init", include_str!(concat!("../../../migrations/", $folder, "/0001_init.sql"))),
            (2, "line_v2", include_str!(concat!("../../../migrations/", $folder, "/0002_line_v2.sql"))),
        ]
    };
}

/// Two people with projects, and one of the instance's owner; a session, an edit and a log line.
const DATA: &str = "
INSERT INTO users (name, email, password_hash, role, created_at) VALUES
    ('owner', NULL, NULL, 'owner', 1), ('ana@example.org', 'ana@example.org', 'hash', 'member', 2);
INSERT INTO projects (name, owner_id, revision, log_seq, created_at) VALUES
    ('Ana''s', 2, 1, 1, 10), ('of the instance', NULL, 0, 0, 20), ('of its owner', 1, 0, 0, 30);
INSERT INTO project_keys (key, project_id, created_at) VALUES
    ('second_key_0', 1, 12), ('first_key_00', 1, 11), ('third_key_00', 2, 20), ('fourth_key_0', 3, 30);
INSERT INTO devices (project_id, identity, name, first_seen, last_seen) VALUES (1, 'one', 'one', 11, 12);
INSERT INTO vars (project_id, name, position, spec, desired, desired_revision, desired_author, desired_at)
    VALUES (1, 'speed', 1, 'SPEC', '6', 1, 'ana@example.org', 15);
INSERT INTO edits (project_id, author_id, gesture, name, author, old, new, revision, at)
    VALUES (1, 2, 9, 'speed', 'ana@example.org', NULL, '6', 1, 15);
INSERT INTO logs (project_id, seq, device_id, at, received, level, message, fields)
    VALUES (1, 1, 1, 13, 14, 3, 'a line', NULL);
";

fn data() -> String {
    DATA.replace("SPEC", &serde_json::to_string(&integer()).unwrap())
}

async fn as_it_was_before(place: &Place) {
    let migrator = |scripts: [(i64, &'static str, &'static str); 2]| {
        let step = |(number, name, sql): (i64, &'static str, &'static str)| {
            Migration::new(number, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
        };
        Migrator::with_migrations(scripts.into_iter().map(step).collect())
    };
    match place {
        Place::Sqlite { .. } => {
            let options = SqliteConnectOptions::new().filename(place.name()).create_if_missing(true);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            // "obsv", by which it is known as ours
            sqlx::raw_sql("PRAGMA application_id = 0x6f627376").execute(&mut connection).await.unwrap();
            migrator(before_access!("sqlite")).run(&mut connection).await.unwrap();
            let session = "INSERT INTO sessions VALUES (x'07', 2, 16, 4000000000000000)";
            let data = format!("{}{session}", data());
            sqlx::raw_sql(AssertSqlSafe(data)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Place::Postgres { .. } => {
            let mut connection = PgConnection::connect(&place.name()).await.unwrap();
            migrator(before_access!("postgres")).run(&mut connection).await.unwrap();
            let session = "INSERT INTO sessions VALUES ('\\x07', 2, 16, 4000000000000000)";
            let data = format!("{}{session}", data());
            sqlx::raw_sql(AssertSqlSafe(data)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

async fn who_owned_a_project_is_its_admin_and_its_keys_are_kept(place: Arc<Place>) {
    as_it_was_before(&place).await;
    let store = place.open().await.unwrap();
    let access = store.access();
    let (owner, ana) = (UserId(1), UserId(2));
    assert_eq!(access.list_memberships(ana).await.unwrap(), [(ProjectId(1), ProjectRole::Admin)]);
    // he is an admin everywhere anyway
    assert_eq!(access.list_memberships(owner).await.unwrap(), []);
    let members = access.list_members(ProjectId(1)).await.unwrap();
    assert_eq!((members.len(), members[0].added_at), (1, UnixMicros(10)));
    let listed = access.list_projects(None).await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.project.id.0).collect::<Vec<_>>(), [3, 2, 1]);
    let anas = store.get_project(ProjectId(1)).await.unwrap().unwrap();
    assert_eq!(anas.key.as_str(), "first_key_00", "the one that was shown before");

    let keys = access.list_keys(ProjectId(1)).await.unwrap();
    let facts: Vec<_> =
        keys.iter().map(|k| (k.key.as_str(), k.created_at.0, k.is_in_force(UnixMicros(99)))).collect();
    assert_eq!(facts, [("first_key_00", 11, true), ("second_key_0", 12, true)]);
    for (key, project) in [("third_key_00", 2), ("fourth_key_0", 3)] {
        let key: Key = key.parse().unwrap();
        assert_eq!(store.get_key(key).await.unwrap().unwrap().project, ProjectId(project));
    }
    // people and what they did
    let (user, hash) = access.get_user_by_email("ana@example.org").await.unwrap().unwrap();
    assert_eq!((user.id, user.role, hash.as_deref()), (ana, Role::Member, Some("hash")));
    let trail = access.list_audit(Some(ProjectId(1)), None, 10).await.unwrap();
    let facts: Vec<_> =
        trail.iter().map(|(_, e)| (e.actor.as_str(), e.by.as_str(), e.subject.as_str())).collect();
    assert_eq!(facts, [("ana@example.org", "", "speed")]);
    let state =
        store.load_project(ProjectId(1), 10, 10, gateway::store::LoadRoom::UNLIMITED).await.unwrap().unwrap();
    assert_eq!((state.revision.0, state.logs[0].message.as_str()), (1, "a line"));
    assert_eq!(state.vars[0].desired.as_ref().unwrap().author, "ana@example.org");
    store.close().await;
    // and a second start finds nothing left to do
    place.open().await.unwrap().close().await;
}

crate::support::stories! { who_owned_a_project_is_its_admin_and_its_keys_are_kept }
