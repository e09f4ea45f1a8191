//! Whether it can store: what a load balancer asks.

use std::time::Instant;

use crate::support::{TestServer, http::Browser, soon};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tokio::task::JoinSet;

/// Somebody who keeps everybody else from writing.
enum Holder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Holder {
    async fn hold(server: &TestServer) -> Self {
        match server.database_url() {
            url if url.starts_with("postgres:") => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                connection.execute("BEGIN; LOCK TABLE instance, writers IN EXCLUSIVE MODE").await.unwrap();
                Self::Postgres(connection)
            }
            url => {
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                connection.execute("BEGIN IMMEDIATE").await.unwrap();
                Self::Sqlite(connection)
            }
        }
    }

    async fn execute(&mut self, sql: &'static str) {
        match self {
            Self::Sqlite(connection) => connection.execute(AssertSqlSafe(sql)).await.map(drop).unwrap(),
            Self::Postgres(connection) => connection.execute(AssertSqlSafe(sql)).await.map(drop).unwrap(),
        }
    }
}

#[tokio::test]
async fn a_hanging_database_is_told_quickly_and_to_everybody() {
    let server = TestServer::start().await;
    let mut holder = Holder::hold(&server).await;
    let begun = Instant::now();
    let mut probes = JoinSet::new();
    for _ in 0..100 {
        let mut script = Browser::new(server.http);
        probes.spawn(async move { script.get("/readyz").await });
    }
    while let Some(answer) = probes.join_next().await {
        let answer = answer.unwrap();
        assert_eq!(answer.status, 503);
        assert_eq!(
            (&answer.json()["status"], &answer.json()["reason"]),
            (&json!("unavailable"), &json!("database_silent"))
        );
    }
    assert!(begun.elapsed().as_secs() < 10, "two seconds, and a slow machine: {:?}", begun.elapsed());
    // the process itself is well
    assert_eq!(Browser::new(server.http).get("/healthz").await.status, 200);

    holder.execute("ROLLBACK").await;
    soon("readiness", async { while Browser::new(server.http).get("/readyz").await.status != 200 {} }).await;
}

#[tokio::test]
async fn a_database_that_cannot_store_is_told_apart() {
    let server = TestServer::start().await;
    let mut holder = Holder::hold(&server).await;
    holder.execute("DELETE FROM instance").await;
    holder.execute("COMMIT").await;
    let answer = Browser::new(server.http).get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["reason"]), (503, &json!("database_failed")));
    assert!(!answer.json()["error"].as_str().unwrap().is_empty());
}

/// The probe's own small change goes through all the while. On SQLite that is told by the stories of a full disk.
#[tokio::test]
async fn commits_that_fail_are_told() {
    let server = TestServer::start().await;
    if !server.is_on_postgres() {
        return;
    }
    let project = server.project().await;
    let mut game = server.verified(project.key).await;
    server
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON logs FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
        )
        .await;
    game.log(project.key.as_str(), "kept").await;
    soon("no readiness", async { while Browser::new(server.http).get("/readyz").await.status != 503 {} })
        .await;
    let answer = Browser::new(server.http).get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["reason"]), (503, &json!("database_failed")));
    server.execute("DROP TRIGGER refuse ON logs").await;
    soon("readiness", async { while Browser::new(server.http).get("/readyz").await.status != 200 {} }).await;
}
