use std::{collections::HashMap, sync::Arc, sync::Mutex};

use protocol::model::{Key, ProjectId};
use tokio::sync::Semaphore;

use crate::{
    Clock, GatewayError,
    accounts::Setup,
    live::Registry,
    store::Store,
    writer::{Counters, Writer},
};

/// How many passwords are hashed at once: each takes 19 MiB and some 50 ms of a core.
const MAX_CONCURRENT_HASHES: usize = 2;

/// Everything that can be done, one method each. Cheap to clone.
///
/// ```
/// # use std::sync::Arc;
/// # use gateway::{Clock, Gateway, store::SqliteStore};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let store = SqliteStore::open(&folder.path().join("observerio.db")).await?;
/// let gateway = Gateway::open(Arc::new(store), Clock::system());
///
/// let link = gateway.issue_setup_token();
/// let owner = gateway.set_up(link.reveal(), None, None).await?.user;
/// let project = gateway.create_project(&owner, "Mr. Rescue").await?;
///
/// let mut game = gateway.connect_game(project.key, "127.0.0.1".parse()?).await?;
/// game.report_vars(protocol::line::parse_report(br#"{"speed": 5}"#)?).await?;
/// gateway.flush().await?;
/// assert_eq!(gateway.snapshot(&owner, project.id).await?.vars[0].name.as_str(), "speed");
/// # drop(game); gateway.close().await; Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) projects: Registry,
    pub(crate) writer: Writer,
    pub(crate) setup: Mutex<Option<Setup>>,
    pub(crate) hashing: Semaphore,
    /// Keys that were found to belong to a project. Only found ones are kept, so it is as bounded as they are.
    pub(crate) keys: Mutex<HashMap<Key, ProjectId>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("store", &self.store.kind()).finish_non_exhaustive()
    }
}

/// What the gateway has done since it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Games connected now.
    pub games: u64,
    /// Dashboards watching now.
    pub watchers: u64,
    /// Records committed: log entries, values and edits.
    pub committed_records: u64,
    /// Transactions they took.
    pub commits: u64,
    /// Records that were taken in and then lost because the database failed.
    pub lost_records: u64,
}

impl Gateway {
    /// A gateway over an open store. Starts the one task that writes, so it needs a tokio runtime.
    pub fn open(store: Arc<dyn Store>, clock: Clock) -> Self {
        let writer = Writer::start(Arc::clone(&store));
        Self {
            inner: Arc::new(Inner {
                store,
                clock,
                projects: Registry::default(),
                writer,
                setup: Mutex::new(None),
                hashing: Semaphore::new(MAX_CONCURRENT_HASHES),
                keys: Mutex::new(HashMap::new()),
            }),
        }
    }

    /// Returns when everything that was taken in before is committed and published.
    ///
    /// # Errors
    /// [`GatewayError::Closed`].
    pub async fn flush(&self) -> Result<(), GatewayError> {
        self.inner.writer.flush().await
    }

    /// Commits what was taken in, then closes the store. Later calls get [`GatewayError::Closed`].
    pub async fn close(&self) {
        self.inner.writer.close().await;
        self.inner.store.close().await;
    }

    /// Whether the database answers and can be written to.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn check(&self) -> Result<(), GatewayError> {
        Ok(self.inner.store.check().await?)
    }

    /// Numbers for operators.
    pub fn status(&self) -> Status {
        let Counters { committed_records, commits, lost_records } = self.inner.writer.counters();
        let (games, watchers) = self.inner.projects.count_connections();
        Status { games, watchers, committed_records, commits, lost_records }
    }
}
