use std::{
    sync::{Arc, Mutex, RwLock, Weak},
    time::Duration,
};

use protocol::model::{ProjectId, UnixMicros, VarName};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Clock, Disk, GatewayError,
    budgets::{Budgets, Unread, UnreadLine},
    indexer::Indexer,
    inner::{Access, Idle, Inner, Keys, Refusals, SignIns, Verdicts},
    live::{Live, Registry},
    outgoing::Outgoing,
    passwords::Hasher,
    retention::{self, Sizes},
    secrets::random_token,
    sessions,
    shares::{Days, Limits},
    store::{Store, StoreError},
    sweeper::Sweeper,
    vitals::{PLACE, Vitals},
    waiting::AllWaiting,
    writer::{Writer, WriterCounts},
};

/// How often the database is asked whether a backup was restored into it, when nothing is written.
const EPOCH_INTERVAL: Duration = Duration::from_secs(1);
/// How often a server makes sure that the database is still its own.
const PLACE_INTERVAL: Duration = Duration::from_secs(1);
/// How long the database gets to close its connections, which takes an answer of each.
const STORE_CLOSE_PATIENCE: Duration = Duration::from_millis(500);

/// Everything that can be done, one method each. Cheap to clone.
///
/// ```
/// # use std::sync::Arc;
/// # use gateway::{Clock, Gateway, Origin, store::SqlStore};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let store = SqlStore::open(&folder.path().join("observerio.db")).await?;
/// let gateway = Gateway::open(Arc::new(store), Clock::system()).await?;
///
/// let link = gateway.issue_setup_token();
/// let owner = gateway.set_up(link.reveal(), None, None, &Origin::default()).await?.caller;
/// let project = gateway.create_project(&owner, "Mr. Rescue").await?;
///
/// let mut game = gateway.connect_game(project.key, "127.0.0.1".parse()?, None).await?;
/// game.report_vars(protocol::line::parse_report(br#"{"speed": 5}"#)?).await?;
/// gateway.flush().await?;
/// assert_eq!(gateway.snapshot(&owner, project.id).await?.vars[0].name.as_str(), "speed");
/// # drop(game); gateway.close().await; Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

/// What the gateway has done since it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Games connected now.
    pub games: u64,
    /// Dashboards watching now.
    pub watchers: u64,
    /// What was written.
    pub written: WriterCounts,
    /// Bytes that wait to be written.
    pub queued_bytes: u64,
    /// Bytes of changes that some dashboard has not taken yet.
    pub untaken_bytes: u64,
    /// Bytes of values that some game has not taken yet.
    pub push_bytes: u64,
    /// How often values had to wait, or a dashboard got a snapshot in place of a change, because there was no room.
    pub postponed: u64,
    /// How often a project was read from the database.
    pub project_loads: u64,
    /// Projects that may store no more log today.
    pub full_projects: u64,
    /// Bytes of the declarations and values in memory.
    pub project_bytes: u64,
    /// Bytes of lines of games that are not whole yet, or that wait for room, and of answers that games don't read.
    pub unread_bytes: u64,
    /// Connections of games that had to go because there was no room for the line that they had begun.
    pub unread_refused: u64,
    /// How often a project was not read because there was no room for it.
    pub projects_refused: u64,
    /// Bytes of the logs of all projects, with 64 for each line, as last counted.
    pub log_bytes: u64,
    /// When the oldest line of all logs was received, in seconds since 1970; 0: there is none.
    pub log_oldest_seconds: u64,
    /// Lines of the log that were forgotten by policies.
    pub lines_forgotten: u64,
    /// The disk of the database, where it can be asked.
    pub disk: Option<Disk>,
    /// Whether the database takes what is sent.
    pub storing: bool,
}

impl Gateway {
    /// A gateway over an open store, in which keys and projects may take what they like. Starts the one task that writes, so it
    /// needs a tokio runtime.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn open(store: Arc<dyn Store>, clock: Clock) -> Result<Self, GatewayError> {
        Self::open_within(store, clock, Budgets::default(), Limits::default()).await
    }

    /// The same with bounds on what it holds in memory, and limits of what a key and a project may take.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn open_within(
        store: Arc<dyn Store>,
        clock: Clock,
        budgets: Budgets,
        limits: Limits,
    ) -> Result<Self, GatewayError> {
        let epoch = store.epoch().await?;
        let (vitals, unused) = (Vitals::default(), CancellationToken::new());
        let Budgets { lines, unread, projects, outgoing } = budgets;
        let [pushes, deltas] = [(); 2].map(|()| Arc::new(Outgoing::within(outgoing / 2)));
        let writer = Writer::start(store.clone(), random_token(), epoch.number, &vitals, lines);
        let sweeper = Sweeper::start(store.clone(), &vitals, unused.clone());
        let indexer = Indexer::start(store.clone(), writer.committed_records(), &vitals, unused.clone());
        let inner = Arc::new(Inner {
            store,
            clock,
            projects: Registry::new(projects),
            unread: Arc::new(Unread::new(unread)),
            pushes,
            deltas,
            writer,
            setup: Mutex::new(None),
            hasher: Hasher::start(),
            keys: Keys::default(),
            access: Access::default(),
            idle: Idle::default(),
            sign_ins: SignIns::default(),
            refusals: Refusals::default(),
            verdicts: Verdicts::default(),
            waiting: AllWaiting::default(),
            days: Days::new(limits),
            epoch: RwLock::new(epoch),
            sweeper,
            indexer,
            retained: Arc::default(),
            vitals: vitals.clone(),
            unused: unused.clone(),
        });
        let watching = watch_database(Arc::downgrade(&inner));
        tokio::spawn(vitals.guard("the task that watches the database", unused.clone(), watching));
        let keeping = keep_claim(Arc::downgrade(&inner));
        tokio::spawn(vitals.guard("the task that keeps the database", unused.clone(), keeping));
        let forgetting = sessions::forget_old(Arc::downgrade(&inner));
        tokio::spawn(vitals.guard("the task that forgets old sessions", unused.clone(), forgetting));
        let retaining = retention::run(Arc::downgrade(&inner));
        tokio::spawn(vitals.guard("the task that forgets what is too old", unused, retaining));
        Ok(Self { inner })
    }

    /// A project's live state, read from the database if it is not in memory.
    pub(crate) async fn load(&self, project: ProjectId) -> Result<Arc<Live>, GatewayError> {
        let Inner { store, projects, .. } = &*self.inner;
        let beside = || self.inner.beside(project);
        projects.load(&**store, project, || self.inner.epoch(), self.is_storing(), beside).await
    }

    /// The same for an edit of these variables: while nobody has the project in memory, of a few of them only these are read.
    pub(crate) async fn load_to_edit(
        &self,
        project: ProjectId,
        names: &[VarName],
    ) -> Result<Arc<Live>, GatewayError> {
        const A_FEW: usize = 16;
        if names.len() > A_FEW {
            return self.load(project).await;
        }
        let Inner { store, projects, .. } = &*self.inner;
        let (epoch, beside) = (|| self.inner.epoch(), || self.inner.beside(project));
        projects.load_to_edit(&**store, project, names, epoch, self.is_storing(), beside).await
    }

    /// The time by the gateway's clock.
    pub fn now(&self) -> UnixMicros {
        self.inner.clock.now()
    }

    /// What this can't do without: tells when some of it has died. Then nothing more is saved, and the process should end.
    pub fn vitals(&self) -> &Vitals {
        &self.inner.vitals
    }

    /// What a connection of a game holds of lines that are not taken in yet; nothing now.
    pub fn unread_line(&self) -> UnreadLine {
        UnreadLine::new(&self.inner.unread)
    }

    /// Which history of the database counts, as far as this has heard. Public for the simulation of the ingest side.
    #[doc(hidden)]
    pub fn epoch_number(&self) -> i64 {
        self.inner.epoch().number
    }

    /// Whether the database takes what games and people send.
    pub fn is_storing(&self) -> bool {
        *self.inner.writer.storing().borrow()
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
        self.inner.sweeper.close().await;
        self.inner.indexer.close().await;
        self.inner.writer.close().await;
        if timeout(STORE_CLOSE_PATIENCE, self.inner.store.close()).await.is_err() {
            tracing::warn!(
                "the connections to the database did not close in time and are dropped, which loses nothing"
            );
        }
    }

    /// Whether the database answers, can be written to and has room for more, and somebody is left who writes.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`], and [`GatewayError::Closed`] when there is a death ([`Gateway::vitals`]).
    pub async fn check(&self) -> Result<(), GatewayError> {
        if self.inner.vitals.death().is_some() {
            return Err(GatewayError::Closed);
        }
        Ok(self.inner.store.check().await?)
    }

    /// Which database it is: "sqlite" or "postgres".
    pub fn database(&self) -> &'static str {
        self.inner.store.kind()
    }

    /// Numbers for operators.
    pub fn status(&self) -> Status {
        let (games, watchers) = self.inner.projects.count_connections();
        let Sizes { log, disk } = self.inner.retained.sizes();
        Status {
            games,
            watchers,
            written: self.inner.writer.counts(),
            queued_bytes: self.inner.writer.queued_bytes() as u64,
            untaken_bytes: self.inner.deltas.used() as u64,
            push_bytes: self.inner.pushes.used() as u64,
            postponed: self.inner.pushes.postponed() + self.inner.deltas.postponed(),
            project_loads: self.inner.projects.loads(),
            full_projects: self.inner.days.full(self.now()),
            project_bytes: self.inner.projects.bytes() as u64,
            unread_bytes: self.inner.unread.used() as u64,
            unread_refused: self.inner.unread.refused(),
            projects_refused: self.inner.projects.refused(),
            log_bytes: log.bytes,
            log_oldest_seconds: log
                .oldest
                .map_or(0, |oldest| u64::try_from(oldest.0 / 1_000_000).unwrap_or(0)),
            lines_forgotten: self.inner.retained.lines_forgotten(),
            disk,
            storing: self.is_storing(),
        }
    }
}

/// Finds out when another server has taken the database.
async fn keep_claim(gateway: Weak<Inner>) {
    loop {
        sleep(PLACE_INTERVAL).await;
        let Some(inner) = gateway.upgrade() else { return };
        if let Err(error @ StoreError::InUse(_)) = inner.store.keep_claim().await {
            inner.vitals.report(PLACE, error.to_string());
        }
    }
}

/// Tells the projects when the database stops and starts to store, and starts over when a backup was restored.
async fn watch_database(gateway: Weak<Inner>) {
    let Some(inner) = gateway.upgrade() else { return };
    let (mut storing, mut restored) = (inner.writer.storing(), inner.writer.restored());
    drop(inner);
    loop {
        let found = tokio::select! {
            // not by chance: a simulated run can be repeated
            biased;
            Ok(()) = storing.changed() => None,
            Ok(()) = restored.changed() => restored.borrow_and_update().clone(),
            () = sleep(EPOCH_INTERVAL) => {
                let Some(inner) = gateway.upgrade() else { return };
                inner.keys.end_expired(inner.clock.now());
                inner.projects.trim();
                inner.projects.for_each(Live::tick);
                // while the database is away there is nothing to find
                inner.store.epoch().await.ok()
            }
            else => return,
        };
        let Some(inner) = gateway.upgrade() else { return };
        let is_storing = *storing.borrow_and_update();
        inner.projects.for_each(|live| live.set_storing(is_storing));
        if let Some(epoch) = found.filter(|epoch| *epoch != inner.epoch()) {
            inner.start_over(epoch);
        }
    }
}
