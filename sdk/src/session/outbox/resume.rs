//! An outbox that goes on where another process left it.

use protocol::model::Key;

use super::{
    Kept, Outbox, Records,
    record::{self, Record, Start},
};

/// No count or number of an outbox is larger: a journal that says so is not to be believed.
const MAX_COUNT: u64 = 1 << 60;

/// What a journal gives.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) outbox: Outbox,
    /// The session that its lines belong to.
    pub(crate) session: u128,
    /// Bytes at its end that are no whole record: what the process was about to write when it was killed.
    pub(crate) torn: usize,
}

impl Outbox {
    /// Writes everything down from now on. Returns what there is, as the first records of a new journal.
    pub(crate) fn checkpoint(&mut self, key: Key, session: u128) -> Vec<u8> {
        let mut out = Vec::new();
        let &mut Self { first, pushed, dropped, untold, .. } = self;
        record::write_start(&mut out, &Start { key, session, first, pushed, dropped, untold });
        for (seq, kept) in (first..).zip(&self.kept) {
            let payload = if kept.is_report { super::NOTHING } else { &kept.payload };
            record::write_text(&mut out, seq, 0, kept.entries, payload);
        }
        self.waiting.iter().flatten().for_each(|(id, entry)| record::write_entry(&mut out, *id, entry));
        self.journal = Some(Records::default());
        self.noted = (dropped, untold);
        out
    }

    /// What happened since the checkpoint or the last call.
    pub(crate) fn take_records(&mut self) -> Records {
        let (dropped, untold) = (self.dropped, self.untold);
        if std::mem::replace(&mut self.noted, (dropped, untold)) != (dropped, untold) {
            // once for all of a flood
            self.note(|out| record::write_counts(out, &dropped, untold));
        }
        self.journal.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Replays a journal, as far as it is whole.
    ///
    /// # Errors
    /// It is none, or of another project; with the reason.
    pub(crate) fn resume(max_bytes: usize, key: Key, mut journal: &[u8]) -> Result<Resumed, &'static str> {
        let Some(Record::Start(start)) = record::read(&mut journal) else {
            return Err("it is damaged, or was not written by this version");
        };
        if start.key != key {
            return Err("it belongs to another project");
        }
        if [start.first, start.pushed].iter().any(|count| *count > MAX_COUNT) {
            return Err("it is damaged");
        }
        let mut outbox = Self::new(max_bytes);
        (outbox.first, outbox.pushed) = (start.first.max(1), start.pushed);
        (outbox.dropped, outbox.untold) = (start.dropped, start.untold);
        let mut rest = journal;
        while let Some(record) = record::read(&mut rest)
            && outbox.replay(record).is_some()
        {
            journal = rest;
        }
        // the limit may be another one by now
        while outbox.bytes() > max_bytes && outbox.drop_lowest(outbox.waiting.len() - 1) {}
        Ok(Resumed { outbox, session: start.session, torn: journal.len() })
    }

    /// `None`: it does not follow from what was there.
    fn replay(&mut self, record: Record) -> Option<()> {
        match record {
            Record::Start(_) => return None,
            Record::Entry(id, entry) if id <= MAX_COUNT => {
                self.pushed = self.pushed.max(id);
                self.wait(id, entry);
            }
            Record::Dropped(id) => {
                let level =
                    self.waiting.iter().position(|all| all.front().is_some_and(|(at, _)| *at == id))?;
                let (_, entry) = self.waiting[level].pop_front()?;
                self.waiting_bytes -= super::size_of_entry(&entry);
                self.count_dropped(level, 1);
            }
            Record::Line { seq, through } => {
                self.follows(seq)?;
                let entries: Vec<_> = std::iter::from_fn(|| Some(self.pop_oldest(through)?.1)).collect();
                self.keep_entries(&entries, through, false);
            }
            // one of them says what was dropped
            Record::Text { seq, through, entries, payload } if entries <= super::LINE_ENTRIES as u64 + 1 => {
                self.follows(seq)?;
                if through > 0 {
                    self.untold = 0;
                }
                while self.pop_oldest(through).is_some() {}
                self.keep(Kept { is_report: false, payload, entries });
            }
            Record::Blank(seq) => {
                let place = usize::try_from(seq.checked_sub(self.first)?).ok()?;
                self.count_dropped(protocol::model::Level::Info as usize, self.kept.get(place)?.entries);
                self.blank(place);
            }
            Record::Settled(seq) => self.acknowledged(seq, false),
            Record::Counts { dropped, untold } => (self.dropped, self.untold) = (dropped, untold),
            Record::First(seq) if seq <= MAX_COUNT => self.first = seq.max(1),
            Record::Entry(..) | Record::Text { .. } | Record::First(_) => return None,
        }
        Some(())
    }

    fn follows(&self, seq: u64) -> Option<()> {
        (seq == self.next_seq()).then_some(())
    }
}
