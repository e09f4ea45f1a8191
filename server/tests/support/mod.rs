//! The real server on port 0 with a database of its own, and clients that wait for events, never for time.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]
#![expect(dead_code, reason = "each story uses its part of it")]

pub mod canaries;
pub mod contents;
pub mod http;
pub mod line;
pub mod live;
pub mod memory;
pub mod program;
pub mod puppet;
pub mod secrets;
pub mod tls;
pub mod web_game;

use std::{future::Future, net::SocketAddr, path::Path, time::Duration};

use gateway::{Caller, Gateway, Origin};
use protocol::model::{Key, Project, ProjectId};
use server::{Server, config::Config};
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use http::Browser;
use line::Game;

/// Longer than anything here takes; a test that waits for it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must happen.
pub async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event).await.unwrap_or_else(|_| panic!("in vain waited for {what}"))
}

/// A connection of any kind.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A running server.
pub struct TestServer {
    pub http: SocketAddr,
    pub tcp: SocketAddr,
    pub gateway: Gateway,
    pub set_up_link: Option<String>,
    stop: CancellationToken,
    task: JoinHandle<bool>,
    flags: Vec<String>,
    database: TestDatabase,
    _watch: secrets::Watch,
}

/// What outlives a restart.
struct TestDatabase {
    folder: TempDir,
    postgres: Option<PostgresDatabase>,
}

impl TestServer {
    /// A fresh one.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A fresh one with more flags.
    pub async fn start_with(flags: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", "127.0.0.1:0", flags).await
    }

    /// A fresh one that listens elsewhere.
    pub async fn start_at(http: &str, tcp: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let postgres = PostgresDatabase::create().await;
        let flags = [&["--http", http, "--tcp", tcp], flags].concat();
        let flags = flags.into_iter().map(str::to_owned).collect();
        Self::boot(TestDatabase { folder, postgres }, flags).await
    }

    async fn boot(database: TestDatabase, flags: Vec<String>) -> Self {
        let watch = secrets::watch();
        let data = database.folder.path().join("data");
        let mut arguments = vec!["observerio"];
        let data = data.to_str().unwrap().to_owned();
        arguments.extend(["--data-dir", &data]);
        if let Some(postgres) = &database.postgres {
            arguments.extend(["--database-url", &postgres.url]);
        }
        arguments.extend(flags.iter().map(String::as_str));
        let (config, _) = Config::parse(arguments).unwrap();
        let server = Server::bind(config).await.unwrap();
        let banner = server.banner().to_string();
        let link = banner.lines().find_map(|line| line.trim().strip_prefix("Set up"));
        let (http, tcp, gateway) = (server.http_address(), server.tcp_address(), server.gateway().clone());
        let set_up_link = link.map(|link| link.trim().to_owned());
        set_up_link.iter().for_each(|link| secrets::note_address(link));
        let stop = CancellationToken::new();
        let run = server.run(stop.clone());
        let task = tokio::spawn(async move { run.await.unwrap() });
        Self { http, tcp, gateway, set_up_link, stop, task, flags, database, _watch: watch }
    }

    /// Tells it to stop and waits; whether it drained.
    pub async fn stop(self) -> bool {
        self.stop.cancel();
        soon("the server to stop", self.task).await.unwrap()
    }

    /// Tells it to stop and does not wait.
    pub fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Stops it and starts another one on the same data.
    pub async fn restart(self) -> Self {
        self.stop.cancel();
        assert!(soon("the server to stop", self.task).await.unwrap(), "it did not drain");
        Self::boot(self.database, self.flags).await
    }

    /// A browser that is signed in as the owner, by the one-time link.
    pub async fn owner(&self) -> Browser {
        let mut browser = Browser::new(self.http);
        let token = self.set_up_token();
        let answer = browser.post_form("/setup", &[("token", &token)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// The token of the one-time link.
    pub fn set_up_token(&self) -> String {
        let link = self.set_up_link.as_ref().expect("a fresh server shows a link");
        link.split_once("token=").unwrap().1.to_owned()
    }

    /// A project, made as scripts do it.
    pub async fn project(&self) -> Project {
        let key = self.gateway.generate_key();
        self.gateway.register_key(key, &Origin::default()).await.unwrap()
    }

    /// A connection of a game that has said nothing yet.
    pub async fn game(&self) -> Game {
        Game::connect(self.tcp).await
    }

    /// A connection of a game that has its `OK`.
    pub async fn verified(&self, key: Key) -> Game {
        secrets::note(key.as_str());
        let mut game = self.game().await;
        game.verify(key.as_str()).await;
        assert_eq!(game.line().await, "OK");
        game
    }

    /// Returns when no device of a project is connected.
    pub async fn all_away(&self, caller: &Caller, project: ProjectId) {
        let mut watcher = self.gateway.watch(caller, project).await.unwrap();
        let left = async {
            while self.gateway.list_devices(caller, project).await.unwrap().iter().any(|d| d.online) {
                watcher.next().await;
            }
        };
        soon("every game to leave", left).await;
    }

    /// Its database, for others who use it too.
    pub fn database_url(&self) -> String {
        match &self.database.postgres {
            Some(postgres) => postgres.url.clone(),
            None => format!("sqlite:{}", self.data_dir().join("data/observerio.db").display()),
        }
    }

    /// All that is stored, once everything that was taken in is.
    pub async fn contents(&self) -> contents::Contents {
        self.gateway.flush().await.unwrap();
        contents::contents(&self.database_url()).await
    }

    /// What another program does to its database.
    pub async fn execute(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match &self.database.postgres {
            Some(postgres) => {
                let mut connection = sqlx::PgConnection::connect(&postgres.url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            }
            None => {
                let mut connection = sqlx::SqliteConnection::connect(&self.database_url()).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            }
        }
    }

    /// Whether its database is Postgres; SQLite otherwise.
    pub fn is_on_postgres(&self) -> bool {
        self.database.postgres.is_some()
    }

    /// The folder of its data.
    pub fn data_dir(&self) -> &Path {
        self.database.folder.path()
    }
}

/// A database of its own in the Postgres of `OBSERVERIO_TEST_POSTGRES` (a URL without a database name).
struct PostgresDatabase {
    url: String,
}

impl PostgresDatabase {
    async fn create() -> Option<Self> {
        let server = std::env::var("OBSERVERIO_TEST_POSTGRES").ok()?;
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("observerio_server_{}_{count}", std::process::id());
        let base = server.trim_end_matches('/');
        let sql = format!("CREATE DATABASE {name}");
        let made = std::process::Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--dbname", &format!("{base}/postgres"), "--command", &sql])
            .status()
            .expect("psql is installed where OBSERVERIO_TEST_POSTGRES is set");
        assert!(made.success(), "psql could not make the database {name}");
        Some(Self { url: format!("{base}/{name}") })
    }
}
