//! The page's side of hands in controls: which rows hold still, and the drafts left in them.

use std::time::Duration;

use leptos::prelude::*;
use protocol::model::VarName;

use super::{Grip, Live};
use crate::gesture::new_gesture;

/// A click follows the pointer going up, on touch screens a moment later: until then nothing may move from under it.
const LINGER: Duration = Duration::from_millis(100);

impl Live {
    /// Whether a hand is in this variable's row; tracked.
    pub fn is_held(&self, name: &VarName) -> bool {
        self.hands.with(|hands| hands.holds(name))
    }

    /// Whether no hand is in any row; tracked.
    pub fn hands_free(&self) -> bool {
        self.hands.with(super::Hands::is_empty)
    }

    /// A hand takes hold of a variable's row.
    pub fn take(&self, name: &VarName, grip: Grip) {
        if grip == Grip::Pointer {
            self.presses.update_value(|presses| *presses = presses.wrapping_add(1));
        }
        self.hands.maybe_update(|hands| hands.take(name, grip));
        self.update(|state| state.hold(name));
    }

    /// It lets go of the row.
    pub fn leave(&self, name: &VarName, grip: Grip) {
        self.hands.maybe_update(|hands| hands.leave(name, grip));
        self.settle(name);
    }

    /// A pointer went up anywhere. What it held is released after its click.
    pub fn lift(self) {
        let presses = self.presses.get_value();
        set_timeout(
            move || {
                let is_up = self.presses.try_get_value() == Some(presses);
                let lifted = is_up
                    .then(|| self.hands.try_maybe_update(|hands| (true, hands.lift(Grip::Pointer))))
                    .flatten();
                lifted.unwrap_or_default().iter().for_each(|name| self.settle(name));
            },
            LINGER,
        );
    }

    /// A key went up anywhere: the button on which it went down may be gone.
    pub fn lift_key(self) {
        let lifted = self.hands.try_maybe_update(|hands| {
            let lifted = hands.lift(Grip::Key);
            (!lifted.is_empty(), lifted)
        });
        lifted.unwrap_or_default().iter().for_each(|name| self.settle(name));
    }

    /// Without a hand and without a draft, the next edit is based on what is shown then.
    pub fn settle(&self, name: &VarName) {
        let is_held = self.hands.with_untracked(|hands| hands.holds(name));
        if !is_held && self.draft(name).with_untracked(Option::is_none) {
            self.update(|state| state.release(name));
        }
    }

    /// What was typed for a variable, and neither sent nor discarded. It outlives the row.
    pub fn draft(&self, name: &VarName) -> ArcRwSignal<Option<String>> {
        let draft =
            self.inner.try_update_value(|inner| inner.drafts.entry(name.clone()).or_default().clone());
        draft.unwrap_or_default()
    }

    /// Resolves a conflict: sets the person's value.
    pub fn keep_mine(&self, name: &VarName) {
        self.act(|state| state.keep_mine(name, new_gesture()));
    }

    /// Resolves a conflict: leaves the other value.
    pub fn take_theirs(&self, name: &VarName) {
        self.update(|state| state.take_theirs(name));
    }
}
