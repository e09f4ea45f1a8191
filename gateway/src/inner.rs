//! What every verb works with. It knows none of them: [`Gateway`](crate::Gateway) and the nouns' files hold the verbs.

mod access;
mod idle;
mod keys;
mod refusals;
mod sign_ins;
mod verdicts;

use std::sync::{Arc, Mutex, RwLock};

use protocol::model::{ProjectId, UnixMicros};
use tokio_util::sync::CancellationToken;

pub use self::verdicts::LogVerdicts;
pub(crate) use self::{
    access::{Access, Forgets, Memberships},
    idle::Idle,
    keys::{Keys, KnownKey},
    refusals::{Ledger, Refusals, refused_line},
    sign_ins::SignIns,
    verdicts::Verdicts,
};
use crate::{
    Clock,
    budgets::Unread,
    indexer::Indexer,
    live::{self, Beside, Registry},
    outgoing::Outgoing,
    passwords::Hasher,
    retention::Retained,
    shares::Days,
    store::{Epoch, Store, TokenHash},
    sweeper::Sweeper,
    vitals::Vitals,
    waiting::AllWaiting,
    writer::Writer,
};

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) projects: Registry,
    pub(crate) unread: Arc<Unread>,
    /// Values for games that are not sent yet.
    pub(crate) pushes: Arc<Outgoing>,
    /// Changes for dashboards that are not sent yet.
    pub(crate) deltas: Arc<Outgoing>,
    pub(crate) writer: Writer,
    pub(crate) setup: Mutex<Option<Setup>>,
    pub(crate) hasher: Hasher,
    pub(crate) keys: Keys,
    pub(crate) access: Access,
    pub(crate) idle: Idle,
    pub(crate) sign_ins: SignIns,
    pub(crate) refusals: Refusals,
    pub(crate) verdicts: Verdicts,
    pub(crate) waiting: AllWaiting,
    pub(crate) days: Days,
    pub(crate) epoch: RwLock<Epoch>,
    pub(crate) sweeper: Sweeper,
    pub(crate) indexer: Indexer,
    pub(crate) retained: Arc<Retained>,
    pub(crate) vitals: Vitals,
    /// Cancelled when nobody uses the gateway any more.
    pub(crate) unused: CancellationToken,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("store", &self.store.kind()).finish_non_exhaustive()
    }
}

/// The one-time link that counts.
pub(crate) struct Setup {
    pub(crate) hash: TokenHash,
    pub(crate) expires_at: UnixMicros,
}

impl Inner {
    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch.read().expect("no holder of this lock panics").clone()
    }

    /// What is kept of a project beside its state.
    pub(crate) fn beside(&self, project: ProjectId) -> Beside {
        let (refusals, waiting) = (self.refusals.ledger(project), self.waiting.of(project));
        let budgets = live::Budgets { pushes: Arc::clone(&self.pushes), deltas: Arc::clone(&self.deltas) };
        Beside { refusals, waiting, today: self.days.of(project), budgets }
    }

    /// A backup was restored: forgets everything and lets every connection go.
    pub(crate) fn start_over(&self, epoch: Epoch) {
        let number = epoch.number;
        *self.epoch.write().expect("no holder of this lock panics") = epoch;
        self.keys.clear();
        self.access.forget();
        self.refusals.clear();
        self.waiting.clear();
        self.projects.drop_all();
        self.writer.begin_epoch(number);
        // what is there now may hold projects that were being deleted
        self.sweeper.wake();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.unused.cancel();
    }
}
