//! Sessions that nobody uses end before their time. That one is used is noted, which is a write: once a minute at most for each.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::model::UnixMicros;

use crate::{
    Caller, Gateway,
    caller::Credential,
    clock::{USE_NOTE_MICROS, in_microseconds},
    store::TokenHash,
};

/// A week: over a weekend and a few days of illness.
const DEFAULT_MICROS: i64 = in_microseconds(7 * 24 * 3600);

/// When a session counts as left, and whose use is being noted just now.
pub(crate) struct Idle {
    after_micros: AtomicI64,
    noting: Mutex<HashSet<TokenHash>>,
}

impl Default for Idle {
    fn default() -> Self {
        Self { after_micros: AtomicI64::new(DEFAULT_MICROS), noting: Mutex::default() }
    }
}

impl Idle {
    fn noting(&self) -> MutexGuard<'_, HashSet<TokenHash>> {
        self.noting.lock().expect("no holder of this lock panics")
    }
}

impl Gateway {
    /// From now on a session ends when nobody has used it for so long; a week, unless this says otherwise. A page that only
    /// stands open uses nothing.
    pub fn end_idle_sessions_after(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.inner.idle.after_micros.store(micros, Relaxed);
    }

    /// Whether a session that was last used then has been left.
    pub(crate) fn is_idle(&self, last_used_at: UnixMicros) -> bool {
        self.now().0.saturating_sub(last_used_at.0) >= self.inner.idle.after_micros.load(Relaxed)
    }

    /// Notes that somebody has done something at a page that stands open; to be called once a minute at most.
    pub fn note_use(&self, caller: &Caller) {
        if let Credential::Session(session) = &caller.by {
            self.note_session_use(*session);
        }
    }

    /// Nobody waits for it. While it is being written, whoever comes writes nothing.
    pub(crate) fn note_session_use(&self, session: TokenHash) {
        if !self.inner.idle.noting().insert(session) {
            return;
        }
        let (gateway, now) = (self.clone(), self.now());
        tokio::spawn(async move {
            let unless_since = UnixMicros(now.0 - USE_NOTE_MICROS);
            let noted = gateway.inner.store.access().touch_session(&session, now, unless_since).await;
            if let Err(error) = noted {
                tracing::debug!(%error, "that a session is used can't be noted now");
            }
            gateway.inner.idle.noting().remove(&session);
        });
    }
}
