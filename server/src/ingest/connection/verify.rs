//! Verifying: from the key that a game sends to a device of its project.

use std::time::Instant;

use gateway::{Gateway, GatewayError};
use protocol::{ErrorCode, ProtocolError, limits, line::Hello, model::Key};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout_at,
};

use super::{Connection, End};
use crate::clock::instant;

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    /// Asks the gateway for the project of this key, and greets the game or says why not.
    pub(super) async fn connect(&mut self, key: Key) -> Result<(), End> {
        let deadline = self.conversation.deadline().unwrap_or_else(instant);
        let peer = self.peer.ip();
        let has_session = self.conversation.hello().is_some_and(|hello| hello.caps.ack);
        let known_key = Some(key).filter(|key| self.gateway.is_known_key(*key));
        let is_charged = has_session && self.admission.new_session(peer, known_key, instant());
        if has_session
            && !is_charged
            && !knows_session(&self.gateway, key, self.conversation.hello(), deadline).await
        {
            let text = "too many new sessions of this address or key; resume the session that you have, or wait a minute \
                        and connect again";
            return Err(self.say_last(ErrorCode::Rate, text));
        }
        let may_add = || self.admission.new_device(peer, instant());
        let connecting = self.gateway.connect_game_if(
            key,
            peer,
            self.origin.as_deref(),
            self.conversation.hello(),
            &may_add,
        );
        let outcome = timeout_at(deadline.into(), connecting).await;
        if is_charged {
            let is_new = matches!(&outcome, Ok(Ok(game)) if game.has_new_session());
            self.settle_charge(key, known_key, is_new);
        }
        match outcome {
            Ok(Ok(game)) => {
                self.game = Some(game);
                self.greet(key)
            }
            Ok(Err(error)) if self.is_guessing(&error) => {
                let text =
                    "too many wrong keys from this address; use the right one and try again in a few minutes";
                Err(self.say_last(ErrorCode::Rate, text))
            }
            Ok(Err(error)) => self.refuse(error),
            Err(_) => Err(self.say_last(ErrorCode::Unavailable, "the database does not answer")),
        }
    }

    /// A session was counted as a new one: gives it back if it was not, and counts it for a key that has just become known.
    fn settle_charge(&self, key: Key, known_key: Option<Key>, is_new: bool) {
        if !is_new {
            self.admission.known_session(self.peer.ip(), known_key);
        } else if known_key.is_none() {
            self.admission.note_session_of(key, instant());
        }
    }

    /// Says `OK`, and everything that was set while the game was away.
    fn greet(&mut self, key: Key) -> Result<(), End> {
        let game = self.verified_game();
        let (last_seq, held) = (game.last_seq(), game.pushed());
        let now = instant();
        self.out.add(now, |out| self.conversation.verified(key, last_seq, held, now, out));
        self.lines.set_max_line_bytes(limits::MAX_LINE_BYTES);
        self.push()?;
        let revision = self.verified_game().pushed();
        self.out.add(now, |out| self.conversation.in_sync(revision, out));
        Ok(())
    }

    /// Whether the key was wrong, and this address has sent too many wrong ones.
    fn is_guessing(&self, error: &GatewayError) -> bool {
        let is_wrong_key = matches!(error, GatewayError::Refused(error) if error.code == ErrorCode::BadKey);
        is_wrong_key && !self.admission.bad_key(self.peer.ip(), instant())
    }

    /// Says `ERR` if the gateway did not do it.
    pub(super) fn refuse(&mut self, error: GatewayError) -> Result<(), End> {
        let error = match error {
            GatewayError::Refused(error) => error,
            GatewayError::Unavailable(_) => ProtocolError::new(ErrorCode::Unavailable, error.to_string()),
            GatewayError::Closed => ProtocolError::new(ErrorCode::Draining, error.to_string()),
            other => {
                tracing::error!(error = %other, "the gateway answered a game with an error that is for people");
                let text = "internal server error; nothing of the line is stored";
                ProtocolError::new(ErrorCode::Internal, text)
            }
        };
        let effect = self.out.add(instant(), |out| self.conversation.refused(error, b"v:", out));
        self.end_if_closed(&effect)
    }
}

/// Whether a game resumes a session that it has; asked only if it may not begin another.
async fn knows_session(gateway: &Gateway, key: Key, hello: Option<&Hello>, deadline: Instant) -> bool {
    let Some(hello) = hello else { return false };
    matches!(timeout_at(deadline.into(), gateway.knows_session(key, hello)).await, Ok(Ok(true)))
}
