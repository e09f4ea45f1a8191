//! What a game is sent of desired values, and in which grammar.

use std::{mem, sync::Arc};

use protocol::{line::Hello, model::Revision};
use tokio::sync::watch;

use super::source::Source;
use crate::{
    live::{Forms, Live, NoRoom, Seen, Wire, lock_seen},
    outgoing::{Payload, Waiter},
};

/// Edits on their way to a game.
#[derive(Clone, Debug)]
pub struct Push {
    /// The game has everything up to this revision with it.
    pub revision: Revision,
    /// For `protocol::line::write_edits` or `write_revised`; shared by every game that lacks the same.
    pub payload: Payload,
}

/// What one game was sent.
pub(super) struct Pushes {
    wire: Wire,
    forms: Arc<Forms>,
    /// The game has said something in a way that `forms` does not know.
    pub(super) forms_changed: bool,
    revisions: watch::Receiver<Revision>,
    /// What it has, or is about to; `None`: nothing that we know of.
    pushed: Option<Revision>,
    /// There was no memory for what it lacks.
    waiter: Option<Waiter>,
}

impl Pushes {
    /// `held` is what a game says it has; one of the original grammar starts from nothing.
    pub(super) fn begin(live: &Live, hello: Option<&Hello>, held: Option<Option<Revision>>) -> Self {
        let wire = match hello {
            Some(Hello { caps, .. }) if caps.rev => Wire::Revised { bare: caps.json },
            _ => Wire::Original,
        };
        let (revisions, forms) = (live.revisions(), live.state().forms(&Seen::default()));
        Self {
            wire,
            forms,
            forms_changed: false,
            revisions,
            pushed: held.unwrap_or(Some(Revision(0))),
            waiter: None,
        }
    }

    /// Whether it says what it applied.
    pub(super) fn are_acknowledged(&self) -> bool {
        self.wire != Wire::Original
    }

    /// Returns when [`Pushes::take`] may have something. Cancel-safe.
    pub(super) async fn wait(&mut self) {
        if let Some(waiter) = &self.waiter {
            return waiter.wait().await;
        }
        let pushed = self.pushed;
        let is_newer = |revision: &Revision| pushed.is_none_or(|pushed| *revision > pushed);
        // an error means that the project is gone, which the connection's own hold on it rules out
        let _ = self.revisions.wait_for(is_newer).await;
    }

    /// Every edit since the last push, the newest value of each variable. `None` when there is none, or no memory for it now.
    pub(super) fn take(&mut self, source: &Source) -> Option<Push> {
        let mut state = source.live.state();
        if self.pushed.is_some_and(|pushed| pushed >= state.picture.revision()) {
            return None;
        }
        // all of them at once and not with every line that says one more
        if mem::take(&mut self.forms_changed) {
            self.forms = state.forms(&lock_seen(&source.seen));
        }
        let pushed = state.push(self.pushed, &self.forms, self.wire, &source.live.epoch_name);
        drop(state);
        self.waiter = pushed.as_ref().err().map(|NoRoom(bytes)| source.gateway.inner.pushes.queue(*bytes));
        let pushed = pushed.ok()??;
        self.pushed = Some(pushed.to);
        pushed.payload.map(|payload| Push { revision: pushed.to, payload })
    }

    /// The revision that the game has with the last push.
    pub(super) fn pushed(&self) -> Revision {
        self.pushed.unwrap_or(Revision(0))
    }
}
