//! A hand in a control: which rows hold still, what an edit is based on, and when it conflicts with somebody else's.

use std::collections::BTreeSet;

use protocol::model::{Desired, Gesture, Value, VarName, VarRevision};

use super::state::{LiveState, Touched};
use super::vars::{Pending, VarState, Wish};
use crate::format;

/// Characters of a value in a sentence.
const BRIEF_CHARS: usize = 40;

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

/// What the person knows, while a hand is in the control or has left a draft there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    /// The newest revision that they had seen when it began, or have made since.
    pub seen: Option<VarRevision>,
}

/// An own value that was not set because somebody else's edit came first.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// What the person wanted.
    pub mine: Wish,
    /// The drag, or run of keys, in which they wanted it.
    pub gesture: Gesture,
    /// The edit that came first, if known.
    pub over: Option<VarRevision>,
}

impl VarState {
    /// A hand takes hold: what arrives from now on, the person has not seen.
    pub fn hold(&mut self) {
        let seen = self.seen();
        self.hand.get_or_insert(Hand { seen });
    }

    /// It has left, without a draft: the next edit is based on what is shown then.
    pub fn release(&mut self) {
        self.hand = None;
    }

    /// The newest revision that the person has seen or made: their own edit counts as soon as it is saved, before its
    /// delta arrives.
    pub(super) fn seen(&self) -> Option<VarRevision> {
        let seen = self.hand.map_or_else(|| self.revision(), |hand| hand.seen);
        seen.max(self.pending.as_ref().and_then(Pending::saved))
    }

    /// Somebody else's edit since the hand took hold. While own edits are in flight, of which a drag has several, it is unclear
    /// whose a new value is; the server refuses those that were overtaken.
    pub fn competing(&self) -> Option<&Desired> {
        let hand = self.hand.filter(|_| self.unanswered.is_none())?;
        self.desired.as_ref().filter(|desired| Some(desired.revision) > hand.seen && !self.is_mine(desired))
    }

    fn is_mine(&self, desired: &Desired) -> bool {
        let sent = self.pending.as_ref().and_then(|pending| pending.sent.as_ref());
        self.own == Some(desired.revision) || sent == Some(&desired.value)
    }

    /// Before an own edit: whether it is held back, because somebody else's came since the hand took hold, or has already
    /// stopped this very drag.
    pub(super) fn gives_way(&mut self, value: &Wish, gesture: Gesture) -> bool {
        if self.conflict.as_ref().is_some_and(|conflict| conflict.gesture == gesture) {
            self.give_way(value.clone(), gesture);
            return true;
        }
        match self.competing() {
            Some(theirs) if theirs.value != *value => {
                self.give_way(value.clone(), gesture);
                true
            }
            // they want the same
            Some(theirs) => {
                self.hand = Some(Hand { seen: Some(theirs.revision) });
                false
            }
            None => false,
        }
    }

    /// Reports both values, and overwrites neither.
    pub(super) fn give_way(&mut self, mine: Wish, gesture: Gesture) {
        let over = self.revision();
        if let Some(theirs) = &self.desired {
            self.refused = Some(conflict(theirs, &mine));
        }
        self.pending = None;
        self.conflict = Some(Conflict { mine, gesture, over });
        if let Some(hand) = &mut self.hand {
            // they are told: from now on they edit in view of it
            hand.seen = over;
        }
    }

    /// An own edit is saved: the person who made it has seen it.
    pub(super) fn see(&mut self, revision: Option<VarRevision>) {
        if let Some(hand) = &mut self.hand {
            hand.seen = hand.seen.max(revision);
        }
    }

    /// The person wants the desired value: there is nothing left to resolve.
    pub(super) fn agree(&mut self) {
        self.refused = None;
        self.conflict = None;
        self.see(self.revision());
    }

    /// Sets the own value over the one that came first. If yet another has come, that is reported in turn.
    fn keep_mine(&mut self, gesture: Gesture) {
        let Some(Conflict { mine, over, .. }) = self.conflict.take() else { return };
        let hand = self.hand.replace(Hand { seen: over });
        self.begin(mine, gesture, false);
        self.hand = hand;
    }

    fn take_theirs(&mut self) {
        if self.conflict.take().is_some() {
            self.refused = None;
        }
    }
}

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

/// Both values of a conflict. The server uses the same words.
fn conflict(Desired { author, value, .. }: &Desired, own: &Wish) -> String {
    let author = format::isolated(author);
    let first = match value {
        Some(value) => format!("{author} set it to {} first", brief(value)),
        None => format!("{author} let go of it first"),
    };
    match own {
        Some(own) => format!("Conflict: {first}. Your {} was not set.", brief(own)),
        None => format!("Conflict: {first}. It was not let go."),
    }
}

/// A value inside a sentence.
pub fn brief(value: &Value) -> String {
    format::isolated(&format::shortened(&value.to_string(), BRIEF_CHARS)).into_owned()
}
