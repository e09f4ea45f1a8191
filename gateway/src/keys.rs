//! Which project a game key belongs to, without asking the database each time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use protocol::model::{Key, ProjectId};

/// Keys that were found to belong to a project. Only found ones are kept, so it is as bounded as they are.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    known: Mutex<HashMap<Key, ProjectId>>,
    /// Held while asking the database: of a thousand games with one key that come at once, one asks.
    pub(crate) asking: tokio::sync::Mutex<()>,
}

impl Keys {
    fn known(&self) -> MutexGuard<'_, HashMap<Key, ProjectId>> {
        self.known.lock().expect("no holder of this lock panics")
    }

    pub(crate) fn get(&self, key: Key) -> Option<ProjectId> {
        self.known().get(&key).copied()
    }

    pub(crate) fn insert(&self, key: Key, project: ProjectId) {
        self.known().insert(key, project);
    }

    pub(crate) fn clear(&self) {
        self.known().clear();
    }
}
