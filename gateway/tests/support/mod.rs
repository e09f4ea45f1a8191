//! Runs every story on both databases, each on a fresh one.

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use gateway::store::{Result, SqlStore, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::timeout};

/// How long a story may take before it counts as hanging, in seconds; `OBSERVERIO_STORY_SECONDS` for what takes longer.
const DEADLINE_SECONDS: u64 = 120;

/// Where a story's database is.
pub enum Place {
    Sqlite { folder: TempDir },
    Postgres { url: String },
}

impl Place {
    /// The SQLite file, or the Postgres URL.
    pub fn name(&self) -> String {
        match self {
            Self::Sqlite { folder } => folder.path().join("observerio.db").display().to_string(),
            Self::Postgres { url } => url.clone(),
        }
    }

    /// Opens the database, for the first time or again.
    pub async fn open(&self) -> Result<Arc<dyn Store>> {
        Ok(match self {
            Self::Sqlite { .. } => Arc::new(SqlStore::open(&PathBuf::from(self.name())).await?),
            Self::Postgres { .. } => Arc::new(SqlStore::connect(&self.name()).await?),
        })
    }
}

/// What a story asks for.
pub trait Setup {
    async fn set_up(place: Arc<Place>) -> Self;
}

impl Setup for Arc<dyn Store> {
    async fn set_up(place: Arc<Place>) -> Self {
        place.open().await.unwrap()
    }
}

/// A story that opens its database itself.
impl Setup for Arc<Place> {
    async fn set_up(place: Arc<Place>) -> Self {
        place
    }
}

/// Runs a story on an SQLite file.
pub fn on_sqlite<A: Setup>(story: impl AsyncFnOnce(A)) {
    let place = Arc::new(Place::Sqlite { folder: TempDir::new().unwrap() });
    run(&runtime(), place, story);
}

/// Runs a story in a schema of its own in the Postgres database of `OBSERVERIO_TEST_POSTGRES`.
pub fn on_postgres<A: Setup>(story: impl AsyncFnOnce(A)) {
    static SCHEMAS: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = env::var("OBSERVERIO_TEST_POSTGRES") else {
        assert!(env::var_os("OBSERVERIO_REQUIRE_POSTGRES").is_none(), "OBSERVERIO_TEST_POSTGRES is not set");
        eprintln!("SKIPPED: set OBSERVERIO_TEST_POSTGRES=postgres://… to run this story on Postgres");
        return;
    };
    let schema = format!("story_{}_{}", process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
    let separator = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{separator}options[search_path]={schema}");

    runtime().block_on(execute(&server, format!("CREATE SCHEMA {schema}"))).unwrap();
    let story_runtime = runtime();
    let told =
        catch_unwind(AssertUnwindSafe(|| run(&story_runtime, Arc::new(Place::Postgres { url }), story)));
    // a story may end in the middle of a write, which then holds locks that the clean-up waits for, or worse
    story_runtime.shutdown_timeout(Duration::from_secs(10));
    let clean_up = || execute(&server, format!("SET lock_timeout = '10s'; DROP SCHEMA {schema} CASCADE"));
    runtime().block_on(async {
        if clean_up().await.is_err() {
            clean_up().await.unwrap();
        }
    });
    if let Err(panic) = told {
        resume_unwind(panic);
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn run<A: Setup>(runtime: &Runtime, place: Arc<Place>, story: impl AsyncFnOnce(A)) {
    runtime.block_on(async {
        // held here too: the folder goes with its last holder
        let deadline = env::var("OBSERVERIO_STORY_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
        let deadline = Duration::from_secs(deadline.unwrap_or(DEADLINE_SECONDS));
        let told = timeout(deadline, async { story(A::set_up(Arc::clone(&place)).await).await }).await;
        told.expect("the story hangs");
    });
}

async fn execute(url: &str, sql: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await.expect("OBSERVERIO_TEST_POSTGRES names a server");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}

/// Makes two tests of each story: `sqlite::story` and `postgres::story`. An attribute in front is that of each.
macro_rules! stories {
    ($($story:ident),+ $(,)?) => { $crate::support::stories! { #[cfg(test)] $($story),+ } };
    (#[$attribute:meta] $($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] #[$attribute] fn $story() { $crate::support::on_sqlite(super::$story) })+
        }
        mod postgres {
            $(#[test] #[$attribute] fn $story() { $crate::support::on_postgres(super::$story) })+
        }
    };
}

pub(crate) use stories;
