//! What happened in a run: enough to read a failure, and to tell whether two runs were the same.

use std::{
    collections::VecDeque,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::time::Instant;

/// Events that a failure shows.
const TAIL: usize = 120;

/// Shared by everybody who takes part in a run.
#[derive(Clone)]
pub(super) struct Journal(Arc<Mutex<Events>>);

struct Events {
    start: Instant,
    fingerprint: u64,
    tail: VecDeque<String>,
    violations: Vec<String>,
}

impl Journal {
    pub(super) fn new() -> Self {
        let (tail, violations) = (VecDeque::new(), Vec::new());
        Self(Arc::new(Mutex::new(Events { start: Instant::now(), fingerprint: 0, tail, violations })))
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.0.lock().expect("no holder of this lock panics")
    }

    /// Something happened.
    pub(super) fn note(&self, who: &str, what: fmt::Arguments<'_>) {
        let mut events = self.events();
        let event = format!("{:>7} ms  {who:<10} {what}", events.start.elapsed().as_millis());
        let mut hash = DefaultHasher::new();
        event.hash(&mut hash);
        // a sum: tokio wakes those who wait for one value in an order by chance, so what happens to several of them in one
        // millisecond has no order of its own
        events.fingerprint = events.fingerprint.wrapping_add(hash.finish());
        if events.tail.len() == TAIL {
            events.tail.pop_front();
        }
        events.tail.push_back(event);
    }

    /// Something happened that must not.
    pub(super) fn violate(&self, who: &str, what: fmt::Arguments<'_>) {
        self.note(who, format_args!("VIOLATION: {what}"));
        self.events().violations.push(format!("{who}: {what}"));
    }

    /// Notes a violation unless it holds.
    pub(super) fn check(&self, holds: bool, who: &str, what: fmt::Arguments<'_>) {
        if !holds {
            self.violate(who, what);
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.events().violations.is_empty()
    }

    /// What is the same for runs in which the same happened.
    pub(super) fn fingerprint(&self) -> u64 {
        self.events().fingerprint
    }

    /// What went wrong, with the events up to it; `None` when nothing did.
    pub(super) fn failure(&self) -> Option<String> {
        let events = self.events();
        let first = events.violations.first()?;
        let tail: Vec<&str> = events.tail.iter().map(String::as_str).collect();
        Some(format!("{first}\n({} in all)\n{}", events.violations.len(), tail.join("\n")))
    }
}
