//! Sessions that nobody uses end before their time. That one is used is noted, which is a write: once a minute at most for each.

use std::time::Duration;

use protocol::model::UnixMicros;

use crate::{Caller, Gateway, caller::Credential, clock::USE_NOTE_MICROS, store::TokenHash};

impl Gateway {
    /// From now on a session ends when nobody has used it for so long; a week, unless this says otherwise. A page that only
    /// stands open uses nothing.
    pub fn end_idle_sessions_after(&self, time: Duration) {
        self.inner.idle.set_after(time);
    }

    /// Whether a session that was last used then has been left.
    pub(crate) fn is_idle(&self, last_used_at: UnixMicros) -> bool {
        self.inner.idle.has_left(last_used_at, self.now())
    }

    /// Notes that somebody has done something at a page that stands open; to be called once a minute at most.
    pub fn note_use(&self, caller: &Caller) {
        if let Credential::Session(session) = &caller.by {
            self.note_session_use(*session);
        }
    }

    /// Nobody waits for it. While it is being written, no other request writes it.
    pub(crate) fn note_session_use(&self, session: TokenHash) {
        if !self.inner.idle.noting().insert(session) {
            return;
        }
        let (gateway, now) = (self.clone(), self.now());
        tokio::spawn(async move {
            let unless_since = UnixMicros(now.0 - USE_NOTE_MICROS);
            let noted = gateway.inner.store.access().touch_session(&session, now, unless_since).await;
            if let Err(error) = noted {
                tracing::debug!(%error, "the use of a session can't be recorded right now");
            }
            gateway.inner.idle.noting().remove(&session);
        });
    }
}
