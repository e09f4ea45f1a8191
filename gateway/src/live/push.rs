//! What goes down to games: encoded once for all games that lack the same.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use protocol::{
    line::{Edited, encode_edits},
    model::{Revision, Value, VarName, VarSpec, WireForm},
};

/// The JSON types in which one game wants the variables that it has reported. For others it gets the one in
/// which the project last saw them.
pub(crate) type Forms = BTreeMap<VarName, WireForm>;

/// The changes from one revision to another, ready for the wire.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) to: Revision,
    /// `None` when nothing changed that a game would want.
    pub(crate) payload: Option<Arc<[u8]>>,
}

/// Games that lag differ in `since`; this many different ones share their encoding.
const MAX_ENTRIES: usize = 16;

#[derive(Debug)]
struct Entry {
    since: Revision,
    forms: Arc<Forms>,
    payload: Option<Arc<[u8]>>,
}

/// Encodings that lead to the newest revision.
#[derive(Debug, Default)]
pub(crate) struct PushCache {
    to: Option<Revision>,
    entries: Vec<Entry>,
    /// Equal forms are one allocation, so that comparing them is comparing pointers.
    interned: Vec<Weak<Forms>>,
}

impl PushCache {
    pub(crate) fn intern(&mut self, forms: Forms) -> Arc<Forms> {
        self.interned.retain(|known| known.strong_count() > 0);
        if let Some(known) = self.interned.iter().filter_map(Weak::upgrade).find(|known| **known == forms) {
            return known;
        }
        let forms = Arc::new(forms);
        self.interned.push(Arc::downgrade(&forms));
        forms
    }

    /// `changed` is only walked when no other game asked for the same.
    pub(crate) fn get<'a>(
        &mut self,
        since: Revision,
        to: Revision,
        forms: &Arc<Forms>,
        changed: impl Iterator<Item = (&'a VarName, &'a VarSpec, &'a Value)>,
    ) -> Option<Pushed> {
        if since >= to {
            return None;
        }
        if self.to != Some(to) {
            self.to = Some(to);
            self.entries.clear();
        }
        let same = |entry: &&Entry| entry.since == since && Arc::ptr_eq(&entry.forms, forms);
        if let Some(entry) = self.entries.iter().find(same) {
            return Some(Pushed { to, payload: entry.payload.clone() });
        }
        let edits: Vec<Edited<'_>> = changed
            .map(|(name, spec, value)| Edited {
                name,
                var_type: &spec.var_type,
                value,
                form: forms.get(name).copied().unwrap_or(spec.form),
            })
            .collect();
        let payload = (!edits.is_empty()).then(|| Arc::from(encode_edits(&edits)));
        if self.entries.len() == MAX_ENTRIES {
            self.entries.remove(0);
        }
        self.entries.push(Entry { since, forms: Arc::clone(forms), payload: payload.clone() });
        Some(Pushed { to, payload })
    }
}
