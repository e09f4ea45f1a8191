//! Hands in controls: which rows hold still.

use std::collections::BTreeSet;

use protocol::model::VarName;

/// How a hand holds a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grip {
    /// The caret is in its text, or its list of choices is open.
    Caret,
    /// A key is down on it.
    Key,
    /// A mouse button, pen or finger is down on it.
    Pointer,
}

/// The controls that a hand is in. Their rows are not moved or rebuilt until it has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hands(BTreeSet<(VarName, Grip)>);

impl Hands {
    /// A hand takes hold; `false` if it already had.
    pub fn take(&mut self, name: &VarName, grip: Grip) -> bool {
        self.0.insert((name.clone(), grip))
    }

    /// It lets go; `false` if it did not hold this.
    pub fn leave(&mut self, name: &VarName, grip: Grip) -> bool {
        self.0.remove(&(name.clone(), grip))
    }

    /// Every pointer, or key, is up. Returns the variables that were held by one.
    pub fn lift(&mut self, up: Grip) -> Vec<VarName> {
        let lifted = self.0.iter().filter(|(_, grip)| *grip == up);
        let lifted = lifted.map(|(name, _)| name.clone()).collect();
        self.0.retain(|(_, grip)| *grip != up);
        lifted
    }

    /// Whether a hand is in this variable's row.
    pub fn holds(&self, name: &VarName) -> bool {
        self.0.iter().any(|(held, _)| held == name)
    }

    /// Whether no control is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
