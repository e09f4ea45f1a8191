//! Which connection holds which session: the newest one that has opened it.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use crate::{receipts::Receipts, store::OpenSession};

/// Sessions by name.
#[derive(Default)]
pub(crate) struct Sessions(HashMap<String, Held>);

struct Held {
    open: OpenSession,
    receipts: Weak<Receipts>,
}

impl Sessions {
    /// Notes which connection holds a session, and returns the one that did.
    pub(crate) fn hold(
        &mut self,
        name: String,
        open: OpenSession,
        receipts: &Arc<Receipts>,
    ) -> Option<Arc<Receipts>> {
        let held = Held { open, receipts: Arc::downgrade(receipts) };
        match self.0.get(&name) {
            // two connections of one session came together and the newer one was faster here
            Some(newer) if newer.open.generation > open.generation => Some(Arc::clone(receipts)),
            _ => self.0.insert(name, held).and_then(|older| older.receipts.upgrade()),
        }
    }

    pub(crate) fn release(&mut self, name: &str, receipts: &Arc<Receipts>) {
        if self.0.get(name).is_some_and(|held| held.receipts.ptr_eq(&Arc::downgrade(receipts))) {
            self.0.remove(name);
        }
    }

    /// The numbers of those that are held.
    pub(crate) fn ids(&self) -> impl Iterator<Item = i64> {
        self.0.values().map(|held| held.open.id)
    }
}
