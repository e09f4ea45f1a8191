//! How a database is opened, and how statements get to it.

use std::path::Path;

use sqlx::SqlSafeStr;
use tokio::sync::Mutex;

use super::{
    error::Result,
    postgres::PostgresEngine,
    sql::{On, Query, Tx},
    sqlite::SqliteEngine,
};

/// Everything in one database: in an SQLite file, or in the first schema of a Postgres database's search path.
pub struct SqlStore {
    pub(super) engine: Engine,
    /// Held while lines of the log are counted.
    pub(super) counting: Mutex<()>,
}

/// The parts that differ between the databases.
#[expect(clippy::large_enum_variant, reason = "a program has one of it")]
pub(super) enum Engine {
    Sqlite(SqliteEngine),
    Postgres(PostgresEngine),
}

impl Engine {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl SqlStore {
    /// Opens an SQLite file, which is made if there is none, and brings its schema up to date. Before that, all
    /// of an existing file is checked: some 2 s for each GiB.
    ///
    /// # Errors
    /// [`StoreError::Foreign`](super::StoreError::Foreign) with a sentence when the file is not ours, is damaged or newer, or
    /// cannot be used; it is then as it was.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::started(Engine::Sqlite(SqliteEngine::open(path).await?)).await
    }

    /// Connects to the database of a `postgres://` URL, which must exist, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Foreign`](super::StoreError::Foreign) with a sentence when the server is too old, or the database holds
    /// another program's tables, a newer schema or less than its schema; it is then as it was.
    /// [`StoreError::TimedOut`](super::StoreError::TimedOut).
    pub async fn connect(url: &str) -> Result<Self> {
        Self::started(Engine::Postgres(PostgresEngine::open(url, None).await?)).await
    }

    /// Connects as the database's only server. `words` describe this server to others that try to connect.
    ///
    /// # Errors
    /// Those of [`SqlStore::connect`], and [`StoreError::InUse`](super::StoreError::InUse) while another server has the
    /// database.
    pub async fn connect_alone(url: &str, words: &str) -> Result<Self> {
        Self::started(Engine::Postgres(PostgresEngine::open(url, Some(words)).await?)).await
    }

    async fn started(engine: Engine) -> Result<Self> {
        let store = Self { engine, counting: Mutex::default() };
        // a full disk does not keep it from starting: what is stored can still be read
        store.write_mark().await?;
        Ok(store)
    }

    /// A read-only statement.
    pub(super) fn read(&self, sql: impl SqlSafeStr) -> Query<'_> {
        match &self.engine {
            Engine::Sqlite(sqlite) => Query::Sqlite(sqlx::query(sql), On::Pool(&sqlite.reader)),
            Engine::Postgres(postgres) => Query::Postgres(sqlx::query(sql), On::Pool(&postgres.pool)),
        }
    }

    /// A read-only statement that differs between the databases.
    pub(super) fn read_either(&self, sqlite: &'static str, postgres: &'static str) -> Query<'_> {
        self.read(match &self.engine {
            Engine::Sqlite(_) => sqlite,
            Engine::Postgres(_) => postgres,
        })
    }

    /// A statement that writes, in a transaction of its own.
    pub(super) fn write(&self, sql: impl SqlSafeStr) -> Query<'_> {
        match &self.engine {
            Engine::Sqlite(sqlite) => Query::Sqlite(sqlx::query(sql), On::Pool(&sqlite.writer)),
            Engine::Postgres(postgres) => Query::Postgres(sqlx::query(sql), On::Pool(&postgres.pool)),
        }
    }

    /// A statement that writes, and differs between the databases.
    pub(super) fn either(&self, sqlite: &'static str, postgres: &'static str) -> Query<'_> {
        self.write(match &self.engine {
            Engine::Sqlite(_) => sqlite,
            Engine::Postgres(_) => postgres,
        })
    }

    /// A read-only transaction on one snapshot of the database.
    pub(super) async fn begin_read(&self) -> Result<Tx<'static>> {
        Ok(match &self.engine {
            Engine::Sqlite(sqlite) => Tx::Sqlite(sqlite.reader.begin_with("BEGIN").await?),
            Engine::Postgres(postgres) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Tx::Postgres(postgres.pool.begin_with(begin).await?)
            }
        })
    }

    /// Call it after each transaction of a large clean-up, so that no other commit has to do what it leaves to be done.
    pub(super) async fn after_step(&self) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.checkpoint().await,
            // Postgres has processes of its own for that
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// A transaction that writes.
    pub(super) async fn begin_write(&self) -> Result<Tx<'static>> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.begin_write().await,
            Engine::Postgres(postgres) => Ok(Tx::Postgres(postgres.pool.begin_with("BEGIN").await?)),
        }
    }
}
