//! What is to be stored: log entries that wait, and numbered lines that are not acknowledged.

mod record;
mod resume;

use std::collections::VecDeque;

use protocol::{
    limits,
    line::{Command, encode_logs, to_base64, write_command},
    model::{Key, Level, LogEntry},
};

/// What is put together before it is handed to the socket, about.
pub(super) const MAX_UNWRITTEN_BYTES: usize = 64 * 1024;
/// Entries of one line, and about so many bytes.
const LINE_ENTRIES: usize = 500;
const LINE_BYTES: usize = 32 * 1024;
/// What an entry takes beside its texts.
const ENTRY_BYTES: usize = 96;

/// The payload of a line that says nothing.
const NOTHING: &str = "[]";

/// A line that is sent until it is acknowledged.
#[derive(Debug)]
struct Kept {
    /// Its values are said anew on the next connection, and an empty line in its place.
    is_report: bool,
    payload: String,
    entries: u64,
}

impl Kept {
    /// A line that has a number and says nothing.
    fn nothing() -> Self {
        Self { is_report: false, payload: NOTHING.to_owned(), entries: 0 }
    }
}

/// Bounded: what does not fit is dropped, the least important first, and counted.
#[derive(Debug)]
pub(super) struct Outbox {
    /// By level, each with its place in the order of all.
    waiting: [VecDeque<(u64, LogEntry)>; Level::ALL.len()],
    pushed: u64,
    waiting_bytes: usize,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    /// The number of the first kept line, or of the next one.
    first: u64,
    /// How many of the kept lines are on their way on this connection.
    sent: usize,
    max_bytes: usize,
    dropped: [u64; Level::ALL.len()],
    /// Those of `dropped` that the log does not mention yet.
    untold: u64,
    stored: u64,
    /// What happened since it was last written down, for an outbox that is to outlive its process.
    journal: Option<Records>,
    /// What the journal knows of `dropped` and `untold`.
    noted: ([u64; Level::ALL.len()], u64),
}

/// Records of a journal.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) bytes: Vec<u8>,
    /// Whether they say of entries that they are on their way or stored: a journal without them would send those twice.
    pub(crate) is_about_lines: bool,
}

impl Outbox {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            waiting: Default::default(),
            pushed: 0,
            waiting_bytes: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            first: 1,
            sent: 0,
            max_bytes,
            dropped: [0; Level::ALL.len()],
            untold: 0,
            stored: 0,
            journal: None,
            noted: Default::default(),
        }
    }

    /// Entries that were dropped, of each level.
    pub(super) fn dropped(&self) -> [u64; Level::ALL.len()] {
        self.dropped
    }

    /// Entries that were acknowledged.
    pub(super) fn stored(&self) -> u64 {
        self.stored
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting_bytes > 0
    }

    /// Whether everything was acknowledged.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && !self.is_waiting()
    }

    /// What it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.waiting_bytes + self.kept_bytes
    }

    /// Takes an entry, if need be in place of older ones that are no more important. What a server would cut off goes here.
    pub(super) fn push(&mut self, mut entry: LogEntry) {
        entry.message.truncate(entry.message.floor_char_boundary(limits::MAX_MESSAGE_BYTES));
        entry.fields = entry.fields.filter(|fields| fields.len() <= limits::MAX_LOG_FIELDS_BYTES);
        let (level, size) = (entry.level as usize, size_of_entry(&entry));
        if size > self.max_bytes / 2 {
            return self.count_dropped(level, 1);
        }
        while self.bytes() + size > self.max_bytes {
            if !self.drop_lowest(level) {
                return self.count_dropped(level, 1);
            }
        }
        self.pushed += 1;
        let id = self.pushed;
        self.note(|out| record::write_entry(out, id, &entry));
        self.wait(id, entry);
    }

    fn wait(&mut self, id: u64, entry: LogEntry) {
        self.waiting_bytes += size_of_entry(&entry);
        self.waiting[entry.level as usize].push_back((id, entry));
    }

    /// Drops the oldest of the least important entries that matter no more than this level, if there is one.
    fn drop_lowest(&mut self, level: usize) -> bool {
        let Some(lowest) = (0..=level).find(|level| !self.waiting[*level].is_empty()) else { return false };
        if let Some((id, old)) = self.waiting[lowest].pop_front() {
            self.waiting_bytes -= size_of_entry(&old);
            self.count_dropped(lowest, 1);
            self.note(|out| record::write_dropped(out, id));
        }
        true
    }

    fn note(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(journal) = &mut self.journal {
            write(&mut journal.bytes);
        }
    }

    fn note_line(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(journal) = &mut self.journal {
            journal.is_about_lines = true;
            write(&mut journal.bytes);
        }
    }

    /// Entries were lost before they came here.
    pub(super) fn count_dropped(&mut self, level: usize, count: u64) {
        self.dropped[level] = self.dropped[level].saturating_add(count);
        self.untold = self.untold.saturating_add(count);
    }

    /// Numbers what waits, as long as no more than `window` lines are unacknowledged.
    pub(super) fn gather(&mut self, window: usize) {
        while self.is_waiting() && self.kept.len() < window {
            let mut entries = Vec::new();
            let tells = self.untold > 0;
            if tells {
                entries.push(self.tell_dropped());
            }
            let (mut bytes, mut through) = (0, 0);
            while entries.len() < LINE_ENTRIES && bytes < LINE_BYTES {
                let Some((id, entry)) = self.pop_oldest(u64::MAX) else { break };
                through = id;
                bytes += size_of_entry(&entry);
                entries.push(entry);
            }
            self.keep_entries(&entries, through, tells);
        }
    }

    fn keep_entries(&mut self, entries: &[LogEntry], through: u64, tells: bool) {
        let (seq, count, payload) = (self.next_seq(), entries.len() as u64, encode_logs(entries));
        self.note_line(|out| {
            if tells {
                record::write_text(out, seq, through, count, &payload);
            } else {
                record::write_line(out, seq, through);
            }
        });
        self.keep(Kept { is_report: false, payload, entries: count });
    }

    fn next_seq(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    fn tell_dropped(&mut self) -> LogEntry {
        let count = std::mem::take(&mut self.untold);
        let noun = if count == 1 { "log entry was" } else { "log entries were" };
        let by_level = Level::ALL.iter().zip(self.dropped).filter(|(_, count)| *count > 0);
        let by_level: Vec<String> = by_level.map(|(level, count)| format!("\"{level}\":{count}")).collect();
        LogEntry {
            message: format!("{count} {noun} dropped: the outbox was full"),
            level: Level::Warn,
            at: None,
            fields: Some(format!("{{\"dropped_since_start\":{{{}}}}}", by_level.join(","))),
        }
    }

    /// The oldest entry, if it is no newer than this.
    fn pop_oldest(&mut self, through: u64) -> Option<(u64, LogEntry)> {
        let fronts = self.waiting.iter().enumerate().filter_map(|(level, all)| Some((all.front()?.0, level)));
        let (_, level) = fronts.min().filter(|(id, _)| *id <= through)?;
        let oldest = self.waiting[level].pop_front()?;
        self.waiting_bytes -= size_of_entry(&oldest.1);
        Some(oldest)
    }

    /// Whether another line may be numbered.
    pub(super) fn has_room(&self, window: usize) -> bool {
        self.kept.len() < window
    }

    pub(super) fn keep_report(&mut self, payload: String) {
        let seq = self.next_seq();
        // after a restart its values are others
        self.note_line(|out| record::write_text(out, seq, 0, 0, NOTHING));
        self.keep(Kept { is_report: true, payload, entries: 0 });
    }

    fn keep(&mut self, kept: Kept) {
        self.kept_bytes += kept.payload.len();
        self.kept.push_back(kept);
    }

    /// Puts what is to be sent at the end of `out`, with numbers, and keeps it; or without, and forgets it.
    pub(super) fn write(&mut self, key: Key, is_numbered: bool, is_base64: bool, out: &mut Vec<u8>) {
        while out.len() < MAX_UNWRITTEN_BYTES
            && let Some(kept) = self.kept.get(self.sent)
        {
            let encoded = is_base64.then(|| to_base64(&kept.payload));
            let payload = encoded.as_deref().unwrap_or(&kept.payload).as_bytes();
            let seq = is_numbered.then_some(self.first + self.sent as u64);
            if kept.is_report {
                write_command(out, &Command::Report { key, seq, payload });
            } else {
                write_command(out, &Command::Log { key, seq, payload });
            }
            self.sent += 1;
            if !is_numbered {
                let seq = self.first;
                self.note_line(|out| record::write_settled(out, seq));
                self.settle(1);
            }
        }
    }

    /// Everything up to `seq` is stored. The first word of a connection says where the server's count is, which may be another
    /// one: a backup was restored.
    pub(super) fn acknowledged(&mut self, seq: u64, is_first: bool) {
        let settled = seq.saturating_add(1).saturating_sub(self.first);
        let settled = usize::try_from(settled).unwrap_or(usize::MAX).min(self.kept.len());
        self.stored += self.kept.iter().take(settled).map(|kept| kept.entries).sum::<u64>();
        self.settle(settled);
        if settled > 0 {
            self.note_line(|out| record::write_settled(out, seq));
        }
        if is_first && self.first != seq.saturating_add(1) {
            self.first = seq.saturating_add(1);
            let first = self.first;
            self.note_line(|out| record::write_first(out, first));
        }
    }

    fn settle(&mut self, count: usize) {
        for kept in self.kept.drain(..count) {
            self.kept_bytes -= kept.payload.len();
        }
        self.first += count as u64;
        self.sent = self.sent.saturating_sub(count);
    }

    /// Everything from `seq` on is to be sent again.
    pub(super) fn not_taken(&mut self, seq: u64) {
        let ahead = usize::try_from(seq.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.sent = self.sent.min(ahead);
    }

    /// A line was too long for the server, which does not say which one: the longest goes, or it would never go on.
    pub(super) fn drop_longest(&mut self) {
        let on_their_way = self.kept.iter().take(self.sent).enumerate();
        if let Some((place, longest)) = on_their_way.max_by_key(|(_, kept)| kept.payload.len()) {
            self.count_dropped(Level::Info as usize, longest.entries);
            let seq = self.first + place as u64;
            self.note_line(|out| record::write_blank(out, seq));
            self.blank(place);
        }
    }

    fn blank(&mut self, place: usize) {
        let kept = std::mem::replace(&mut self.kept[place], Kept::nothing());
        self.kept_bytes = self.kept_bytes - kept.payload.len() + NOTHING.len();
    }

    /// Nothing is on its way any more. What is true of variables then, is said then.
    pub(super) fn disconnected(&mut self) {
        self.sent = 0;
        for place in 0..self.kept.len() {
            if self.kept[place].is_report {
                self.blank(place);
            }
        }
    }
}

fn size_of_entry(entry: &LogEntry) -> usize {
    ENTRY_BYTES + entry.message.len() + entry.fields.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests;
