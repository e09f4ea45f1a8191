//! A store that does what a story wants of it, over one that works.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use gateway::store::{
    Access, Chore, Chores, Commits, Epoch, ForgetLines, ForgetOthers, GameSessions, GestureRow, History,
    HistoryRow, KeyState, KeyStates, LoadRoom, LogBlocks, LogCounts, LogTimes, Logs, Patterns, Pins,
    Policies, ProjectState, Result, Snapshots, Store, Ticket, Write, Written,
};
use protocol::model::{
    DeviceId, Gesture, Key, KeyId, LogLine, Project, ProjectId, Revision, UnixMicros, UserId, VarName,
};
use tokio::sync::Notify;

/// What a story pulls.
#[derive(Default)]
pub struct Strings {
    /// The next commit panics.
    pub panics: AtomicBool,
    /// What is read of a project or a key stays on its way.
    pub holds: AtomicBool,
    /// Something is on its way.
    pub held: Notify,
    /// It arrives.
    pub arrive: Notify,
}

impl Strings {
    async fn hold(&self) {
        if self.holds.load(Relaxed) {
            self.held.notify_one();
            self.arrive.notified().await;
        }
    }
}

/// The real store on strings.
pub struct Puppet {
    store: Arc<dyn Store>,
    strings: Arc<Strings>,
}

impl Puppet {
    pub fn new(store: Arc<dyn Store>, strings: &Arc<Strings>) -> Self {
        Self { store, strings: Arc::clone(strings) }
    }
}

#[async_trait]
impl Store for Puppet {
    fn kind(&self) -> &'static str {
        self.store.kind()
    }

    fn access(&self) -> &dyn Access {
        self.store.access()
    }

    async fn keep_claim(&self) -> Result<()> {
        self.store.keep_claim().await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}

#[async_trait]
impl Commits for Puppet {
    async fn commit(&self, ticket: &Ticket, batch: &[Write], written: &mut Vec<Written>) -> Result<()> {
        assert!(!self.strings.panics.load(Relaxed), "this story wants it");
        self.store.commit(ticket, batch, written).await
    }

    async fn is_committed(&self, ticket: &Ticket) -> Result<bool> {
        self.store.is_committed(ticket).await
    }

    async fn epoch(&self) -> Result<Epoch> {
        self.store.epoch().await
    }

    async fn check(&self) -> Result<()> {
        self.store.check().await
    }
}

#[async_trait]
impl Chores for Puppet {
    async fn find_chore(&self) -> Result<Option<Chore>> {
        self.store.find_chore().await
    }

    async fn do_chore(&self, chore: &Chore, rows: u32, within: Duration) -> Result<Duration> {
        self.store.do_chore(chore, rows, within).await
    }
}

#[async_trait]
impl KeyStates for Puppet {
    async fn get_key(&self, key: Key) -> Result<Option<KeyState>> {
        let read = self.store.get_key(key).await;
        self.strings.hold().await;
        read
    }

    async fn touch_key(&self, key: KeyId, at: UnixMicros) -> Result<()> {
        self.store.touch_key(key, at).await
    }
}

#[async_trait]
impl Snapshots for Puppet {
    async fn get_project(&self, id: ProjectId) -> Result<Option<Project>> {
        self.store.get_project(id).await
    }

    async fn load_project(
        &self,
        id: ProjectId,
        devices: u32,
        logs: u32,
        room: LoadRoom,
    ) -> Result<Option<ProjectState>> {
        let read = self.store.load_project(id, devices, logs, room).await;
        self.strings.hold().await;
        read
    }

    async fn list_forgotten(&self, project: ProjectId) -> Result<Vec<(DeviceId, String)>> {
        self.store.list_forgotten(project).await
    }
}

#[async_trait]
impl History for Puppet {
    async fn list_history(
        &self,
        project: ProjectId,
        name: Option<&VarName>,
        before: Option<(Revision, &VarName)>,
        limit: u32,
    ) -> Result<Vec<HistoryRow>> {
        self.store.list_history(project, name, before, limit).await
    }

    async fn get_gesture(
        &self,
        project: ProjectId,
        author: UserId,
        gesture: Gesture,
    ) -> Result<Vec<GestureRow>> {
        self.store.get_gesture(project, author, gesture).await
    }
}

#[async_trait]
impl Logs for Puppet {
    async fn list_logs(&self, project: ProjectId, before: Option<u64>, limit: u32) -> Result<Vec<LogLine>> {
        self.store.list_logs(project, before, limit).await
    }

    async fn list_logs_after(&self, project: ProjectId, after: u64, limit: u32) -> Result<Vec<LogLine>> {
        self.store.list_logs_after(project, after, limit).await
    }
}

impl GameSessions for Puppet {}

impl LogBlocks for Puppet {}

impl LogTimes for Puppet {}

impl ForgetLines for Puppet {}

impl ForgetOthers for Puppet {}

impl LogCounts for Puppet {}

impl Pins for Puppet {}

impl Policies for Puppet {}

impl Patterns for Puppet {}
