//! What a dashboard is given: a snapshot, then deltas.

use std::sync::Arc;

use protocol::{
    live::{Seq, ServerMessage, Snapshot},
    model::{Device, ProjectId, ProjectRole},
};

use crate::{
    Action, Caller, Clock, Gateway, GatewayError,
    live::{Delta, Deltas, Lagged, Live, PART_BYTES, Walk},
};

/// A dashboard's subscription to one project.
pub struct Watcher {
    live: Arc<Live>,
    clock: Clock,
    deltas: Deltas,
    /// What the watcher may do.
    role: ProjectRole,
    /// The newest delta that the dashboard has, by snapshot or by delta.
    seq: Seq,
}

/// The next thing for a dashboard.
#[derive(Debug)]
pub enum Watched {
    /// What happened.
    Delta(Arc<Delta>),
    /// Deltas were missed: [`Watcher::picture`] is the state instead.
    Lagged,
    /// The project starts over from the database: subscribe again.
    StartOver,
}

/// The state in messages for a dashboard, one after another: each is made when it is asked for, so that who reads slowly holds
/// one of them. Deltas that come in between are for the dashboard too.
pub struct SnapshotParts {
    live: Arc<Live>,
    head: Option<Box<Snapshot>>,
    walk: Walk,
}

impl Iterator for SnapshotParts {
    type Item = ServerMessage;

    fn next(&mut self) -> Option<ServerMessage> {
        if let Some(head) = self.head.take() {
            return Some(ServerMessage::Snapshot(head));
        }
        let part = self.live.state().next_part(&mut self.walk)?;
        Some(ServerMessage::More(Box::new(part)))
    }
}

impl std::fmt::Debug for SnapshotParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotParts").field("project", &self.live.project.id).finish_non_exhaustive()
    }
}

/// Bytes of devices, and as many of variables, that a page has before it is live.
const FIRST_LOOK_BYTES: usize = 64 * 1024;

impl Gateway {
    /// The beginning of a project as it is now, for a page that then watches it: all of it unless it is large.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn first_look(&self, caller: &Caller, project: ProjectId) -> Result<Snapshot, GatewayError> {
        let watcher = self.watch(caller, project).await?;
        Ok(watcher.live.begin_parts(watcher.clock.now(), watcher.role, FIRST_LOOK_BYTES).0)
    }

    /// All of a project as it is now, however large it is.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn snapshot(&self, caller: &Caller, project: ProjectId) -> Result<Snapshot, GatewayError> {
        Ok(self.watch(caller, project).await?.snapshot())
    }

    /// Subscribes to a project.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Unavailable`].
    pub async fn watch(&self, caller: &Caller, project: ProjectId) -> Result<Watcher, GatewayError> {
        let role = self.authorise_in(caller, Action::ReadProject, project).await?;
        let live = self.load(project).await?;
        let clock = self.inner.clock.clone();
        let (seq, deltas) = live.watch();
        Ok(Watcher { live, clock, deltas, role, seq })
    }
}

impl Watcher {
    /// The state now, in parts; [`Watcher::next`] continues right behind the first.
    pub fn picture(&mut self) -> SnapshotParts {
        let (head, walk) = self.live.begin_parts(self.clock.now(), self.role, PART_BYTES / 2);
        self.seq = head.seq;
        SnapshotParts { live: Arc::clone(&self.live), head: Some(Box::new(head)), walk }
    }

    /// The number of the newest log line; 0: there is none. What comes by [`Watcher::next`] from then on is newer.
    pub fn newest_log(&mut self) -> u64 {
        let (seq, newest) = self.live.newest_log();
        self.seq = seq;
        newest
    }

    /// The devices now.
    pub fn devices(&self) -> Vec<Device> {
        self.live.state().devices()
    }

    /// The state now, whole; [`Watcher::next`] continues right behind it.
    pub fn snapshot(&mut self) -> Snapshot {
        let snapshot = self.live.snapshot(self.clock.now(), self.role);
        self.seq = snapshot.seq;
        snapshot
    }

    /// Which project.
    pub fn project(&self) -> ProjectId {
        self.live.project.id
    }

    /// The watcher's role when they began to watch.
    pub fn role(&self) -> ProjectRole {
        self.role
    }

    /// The next thing that happens. Cancel-safe.
    pub async fn next(&mut self) -> Watched {
        loop {
            let received = tokio::select! {
                // what is newer than the database counts no longer
                biased;
                () = self.live.dropped.cancelled() => return Watched::StartOver,
                received = self.deltas.next() => received,
            };
            match received {
                Ok(delta) if delta.seq <= self.seq => {}
                Ok(delta) => {
                    self.seq = delta.seq;
                    return Watched::Delta(delta);
                }
                Err(Lagged) => return Watched::Lagged,
            }
        }
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("project", &self.live.project.id)
            .field("seq", &self.seq)
            .finish_non_exhaustive()
    }
}
