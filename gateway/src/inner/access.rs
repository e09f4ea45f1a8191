//! What is known of rights, so that not every request asks the database.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::AtomicBool},
};

use protocol::model::{ProjectId, ProjectRole, UserId};
use tokio::sync::watch;

use crate::cache::Cache;

pub(crate) type Memberships = Arc<HashMap<ProjectId, ProjectRole>>;

/// What people are in which projects, as far as somebody asked, and a sign that something of it has changed. The
/// gateway is the only one that changes it, so what is known here is true until then.
pub(crate) struct Access {
    pub(crate) known: Cache<UserId, Memberships>,
    /// Who has a second factor, as far as somebody asked.
    pub(crate) with_factor: Cache<UserId, bool>,
    /// The projects that ask for one.
    pub(crate) guarded: Cache<(), Arc<HashSet<ProjectId>>>,
    /// Whether all of them do, and what is the owner's too.
    pub(crate) all_guarded: AtomicBool,
    pub(crate) changed: watch::Sender<u64>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            known: Cache::default(),
            with_factor: Cache::default(),
            guarded: Cache::default(),
            all_guarded: AtomicBool::new(false),
            changed: watch::Sender::new(0),
        }
    }
}

/// Drops what is cached of rights, however its scope is left.
pub(crate) struct Forgets<'a>(pub(crate) &'a Access);

impl Drop for Forgets<'_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}

impl Access {
    /// Somebody's rights have changed: everybody who holds a connection looks again.
    pub(crate) fn forget(&self) {
        self.known.forget(|_, _| true);
        self.with_factor.forget(|_, _| true);
        self.guarded.forget(|(), _| true);
        self.changed.send_modify(|version| *version += 1);
    }
}
