//! What a device is to have, and what it lacks: resolved here and nowhere else.

use protocol::model::{Desired, Revision, VarName, VarRevision, VarSpec};

use super::Picture;

/// A variable whose newest edit a device lacks.
pub(in crate::live) struct Changed<'a> {
    pub(in crate::live) name: &'a VarName,
    /// `None`: the variable was forgotten, after its edit had been let go.
    pub(in crate::live) edit: Option<(&'a VarSpec, &'a Desired)>,
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
