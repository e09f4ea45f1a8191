//! Which edit each variable has now.

use std::collections::{BTreeMap, BTreeSet};

use protocol::model::{Revision, VarName, VarRevision};

/// Which variables each edit set or let go, of those that no newer one has changed again.
#[derive(Debug, Default)]
pub(super) struct Revised(BTreeMap<VarRevision, BTreeSet<VarName>>);

impl Revised {
    pub(super) fn set(&mut self, name: &VarName, old: Option<VarRevision>, new: VarRevision) {
        if let Some(old) = old {
            self.remove(name, old);
        }
        self.0.entry(new).or_default().insert(name.clone());
    }

    pub(super) fn remove(&mut self, name: &VarName, edit: VarRevision) {
        if let Some(names) = self.0.get_mut(&edit) {
            names.remove(name);
            if names.is_empty() {
                self.0.remove(&edit);
            }
        }
    }

    /// Set behind `from` and up to `to`.
    pub(super) fn between(
        &self,
        from: Revision,
        to: Revision,
    ) -> impl Iterator<Item = (VarRevision, &VarName)> {
        let range = from.edits_until(to).map(|edits| self.0.range(edits));
        range.into_iter().flatten().flat_map(|(revision, names)| names.iter().map(|name| (*revision, name)))
    }
}

impl FromIterator<(VarName, VarRevision)> for Revised {
    fn from_iter<I: IntoIterator<Item = (VarName, VarRevision)>>(revisions: I) -> Self {
        let mut all = Self::default();
        for (name, revision) in revisions {
            all.set(&name, None, revision);
        }
        all
    }
}
