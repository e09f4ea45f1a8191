//! Which project each game key belongs to, without asking the database each time.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

use protocol::model::{AllowedOrigins, Key, UnixMicros};
use tokio_util::sync::CancellationToken;

use crate::{
    cache::{Cache, Version},
    clock::USE_NOTE_MICROS,
    store::KeyState,
};

/// A key that games are connected with, or were lately.
#[derive(Clone, Debug)]
pub(crate) struct KnownKey {
    pub(crate) state: KeyState,
    /// Cancelled when the key is worth nothing any more.
    pub(crate) ended: CancellationToken,
    /// Games may declare nothing with it; those that are connected look here.
    pub(crate) report_only: Arc<AtomicBool>,
    /// Games that are connected with it.
    pub(crate) connected: Arc<AtomicUsize>,
    /// When its use was last noted.
    noted_at: UnixMicros,
}

impl KnownKey {
    fn end_if(&self, is_over: bool) -> bool {
        if is_over {
            self.ended.cancel();
        }
        is_over
    }
}

/// Keys that were found to belong to a project. Only found ones are kept, so it is as bounded as they are.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    known: Cache<Key, KnownKey>,
    /// Held while asking the database: of a thousand games with one key that come at once, one asks.
    pub(crate) asking: tokio::sync::Mutex<()>,
}

impl Keys {
    pub(crate) fn get(&self, key: Key) -> Option<KnownKey> {
        self.known.get(&key)
    }

    /// To be taken before the database is asked for a key.
    pub(crate) fn version(&self) -> Version {
        self.known.version()
    }

    /// Keeps what was read since `version`; `None` when that may count no longer.
    pub(crate) fn publish(&self, version: Version, key: Key, state: KeyState) -> Option<KnownKey> {
        let report_only = Arc::new(AtomicBool::new(state.report_only));
        let (ended, connected, noted_at) = (CancellationToken::new(), Arc::default(), UnixMicros(0));
        let known = KnownKey { state, ended, report_only, connected, noted_at };
        self.known.publish(version, key, known)
    }

    /// Whether the use of a key is to be noted now.
    pub(crate) fn begin_note(&self, key: Key, now: UnixMicros) -> bool {
        let note = |key: &mut KnownKey| {
            let is_due = now.0 - key.noted_at.0 >= USE_NOTE_MICROS;
            if is_due {
                key.noted_at = now;
            }
            is_due
        };
        self.known.note(&key, note).unwrap_or(false)
    }

    /// Forgets keys, which may have changed in the database just now, and lets the games go that are connected with them.
    pub(crate) fn end(&self, which: impl Fn(Key, &KeyState) -> bool) {
        self.known.forget(|key, known| known.end_if(which(*key, &known.state)));
    }

    /// A key gets an end, or an earlier one.
    pub(crate) fn limit(&self, key: Key, expires_at: UnixMicros) {
        self.known.change(&key, |known| {
            let end = known.state.expires_at.map_or(expires_at, |end| end.min(expires_at));
            known.state.expires_at = Some(end);
        });
    }

    /// Games may declare variables with a key from now on, or not.
    pub(crate) fn restrict(&self, key: Key, report_only: bool) {
        self.known.change(&key, |known| {
            known.state.report_only = report_only;
            known.report_only.store(report_only, Relaxed);
        });
    }

    /// Games of these web pages may connect with a key from now on.
    pub(crate) fn allow(&self, key: Key, origins: &AllowedOrigins) {
        self.known.change(&key, |known| known.state.origins = origins.clone());
    }

    /// Lets the games go whose key has expired.
    pub(crate) fn end_expired(&self, now: UnixMicros) {
        self.known.expire(|_, known| known.end_if(known.state.expires_at.is_some_and(|end| end <= now)));
    }

    /// Forgets all of them, and lets nobody go.
    pub(crate) fn clear(&self) {
        self.known.forget(|_, _| true);
    }
}
