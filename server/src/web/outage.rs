//! Logs an outage of the database once, not for every failed request.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use gateway::{GatewayError, store::StoreError};

/// After this long without a failure, the next one is a new outage.
const QUIET: Duration = Duration::from_secs(60);

/// Outages as seen by one kind of client. The gateway logs when the database accepts writes again.
pub(super) struct Outage {
    last_failure: Mutex<Option<Instant>>,
}

impl Outage {
    pub(super) const fn new() -> Self {
        Self { last_failure: Mutex::new(None) }
    }

    /// Logs a failed request: the first one as an error, further ones at debug level.
    pub(super) fn log(&self, cause: &StoreError, what: &'static str) {
        let error = cause as &dyn std::error::Error;
        if self.begins(Instant::now()) {
            tracing::error!(
                error,
                "{what}; further ones are logged at debug level until there was none for a minute"
            )
        } else {
            tracing::debug!(error, "{what}")
        }
    }

    fn begins(&self, now: Instant) -> bool {
        let mut last = self.last_failure.lock().expect("no holder of this lock panics");
        last.replace(now).is_none_or(|last| now.saturating_duration_since(last) >= QUIET)
    }
}

static PAGES: Outage = Outage::new();

/// Plain text in place of a page that could not be rendered: status 503.
pub(super) fn unavailable(error: &GatewayError) -> Response {
    match error {
        GatewayError::Unavailable(cause) => PAGES.log(cause, "a page could not be rendered"),
        other => tracing::error!(error = other as &dyn std::error::Error, "a page could not be rendered"),
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_outage_is_one_error_however_many_are_refused() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(log, || {
            let outage = Outage::new();
            for _ in 0..100 {
                outage.log(&StoreError::TimedOut, "a live page could not be served");
            }
        });
        let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches("ERROR").count(), 1, "{log}");
        assert!(
            log.contains("a live page could not be served") && log.contains("did not answer in time"),
            "{log}"
        );
    }

    #[test]
    fn after_a_quiet_minute_it_is_another_one() {
        let outage = Outage::new();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(outage.begins(at(0)));
        assert!(!outage.begins(at(59)), "every failure prolongs it");
        assert!(!outage.begins(at(118)));
        assert!(outage.begins(at(178)));
    }
}
