//! What a dashboard is given: a snapshot, then deltas.

use std::sync::Arc;

use protocol::{
    live::{Seq, Snapshot},
    model::{ProjectId, ProjectRole},
};

use crate::{
    Action, Caller, Clock, Gateway, GatewayError,
    live::{Delta, Deltas, Lagged, Live},
};

/// A dashboard's subscription to one project.
pub struct Watcher {
    live: Arc<Live>,
    clock: Clock,
    deltas: Deltas,
    /// What whoever watches may do.
    role: ProjectRole,
    /// The newest delta that the dashboard has, by snapshot or by delta.
    seq: Seq,
}

/// The next thing for a dashboard.
#[derive(Debug)]
pub enum Watched {
    /// What happened.
    Delta(Arc<Delta>),
    /// Deltas were missed: this is the state instead.
    Lagged(Box<Snapshot>),
    /// The project starts over from the database: subscribe again.
    StartOver,
}

impl Gateway {
    /// A project as it is now.
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
        let live = self.live(caller, Action::ReadProject, project).await?;
        let clock = self.inner.clock.clone();
        let (seq, deltas) = live.watch();
        Ok(Watcher { live, clock, deltas, role, seq })
    }
}

impl Watcher {
    /// The state now; [`Watcher::next`] continues right behind it.
    pub fn snapshot(&mut self) -> Snapshot {
        let snapshot = self.live.snapshot(self.clock.now(), self.role);
        self.seq = snapshot.seq;
        snapshot
    }

    /// Which project.
    pub fn project(&self) -> ProjectId {
        self.live.project.id
    }

    /// What whoever watches might do when he began.
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
                Err(Lagged) => return Watched::Lagged(Box::new(self.snapshot())),
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
