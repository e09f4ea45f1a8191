//! How the conversation ends when the server wants it to.

use std::time::Duration;

use protocol::{ErrorCode, line::write_drain};

use super::{Conversation, Effect, close};

/// What games that can wait are asked to spread their return over.
const DRAIN_TIME: Duration = Duration::from_secs(2);

impl Conversation {
    /// The server goes down. A game that can wait is told so, once, and the connection stays until its lines are settled; any
    /// other is told to come back, and that is the end.
    pub(crate) fn drain(&mut self, out: &mut Vec<u8>) -> Effect {
        match self.v2.as_mut().filter(|v2| v2.caps.drain) {
            Some(v2) if v2.is_draining => Effect::None,
            Some(v2) => {
                v2.is_draining = true;
                write_drain(out, u64::try_from(DRAIN_TIME.as_millis()).expect("it is short"));
                Effect::None
            }
            None => close(ErrorCode::Draining, "the server is shutting down; connect again", out),
        }
    }

    /// Whether the game understands that it is to wait when the server goes down.
    pub(crate) fn can_wait(&self) -> bool {
        self.v2.as_ref().is_some_and(|v2| v2.caps.drain)
    }

    /// The project begins anew from the database, and the conversation is over: the game is told to come back, and to send
    /// what is in flight again.
    pub(crate) fn start_over(&mut self, out: &mut Vec<u8>) {
        if self.can_wait() {
            self.drain(out);
            self.refuse_in_flight(out);
        } else {
            self.refuse_in_flight(out);
            close(ErrorCode::Draining, "a backup was restored on the server; connect again", out);
        }
    }

    /// Nobody will say any more what became of the lines in flight: they are to come again.
    pub(crate) fn refuse_in_flight(&mut self, out: &mut Vec<u8>) {
        if let (Some(v2), Some(key)) = (&mut self.v2, self.key) {
            v2.sequence.give_up(key, out);
        }
    }

    /// The key is worth nothing any more.
    pub(crate) fn revoke(&self, out: &mut Vec<u8>) -> Effect {
        close(
            ErrorCode::Revoked,
            "this key was revoked or replaced; ask the project's admin for another one",
            out,
        )
    }
}
