//! Values and actions for the game, and what it did with them.

use std::time::Instant;

use gateway::ActionCall;
use protocol::{
    ErrorCode, ProtocolError,
    line::{
        encode_error, excerpt_of_content, parse_outcomes, write_action, write_edits, write_in_sync,
        write_revised,
    },
    model::{Key, Revision},
};

use super::{Conversation, Effect, Outcomes, OutcomesLine};

impl Conversation {
    pub(super) fn on_applied(
        &mut self,
        key: Key,
        revision: Revision,
        payload: &[u8],
        now: Instant,
    ) -> Result<Effect, ProtocolError> {
        self.allow(key)?;
        let Some(v2) = self.v2.as_mut().filter(|v2| v2.caps.rev) else {
            let text = "r: needs the capability rev, requested with h:";
            return Err(ProtocolError::new(ErrorCode::BadVerb, text));
        };
        if !v2.revisions.was_sent(revision) {
            let text = "this revision was not sent on this connection";
            return Err(ProtocolError::new(ErrorCode::BadShape, text));
        }
        if payload.is_empty() {
            return Ok(Effect::Applied { revision, round_trip: v2.revisions.apply(revision, now) });
        }
        Ok(Effect::Outcomes(OutcomesLine { revision, payload: payload.to_vec(), heard: now }))
    }

    /// Reads the outcomes, once there is room. `None` if the line is refused.
    pub(crate) fn read_outcomes(&mut self, line: &OutcomesLine, out: &mut Vec<u8>) -> Option<Outcomes> {
        let OutcomesLine { revision, payload, heard } = line;
        match parse_outcomes(payload) {
            Ok(outcomes) => {
                let round_trip = self.v2.as_mut().and_then(|v2| v2.revisions.apply(*revision, *heard));
                Some((outcomes, round_trip))
            }
            Err(error) => {
                out.extend_from_slice(&encode_error(&error));
                let excerpt = excerpt_of_content('r', Some(revision.0.cast_unsigned()), payload);
                self.note(error, excerpt);
                None
            }
        }
    }

    /// Sends the newest desired values.
    pub(crate) fn push(&mut self, revision: Revision, payload: &[u8], now: Instant, out: &mut Vec<u8>) {
        let Some(key) = self.key else { return };
        match self.v2.as_mut().filter(|v2| v2.caps.rev) {
            Some(v2) => {
                v2.revisions.send(revision, now);
                write_revised(out, key, revision, payload);
            }
            None => write_edits(out, key, payload),
        }
    }

    /// Says that the game is up to date.
    pub(crate) fn in_sync(&self, revision: Revision, out: &mut Vec<u8>) {
        if let (Some(_), Some(key)) = (self.v2.as_ref().filter(|v2| v2.caps.rev), self.key) {
            write_in_sync(out, key, revision);
        }
    }

    /// Tells the game to run an action.
    pub(crate) fn call(&self, call: &ActionCall, out: &mut Vec<u8>) {
        if let (Some(v2), Some(key)) = (&self.v2, self.key) {
            write_action(out, key, call.id, &call.name, call.args.as_deref(), v2.caps.json);
        }
    }
}
