//! A database with rows in every table, and everything that is in one.

use std::{collections::BTreeMap, sync::Arc};

use gateway::store::{
    Access, AuditRow, Joining, LinkPurpose, NewKey, NewLink, NewSearch, NewToken, Sequenced, Store, Write,
    Written,
};
use protocol::model::{
    AllowedOrigins, LogPin, Outcome, ProjectId, ProjectRole, RetentionPolicy, Role, TokenScope, User,
    VarRevision,
};
use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    blocks::block,
    house::{
        House, KEY, NOW, device_info, int, integer, later, make_device, make_user, name, note, session, text,
    },
    patterns::{pattern, step},
    support::Place,
};

/// Each table's rows as JSON arrays, sorted. The tables of the migrations themselves are left out, which hold times,
/// and the marks of writers, which mean nothing to anybody else and change with every look.
pub type Everything = BTreeMap<String, Vec<Json>>;

/// Rows in every table, enough of them for trees with inner nodes.
pub async fn fill(store: Arc<dyn Store>) {
    let owner = make_user(&store, Role::Owner, None).await.unwrap();
    let ana = make_user(&store, Role::Member, Some("ana@example.org")).await.unwrap();
    let access = store.access();
    for n in 0..40 {
        let session = session([n; 32], owner.id, NOW, 1_000_000);
        access.create_session(session, note("session.begin")).await.unwrap();
    }
    let house = House::new(Arc::clone(&store)).await;
    fill_access(access, &owner, &ana, house.project.id).await;
    assert_eq!(house.project.key.as_str(), KEY);
    let names: Vec<String> = (0..400).map(|n| format!("enemy/boss {n} ☃")).collect();
    let declared: Vec<_> = names.iter().map(|n| (n.as_str(), integer())).collect();
    let values: Vec<_> = names.iter().map(|n| (n.as_str(), int(7))).collect();
    let changes: Vec<_> = names.iter().map(|n| (n.as_str(), text("\u{0}'\"\\ 🦀"))).collect();
    let messages: Vec<String> = (0..2_000).map(|n| format!("line {n} of 'many' \\ \u{1}")).collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    house.commit(&[house.report(&declared, &values), house.logs(&messages)]).await;
    for part in 0..20 {
        let block = block(100 * part + 1..=100 * part + 100, NOW.0, NOW.0);
        store.put_block(1, house.project.id, &block).await.unwrap();
    }
    store.count_block(house.project.id, 1).await.unwrap().unwrap();
    let policy = RetentionPolicy::OF_NEW_PROJECTS;
    assert!(store.set_policy(house.project.id, &policy, note("project.retention")).await.unwrap());
    let pin = LogPin {
        id: 0,
        name: "a crash".to_owned(),
        first_seq: 7,
        last_seq: 9,
        device: Some(house.device),
        at: NOW,
        by: "Ana".to_owned(),
    };
    store.add_pin(house.project.id, &pin, 1, note("log.pin")).await.unwrap().unwrap();
    let patterns = step(0, 2_000, (0..80).map(|n| pattern(n, 1, NOW.0)).collect());
    store.put_patterns(1, house.project.id, &patterns).await.unwrap();
    for gesture in 1..=3 {
        house.commit(&[house.edit(gesture, &changes)]).await;
    }
    house.commit(&[house.edit_beside(4, &[], &changes, 3)]).await;
    let some: Vec<&str> = names[..50].iter().map(String::as_str).collect();
    house.commit(&[house.let_go(5, &some)]).await;
    for n in 0..20 {
        let connect = Write::Connect {
            gives_way: None,
            project: house.project.id,
            device: device_info("one", "one"),
            session: Some(format!("session {n}")),
            at: NOW,
        };
        let [Written::Connected { session: Some(session), .. }] = house.commit(&[connect]).await[..] else {
            panic!("no session");
        };
        let line = Sequenced { session: session.id, generation: session.generation, seq: 1 };
        house.commit(&[Write::Refused { project: house.project.id, line, at: NOW }]).await;
    }
    let rejected =
        |n: &String| (name(n), VarRevision(3), Outcome::Rejected { reason: Some("why".to_owned()) });
    house
        .commit(&[Write::Outcomes {
            project: house.project.id,
            device: house.device,
            outcomes: names.iter().map(rejected).collect(),
        }])
        .await;
    for n in 0..10 {
        let device = make_device(&store, &house.project, &format!("device {n}")).await;
        let other = House { store: Arc::clone(&store), project: house.project.clone(), device };
        other.commit(&[other.report(&[], &values[..100])]).await;
    }
}

/// Rows in the tables that say who may do what.
async fn fill_access(access: &dyn Access, owner: &User, ana: &User, project: ProjectId) {
    for n in 40..80 {
        let purpose = match n % 4 {
            0 => LinkPurpose::Reset { user: ana.id },
            _ => LinkPurpose::Invitation { project, role: ProjectRole::ALL[usize::from(n % 3)] },
        };
        let link = NewLink {
            token_hash: [n; 32],
            purpose,
            note: format!("for friend {n} '\"☃"),
            created_by: owner.clone(),
            token: None,
            created_at: NOW,
            expires_at: later(1_000_000),
        };
        access.create_link(link, note("member.invite")).await.unwrap();
        let search = NewSearch {
            project,
            user: ana.id,
            name: format!("search {n} '\"☃"),
            search: format!("?q=boss%20{n}"),
            is_shared: n % 2 == 0,
            created_at: NOW,
        };
        access.save_search(search).await.unwrap();
        let token = NewToken {
            token_hash: [n; 32],
            shown: format!("obs_{n}…"),
            user: ana.id,
            name: format!("script {n} '\"☃"),
            scope: TokenScope::ALL[usize::from(n % 3)],
            project: (n % 2 == 0).then_some(project),
            created_at: NOW,
            expires_at: later(1_000_000),
        };
        let token = access.create_token(token, note("token.create")).await.unwrap();
        access.touch_token(token.id, later(1)).await.unwrap();
        let key = format!("further_{n:04}").parse().unwrap();
        let key = NewKey {
            key,
            name: format!("key {n}"),
            report_only: false,
            origins: AllowedOrigins::default(),
            created_by: None,
            created_at: NOW,
        };
        access.create_key(project, key, None, note("key.create")).await.unwrap();
    }
    access.join(&[41; 32], Joining::Known(ana.id), NOW, note("member.join")).await.unwrap().unwrap();
    access.begin_factor(ana.id, &[7; 20], NOW).await.unwrap();
    let codes = [[8; 32], [9; 32]];
    let factor = access.confirm_factor(ana.id, &[7; 20], 1, &codes, None, note("account.second_factor"));
    assert!(factor.await.unwrap());
    assert!(access.guard_project(project, true, note("project.second_factor")).await.unwrap());
    access.device_key(&[6; 32]).await.unwrap();
    let keys = access.list_keys(project).await.unwrap();
    access.revoke_key(project, keys[1].id, later(2), note("key.revoke")).await.unwrap().unwrap();
    let key = NewKey {
        key: "the-next-key".parse().unwrap(),
        name: "next".to_owned(),
        report_only: false,
        origins: AllowedOrigins::parse("https://games.example.org null").unwrap(),
        created_by: Some("Ana".to_owned()),
        created_at: later(3),
    };
    let replaced = (keys[2].id, later(9));
    let audited = AuditRow {
        actor_id: Some(owner.id),
        address: "2001:db8::7".to_owned(),
        project: Some(project),
        old: Some("'\"\\ 🦀".to_owned()),
        new: Some(String::new()),
        ..note("key.rotate")
    };
    access.create_key(project, key, Some(replaced), audited).await.unwrap();
}

/// All that is in a database.
pub async fn everything(place: &Place) -> Everything {
    let all = match place {
        Place::Sqlite { .. } => of_sqlite(&place.name()).await,
        Place::Postgres { .. } => of_postgres(&place.name()).await,
    };
    for (table, rows) in &all {
        assert!(!rows.is_empty(), "no story writes into the table {table}");
    }
    all
}

/// All that is in an SQLite file.
pub async fn of_sqlite(path: &str) -> Everything {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite|_%' ESCAPE '|'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut all = Everything::new();
    for (table, columns) in by_table(columns) {
        let cells: Vec<String> = columns
            .iter()
            .map(|(name, kind)| if kind == "BLOB" { format!("lower(hex({name}))") } else { name.clone() })
            .collect();
        let sql = format!("SELECT json_array({}) FROM {table}", cells.join(", "));
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        all.insert(table, sorted(rows));
    }
    connection.close().await.unwrap();
    all
}

/// All that is in a Postgres database.
pub async fn of_postgres(url: &str) -> Everything {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
         WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut all = Everything::new();
    for (table, columns) in by_table(columns) {
        let cells: Vec<String> = columns
            .iter()
            .map(|(name, kind)| if kind == "bytea" { format!("encode({name}, 'hex')") } else { name.clone() })
            .collect();
        let sql = format!("SELECT json_build_array({})::text FROM {table}", cells.join(", "));
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        all.insert(table, sorted(rows));
    }
    connection.close().await.unwrap();
    all
}

/// (table, column, type) → the columns of each table, sorted by name: the two databases may have them in another order.
fn by_table(columns: Vec<(String, String, String)>) -> BTreeMap<String, Vec<(String, String)>> {
    let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (table, column, kind) in columns {
        if table != "_sqlx_migrations" && table != "writers" {
            tables.entry(table).or_default().push((column, kind));
        }
    }
    tables.values_mut().for_each(|columns| columns.sort());
    tables
}

fn sorted(mut rows: Vec<String>) -> Vec<Json> {
    rows.sort();
    let mut rows: Vec<Json> = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    rows.sort_by_cached_key(Json::to_string);
    rows
}

/// Stories that need rows in every table must get them, also in tables that come later.
async fn the_whole_database_has_rows_in_every_table(place: Arc<Place>) {
    let store = place.open().await.unwrap();
    fill(Arc::clone(&store)).await;
    let all = everything(&place).await;
    assert_eq!((all["instance"].len(), all["logs"].len(), all["edits"].len()), (1, 2_000, 1_250));
    let access = ["members", "game_keys", "api_tokens", "links", "sessions"].map(|table| all[table].len());
    assert_eq!(access, [1, 42, 40, 39, 40]);
    store.close().await;
}

crate::support::stories! { the_whole_database_has_rows_in_every_table }
