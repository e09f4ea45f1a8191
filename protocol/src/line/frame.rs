//! Bytes in any number of pieces → whole lines.

/// A line went over the limit. What follows can't be told apart from its rest, so the connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineTooLong {
    /// The limit that was in force, in bytes.
    pub max_line_bytes: usize,
    /// What it began with.
    pub beginning: Vec<u8>,
}

/// As much of a line as tells people which one it was.
const BEGINNING_BYTES: usize = 256;
/// What editors and some libraries put before a text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Splits what is fed into lines: `\n` ends one, a `\r` before it, blanks around it and a byte order mark at its beginning
/// are dropped, empty lines are skipped. Holds at most one unfinished line and the bytes of the last feed.
#[derive(Debug)]
pub struct LineDecoder {
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where the unfinished line was searched for its end.
    searched: usize,
    max_line_bytes: usize,
}

/// What an idle connection may keep allocated.
const IDLE_CAPACITY: usize = 1024;

impl LineDecoder {
    /// An empty decoder with a limit on a line without its newline.
    pub fn new(max_line_bytes: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, searched: 0, max_line_bytes }
    }

    /// Changes the limit for every line not yet given out.
    pub fn set_max_line_bytes(&mut self, max_line_bytes: usize) {
        self.max_line_bytes = max_line_bytes;
    }

    /// What it takes in memory now, in bytes.
    pub fn held_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line, or `None` until more is fed.
    ///
    /// # Errors
    /// [`LineTooLong`] as soon as a line is over the limit, whether or not its end has come.
    pub fn next_line(&mut self) -> Option<Result<Vec<u8>, LineTooLong>> {
        loop {
            let Some(offset) = memchr::memchr(b'\n', &self.buffer[self.searched..]) else {
                self.searched = self.buffer.len();
                if self.start == self.searched {
                    self.release();
                }
                // one more than the limit may be the `\r` whose `\n` is yet to come
                let slack = usize::from(self.buffer.last() == Some(&b'\r'));
                let is_too_long = self.searched - self.start > self.max_line_bytes.saturating_add(slack);
                return is_too_long.then(|| Err(self.too_long(&self.buffer[self.start..])));
            };
            let end = self.searched + offset;
            let line = &self.buffer[self.start..end];
            self.start = end + 1;
            self.searched = self.start;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.len() > self.max_line_bytes {
                return Some(Err(self.too_long(line)));
            }
            let line = bare(line);
            if !line.is_empty() {
                return Some(Ok(line.to_vec()));
            }
        }
    }

    fn too_long(&self, line: &[u8]) -> LineTooLong {
        // of what has come whatever the pieces were
        let beginning = line[..BEGINNING_BYTES.min(self.max_line_bytes)].to_vec();
        LineTooLong { max_line_bytes: self.max_line_bytes, beginning }
    }

    /// The peer says no more: what it said behind the last newline, if that is anything.
    pub fn take_rest(&mut self) -> Option<Vec<u8>> {
        let rest = &self.buffer[self.start..];
        let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        let line = bare(rest).to_vec();
        let is_line = !line.is_empty() && rest.len() <= self.max_line_bytes;
        self.buffer = Vec::new();
        (self.start, self.searched) = (0, 0);
        is_line.then_some(line)
    }

    /// Everything was given out: an idle connection keeps no large buffer.
    fn release(&mut self) {
        match self.buffer.capacity() > IDLE_CAPACITY {
            true => self.buffer = Vec::new(),
            false => self.buffer.clear(),
        }
        (self.start, self.searched) = (0, 0);
    }
}

fn bare(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    line.strip_prefix(BYTE_ORDER_MARK).map_or(line, <[u8]>::trim_ascii_start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]], max: usize) -> Vec<Result<Vec<u8>, LineTooLong>> {
        let mut decoder = LineDecoder::new(max);
        let mut lines = Vec::new();
        for piece in pieces {
            decoder.feed(piece);
            while let Some(line) = decoder.next_line() {
                let stop = line.is_err();
                lines.push(line);
                if stop {
                    return lines;
                }
            }
        }
        lines
    }

    #[test]
    fn carriage_returns_blanks_and_empty_lines_are_dropped() {
        let lines = decode(&[b" v:a \r\n\r\n \n\ti:b\nrest"], 100);
        assert_eq!(lines, [Ok(b"v:a".to_vec()), Ok(b"i:b".to_vec())]);
    }

    #[test]
    fn a_byte_order_mark_is_dropped_at_the_beginning_of_a_line_only() {
        let lines = decode(
            &[b"\xef\xbb\xbfv:a\n\xef\xbb", b"\xbf i:\xef\xbb\xbf\n\xef\xbb\xbf\r\n\xef\xbbl:\n"],
            100,
        );
        assert_eq!(lines, [Ok(b"v:a".to_vec()), Ok(b"i:\xef\xbb\xbf".to_vec()), Ok(b"\xef\xbbl:".to_vec())]);
    }

    #[test]
    fn what_stands_behind_the_last_newline_is_there_once() {
        let mut decoder = LineDecoder::new(9);
        decoder.feed(b"v:a\n\xef\xbb\xbf l:b\r");
        assert_eq!(decoder.next_line(), Some(Ok(b"v:a".to_vec())));
        assert_eq!((decoder.next_line(), decoder.take_rest()), (None, Some(b"l:b".to_vec())));
        assert_eq!((decoder.take_rest(), decoder.next_line()), (None, None));
        decoder.feed(b"  \r");
        assert_eq!(decoder.take_rest(), None);
        decoder.feed(b"0123456789");
        assert_eq!(decoder.take_rest(), None, "longer than a line may be");
    }

    #[test]
    fn the_limit_is_exact() {
        assert_eq!(decode(&[b"123\n"], 3), [Ok(b"123".to_vec())]);
        assert_eq!(decode(&[b"123\r\n"], 3), [Ok(b"123".to_vec())]);
        assert_eq!(decode(&[b"123\r", b"\n"], 3), [Ok(b"123".to_vec())]);
        let too_long = |beginning: &[u8]| LineTooLong { max_line_bytes: 3, beginning: beginning.to_vec() };
        assert_eq!(decode(&[b"1234\n"], 3), [Err(too_long(b"123"))]);
        assert_eq!(decode(&[b"12", b"34"], 3), [Err(too_long(b"123"))]);
    }

    #[test]
    fn memory_is_given_back_when_idle() {
        let mut decoder = LineDecoder::new(1 << 20);
        decoder.feed(&vec![b'x'; 500_000]);
        decoder.feed(b"\n");
        assert_eq!(decoder.next_line().unwrap().unwrap().len(), 500_000);
        assert_eq!(decoder.next_line(), None);
        assert!(decoder.buffer.capacity() <= IDLE_CAPACITY);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), any::<u8>()], 0..300),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..20),
            max in 1usize..60,
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            pieces.push(&bytes[from..]);
            prop_assert_eq!(decode(&pieces, max), decode(&[&bytes], max));
        }
    }
}
