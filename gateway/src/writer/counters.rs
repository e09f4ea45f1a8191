//! What the writer counts. A new counter is a line here, and the place that counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts up.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Relaxed);
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub(super) $name: Counter,)*
        }

        /// What was written since the gateway was opened, and what was not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct WriterCounts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counters {
            pub(super) fn read(&self) -> WriterCounts {
                WriterCounts { $($name: self.$name.0.load(Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Records committed: log entries, values and edits.
    committed_records,
    /// Transactions they took.
    commits,
    /// Microseconds that their commits took, together with attempts that failed.
    commit_micros,
    /// Attempts that the database did not answer or could not store.
    retries,
    /// Lines that came again and were stored before.
    repeated_lines,
    /// Lines of connections whose session a newer one had taken over.
    fenced_lines,
    /// Records that were taken in and then lost: the database refused them, or did not come back before the end.
    lost_records,
    /// Lines for which there was no room: told to come again, or kept waiting.
    busy_lines,
    /// Lines that came while the database was away: told to come again, or kept waiting.
    unavailable_lines,
    /// Devices that gave way to new ones because their project was full.
    displaced_devices,
}
