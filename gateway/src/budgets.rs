//! What the gateway may hold in memory.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

/// What lines that wait to be written may take unless somebody says less.
const DEFAULT_LINES: usize = 32 * 1024 * 1024;
/// What a connection may hold of a line that is not whole before it counts: calm games say short lines.
const UNCOUNTED_LINE_BYTES: usize = 16 * 1024;

/// Bytes of each kind. What does not fit is refused, or waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// Lines that wait to be written, of all projects. One project may have half of it.
    pub lines: usize,
    /// Lines of games that are not whole yet, or that wait for room, and answers that games don't read, as far as a connection
    /// has more than 16 KiB of them.
    pub unread: usize,
    /// Declarations and values of the projects that are in memory. One project may have half of it.
    pub projects: usize,
    /// Values for games and changes for dashboards that are not sent yet; each may have half of it. Short values don't count.
    pub outgoing: usize,
}

impl Default for Budgets {
    /// 32 MiB of lines; the rest has no bound but those of each project and connection.
    fn default() -> Self {
        Self { lines: DEFAULT_LINES, unread: usize::MAX, projects: usize::MAX, outgoing: usize::MAX }
    }
}

/// What connections of games hold of lines that are not taken in yet.
#[derive(Debug)]
pub(crate) struct Unread {
    used: AtomicUsize,
    max_bytes: usize,
    refused: AtomicU64,
}

impl Unread {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { used: AtomicUsize::new(0), max_bytes, refused: AtomicU64::new(0) }
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// How often a connection had to go.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}

/// One connection's part of it, given back when it is dropped.
#[derive(Debug)]
pub struct UnreadLine {
    all: Arc<Unread>,
    held: usize,
}

impl UnreadLine {
    pub(crate) fn new(all: &Arc<Unread>) -> Self {
        Self { all: Arc::clone(all), held: 0 }
    }

    /// The connection holds so many bytes now. `false`: that is more than there is room for, and it must let go of them.
    #[must_use]
    pub fn hold(&mut self, bytes: usize) -> bool {
        let counted = bytes.saturating_sub(UNCOUNTED_LINE_BYTES);
        let before = std::mem::replace(&mut self.held, counted);
        if counted <= before {
            // most connections never hold anything that counts
            if counted < before {
                self.all.used.fetch_sub(before - counted, Relaxed);
            }
            return true;
        }
        let used = self.all.used.fetch_add(counted - before, Relaxed) + (counted - before);
        let fits = used <= self.all.max_bytes;
        if !fits {
            self.all.refused.fetch_add(1, Relaxed);
        }
        fits
    }
}

impl Drop for UnreadLine {
    fn drop(&mut self) {
        self.all.used.fetch_sub(self.held, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_share_a_bound_and_short_ones_do_not_count() {
        let all = Arc::new(Unread::new(100_000));
        let mut lines: Vec<UnreadLine> = (0..4).map(|_| UnreadLine::new(&all)).collect();
        assert!(lines.iter_mut().all(|line| line.hold(UNCOUNTED_LINE_BYTES)));
        assert_eq!(all.used(), 0);
        let long = UNCOUNTED_LINE_BYTES + 40_000;
        let held: Vec<bool> = lines.iter_mut().map(|line| line.hold(long)).collect();
        assert_eq!((held, all.refused()), (vec![true, true, false, false], 2));
        lines.truncate(2);
        assert_eq!(all.used(), 80_000);
        assert!(lines[0].hold(0) && lines[1].hold(UNCOUNTED_LINE_BYTES + 100_000));
        drop(lines);
        assert_eq!(all.used(), 0);
    }
}
