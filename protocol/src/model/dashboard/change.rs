//! Edits: what somebody wants variables to be.

use serde::{Deserialize, Serialize};

use crate::model::{Value, VarName, VarRevision};

/// Tells one drag from the next: all edits of a drag carry the same number and make one history row.
/// Random, chosen by the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gesture(pub u64);

/// A new desired value, or none any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Of which variable.
    pub name: VarName,
    /// What it shall be; `None` lets go of it: games go back to their own value.
    pub value: Option<Value>,
    /// The [`Desired::revision`](super::Desired::revision) that the editor has seen, [`NOT_DESIRED`] when there was no desired value: with
    /// another one the edit is refused, because it was made on an old view. `None` = whatever it is.
    pub base: Option<VarRevision>,
    /// Send the value again, as a new revision, even if it is desired already: games have another one by now.
    pub again: bool,
}

/// [`Change::base`] of a variable that nobody has set: the first edit of a project has revision 1.
pub const NOT_DESIRED: VarRevision = VarRevision(0);

impl Change {
    /// Lets go of a variable, whatever it is now.
    pub fn let_go(name: VarName) -> Self {
        Self { name, value: None, base: None, again: false }
    }

    /// The same, made on what was seen before.
    pub fn on(self, base: VarRevision) -> Self {
        Self { base: Some(base), ..self }
    }

    /// The same, to be sent even if it is desired already.
    pub fn again(self) -> Self {
        Self { again: true, ..self }
    }
}

impl From<(VarName, Value)> for Change {
    /// Whatever the value is now.
    fn from((name, value): (VarName, Value)) -> Self {
        Self { name, value: Some(value), base: None, again: false }
    }
}
