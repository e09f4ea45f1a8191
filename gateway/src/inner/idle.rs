//! Sessions that nobody uses.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::model::UnixMicros;

use crate::{clock::in_microseconds, store::TokenHash};

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
    pub(crate) fn set_after(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.after_micros.store(micros, Relaxed);
    }

    /// Whether a session that was last used then has been left.
    pub(crate) fn has_left(&self, last_used_at: UnixMicros, now: UnixMicros) -> bool {
        now.0.saturating_sub(last_used_at.0) >= self.after_micros.load(Relaxed)
    }

    /// Sessions whose use is being noted.
    pub(crate) fn noting(&self) -> MutexGuard<'_, HashSet<TokenHash>> {
        self.noting.lock().expect("no holder of this lock panics")
    }
}
