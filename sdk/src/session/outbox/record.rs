//! What happens to the outbox, as records of a file: replayed, they give the outbox again.
//!
//! A record is the length of its body and the CRC-32 of it, 32 bits each and little-endian, and the body: a byte that says
//! what it is, numbers of 64 bits, and text to the end. Records are only ever added, so what a crash tears is the last one.

use protocol::{
    limits::KEY_BYTES,
    model::{Key, Level, LogEntry, UnixMicros},
};

use crate::checksum::crc32;

/// Length and checksum of a body.
const HEAD_BYTES: usize = 8;
const VERSION: u64 = 2;

/// The file's first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) key: Key,
    pub(super) session: u128,
    /// The number of the first line that follows, or of the next one.
    pub(super) first: u64,
    /// Entries that were ever pushed.
    pub(super) pushed: u64,
    pub(super) dropped: [u64; Level::ALL.len()],
    pub(super) untold: u64,
}

/// What a file says happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Record {
    Start(Start),
    /// An entry waits.
    Entry(u64, LogEntry),
    /// It gave way to another one.
    Dropped(u64),
    /// A line got this number; it has all entries that waited, up to this one.
    Line {
        seq: u64,
        through: u64,
    },
    /// The same, of a line whose text does not follow from its entries.
    Text {
        seq: u64,
        through: u64,
        entries: u64,
        payload: String,
    },
    /// The line is given up: an empty one has its number.
    Blank(u64),
    /// Lines up to this one are stored.
    Settled(u64),
    /// The first line has another number from now on.
    First(u64),
    /// How many entries were dropped by now.
    Counts {
        dropped: [u64; Level::ALL.len()],
        untold: u64,
    },
}

fn framed(out: &mut Vec<u8>, kind: u8, numbers: &[u64], text: &[u8]) {
    let start = out.len();
    out.resize(start + HEAD_BYTES, 0);
    out.push(kind);
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    out.extend_from_slice(text);
    let body = &out[start + HEAD_BYTES..];
    // no text here is longer than a line
    let (length, sum) = (body.len() as u32, crc32(body));
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + HEAD_BYTES].copy_from_slice(&sum.to_le_bytes());
}

pub(super) fn write_start(out: &mut Vec<u8>, start: &Start) {
    let Start { key, session, first, pushed, dropped, untold } = start;
    let mut numbers = vec![VERSION, *session as u64, (*session >> 64) as u64, *first, *pushed, *untold];
    numbers.extend(dropped);
    framed(out, b's', &numbers, key.as_str().as_bytes());
}

pub(super) fn write_entry(out: &mut Vec<u8>, id: u64, entry: &LogEntry) {
    let LogEntry { message, level, at, fields } = entry;
    let (has_time, micros) = (at.is_some().into(), at.map_or(0, |at| at.0.cast_unsigned()));
    let numbers = [id, *level as u64, has_time, micros, message.len() as u64];
    // fields are an object, so no text stands for none
    framed(out, b'e', &numbers, [message, fields.as_deref().unwrap_or_default()].concat().as_bytes());
}

pub(super) fn write_dropped(out: &mut Vec<u8>, id: u64) {
    framed(out, b'd', &[id], b"");
}

pub(super) fn write_line(out: &mut Vec<u8>, seq: u64, through: u64) {
    framed(out, b'l', &[seq, through], b"");
}

pub(super) fn write_text(out: &mut Vec<u8>, seq: u64, through: u64, entries: u64, payload: &str) {
    framed(out, b't', &[seq, through, entries], payload.as_bytes());
}

pub(super) fn write_blank(out: &mut Vec<u8>, seq: u64) {
    framed(out, b'b', &[seq], b"");
}

pub(super) fn write_settled(out: &mut Vec<u8>, seq: u64) {
    framed(out, b'a', &[seq], b"");
}

pub(super) fn write_first(out: &mut Vec<u8>, seq: u64) {
    framed(out, b'f', &[seq], b"");
}

pub(super) fn write_counts(out: &mut Vec<u8>, dropped: &[u64], untold: u64) {
    framed(out, b'c', &[&[untold], dropped].concat(), b"");
}

/// Takes the next record off the front; `None` where there is none that is whole.
pub(super) fn read(bytes: &mut &[u8]) -> Option<Record> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let body = rest.get(..usize::try_from(number(0)).ok()?)?;
    if crc32(body) != number(4) {
        return None;
    }
    let record = Body(body).read()?;
    *bytes = &rest[body.len()..];
    Some(record)
}

struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn read(mut self) -> Option<Record> {
        let (kind, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(match kind {
            b's' => Record::Start(self.start()?),
            b'e' => Record::Entry(self.number()?, self.entry()?),
            b'd' => Record::Dropped(self.number()?),
            b'l' => Record::Line { seq: self.number()?, through: self.number()? },
            b't' => Record::Text {
                seq: self.number()?,
                through: self.number()?,
                entries: self.number()?,
                payload: String::from_utf8(self.0.to_vec()).ok()?,
            },
            b'b' => Record::Blank(self.number()?),
            b'a' => Record::Settled(self.number()?),
            b'f' => Record::First(self.number()?),
            b'c' => Record::Counts { untold: self.number()?, dropped: self.dropped()? },
            _ => return None,
        })
    }

    fn entry(&mut self) -> Option<LogEntry> {
        let level = *Level::ALL.get(usize::try_from(self.number()?).ok()?)?;
        let (has_time, micros) = (self.number()? == 1, self.number()?.cast_signed());
        let length = usize::try_from(self.number()?).ok()?;
        let text = std::str::from_utf8(self.0).ok()?;
        let (message, fields) = text.split_at_checked(length)?;
        Some(LogEntry {
            message: message.to_owned(),
            level,
            at: has_time.then_some(UnixMicros(micros)),
            fields: (!fields.is_empty()).then(|| fields.to_owned()),
        })
    }

    fn start(&mut self) -> Option<Start> {
        if self.number()? != VERSION {
            return None;
        }
        let session = u128::from(self.number()?) | u128::from(self.number()?) << 64;
        let (first, pushed, untold) = (self.number()?, self.number()?, self.number()?);
        let dropped = self.dropped()?;
        let key = Key::parse(<&[u8; KEY_BYTES]>::try_from(self.0).ok()?).ok()?;
        Some(Start { key, session, first, pushed, dropped, untold })
    }

    fn dropped(&mut self) -> Option<[u64; Level::ALL.len()]> {
        let mut dropped = [0; Level::ALL.len()];
        for count in &mut dropped {
            *count = self.number()?;
        }
        Some(dropped)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Start {
        let key = Key::parse(b"0123456789ab").unwrap();
        Start { key, session: u128::MAX - 1, first: 7, pushed: 9, dropped: [1, 2, 3, 4, 5, 6], untold: 8 }
    }

    fn all() -> (Vec<u8>, Vec<Record>) {
        let entry = LogEntry {
            message: "Straße \u{1f600}\n".to_owned(),
            level: Level::Warn,
            at: Some(protocol::model::UnixMicros(1_795_392_000_250_001)),
            fields: Some(r#"{"id":18446744073709551615}"#.to_owned()),
        };
        let bare = LogEntry { message: String::new(), level: Level::Fatal, at: None, fields: None };
        let mut out = Vec::new();
        write_start(&mut out, &start());
        write_entry(&mut out, 10, &entry);
        write_entry(&mut out, 11, &bare);
        write_dropped(&mut out, 10);
        write_line(&mut out, 7, 9);
        write_text(&mut out, 8, 0, 3, "[]");
        write_blank(&mut out, 8);
        write_settled(&mut out, 7);
        write_first(&mut out, u64::MAX);
        write_counts(&mut out, &[1, 2, 3, 4, 5, 6], 7);
        let records = vec![
            Record::Start(start()),
            Record::Entry(10, entry),
            Record::Entry(11, bare),
            Record::Dropped(10),
            Record::Line { seq: 7, through: 9 },
            Record::Text { seq: 8, through: 0, entries: 3, payload: "[]".to_owned() },
            Record::Blank(8),
            Record::Settled(7),
            Record::First(u64::MAX),
            Record::Counts { dropped: [1, 2, 3, 4, 5, 6], untold: 7 },
        ];
        (out, records)
    }

    fn read_all(mut bytes: &[u8]) -> Vec<Record> {
        std::iter::from_fn(|| read(&mut bytes)).collect()
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let (bytes, records) = all();
        assert_eq!(read_all(&bytes), records);
    }

    #[test]
    fn wherever_it_is_torn_the_whole_records_before_count() {
        let (bytes, records) = all();
        for end in 0..bytes.len() {
            let some = read_all(&bytes[..end]);
            assert!(records.starts_with(&some) && some.len() < records.len(), "{end}: {some:?}");
        }
    }

    #[test]
    fn wherever_a_bit_is_wrong_nothing_is_read_from_there_on() {
        let (bytes, records) = all();
        for place in 0..bytes.len() {
            let mut odd = bytes.clone();
            odd[place] ^= 1 << (place % 8);
            let some = read_all(&odd);
            assert!(records.starts_with(&some) && some.len() < records.len(), "{place}: {some:?}");
        }
    }
}
