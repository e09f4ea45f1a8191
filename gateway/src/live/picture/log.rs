//! The newest lines of a project's log.

use std::collections::{BTreeSet, HashMap, VecDeque};

use protocol::{
    limits::{MAX_LOG_FIELDS_BYTES, SNAPSHOT_LOG_BYTES, SNAPSHOT_LOGS},
    line::shorten_fields,
    model::{DeviceId, LogLine},
};

/// As many as a snapshot has.
#[derive(Debug)]
pub(in crate::live) struct Log {
    lines: VecDeque<LogLine>,
    /// Text of these, in bytes.
    bytes: usize,
    /// The number of the newest line; 0: there was none.
    newest: u64,
    /// Names of devices that are not there any more and wrote some of `lines`.
    gone: HashMap<DeviceId, String>,
}

impl Log {
    pub(super) fn new(lines: Vec<LogLine>, gone: Vec<(DeviceId, String)>) -> Self {
        let mut log = Self { lines: VecDeque::new(), bytes: 0, newest: 0, gone: gone.into_iter().collect() };
        lines.into_iter().map(shorten).for_each(|line| log.push(line));
        log
    }

    /// Adds lines behind the others: of very many only the last ones stay.
    pub(super) fn extend(&mut self, lines: &[LogLine]) {
        let first_kept = lines.len().saturating_sub(SNAPSHOT_LOGS);
        lines[first_kept..].iter().for_each(|line| self.push(line.clone()));
    }

    fn push(&mut self, line: LogLine) {
        self.bytes += weight_of(&line);
        self.newest = line.seq;
        self.lines.push_back(line);
        while self.lines.len() > SNAPSHOT_LOGS || (self.bytes > SNAPSHOT_LOG_BYTES && self.lines.len() > 1) {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= weight_of(&oldest);
        }
    }

    pub(in crate::live) fn lines(&self) -> impl Iterator<Item = &LogLine> {
        self.lines.iter()
    }

    /// The number of the newest line; 0: there was none.
    pub(in crate::live) fn newest(&self) -> u64 {
        self.newest
    }

    /// Lines that a policy has removed are no longer shown either.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&LogLine) -> bool) {
        self.lines.retain(|line| !is_gone(line));
        self.bytes = self.lines.iter().map(weight_of).sum();
    }

    /// A device is there, perhaps again.
    pub(super) fn name_by_device(&mut self, device: DeviceId) {
        self.gone.remove(&device);
    }

    /// A device is not there any more: its lines keep its name.
    pub(super) fn keep_name(&mut self, device: DeviceId, name: String) {
        let with_lines: BTreeSet<DeviceId> = self.lines.iter().map(|line| line.device).collect();
        self.gone.retain(|gone, _| with_lines.contains(gone));
        if with_lines.contains(&device) {
            self.gone.insert(device, name);
        }
    }

    /// Devices that are not there any more and wrote some of the lines, with their names.
    pub(in crate::live) fn gone(&self) -> &HashMap<DeviceId, String> {
        &self.gone
    }

    /// About what it takes in memory, in bytes.
    pub(super) fn footprint(&self) -> usize {
        self.lines.len() * size_of::<LogLine>() + self.bytes
    }
}

/// A line with no more fields than a new one may have: rows of older versions have up to a megabyte of them, which a
/// download has whole.
pub fn shorten(line: LogLine) -> LogLine {
    let fields = line
        .fields
        .map(|fields| if fields.len() > MAX_LOG_FIELDS_BYTES { shorten_fields(&fields) } else { fields });
    LogLine { fields, ..line }
}

/// Size of the texts of a line, in bytes.
fn weight_of(line: &LogLine) -> usize {
    line.message.len() + line.fields.as_ref().map_or(0, String::len)
}
