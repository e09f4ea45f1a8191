//! A hand in a variable's control: what an edit is based on, and when it conflicts with somebody else's.

use protocol::model::{Desired, Gesture, VarRevision};

use super::{Conflict, Hand, Pending, VarState, Wish};
use crate::format;
use crate::live::values::brief;

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
    pub(in crate::live) fn agree(&mut self) {
        self.refused = None;
        self.conflict = None;
        self.see(self.revision());
    }

    /// Sets the own value over the one that came first. If yet another has come, that is reported in turn.
    pub(in crate::live) fn keep_mine(&mut self, gesture: Gesture) {
        let Some(Conflict { mine, over, .. }) = self.conflict.take() else { return };
        let hand = self.hand.replace(Hand { seen: over });
        self.begin(mine, gesture, false);
        self.hand = hand;
    }

    pub(in crate::live) fn take_theirs(&mut self) {
        if self.conflict.take().is_some() {
            self.refused = None;
        }
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
