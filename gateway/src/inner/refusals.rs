//! What games sent and the server refused for good, shown to people. Kept in memory: a restart clears it.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use protocol::{
    ErrorCode, ProtocolError,
    model::{DeviceId, ProjectId, Refused, RefusedLine, UnixMicros},
};

/// Lines that are kept of each device.
const MAX_LINES_PER_DEVICE: usize = 5;
/// Lines that are kept of a project, some 400 KiB; beyond it the devices whose last refusal is the oldest keep their
/// numbers only.
const MAX_LINES_PER_PROJECT: usize = 500;
/// Longest sentence that is kept, in characters.
const MAX_TEXT_CHARACTERS: usize = 240;

/// What was refused in one project. Its holders don't outlive the project's deletion by long.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_device: HashMap<Option<DeviceId>, Entry>,
    /// Whose lines are kept, by the number of the newest of them.
    recent: BTreeMap<u64, Option<DeviceId>>,
    kept: usize,
    /// Devices that gave way to new ones.
    gave_way: u64,
    /// Counts what was recorded, from 1.
    newest: u64,
}

#[derive(Default)]
struct Entry {
    counts: Vec<(ErrorCode, u64)>,
    last: VecDeque<RefusedLine>,
    /// The number of the newest one.
    newest: u64,
}

impl Ledger {
    /// Adds one; `None`: of a game that was turned away before it was a device.
    pub(crate) fn record(&self, device: Option<DeviceId>, line: RefusedLine) {
        self.entries().record(device, line);
    }

    /// What was refused of these devices, where anything was.
    pub(crate) fn of(&self, devices: impl IntoIterator<Item = Option<DeviceId>>) -> Vec<Refused> {
        let entries = self.entries();
        let shown = |device| Some(entries.by_device.get(&device)?.shown(device));
        devices.into_iter().filter_map(shown).collect()
    }

    /// All of it, in the order of the devices.
    pub(crate) fn all(&self) -> Vec<Refused> {
        let entries = self.entries();
        let mut all: Vec<Refused> = entries.by_device.iter().map(|(id, entry)| entry.shown(*id)).collect();
        all.sort_by_key(|refused| refused.device);
        all
    }

    /// Devices are not there any more, nor is what was refused of them. So many of them gave way to new ones; how many these
    /// are by now.
    pub(crate) fn forget_devices(&self, devices: &[DeviceId], gave_way: u64) -> u64 {
        let mut entries = self.entries();
        devices.iter().for_each(|device| entries.forget(Some(*device)));
        entries.gave_way += gave_way;
        entries.gave_way
    }

    /// How many devices gave way to new ones.
    pub(crate) fn gave_way(&self) -> u64 {
        self.entries().gave_way
    }

    fn is_empty(&self) -> bool {
        let entries = self.entries();
        entries.by_device.is_empty() && entries.gave_way == 0
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().expect("no holder of this lock panics")
    }
}

impl Entries {
    fn record(&mut self, device: Option<DeviceId>, line: RefusedLine) {
        self.newest += 1;
        let number = self.newest;
        let entry = self.by_device.entry(device).or_default();
        match entry.counts.iter_mut().find(|(code, _)| *code == line.code) {
            Some((_, count)) => *count += 1,
            None => entry.counts.push((line.code, 1)),
        }
        self.recent.remove(&entry.newest);
        self.recent.insert(number, device);
        entry.newest = number;
        if entry.last.len() < MAX_LINES_PER_DEVICE {
            self.kept += 1;
        } else {
            drop(entry.last.pop_front());
        }
        entry.last.push_back(line);
        while self.kept > MAX_LINES_PER_PROJECT
            && let Some((_, oldest)) = self.recent.pop_first()
            && let Some(entry) = self.by_device.get_mut(&oldest)
        {
            self.kept -= entry.last.len();
            entry.last = VecDeque::new();
        }
    }

    fn forget(&mut self, device: Option<DeviceId>) {
        if let Some(entry) = self.by_device.remove(&device) {
            self.kept -= entry.last.len();
            self.recent.remove(&entry.newest);
        }
    }
}

impl Entry {
    fn shown(&self, device: Option<DeviceId>) -> Refused {
        Refused { device, counts: self.counts.clone(), last: self.last.iter().cloned().collect() }
    }
}

/// The ledger of each project, and the numbers of all.
#[derive(Default)]
pub(crate) struct Refusals {
    ledgers: Mutex<HashMap<ProjectId, Arc<Ledger>>>,
    by_code: [AtomicU64; ErrorCode::ALL.len()],
}

impl Refusals {
    pub(crate) fn count(&self, code: ErrorCode) {
        self.by_code[code as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn counted(&self, code: ErrorCode) -> u64 {
        self.by_code[code as usize].load(Relaxed)
    }

    /// The ledger of a project, empty if nothing was refused.
    pub(crate) fn ledger(&self, project: ProjectId) -> Arc<Ledger> {
        let mut ledgers = self.ledgers();
        // one that is empty and that nobody uses is let go when the next one is needed
        ledgers.retain(|id, ledger| *id == project || Arc::strong_count(ledger) > 1 || !ledger.is_empty());
        Arc::clone(ledgers.entry(project).or_default())
    }

    /// The project was deleted.
    pub(crate) fn forget(&self, project: ProjectId) {
        self.ledgers().remove(&project);
    }

    /// A backup was restored: the numbers of devices mean others.
    pub(crate) fn clear(&self) {
        self.ledgers().clear();
    }

    fn ledgers(&self) -> MutexGuard<'_, HashMap<ProjectId, Arc<Ledger>>> {
        self.ledgers.lock().expect("no holder of this lock panics")
    }
}

/// What people read of it.
pub(crate) fn refused_line(at: UnixMicros, error: &ProtocolError, line: String) -> RefusedLine {
    let text = error.text.chars().take(MAX_TEXT_CHARACTERS).collect();
    RefusedLine { at, code: error.code, text, line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(n: i64, code: ErrorCode) -> RefusedLine {
        refused_line(UnixMicros(n), &ProtocolError::new(code, "no"), n.to_string())
    }

    fn device(id: i64) -> Option<DeviceId> {
        Some(DeviceId(id))
    }

    fn kept(refused: &Refused) -> Vec<&str> {
        refused.last.iter().map(|line| line.line.as_str()).collect()
    }

    #[test]
    fn all_are_counted_and_the_last_few_kept() {
        let ledger = Ledger::default();
        for n in 0..7 {
            let code = if n == 3 { ErrorCode::Quota } else { ErrorCode::BadJson };
            ledger.record(device(1), refused(n, code));
        }
        ledger.record(None, refused(7, ErrorCode::Revoked));
        let all = ledger.all();
        assert_eq!(all.iter().map(|refused| refused.device).collect::<Vec<_>>(), [None, device(1)]);
        assert_eq!(all[1].counts, [(ErrorCode::BadJson, 6), (ErrorCode::Quota, 1)]);
        assert_eq!(kept(&all[1]), ["2", "3", "4", "5", "6"]);
        assert_eq!(ledger.of([device(1), device(2)]), [all[1].clone()]);
    }

    #[test]
    fn who_was_refused_longest_ago_keeps_numbers_only() {
        let ledger = Ledger::default();
        let most = (MAX_LINES_PER_PROJECT / MAX_LINES_PER_DEVICE) as i64;
        let fill = |id: i64| {
            for n in 0..MAX_LINES_PER_DEVICE as i64 {
                ledger.record(device(id), refused(n, ErrorCode::BadJson));
            }
        };
        (1..=most).for_each(fill);
        let lines = |ledger: &Ledger| ledger.all().iter().map(|refused| refused.last.len()).sum::<usize>();
        assert_eq!(lines(&ledger), MAX_LINES_PER_PROJECT);
        // the first one speaks again, so that the second is the one
        ledger.record(device(1), refused(9, ErrorCode::BadJson));
        ledger.record(device(most + 1), refused(0, ErrorCode::BadJson));
        assert!(lines(&ledger) <= MAX_LINES_PER_PROJECT);
        let of = |id| ledger.of([device(id)]).remove(0);
        assert_eq!((of(1).last.len(), of(2).last.len(), of(3).last.len()), (5, 0, 5));
        assert_eq!(of(2).total(), 5);
        // one whose lines went may be refused again
        ledger.record(device(2), refused(1, ErrorCode::BadJson));
        assert_eq!(kept(&of(2)), ["1"]);
        let all: Vec<DeviceId> = (1..=most + 1).map(DeviceId).collect();
        assert_eq!(
            (ledger.forget_devices(&all[1..], most as u64), ledger.forget_devices(&all[..1], 1)),
            (most as u64, most as u64 + 1)
        );
        let entries = ledger.entries();
        assert!(entries.by_device.is_empty() && entries.recent.is_empty() && entries.kept == 0);
    }

    #[test]
    fn texts_are_bounded() {
        let long = ProtocolError::new(ErrorCode::TooMany, "ä".repeat(10_000));
        assert_eq!(
            refused_line(UnixMicros(0), &long, String::new()).text.chars().count(),
            MAX_TEXT_CHARACTERS
        );
    }

    #[test]
    fn what_only_comes_later_is_no_refusal() {
        let later: Vec<&str> =
            ErrorCode::ALL.iter().filter(|code| !code.is_refusal()).map(|code| code.as_str()).collect();
        assert_eq!(
            later,
            ["frozen", "timeout", "idle", "taken_over", "draining", "busy", "unavailable", "gap"]
        );
    }
}
