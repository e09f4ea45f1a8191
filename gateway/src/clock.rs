use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use protocol::model::UnixMicros;

/// How exactly it is noted when something was last used: each note is a write.
pub(crate) const USE_NOTE_MICROS: i64 = in_microseconds(60);

pub(crate) const fn in_microseconds(seconds: i64) -> i64 {
    seconds * 1_000_000
}

/// Where the time comes from, so that tests can say what time it is.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMicros + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::new(|| {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            UnixMicros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
        })
    }

    /// A clock that shows what `now` returns.
    pub fn new(now: impl Fn() -> UnixMicros + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    pub fn now(&self) -> UnixMicros {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
