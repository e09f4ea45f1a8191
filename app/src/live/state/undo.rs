//! Undoes the person's own edits one by one, the newest first.

use protocol::model::{Gesture, VarName};

use super::edits::VIEWER;
use super::{LiveState, Touched};
use crate::format;
use crate::live::undo::Step;
use crate::live::values::brief;
use crate::live::vars::{VarState, Wish};

impl LiveState {
    /// Call this before an own edit.
    pub(super) fn remember(&mut self, name: &VarName, gesture: Gesture) {
        if let Some(before) = self.before(name) {
            self.undo.push(Step { name: name.clone(), gesture, before });
        }
    }

    /// Undoes the newest own edit by another edit, and returns what to announce. If somebody else's edit came after it, that one
    /// stays, and the row says whose it is. `None`: there is nothing to undo.
    pub fn undo(&mut self, gesture: Gesture) -> (Touched, Option<String>) {
        while let Some(Step { name, before, .. }) = self.undo.pop() {
            let may_edit = self.may_edit();
            let Some(var) = self.vars.get_mut(&name) else { continue };
            // refused, or undone by hand
            if var.wanted() == before.as_ref() {
                continue;
            }
            let said = match newer_edit(var) {
                _ if !may_edit => VIEWER.to_owned(),
                Some(text) => text,
                None => {
                    let said = undone(&name, &before);
                    var.begin(before, gesture, false);
                    return (Touched::var(&name), Some(said));
                }
            };
            var.refused = Some(said.clone());
            return (Touched::var(&name), Some(format!("{name}: {said}")));
        }
        (Touched::default(), None)
    }

    /// What undoing a variable's next edit sets it to.
    fn before(&self, name: &VarName) -> Option<Wish> {
        let var = self.vars.get(name)?;
        let wanted = var.wanted().cloned();
        // the original grammar can't let go: such a game is sent the value that it had
        let keeps = self
            .devices()
            .any(|device| device.online && !device.acknowledges && var.reported.get(device.id).is_some());
        Some(if wanted.is_none() && keeps { self.shown(name).cloned() } else { wanted })
    }
}

/// Why an own edit can't be undone: somebody else's came after it.
fn newer_edit(var: &VarState) -> Option<String> {
    let newest = var.desired.as_ref()?;
    if var.pending.is_some() || var.own == Some(newest.revision) {
        return None;
    }
    let author = format::isolated(&newest.author);
    Some(match &newest.value {
        Some(value) => {
            format!("Conflict: {author} set it to {} after you. Nothing was undone.", brief(value))
        }
        None => format!("Conflict: {author} let go of it after you. Nothing was undone."),
    })
}

fn undone(name: &VarName, before: &Wish) -> String {
    match before {
        Some(value) => format!("Undone: {name} is set to {} again", brief(value)),
        None => format!("Undone: {name} is let go again"),
    }
}

#[cfg(test)]
mod tests {
    use protocol::{live::ClientMessage, model::Change};

    use super::*;
    use crate::live::fixture::*;

    fn sent(state: &mut LiveState) -> Vec<Change> {
        let changes = |message| match message {
            ClientMessage::Edit { changes, .. } => changes,
            other => panic!("{other:?}"),
        };
        state.take_unsent().into_iter().flat_map(changes).collect()
    }

    /// Sets `speed`, and the server saves it.
    fn set(state: &mut LiveState, value: i64, gesture: u64, revision: i64) {
        state.edit(&name("speed"), int(value), Gesture(gesture));
        let id = match state.take_unsent().as_slice() {
            [ClientMessage::Edit { id, .. }] => *id,
            other => panic!("{other:?}"),
        };
        state.apply(saved(id, revision));
        let seq = 10 + u64::try_from(revision).unwrap();
        state.apply(delta(seq, edited(int(value), revision)));
    }

    #[test]
    fn edits_are_taken_back_one_by_one_and_a_drag_is_one() {
        let mut state = state();
        set(&mut state, 5, 1, 1);
        set(&mut state, 6, 2, 2);
        set(&mut state, 7, 2, 3);
        let (_, said) = state.undo(Gesture(3));
        assert_eq!(said.as_deref(), Some("Undone: speed is set to 5 again"));
        assert_eq!(sent(&mut state), [change("speed", 5, 3)]);
    }

    #[test]
    fn the_first_edit_is_let_go_and_then_there_is_nothing_left() {
        let mut start = snapshot(10);
        start.devices = vec![acknowledging(1, 0), acknowledging(2, 0)];
        let mut state = LiveState::new(start);
        set(&mut state, 5, 1, 1);
        let (_, said) = state.undo(Gesture(2));
        assert_eq!(said.as_deref(), Some("Undone: speed is let go again"));
        let changes = sent(&mut state);
        assert_eq!(changes.iter().map(|change| change.value.clone()).collect::<Vec<_>>(), [None]);
        assert_eq!(state.undo(Gesture(3)), (Touched::default(), None));
    }

    #[test]
    fn a_game_that_cannot_be_told_to_let_go_gets_its_old_value() {
        let mut state = state();
        set(&mut state, 5, 1, 1);
        state.undo(Gesture(2));
        assert_eq!(sent(&mut state), [change("speed", 1, 1)]);
    }

    #[test]
    fn somebody_elses_newer_edit_stays() {
        let mut state = state();
        set(&mut state, 5, 1, 1);
        state.apply(delta(12, edited(int(90), 2)));
        let (_, said) = state.undo(Gesture(2));
        assert_eq!(said.as_deref(), Some("speed: Conflict: ann set it to 90 after you. Nothing was undone."));
        assert!(sent(&mut state).is_empty());
        assert_eq!(shown(&state), Some(int(90)));
    }

    #[test]
    fn what_came_to_nothing_is_passed_over() {
        let mut state = state();
        set(&mut state, 5, 1, 1);
        state.edit(&name("speed"), int(101), Gesture(2));
        assert!(sent(&mut state).is_empty(), "it is above the maximum");
        state.undo(Gesture(3));
        assert_eq!(sent(&mut state), [change("speed", 1, 1)]);
    }
}
