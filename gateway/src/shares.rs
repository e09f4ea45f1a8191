//! What one game key and one project may take, so that nobody takes all: connections, and bytes a day. In memory: it begins
//! anew with the server.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use protocol::{
    ErrorCode, ProtocolError,
    live::Full,
    model::{LOG_LINE_BYTES, LogEntry, ProjectId, UnixMicros},
};

const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;
/// What a session takes there.
const SESSION_BYTES: u64 = 256;

/// How much one may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Games connected with one key at once.
    pub games_per_key: usize,
    /// Bytes of log that the games of one project may store in a day, which begins at 00:00 UTC.
    pub bytes_per_day: u64,
    /// Bytes of the logs of all projects together: beyond it, the oldest lines of the largest ones are forgotten; `None`: no
    /// limit.
    pub log_bytes: Option<u64>,
    /// For how many days the audit trail is kept; `None`: for ever.
    pub audit_days: Option<u16>,
}

impl Default for Limits {
    /// None.
    fn default() -> Self {
        Self { games_per_key: usize::MAX, bytes_per_day: u64::MAX, log_bytes: None, audit_days: None }
    }
}

/// One of a key's games, until it is dropped.
#[derive(Debug)]
pub(crate) struct KeyShare(Arc<AtomicUsize>);

impl KeyShare {
    /// # Errors
    /// `quota` when `limit` games are connected with the key.
    pub(crate) fn take(connected: &Arc<AtomicUsize>, limit: usize) -> Result<Self, ProtocolError> {
        let one_more = |count| (count < limit).then_some(count + 1);
        match connected.fetch_update(Relaxed, Relaxed, one_more) {
            Ok(_) => Ok(Self(Arc::clone(connected))),
            Err(_) => {
                let text = format!(
                    "{limit} games are connected with this key, which is the limit for a key; try again later, or \
                     ask the operator of the server (--max-games-per-key)"
                );
                Err(ProtocolError::new(ErrorCode::Quota, text))
            }
        }
    }
}

impl Drop for KeyShare {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What the games of one project have stored today.
#[derive(Debug)]
pub(crate) struct Today {
    limit: u64,
    stored: Mutex<Stored>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Stored {
    /// Days since 1970.
    day: i64,
    bytes: u64,
    /// What the clock said last.
    seen: i64,
    /// Microseconds that it has gone on since the day began, however often it was set.
    passed: i64,
}

impl Stored {
    /// A new day begins with nothing. A clock that is set back begins none before 24 hours have passed: one that was ahead for
    /// a moment would otherwise keep a day full until it is there again.
    fn on(&mut self, now: UnixMicros) -> &mut Self {
        let day = now.0.div_euclid(DAY_MICROS);
        self.passed += now.0.saturating_sub(self.seen).clamp(0, DAY_MICROS);
        self.seen = now.0;
        if day > self.day || self.passed >= DAY_MICROS {
            *self = Self { day, bytes: 0, seen: now.0, passed: 0 };
        }
        self
    }

    /// When the next day begins.
    fn until(self) -> UnixMicros {
        let midnight = (self.day + 1).saturating_mul(DAY_MICROS);
        UnixMicros(midnight.min(self.seen.saturating_add(DAY_MICROS - self.passed)))
    }
}

impl Today {
    fn new(limit: u64) -> Self {
        Self { limit, stored: Mutex::default() }
    }

    /// Notes log entries that are about to be stored; whether the day is full with them.
    ///
    /// # Errors
    /// `full` when as much is stored as may: nothing of them is noted. The last ones before that may be a little more.
    pub(crate) fn take(&self, entries: &[LogEntry], now: UnixMicros) -> Result<bool, ProtocolError> {
        let weight = |entry: &LogEntry| {
            let fields = entry.fields.as_ref().map_or(0, String::len);
            LOG_LINE_BYTES + (entry.message.len() + fields) as u64
        };
        let bytes = entries.iter().map(weight).sum::<u64>();
        let mut stored = self.stored();
        let stored = stored.on(now);
        if stored.bytes >= self.limit {
            return Err(self.refusal());
        }
        stored.bytes = stored.bytes.saturating_add(bytes);
        Ok(stored.bytes >= self.limit)
    }

    /// Notes a session that was begun.
    pub(crate) fn note_session(&self, now: UnixMicros) {
        let mut stored = self.stored();
        let stored = stored.on(now);
        stored.bytes = stored.bytes.saturating_add(SESSION_BYTES);
    }

    fn refusal(&self) -> ProtocolError {
        let text = format!(
            "the games of this project have stored {} bytes of log today, which is the limit; log entries are accepted again at 00:00 UTC. Values, edits and actions still work. Log less, or ask the operator of the server \
             (--max-bytes-per-day)",
            self.limit
        );
        ProtocolError::new(ErrorCode::Full, text)
    }

    /// Bytes stored today.
    pub(crate) fn bytes(&self, now: UnixMicros) -> u64 {
        self.stored().on(now).bytes
    }

    /// Whether nothing more is taken today, and until when.
    pub(crate) fn full(&self, now: UnixMicros) -> Option<Full> {
        let mut stored = self.stored();
        let today = *stored.on(now);
        (today.bytes >= self.limit).then_some(Full { until: today.until(), bytes: self.limit })
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().expect("no holder of this lock panics")
    }
}

/// What the games of each project have stored today.
#[derive(Debug)]
pub(crate) struct Days {
    pub(crate) limits: Limits,
    projects: Mutex<HashMap<ProjectId, Arc<Today>>>,
}

impl Days {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, projects: Mutex::default() }
    }

    /// Of one project. There are as many as projects that were used since the server started.
    pub(crate) fn of(&self, project: ProjectId) -> Arc<Today> {
        let new = || Arc::new(Today::new(self.limits.bytes_per_day));
        Arc::clone(self.projects().entry(project).or_insert_with(new))
    }

    /// The project was deleted.
    pub(crate) fn forget(&self, project: ProjectId) {
        self.projects().remove(&project);
    }

    /// How many projects may store no more today.
    pub(crate) fn full(&self, now: UnixMicros) -> u64 {
        self.projects().values().filter(|today| today.full(now).is_some()).count() as u64
    }

    fn projects(&self) -> MutexGuard<'_, HashMap<ProjectId, Arc<Today>>> {
        self.projects.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use protocol::model::Level;

    use super::*;

    fn entries(count: usize, message_bytes: usize) -> Vec<LogEntry> {
        let entry = LogEntry {
            message: "x".repeat(message_bytes),
            level: Level::Info,
            at: None,
            fields: Some("{}".to_owned()),
        };
        vec![entry; count]
    }

    #[test]
    fn a_day_is_full_until_the_next_begins() {
        let today = Today::new(1_000);
        let noon = UnixMicros(DAY_MICROS * 20_000 + DAY_MICROS / 2);
        // each takes 100 bytes
        for _ in 0..10 {
            today.take(&entries(1, 34), noon).unwrap();
        }
        assert_eq!(today.bytes(noon), 1_000);
        let refused = today.take(&entries(1, 34), noon).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Full);
        assert!(refused.text.contains("1000 bytes") && refused.text.contains("--max-bytes-per-day"));
        let midnight = UnixMicros(DAY_MICROS * 20_001);
        assert_eq!(today.full(noon), Some(Full { until: midnight, bytes: 1_000 }));
        assert!(today.take(&entries(1, 34), UnixMicros(midnight.0 - 1)).is_err());
        today.take(&entries(1, 34), midnight).unwrap();
        assert_eq!((today.bytes(midnight), today.full(midnight)), (100, None));
    }

    #[test]
    fn a_line_may_be_longer_than_what_is_left_and_a_clock_that_is_set_back_gives_nothing() {
        let today = Today::new(1_000);
        let noon = UnixMicros(DAY_MICROS * 20_000 + DAY_MICROS / 2);
        today.take(&entries(100, 934), noon).unwrap();
        assert_eq!(today.bytes(noon), 100_000);
        assert!(today.take(&entries(1, 0), UnixMicros(noon.0 - 3 * DAY_MICROS)).is_err());
    }

    #[test]
    fn a_clock_that_was_ahead_for_a_moment_keeps_no_day_full() {
        let today = Today::new(1_000);
        let noon = DAY_MICROS * 20_000 + DAY_MICROS / 2;
        let ahead = UnixMicros(noon + 91 * DAY_MICROS);
        today.take(&entries(10, 34), ahead).unwrap();
        assert!(today.full(ahead).is_some());
        // set right again
        let tomorrow = UnixMicros(noon + DAY_MICROS);
        assert_eq!(today.full(UnixMicros(noon)).map(|full| full.until), Some(tomorrow));
        assert!(today.take(&entries(1, 34), UnixMicros(tomorrow.0 - 1)).is_err());
        today.take(&entries(1, 34), tomorrow).unwrap();
        assert_eq!((today.bytes(tomorrow), today.full(tomorrow)), (100, None));
    }

    #[test]
    fn sessions_count_too() {
        let today = Today::new(10 * SESSION_BYTES);
        (0..10).for_each(|_| today.note_session(UnixMicros(0)));
        assert!(today.full(UnixMicros(0)).is_some());
    }

    #[test]
    fn a_key_has_so_many_games_and_one_that_leaves_makes_room() {
        let connected = Arc::default();
        let first = KeyShare::take(&connected, 2).unwrap();
        let _second = KeyShare::take(&connected, 2).unwrap();
        assert_eq!(KeyShare::take(&connected, 2).unwrap_err().code, ErrorCode::Quota);
        drop(first);
        assert!(KeyShare::take(&connected, 2).is_ok());
    }
}
