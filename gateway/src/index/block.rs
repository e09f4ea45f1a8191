//! The words of consecutive lines, and for each word the lines that have it.
//!
//! `words` is each different word once, with a line feed before the first and after every one. `lines` is, in the same order,
//! the size of a list and the list: the places of the lines, counted from the block's first number, as differences. All
//! numbers are LEB128.

use std::collections::HashMap;

use memchr::{memchr, memchr_iter, memmem::Finder};
use protocol::model::{LogLine, UnixMicros};

use super::{
    gram_set::GramSet,
    words::{make_plain, tag_of_device, tag_of_level, unescaped, words},
};
use crate::store::{LogBlock, MAX_SPAN, TimesBuilder};

/// Numbers of one block at most.
pub(crate) const SPAN: u64 = MAX_SPAN;
/// Bytes of text in one block; the last line may go beyond.
const MAX_TEXT_BYTES: u64 = 2 << 20;

/// A block that is being made.
#[derive(Default)]
pub(crate) struct BlockBuilder {
    places: HashMap<Box<str>, usize>,
    words: Vec<u8>,
    lists: Vec<List>,
    grams: Option<GramSet>,
    /// Everything of the block but its index.
    head: Option<Head>,
    times: TimesBuilder,
    plain: String,
}

struct Head {
    first_seq: u64,
    last_seq: u64,
    earliest: UnixMicros,
    latest: UnixMicros,
    text_bytes: u64,
}

/// The lines that have a word.
#[derive(Default)]
struct List {
    last: Option<u32>,
    differences: Vec<u8>,
}

impl BlockBuilder {
    /// Adds the next line, if there is room for it.
    pub(crate) fn add(&mut self, line: &LogLine) -> bool {
        let Some(place) = self.place(line) else { return false };
        let mut plain = std::mem::take(&mut self.plain);
        let escapes = line.fields.as_deref().and_then(unescaped);
        for text in [Some(&*line.message), line.fields.as_deref(), escapes.as_deref()].into_iter().flatten() {
            make_plain(text, &mut plain);
            words(&plain).for_each(|word| self.list(word).add(place));
        }
        self.plain = plain;
        for tag in [tag_of_level(line.level), tag_of_device(line.device)] {
            self.list(&tag).add(place);
        }
        true
    }

    /// The line's place in the block.
    fn place(&mut self, line: &LogLine) -> Option<u32> {
        let bytes = (line.message.len() + line.fields.as_ref().map_or(0, String::len)) as u64;
        let head = self.head.get_or_insert(Head {
            first_seq: line.seq,
            last_seq: line.seq,
            earliest: line.received,
            latest: line.received,
            text_bytes: 0,
        });
        let place = line.seq.checked_sub(head.first_seq).filter(|place| *place < SPAN)?;
        if line.seq < head.last_seq || head.text_bytes >= MAX_TEXT_BYTES {
            return None;
        }
        head.last_seq = line.seq;
        head.earliest = head.earliest.min(line.received);
        head.latest = head.latest.max(line.received);
        head.text_bytes += bytes;
        self.times.add(line.received, line.level);
        u32::try_from(place).ok()
    }

    fn list(&mut self, word: &str) -> &mut List {
        let place = match self.places.get(word) {
            Some(place) => *place,
            None => {
                if self.words.is_empty() {
                    self.words.push(b'\n');
                }
                self.words.extend_from_slice(word.as_bytes());
                self.words.push(b'\n');
                self.grams.get_or_insert_with(GramSet::new).add(word);
                self.places.insert(word.into(), self.lists.len());
                self.lists.push(List::default());
                self.lists.len() - 1
            }
        };
        &mut self.lists[place]
    }

    /// The block; `None` without a line.
    pub(crate) fn finish(self) -> Option<LogBlock> {
        let Self { words, lists, grams, head, times: TimesBuilder { times, counts, .. }, .. } = self;
        let head = head?;
        let mut lines = Vec::with_capacity(lists.iter().map(|list| list.differences.len() + 2).sum());
        for List { differences, .. } in lists {
            write_number(differences.len() as u32, &mut lines);
            lines.extend(differences);
        }
        let Head { first_seq, last_seq, earliest, latest, text_bytes } = head;
        let grams = grams.unwrap_or_else(GramSet::new).into_bytes();
        Some(LogBlock {
            first_seq,
            last_seq,
            earliest,
            latest,
            text_bytes,
            grams,
            words,
            lines,
            counts,
            times,
        })
    }
}

/// Whether a block with this first and last number and so many bytes of text takes further lines.
pub(crate) fn has_room(first_seq: u64, last_seq: u64, text_bytes: u64) -> bool {
    last_seq - first_seq + 1 < SPAN && text_bytes < MAX_TEXT_BYTES
}

impl List {
    /// Adds a line behind those that are there.
    fn add(&mut self, place: u32) {
        match self.last {
            Some(last) if last == place => return,
            last => write_number(place - last.unwrap_or(0), &mut self.differences),
        }
        self.last = Some(place);
    }
}

/// Lines of a block, by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places(Vec<u64>);

impl Places {
    /// No line.
    pub(crate) fn none() -> Self {
        Self(vec![0; SPAN as usize / 64])
    }

    /// All lines that a block can have.
    pub(crate) fn all() -> Self {
        Self(vec![u64::MAX; SPAN as usize / 64])
    }

    /// Leaves those that are in both.
    pub(crate) fn keep(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(one, other)| *one &= other);
    }

    fn add(&mut self, place: u32) {
        // a damaged list may name more
        if let Some(bits) = self.0.get_mut(place as usize / 64) {
            *bits |= 1 << (place % 64);
        }
    }

    /// Adds those of the others.
    pub(crate) fn merge(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(one, other)| *one |= other);
    }

    /// In descending order.
    pub(crate) fn descending(&self) -> impl Iterator<Item = u64> {
        let bits = |(n, bits): (usize, &u64)| {
            let bits = *bits;
            (0..64).rev().filter(move |bit| bits & (1 << bit) != 0).map(move |bit| n as u64 * 64 + bit)
        };
        self.0.iter().enumerate().rev().flat_map(bits)
    }
}

/// The index of a block, as it is stored.
pub(crate) struct BlockWords<'a> {
    pub(crate) words: &'a [u8],
    pub(crate) lines: &'a [u8],
}

impl BlockWords<'_> {
    /// The lines with a word that has `piece` in it.
    pub(crate) fn lines_with(&self, piece: &str) -> Places {
        let finder = Finder::new(piece);
        let (mut found, mut from, mut counted, mut count) = (Vec::new(), 0, 0, 0);
        while let Some(at) = finder.find(&self.words[from..]).map(|at| from + at) {
            count += memchr_iter(b'\n', &self.words[counted..at]).count();
            found.extend(count.checked_sub(1));
            // on behind this word
            let end = memchr(b'\n', &self.words[at..]).map_or(self.words.len(), |end| at + end);
            (from, counted) = (end, end);
        }
        self.lines_of(&found)
    }

    /// The lines with one of these tags.
    pub(crate) fn lines_tagged(&self, tags: &[String]) -> Places {
        let place = |tag: &String| {
            let at = Finder::new(&format!("\n{tag}\n")).find(self.words)?;
            Some(memchr_iter(b'\n', &self.words[..at]).count())
        };
        let mut found: Vec<usize> = tags.iter().filter_map(place).collect();
        found.sort_unstable();
        self.lines_of(&found)
    }

    /// The lines of these words, which are in order.
    fn lines_of(&self, words: &[usize]) -> Places {
        let mut places = Places::none();
        let (mut rest, mut wanted) = (self.lines, words.iter().peekable());
        let mut word = 0;
        while wanted.peek().is_some() {
            let Some(size) = read_number(&mut rest) else { break };
            let Some((list, others)) = rest.split_at_checked(size as usize) else { break };
            if wanted.next_if_eq(&&word).is_some() {
                let (mut list, mut place) = (list, 0_u32);
                while let Some(difference) = read_number(&mut list) {
                    place = place.saturating_add(difference);
                    places.add(place);
                }
            }
            rest = others;
            word += 1;
        }
        places
    }
}

fn write_number(mut number: u32, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use protocol::model::{DeviceId, Level};

    use super::*;

    fn line(seq: u64, message: &str) -> LogLine {
        let (device, level) = (DeviceId(seq as i64 % 3), Level::Info);
        // not in the order of their numbers
        let received = UnixMicros(if seq == 1_001 { 9_000 } else { seq as i64 });
        LogLine { seq, device, at: UnixMicros(7), received, level, message: message.to_owned(), fields: None }
    }

    fn block(lines: &[LogLine]) -> LogBlock {
        let mut builder = BlockBuilder::default();
        assert!(lines.iter().all(|line| builder.add(line)));
        builder.finish().unwrap()
    }

    fn with(block: &LogBlock, piece: &str) -> Vec<u64> {
        let words = BlockWords { words: &block.words, lines: &block.lines };
        words.lines_with(piece).descending().collect()
    }

    #[test]
    fn a_word_is_found_wherever_it_is() {
        let mut last = line(1_300, "the last boss boss");
        last.fields = Some(r#"{"room":"caf\u00e9","x":12}"#.to_owned());
        let block = block(&[line(1_000, "Boss_Spawn"), line(1_001, "nothing"), last]);
        assert_eq!(with(&block, "boss"), [300, 0]);
        assert_eq!(with(&block, "boss_spawn"), [0]);
        assert_eq!(with(&block, "oss"), [300, 0]);
        assert_eq!(with(&block, "noth"), [1]);
        for piece in ["cafe", "room", "12", "the", "last"] {
            assert_eq!(with(&block, piece), [300], "{piece}");
        }
        assert_eq!(with(&block, "lost"), [0; 0]);
        assert_eq!((block.first_seq, block.last_seq), (1_000, 1_300));
        assert_eq!((block.earliest.0, block.latest.0), (1_000, 9_000));
        assert_eq!(block.text_bytes, 10 + 7 + 18 + 27);
    }

    #[test]
    fn tags_are_found_whole() {
        let lines: Vec<LogLine> = (0..30)
            .map(|n| LogLine { device: DeviceId(if n % 10 == 0 { 1 } else { 11 }), ..line(n, "#1 @1") })
            .collect();
        let block = block(&lines);
        let words = BlockWords { words: &block.words, lines: &block.lines };
        let tagged = |tags: &[String]| words.lines_tagged(tags).descending().collect::<Vec<_>>();
        assert_eq!(tagged(&[tag_of_device(DeviceId(1))]), [20, 10, 0]);
        assert_eq!(tagged(&[tag_of_device(DeviceId(11)), tag_of_device(DeviceId(1))]).len(), 30);
        assert_eq!(tagged(&[tag_of_level(Level::Warn)]), [0; 0]);
        assert_eq!(tagged(&[]), [0; 0]);
        let mut both = words.lines_tagged(&[tag_of_level(Level::Info)]);
        both.keep(&words.lines_tagged(&[tag_of_device(DeviceId(1))]));
        assert_eq!(both.descending().collect::<Vec<_>>(), [20, 10, 0]);
    }

    #[test]
    fn a_block_ends_with_its_numbers_or_its_text() {
        let mut builder = BlockBuilder::default();
        assert!(builder.finish().is_none());
        builder = BlockBuilder::default();
        assert!(builder.add(&line(5, "a")) && builder.add(&line(4 + SPAN, "b")));
        assert!(
            !builder.add(&line(5 + SPAN, "c")) && !builder.add(&line(6, "c")) && !builder.add(&line(1, "c"))
        );
        let block = builder.finish().unwrap();
        assert_eq!(
            (block.last_seq, with(&block, "b"), with(&block, "c")),
            (4 + SPAN, vec![SPAN - 1], vec![])
        );
        assert!(!has_room(5, 4 + SPAN, 0) && has_room(5, 3 + SPAN, 0));

        let long = "x".repeat(MAX_TEXT_BYTES as usize);
        let mut builder = BlockBuilder::default();
        assert!(builder.add(&line(1, &long)) && !builder.add(&line(2, "a")));
        let block = builder.finish().unwrap();
        assert_eq!(block.last_seq, 1);
        assert!(!has_room(1, 1, block.text_bytes) && has_room(1, 1, block.text_bytes - 1));
    }

    #[test]
    fn what_is_damaged_names_some_lines_and_does_no_harm() {
        let block = block(&[line(1, "boss spawned"), line(2, "boss died")]);
        for cut in 0..block.lines.len() {
            let words = BlockWords { words: &block.words, lines: &block.lines[..cut] };
            assert!(words.lines_with("died").descending().count() <= 1);
        }
        let words =
            BlockWords { words: &block.words, lines: &[5, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0xff, 0x7f] };
        assert_eq!(words.lines_with("boss").descending().count(), 0);
        assert_eq!(words.lines_with("spawned").descending().count(), 0);
        assert_eq!(BlockWords { words: b"", lines: b"" }.lines_with("boss").descending().count(), 0);
    }

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u32::MAX] {
            let mut bytes = Vec::new();
            write_number(number, &mut bytes);
            let mut rest = &bytes[..];
            assert_eq!((read_number(&mut rest), rest.len()), (Some(number), 0));
        }
    }
}
