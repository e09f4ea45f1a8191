//! One server to a database, which ends when a part of it dies, and takes up a backup that is restored under it.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use crate::support::{
    TestServer,
    http::Browser,
    line::Game,
    program::Program,
    puppet::{Puppet, Strings},
    secrets, soon,
};
use gateway::{
    Gateway, GatewayError, Origin,
    store::{Location, back_up, restore},
};
use serde_json::json;
use server::{RunError, Server, config::Config};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Somebody else who locks the database, and restores something before he lets it go.
enum Operator {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Operator {
    async fn lock(server: &TestServer) -> Self {
        match server.database_url() {
            url if url.starts_with("postgres:") => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                connection.execute("BEGIN; LOCK TABLE writers IN ACCESS EXCLUSIVE MODE").await.unwrap();
                Self::Postgres(connection)
            }
            url => {
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                connection.execute("BEGIN IMMEDIATE").await.unwrap();
                Self::Sqlite(connection)
            }
        }
    }

    /// What a restore does last.
    async fn begin_epoch(self) {
        let sql = "UPDATE instance SET epoch = epoch + 1; COMMIT";
        match self {
            Self::Sqlite(mut connection) => connection.execute(sql).await.map(drop).unwrap(),
            Self::Postgres(mut connection) => connection.execute(sql).await.map(drop).unwrap(),
        }
    }
}

/// A game of version 2 that has its `OK`.
async fn player(server: &TestServer, key: &str) -> Game {
    let mut game = server.game().await;
    game.greet(&json!({"proto": 2, "caps": ["ack", "drain"]}), key).await;
    assert_eq!(game.line().await, "OK");
    assert_eq!(game.line().await, format!("a:{key}:0"));
    game
}

#[tokio::test]
async fn a_restore_refuses_what_is_in_flight_once_and_lets_everybody_go() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let key = project.key.as_str();
    let mut players = Vec::new();
    for _ in 0..5 {
        players.push(player(&server, key).await);
    }
    let operator = Operator::lock(&server).await;
    for player in &mut players {
        for seq in 1..=3 {
            player.log_numbered(key, seq, r#"[{"message":"in flight"}]"#).await;
        }
        player.send("p:taken\n").await;
        assert_eq!(player.line().await, "q:taken");
    }
    operator.begin_epoch().await;
    for player in &mut players {
        assert_eq!(player.line().await, "d:2000");
        assert_eq!(player.line().await, format!("n:{key}:1:unavailable:1000"));
        player.hung_up().await;
    }
    // and games are served as ever
    let mut next = self::player(&server, key).await;
    next.log_numbered(key, 1, r#"[{"message":"after it"}]"#).await;
    assert_eq!(next.line().await, format!("a:{key}:1"));
    assert!(server.stop().await);
}

/// A server over a store on strings, on SQLite.
struct Stage {
    strings: Arc<Strings>,
    gateway: Gateway,
    http: SocketAddr,
    tcp: SocketAddr,
    running: JoinHandle<Result<bool, RunError>>,
    database: String,
    _folder: TempDir,
}

impl Stage {
    async fn set() -> Self {
        let (folder, strings) = (tempfile::tempdir().unwrap(), Arc::new(Strings::default()));
        let data = folder.path().join("data");
        let arguments = ["observerio", "--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0", "--data-dir"];
        let (config, _) = Config::parse(arguments.into_iter().chain(data.to_str())).unwrap();
        let server = Server::bind_over(config, |store| Arc::new(Puppet::new(store, &strings))).await.unwrap();
        let (gateway, http, tcp) = (server.gateway().clone(), server.http_address(), server.tcp_address());
        let running = tokio::spawn(server.run(CancellationToken::new()));
        let database = format!("sqlite:{}", data.join("observerio.db").display());
        Self { strings, gateway, http, tcp, running, database, _folder: folder }
    }

    /// A project's key.
    async fn key(&self) -> String {
        let key = self.gateway.generate_key();
        secrets::note(key.as_str());
        self.gateway.register_key(key, &Origin::default()).await.unwrap();
        key.as_str().to_owned()
    }

    /// A game of the original grammar that has said its key.
    async fn game(&self, key: &str) -> Game {
        let mut game = Game::connect(self.tcp).await;
        game.verify(key).await;
        game
    }

    /// A game that says its key. What is read for it first (the key) or second (its project) is held, and arrives when a restore
    /// that does this has been noticed.
    async fn game_across_a_restore(&self, key: &str, which: u32, sql: &str) -> Game {
        let mut witness = self.game(&self.key().await).await;
        assert_eq!(witness.line().await, "OK");
        self.strings.holds.store(true, Relaxed);
        let game = self.game(key).await;
        for read in 1..=which {
            soon("it to be on its way", self.strings.held.notified()).await;
            if read < which {
                self.strings.arrive.notify_one();
            }
        }
        let mut operator = SqliteConnection::connect(&self.database).await.unwrap();
        let sql = format!("BEGIN IMMEDIATE; {sql}; UPDATE instance SET epoch = epoch + 1; COMMIT");
        operator.execute(AssertSqlSafe(sql)).await.unwrap();
        assert_eq!(witness.error().await, "draining");
        self.strings.holds.store(false, Relaxed);
        self.strings.arrive.notify_one();
        game
    }
}

#[tokio::test]
async fn a_project_that_is_read_while_a_restore_comes_is_read_again() {
    let stage = Stage::set().await;
    let key = stage.key().await;
    let mut game = stage.game_across_a_restore(&key, 2, "SELECT 1").await;
    assert_eq!(game.error().await, "unavailable");
    let mut game = stage.game(&key).await;
    assert_eq!(game.line().await, "OK");
    game.log(&key, "is kept").await;
    game.in_order(&key).await;
    stage.gateway.flush().await.unwrap();
    let status = stage.gateway.status();
    assert_eq!((status.written.lost_records, status.written.committed_records > 0), (0, true));
}

#[tokio::test]
async fn a_key_that_is_read_while_a_restore_revokes_it_is_revoked() {
    let stage = Stage::set().await;
    let key = stage.key().await;
    // without its name: statements of tests are logged, and other stories' logs are searched for it
    let mut game = stage.game_across_a_restore(&key, 1, "UPDATE game_keys SET revoked_at = 1").await;
    assert_eq!(game.error().await, "revoked");
    assert_eq!(stage.game(&key).await.error().await, "revoked");
}

#[tokio::test]
async fn a_server_whose_writer_panics_says_so_and_ends() {
    let stage = Stage::set().await;
    let key = stage.key().await;
    let mut game = stage.game(&key).await;
    assert_eq!(game.line().await, "OK");
    assert_eq!(Browser::new(stage.http).get("/readyz").await.status, 200);

    stage.strings.panics.store(true, Relaxed);
    game.log(&key, "the last").await;
    let death = soon("a death", stage.gateway.vitals().died()).await;
    assert_eq!(death.part, "the writer");
    let answer = Browser::new(stage.http).get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["reason"]), (503, &"died".into()));
    assert!(matches!(stage.gateway.check().await, Err(GatewayError::Closed)));
    assert!(matches!(stage.gateway.flush().await, Err(GatewayError::Closed)));
    match soon("the server to end", stage.running).await.unwrap() {
        Err(RunError::Died(told)) => assert_eq!(told, death),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_second_server_is_refused_and_told_of_the_first() {
    let mut first = Program::start(&[], &[]).await;
    let url = first.database_url();
    let mut paths = vec![url.clone()];
    if let Some(path) = url.strip_prefix("sqlite:") {
        // the same file by other paths
        paths.push("sqlite:observerio-data/observerio.db".to_owned());
        paths.push("sqlite:beside/../observerio-data/./observerio.db".to_owned());
        std::fs::create_dir(first.folder().join("beside")).unwrap();
        std::os::unix::fs::symlink(path, first.folder().join("beside/link.db")).unwrap();
        paths.push("sqlite:beside/link.db".to_owned());
    }
    for path in &paths {
        let (status, said) = first.beside(path).await;
        assert_eq!((status, said.lines().count()), (Some(78), 1), "{path}: {said}");
        let process = format!("process {} on ", first.pid());
        let words =
            [process.as_str(), "another observerio uses it", "observerio-data", &first.http.to_string()];
        assert!(words.iter().all(|words| said.contains(words)), "{path}: {said}");
    }
    // who only copies is welcome
    let location = match url.strip_prefix("sqlite:") {
        Some(path) => Location::Sqlite(path.into()),
        None => Location::Postgres(url.clone()),
    };
    let file = first.folder().join("backup.db");
    back_up(&location, &file, false).await.unwrap();
    restore(&file, &location, None).await.unwrap();
    let (status, said) = first.beside(&url).await;
    assert_eq!(status, Some(78), "{said}");
    // its place is free as soon as it is gone, however that came about
    for _ in 0..2 {
        first.kill().await;
        first.restart().await;
        assert_eq!(Browser::new(first.http).get("/readyz").await.status, 200);
    }
    assert_eq!(first.stop().await.0.code(), Some(0));
}

/// Ends every connection of the program to its database, until `there` gives what it wants.
async fn cut_until(axe: &mut PgConnection, there: &str) {
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = 'observerio' AND datname = current_database()";
    loop {
        axe.execute(cut).await.unwrap();
        if sqlx::query_scalar(AssertSqlSafe(there)).fetch_one(&mut *axe).await.unwrap() {
            return;
        }
    }
}

const KEY: &str = "hashtextextended('observerio:' || current_schema(), 0)";

#[tokio::test]
async fn a_server_whose_connections_break_holds_on_to_its_place() {
    let first = Program::start(&[], &[]).await;
    let url = first.database_url();
    if !url.starts_with("postgres:") {
        return;
    }
    let mut axe = PgConnection::connect(&url).await.unwrap();
    cut_until(&mut axe, "SELECT true").await;
    // a connection that was cut may live on for a moment: what counts is a new one
    let cut_at: String =
        sqlx::query_scalar("SELECT clock_timestamp()::text").fetch_one(&mut axe).await.unwrap();
    let is_held = format!(
        "SELECT count(*) > 0 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.mode = 'ShareLock' AND l.granted
         AND a.datname = current_database() AND a.backend_start > '{cut_at}'"
    );
    soon("the place to be held again", async {
        while !sqlx::query_scalar::<_, bool>(AssertSqlSafe(is_held.as_str()))
            .fetch_one(&mut axe)
            .await
            .unwrap()
        {}
    })
    .await;
    let (status, said) = first.beside(&url).await;
    assert_eq!(status, Some(78), "{said}");
    assert_eq!(first.stop().await.0.code(), Some(0));
}

#[tokio::test]
async fn a_server_that_has_lost_its_place_to_another_one_ends() {
    let first = Program::start(&[], &[]).await;
    let url = first.database_url();
    if !url.starts_with("postgres:") {
        return;
    }
    let mut thief = PgConnection::connect(&url).await.unwrap();
    cut_until(&mut thief, &format!("SELECT pg_try_advisory_lock({KEY})")).await;
    thief.execute("DELETE FROM writers WHERE starts_with(name, '(place) ')").await.unwrap();
    let taken = "INSERT INTO writers (name, number) VALUES ('(place) token process 1 on elsewhere', 0)";
    thief.execute(taken).await.unwrap();
    thief.execute(AssertSqlSafe(format!("SELECT pg_advisory_unlock({KEY})"))).await.unwrap();
    let (status, said) = first.ended().await;
    assert_eq!(status, Some(70), "{said}");
    let words = "the place at the database was lost to another observerio: process 1 on elsewhere";
    assert!(said.contains(words), "{said}");
}
