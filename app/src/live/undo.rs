//! The person's own edits that can be undone.

use std::collections::VecDeque;

use protocol::model::{Gesture, VarName};

use super::vars::Wish;

/// At most so many edits can be undone.
const MAX_STEPS: usize = 100;

/// What a variable was before an own edit; a drag is one edit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub name: VarName,
    pub gesture: Gesture,
    pub before: Wish,
}

/// The newest own edits.
#[derive(Debug, Default)]
pub struct Undo(VecDeque<Step>);

impl Undo {
    /// Adds a step, unless it goes on with the newest one.
    pub(super) fn push(&mut self, step: Step) {
        let goes_on =
            self.0.back().is_some_and(|last| (&last.name, last.gesture) == (&step.name, step.gesture));
        if goes_on {
            return;
        }
        if self.0.len() == MAX_STEPS {
            self.0.pop_front();
        }
        self.0.push_back(step);
    }
    /// Takes the newest one.
    pub(super) fn pop(&mut self) -> Option<Step> {
        self.0.pop_back()
    }
}
