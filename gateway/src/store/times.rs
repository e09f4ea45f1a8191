//! How it is stored when each line of a block was received, and its level: so few bytes a line that counting them is quick.
//!
//! A line is one number in LEB128: the time since the line before it in zigzag, since 1970 for the first one, and the level in
//! the lowest three bits.

use protocol::model::{Level, UnixMicros};

const LEVEL_BITS: u32 = 3;

/// Times and levels of a block that is being made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimesBuilder {
    last: i64,
    pub(crate) times: Vec<u8>,
    /// How many lines of each level, in the order of [`Level::ALL`].
    pub(crate) counts: [u64; 6],
}

impl TimesBuilder {
    /// Adds the next line.
    pub(crate) fn add(&mut self, received: UnixMicros, level: Level) {
        let since = received.0.wrapping_sub(self.last);
        self.last = received.0;
        self.counts[level as usize] += 1;
        let zigzag = since.wrapping_shl(1) ^ since.wrapping_shr(63);
        write_number((zigzag.cast_unsigned() << LEVEL_BITS) | level as u64, &mut self.times);
    }
}

/// Gives `take` the time and the level of each line. What is damaged ends it.
pub(crate) fn for_each_time(mut times: &[u8], mut take: impl FnMut(UnixMicros, Level)) {
    let mut received = 0_i64;
    while let Some(number) = read_number(&mut times) {
        let Some(level) = Level::ALL.get((number & 0b111) as usize) else { return };
        let zigzag = (number >> LEVEL_BITS).cast_signed();
        received = received.wrapping_add((zigzag >> 1) ^ -(zigzag & 1));
        take(UnixMicros(received), *level);
    }
}

/// Six counts, as they are stored.
pub(crate) fn write_counts(counts: [u64; 6]) -> Vec<u8> {
    let mut bytes = Vec::new();
    counts.into_iter().for_each(|count| write_number(count, &mut bytes));
    bytes
}

/// Six counts; `None` if they are damaged.
pub(crate) fn read_counts(mut bytes: &[u8]) -> Option<[u64; 6]> {
    let mut counts = [0; 6];
    for count in &mut counts {
        *count = read_number(&mut bytes)?;
    }
    bytes.is_empty().then_some(counts)
}

fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(times: &[u8]) -> Vec<(UnixMicros, Level)> {
        let mut all = Vec::new();
        for_each_time(times, |received, level| all.push((received, level)));
        all
    }

    #[test]
    fn a_line_in_the_same_batch_takes_a_byte() {
        let mut builder = TimesBuilder::default();
        let lines = [
            (1_790_000_000_000_000, Level::Warn),
            (1_790_000_000_000_000, Level::Fatal),
            (1_790_000_000_000_200, Level::Info),
        ];
        lines.iter().for_each(|(received, level)| builder.add(UnixMicros(*received), *level));
        assert_eq!(builder.times.len(), 8 + 1 + 2);
        assert_eq!(all(&builder.times), lines.map(|(received, level)| (UnixMicros(received), level)));
        assert_eq!(builder.counts, [0, 0, 1, 1, 0, 1]);
    }

    #[test]
    fn what_is_damaged_is_not_read() {
        assert_eq!(all(&[0b111]), []);
        assert_eq!(all(&[0xff; 20]), []);
        assert_eq!(read_counts(&[1, 2, 3]), None);
        assert_eq!(read_counts(&[0; 7]), None);
    }

    #[test]
    fn times_and_counts_come_back() {
        let received = [0, 1, -1, 127, 1 << 57, -(1 << 57), 1_790_000_000_000_000, 1_789_999_999_999_999];
        for last in received {
            let lines =
                received.map(|received| (UnixMicros(received + last), Level::ALL[received as usize % 6]));
            let mut builder = TimesBuilder::default();
            lines.iter().for_each(|(received, level)| builder.add(*received, *level));
            assert_eq!(all(&builder.times), lines);
        }
        for counts in [[0; 6], [1, 127, 128, 8_192, 1 << 40, u64::MAX]] {
            assert_eq!(read_counts(&write_counts(counts)), Some(counts));
        }
    }
}
