//! A game that speaks the original protocol: it just writes, and nothing is acknowledged.

use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{
    limits::MAX_LINE_BYTES,
    line::{Command, LineDecoder, Reply, parse_edits, parse_reply, to_base64, write_command},
    model::Key,
};

use super::{
    Answered, Arrived, Client, Counts, DECLARATION, LATE, MAX_UNWRITTEN_BYTES, Promised, edited_value,
    unix_millis,
};
use crate::{
    record::{Record, write_entries},
    schedule::{Load, Schedule},
};

/// A game of the original protocol.
pub(crate) struct Original {
    number: u32,
    key: Key,
    entries: u32,
    /// Whether a connection begins with values that people have set, as it does once there are any.
    awaits_values: bool,
    decoder: LineDecoder,
    is_verified: bool,
    has_values: bool,
    said_entries: u64,
    pub(crate) arrived: Vec<Arrived>,
    /// By code: `ERR` lines, and `late` for what was left out.
    pub(crate) counts: Counts,
}

impl Original {
    /// Client `number` of a run, which declares the variable and puts `entries` log entries into each line.
    pub(crate) fn new(number: u32, key: Key, entries: u32) -> Self {
        Self {
            number,
            key,
            entries,
            awaits_values: false,
            decoder: LineDecoder::new(MAX_LINE_BYTES),
            is_verified: false,
            has_values: false,
            said_entries: 0,
            arrived: Vec::new(),
            counts: Counts::new(),
        }
    }

    /// A connection is only ready when it was told the values that people have set.
    pub(crate) fn awaiting_values(mut self) -> Self {
        self.awaits_values = true;
        self
    }

    pub(crate) fn promised(&self) -> Promised {
        Promised { client: self.number, acknowledged: 0, said: self.said_entries, gaps: true }
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    fn hear_line(&mut self, line: &[u8], now: Instant) -> anyhow::Result<()> {
        let reply = parse_reply(line)?;
        ensure!(reply.key().is_none_or(|key| key == self.key), "it is for another key");
        match reply {
            Reply::Ok => self.is_verified = true,
            Reply::Error { code, .. } => self.count(code),
            Reply::Edits { payload, .. } => {
                if let Some(value) = edited_value(&parse_edits(payload)?) {
                    self.arrived.push(Arrived { value, at: now });
                }
                self.has_values = true;
            }
            _ => bail!("the original protocol has no such line"),
        }
        Ok(())
    }

    fn say_entries(&mut self, out: &mut Vec<u8>) {
        let mut entries = Vec::new();
        let first = Record { client: self.number, number: self.said_entries + 1 };
        write_entries(&mut entries, first, self.entries, unix_millis());
        self.said_entries += u64::from(self.entries);
        let payload = STANDARD.encode(entries);
        write_command(out, &Command::Log { key: self.key, seq: None, payload: payload.as_bytes() });
    }
}

impl Client for Original {
    fn greet(&mut self, out: &mut Vec<u8>) {
        self.decoder = LineDecoder::new(MAX_LINE_BYTES);
        (self.is_verified, self.has_values) = (false, false);
        let (key, payload) = (self.key, to_base64(DECLARATION));
        write_command(out, &Command::Verify { key });
        write_command(out, &Command::Report { key, seq: None, payload: payload.as_bytes() });
    }

    fn hear(&mut self, bytes: &[u8], now: Instant, _: &mut Vec<u8>) -> anyhow::Result<()> {
        self.decoder.feed(bytes);
        while let Some(line) = self.decoder.next_line() {
            let line = line.map_err(|_| anyhow::anyhow!("the server said a line that is too long"))?;
            let heard = self.hear_line(&line, now);
            heard.with_context(|| {
                format!("original client {}: the server said {}", self.number, String::from_utf8_lossy(&line))
            })?;
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        self.is_verified && (self.has_values || !self.awaits_values)
    }

    /// Writes at its own pace, never flat out, for there would be no end to it; what the socket does not
    /// take in time is left out.
    fn speak(&mut self, schedule: &mut Schedule, now: Instant, out: &mut Vec<u8>) -> Option<Instant> {
        if !self.is_ready() || !matches!(schedule.load(), Load::Paced { .. }) {
            return None;
        }
        while out.len() < MAX_UNWRITTEN_BYTES {
            let Some(due) = schedule.take(now) else { return schedule.next_due() };
            match now.duration_since(due) > LATE {
                true => self.count("late"),
                false => self.say_entries(out),
            }
        }
        None
    }

    fn is_done(&self) -> bool {
        true
    }

    fn answered(&self) -> &[Answered] {
        &[]
    }
}
