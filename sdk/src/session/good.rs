//! The values that people want and that the game has taken, for a start without a server.

use protocol::model::{Outcome, Value, VarName};

use super::EditSet;
use crate::names::Names;

/// The last good values. They are a part of what people want, so they are as bounded as that.
#[derive(Debug, Default)]
pub(crate) struct Good {
    values: Names<Value>,
    changes: u64,
}

impl Good {
    pub(crate) fn values(&self) -> &Names<Value> {
        &self.values
    }

    /// Grows with every change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn recall(&mut self, name: VarName, value: Value) {
        self.values.insert(name, value);
    }

    pub(super) fn forget(&mut self, name: &VarName) {
        self.changes += u64::from(self.values.remove(name).is_some());
    }

    /// The game has done with these edits what the outcomes say; what they don't mention it took as it was.
    pub(super) fn applied(&mut self, edits: &EditSet, outcomes: &Names<Outcome>) {
        edits.released.iter().for_each(|name| self.forget(name));
        for (name, wanted) in &edits.set {
            let value = match outcomes.get(name) {
                // the one of before is still in force
                Some(Outcome::Rejected { .. }) => continue,
                Some(Outcome::Clamped { value: Some(value), .. }) => value,
                Some(Outcome::Clamped { value: None, .. } | Outcome::Applied) | None => wanted,
            };
            if self.values.get(name) != Some(value) {
                self.values.insert(name.clone(), value.clone());
                self.changes += 1;
            }
        }
    }
}
