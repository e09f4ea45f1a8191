//! Hands in controls, and how the person resolves a conflict.

use protocol::model::{Gesture, VarName};

use super::{LiveState, Touched};
use crate::live::vars::VarState;

impl LiveState {
    /// A hand takes hold of a variable's control.
    pub fn hold(&mut self, name: &VarName) -> Touched {
        if self.vars.get(name).is_some_and(|var| var.hand.is_none()) {
            self.change_var(name, VarState::hold)
        } else {
            // it already holds: every key press and every move repeats this
            Touched::default()
        }
    }

    /// The hand has left.
    pub fn release(&mut self, name: &VarName) -> Touched {
        if self.vars.get(name).is_some_and(|var| var.hand.is_some()) {
            self.change_var(name, VarState::release)
        } else {
            Touched::default()
        }
    }

    /// Resolves a conflict: the person's value is set.
    pub fn keep_mine(&mut self, name: &VarName, gesture: Gesture) -> Touched {
        self.change_var(name, |var| var.keep_mine(gesture))
    }

    /// Resolves a conflict: the other value stays.
    pub fn take_theirs(&mut self, name: &VarName) -> Touched {
        self.change_var(name, VarState::take_theirs)
    }

    fn change_var(&mut self, name: &VarName, change: impl FnOnce(&mut VarState)) -> Touched {
        let Some(var) = self.vars.get_mut(name) else { return Touched::default() };
        change(var);
        Touched::var(name)
    }
}
