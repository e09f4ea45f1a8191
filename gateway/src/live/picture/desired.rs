//! What a device is to have, and what it lacks: resolved here and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use protocol::model::{Desired, Revision, Value, VarName, VarRevision, VarSpec};

use super::{Picture, VarState};

/// A variable whose newest edit a device lacks.
pub(in crate::live) struct Changed<'a> {
    pub(in crate::live) name: &'a VarName,
    /// `None`: the variable was forgotten, after its edit had been let go.
    pub(in crate::live) edit: Option<(&'a VarSpec, &'a Desired)>,
}

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
    fn between(&self, from: Revision, to: Revision) -> impl Iterator<Item = (VarRevision, &VarName)> {
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

impl VarState {
    /// What people want it to be.
    pub(in crate::live) fn wanted(&self) -> Option<&Value> {
        self.desired.as_ref()?.value.as_ref()
    }
}

impl Picture {
    /// The newest edit.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Changes whenever something is to be sent in another way, though no edit has changed it.
    pub(in crate::live) fn rewritten(&self) -> u64 {
        self.rewritten
    }

    /// The newest edit of each variable that a device lacks which has everything up to `since`; `None`: it has nothing.
    pub(in crate::live) fn lacking(&self, since: Option<Revision>) -> impl Iterator<Item = Changed<'_>> {
        let lacks = move |edit: VarRevision| since.is_none_or(|since| !since.includes(edit));
        let changed = self.vars.iter().filter_map(move |(name, var)| {
            let desired = var.desired.as_ref().filter(|desired| lacks(desired.revision))?;
            Some(Changed { name, edit: Some((&*var.spec, desired)) })
        });
        let removed = self.removed.iter().filter(move |(_, edit)| lacks(edit.revision));
        changed.chain(removed.map(|(name, _)| Changed { name, edit: None }))
    }

    /// The edits that reach a device between two revisions, of those that no newer one has changed again.
    pub(super) fn edits_between(
        &self,
        from: Revision,
        to: Revision,
    ) -> impl Iterator<Item = (VarRevision, &VarName)> {
        self.revised.between(from, to)
    }

    /// The edit of a variable, if a device that has everything up to `revision` has it.
    pub(super) fn edit_within(&self, name: &VarName, revision: Revision) -> Option<VarRevision> {
        let edit = self.vars.get(name)?.desired.as_ref()?.revision;
        revision.includes(edit).then_some(edit)
    }
}
