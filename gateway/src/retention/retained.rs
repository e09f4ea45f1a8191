//! What is known of what is kept, and what was forgotten since the gateway was opened.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use protocol::model::LogSize;
use tokio::sync::{Mutex as Turn, MutexGuard};

use super::{disk::Disk, pass::Memory};

/// It, for everybody who asks.
#[derive(Default)]
pub(crate) struct Retained {
    memory: Turn<Memory>,
    lines_forgotten: AtomicU64,
    sizes: Mutex<Sizes>,
}

/// What the last look has found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    /// The logs of all projects together.
    pub(crate) log: LogSize,
    /// The disk, where it can be asked.
    pub(crate) disk: Option<Disk>,
}

impl Retained {
    /// The turn of one pass: there is one at a time.
    pub(super) async fn turn(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().await
    }

    /// Lines of the log that were forgotten since the gateway was opened.
    pub(crate) fn lines_forgotten(&self) -> u64 {
        self.lines_forgotten.load(Relaxed)
    }

    pub(super) fn add_forgotten(&self, lines: u64) {
        self.lines_forgotten.fetch_add(lines, Relaxed);
    }

    /// What the last look has found.
    pub(crate) fn sizes(&self) -> Sizes {
        *self.sizes.lock().expect("no holder of this lock panics")
    }

    pub(super) fn set_sizes(&self, sizes: Sizes) {
        *self.sizes.lock().expect("no holder of this lock panics") = sizes;
    }
}
