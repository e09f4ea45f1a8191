//! What is to be stored: log entries that wait, and numbered lines that are not acknowledged.

use std::collections::VecDeque;

use super::MAX_UNWRITTEN_BYTES;
use protocol::{
    limits,
    line::{Command, encode_logs, to_base64, write_command},
    model::{Key, Level, LogEntry},
};

/// Entries of one line, and about so many bytes.
const LINE_ENTRIES: usize = 500;
const LINE_BYTES: usize = 32 * 1024;
/// What an entry takes beside its texts.
const ENTRY_BYTES: usize = 96;

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
        Self { is_report: false, payload: "[]".to_owned(), entries: 0 }
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
            let Some(lowest) = (0..=level).find(|level| !self.waiting[*level].is_empty()) else {
                return self.count_dropped(level, 1);
            };
            if let Some((_, old)) = self.waiting[lowest].pop_front() {
                self.waiting_bytes -= size_of_entry(&old);
                self.count_dropped(lowest, 1);
            }
        }
        self.pushed += 1;
        self.waiting_bytes += size;
        self.waiting[level].push_back((self.pushed, entry));
    }

    /// Entries were lost before they came here.
    pub(super) fn count_dropped(&mut self, level: usize, count: u64) {
        self.dropped[level] += count;
        self.untold += count;
    }

    /// Numbers what waits, as long as no more than `window` lines are unacknowledged.
    pub(super) fn gather(&mut self, window: usize) {
        while self.is_waiting() && self.kept.len() < window {
            let mut entries = Vec::new();
            if self.untold > 0 {
                entries.push(self.tell_dropped());
            }
            let mut bytes = 0;
            while entries.len() < LINE_ENTRIES && bytes < LINE_BYTES {
                let Some(entry) = self.pop_oldest() else { break };
                bytes += size_of_entry(&entry);
                entries.push(entry);
            }
            self.keep(Kept {
                is_report: false,
                payload: encode_logs(&entries),
                entries: entries.len() as u64,
            });
        }
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

    fn pop_oldest(&mut self) -> Option<LogEntry> {
        let fronts = self.waiting.iter().enumerate().filter_map(|(level, all)| Some((all.front()?.0, level)));
        let (_, level) = fronts.min()?;
        let (_, entry) = self.waiting[level].pop_front()?;
        self.waiting_bytes -= size_of_entry(&entry);
        Some(entry)
    }

    /// Whether another line may be numbered.
    pub(super) fn has_room(&self, window: usize) -> bool {
        self.kept.len() < window
    }

    pub(super) fn keep_report(&mut self, payload: String) {
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
        if is_first {
            self.first = seq.saturating_add(1);
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
        let on_their_way = self.kept.iter_mut().take(self.sent);
        if let Some(longest) = on_their_way.max_by_key(|kept| kept.payload.len()) {
            let entries = longest.entries;
            self.kept_bytes -= longest.payload.len();
            *longest = Kept::nothing();
            self.kept_bytes += longest.payload.len();
            self.count_dropped(Level::Info as usize, entries);
        }
    }

    /// Nothing is on its way any more. What is true of variables then, is said then.
    pub(super) fn disconnected(&mut self) {
        self.sent = 0;
        for kept in self.kept.iter_mut().filter(|kept| kept.is_report) {
            self.kept_bytes -= kept.payload.len();
            *kept = Kept::nothing();
            self.kept_bytes += kept.payload.len();
        }
    }
}

fn size_of_entry(entry: &LogEntry) -> usize {
    ENTRY_BYTES + entry.message.len() + entry.fields.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(level: Level, message: &str) -> LogEntry {
        LogEntry { message: message.to_owned(), level, at: None, fields: None }
    }

    fn lines(outbox: &mut Outbox) -> String {
        let mut out = Vec::new();
        outbox.write(Key::parse(b"0123456789ab").unwrap(), true, false, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_matters_least_gives_way_and_is_counted() {
        let mut outbox = Outbox::new(4 * (ENTRY_BYTES + 1));
        for (level, message) in [
            (Level::Debug, "a"),
            (Level::Error, "b"),
            (Level::Debug, "c"),
            (Level::Info, "d"),
            (Level::Warn, "e"),
            (Level::Info, "f"),
            (Level::Fatal, "g"),
            (Level::Debug, "h"),
        ] {
            outbox.push(entry(level, message));
        }
        // the debug entries went first, then the older one of info; the last one finds only what matters more
        assert_eq!(outbox.dropped(), [0, 3, 1, 0, 0, 0]);
        outbox.gather(1);
        let said = lines(&mut outbox);
        let order: Vec<usize> = ["b", "e", "f", "g"]
            .map(|message| said.find(&format!("\"message\":\"{message}\"")).unwrap())
            .into();
        assert!(order.is_sorted(), "{said}");
        assert!(
            said.contains("4 log entries were dropped") && said.contains(r#"{"debug":3,"info":1}"#),
            "{said}"
        );
    }

    #[test]
    fn an_entry_that_is_too_large_gives_way_itself() {
        let mut outbox = Outbox::new(1000);
        outbox.push(entry(Level::Debug, "small"));
        outbox.push(entry(Level::Fatal, &"x".repeat(1000)));
        assert_eq!(
            (outbox.dropped()[Level::Debug as usize], outbox.dropped()[Level::Fatal as usize]),
            (0, 1)
        );
    }

    #[test]
    fn a_line_is_kept_until_it_is_acknowledged() {
        let mut outbox = Outbox::new(10_000);
        for message in ["a", "b", "c"] {
            outbox.push(entry(Level::Info, message));
            outbox.gather(9);
        }
        assert_eq!(lines(&mut outbox).lines().count(), 3);
        assert_eq!(lines(&mut outbox), "", "once on a connection");
        outbox.acknowledged(1, false);
        outbox.not_taken(3);
        assert!(lines(&mut outbox).starts_with("l:0123456789ab:3:"));
        outbox.disconnected();
        outbox.acknowledged(2, true);
        assert_eq!((outbox.stored(), lines(&mut outbox).lines().count()), (2, 1));
        // more than was ever said
        outbox.acknowledged(u64::MAX, false);
        assert!(outbox.is_empty());
        assert_eq!((outbox.stored(), outbox.bytes()), (3, 0));
    }

    #[test]
    fn a_restored_server_counts_from_where_it_is() {
        let mut outbox = Outbox::new(10_000);
        for message in ["a", "b", "c"] {
            outbox.push(entry(Level::Info, message));
            outbox.gather(9);
        }
        lines(&mut outbox);
        outbox.acknowledged(2, false);
        outbox.disconnected();
        outbox.acknowledged(0, true);
        assert!(lines(&mut outbox).starts_with("l:0123456789ab:1:"));
    }

    #[test]
    fn an_old_report_becomes_an_empty_line() {
        let mut outbox = Outbox::new(10_000);
        outbox.keep_report(r#"{"speed":1}"#.to_owned());
        assert_eq!(lines(&mut outbox), "i:0123456789ab:1:{\"speed\":1}\n");
        outbox.disconnected();
        outbox.acknowledged(0, true);
        assert_eq!(lines(&mut outbox), "l:0123456789ab:1:[]\n");
    }
}
