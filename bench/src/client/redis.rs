//! A writer to a Redis stream, for comparison: the same entries, lines and window, and like observerio's its
//! acknowledgement comes after the `fsync` (with `appendfsync always`).

use std::{collections::VecDeque, io::Write as _, time::Instant};

use anyhow::ensure;
use protocol::{limits::MAX_LINE_BYTES, line::LineDecoder};

use super::{Answered, Client, MAX_UNWRITTEN_BYTES, unix_millis};
use crate::{record::Record, schedule::Schedule};

/// The stream that all clients write to.
pub(crate) const STREAM: &str = "logs";

/// Entries that were sent together.
#[derive(Clone, Copy, Debug)]
struct Line {
    due: Instant,
    sent: Instant,
    unanswered: u32,
}

/// A connection to Redis that adds entries to a stream.
pub(crate) struct Redis {
    number: u32,
    entries: u32,
    decoder: LineDecoder,
    lines: VecDeque<Line>,
    said_entries: u64,
    answered: Vec<Answered>,
}

impl Redis {
    /// Client `number` of a run, which sends `entries` entries together.
    pub(crate) fn new(number: u32, entries: u32) -> Self {
        let decoder = LineDecoder::new(MAX_LINE_BYTES);
        Self { number, entries, decoder, lines: VecDeque::new(), said_entries: 0, answered: Vec::new() }
    }

    pub(crate) fn said_entries(&self) -> u64 {
        self.said_entries
    }

    fn say_line(&mut self, due: Instant, now: Instant, out: &mut Vec<u8>) {
        let at = unix_millis();
        for _ in 0..self.entries {
            self.said_entries += 1;
            let mut entry = Vec::new();
            Record { client: self.number, number: self.said_entries }.write(&mut entry, at);
            let (stream, length) = (STREAM, entry.len());
            write!(
                out,
                "*5\r\n$4\r\nXADD\r\n${}\r\n{stream}\r\n$1\r\n*\r\n$1\r\ne\r\n${length}\r\n",
                stream.len()
            )
            .expect("a Vec takes all");
            out.extend_from_slice(&entry);
            out.extend_from_slice(b"\r\n");
        }
        self.lines.push_back(Line { due, sent: now, unanswered: self.entries });
    }
}

impl Client for Redis {
    fn greet(&mut self, out: &mut Vec<u8>) {
        // an answer tells that the connection was accepted
        out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    }

    fn hear(&mut self, bytes: &[u8], now: Instant, _: &mut Vec<u8>) -> anyhow::Result<()> {
        self.decoder.feed(bytes);
        while let Some(line) = self.decoder.next_line() {
            let line = line.map_err(|_| anyhow::anyhow!("Redis said a line that is too long"))?;
            ensure!(line[0] != b'-', "Redis said {}", String::from_utf8_lossy(&line));
            // an id comes as `$<length>` and `<milliseconds>-<number>`
            if !line[0].is_ascii_digit() {
                continue;
            }
            let Some(oldest) = self.lines.front_mut() else { continue };
            oldest.unanswered -= 1;
            if oldest.unanswered == 0 {
                let (due, sent) = (oldest.due, oldest.sent);
                self.answered.push(Answered { due, sent, at: now, entries: self.entries });
                self.lines.pop_front();
            }
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn speak(&mut self, schedule: &mut Schedule, now: Instant, out: &mut Vec<u8>) -> Option<Instant> {
        while out.len() < MAX_UNWRITTEN_BYTES {
            if self.lines.len() >= schedule.window() {
                return None;
            }
            let Some(due) = schedule.take(now) else { return schedule.next_due() };
            self.say_line(due, now, out);
        }
        None
    }

    fn is_done(&self) -> bool {
        self.lines.is_empty()
    }

    fn answered(&self) -> &[Answered] {
        &self.answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Load;

    #[test]
    fn a_line_is_answered_with_its_last_entry() {
        let now = Instant::now();
        let (mut client, mut out) = (Redis::new(1, 2), Vec::new());
        let mut schedule = Schedule::new(0, 1);
        schedule.begin(Load::FlatOut { window: 2 });
        client.speak(&mut schedule, now, &mut out);
        assert_eq!(out.windows(4).filter(|bytes| bytes == b"XADD").count(), 4);
        client.hear(b"+PONG\r\n$3\r\n1-0\r\n$3\r\n1", now, &mut out).unwrap();
        assert_eq!(client.answered().len(), 0);
        client.hear(b"-1\r\n", now, &mut out).unwrap();
        assert_eq!(client.answered().len(), 1);
        assert_eq!((client.answered()[0].entries, client.is_done()), (2, false));
        assert!(client.hear(b"-ERR no room\r\n", now, &mut out).is_err());
    }
}
