//! A game that speaks version 2: it keeps what is not acknowledged and sends it again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use protocol::{
    limits::MAX_LINE_BYTES,
    line::{
        Caps, Command, Hello, LineDecoder, Reply, encode_hello, parse_reply, parse_revised,
        parse_server_hello, write_command,
    },
    model::{Key, Revision},
};

use super::{
    Answered, Arrived, Client, Counts, DECLARATION, LATE, MAX_UNWRITTEN_BYTES, Promised, edited_value,
    unix_millis,
};
use crate::{
    record::{Record, write_entries},
    schedule::{Load, Schedule},
};

/// What it makes of "not now".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Says nothing until the time is over, then all of it again.
    Waits,
    /// Goes on at its own pace, with what was refused.
    GoesOn,
}

/// A line that is not acknowledged. Its text is made anew each time: it follows from the numbers.
#[derive(Clone, Copy, Debug)]
struct Kept {
    seq: u64,
    due: Instant,
    sent: Instant,
    first: u64,
    /// 0: it is the declaration.
    entries: u32,
}

/// What has come since the connection began.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    hello: bool,
    ok: bool,
    acknowledged: bool,
    in_sync: bool,
}

/// One session of version 2.
pub(crate) struct Version2 {
    number: u32,
    key: Key,
    entries: u32,
    declares: bool,
    manners: Manners,
    decoder: LineDecoder,
    heard: Heard,
    /// As granted by the server.
    max_unanswered: usize,
    kept: VecDeque<Kept>,
    /// How many of `kept` are on their way; the others are to be said (again).
    on_the_way: usize,
    wait_until: Option<Instant>,
    said_lines: u64,
    said_entries: u64,
    acknowledged_lines: u64,
    acknowledged_entries: u64,
    /// The project's revision that it has.
    pub(crate) revision: Revision,
    epoch: Option<String>,
    /// Whether the current connection began with changes (`v:`) and not with `s:` alone.
    pub(crate) was_pushed: bool,
    answered: Vec<Answered>,
    pub(crate) arrived: Vec<Arrived>,
    /// By code: `ERR` lines, lines not taken now, and `late` for what was left out.
    pub(crate) counts: Counts,
}

impl Version2 {
    /// Client `number` of a run, which puts `entries` log entries into each line.
    pub(crate) fn new(number: u32, key: Key, entries: u32) -> Self {
        Self {
            number,
            key,
            entries,
            declares: false,
            manners: Manners::Waits,
            decoder: LineDecoder::new(MAX_LINE_BYTES),
            heard: Heard::default(),
            max_unanswered: 0,
            kept: VecDeque::new(),
            on_the_way: 0,
            wait_until: None,
            said_lines: 0,
            said_entries: 0,
            acknowledged_lines: 0,
            acknowledged_entries: 0,
            revision: Revision(0),
            epoch: None,
            was_pushed: false,
            answered: Vec::new(),
            arrived: Vec::new(),
            counts: Counts::new(),
        }
    }

    /// Its first line declares the variable.
    pub(crate) fn declaring(mut self) -> Self {
        self.declares = true;
        self
    }

    pub(crate) fn with_manners(mut self, manners: Manners) -> Self {
        self.manners = manners;
        self
    }

    pub(crate) fn promised(&self) -> Promised {
        Promised {
            client: self.number,
            acknowledged: self.acknowledged_entries,
            said: self.said_entries,
            gaps: false,
        }
    }

    fn count(&mut self, what: &str) {
        match self.counts.get_mut(what) {
            Some(count) => *count += 1,
            None => drop(self.counts.insert(what.to_owned(), 1)),
        }
    }

    fn hear_line(&mut self, line: &[u8], now: Instant, out: &mut Vec<u8>) -> anyhow::Result<()> {
        let reply = parse_reply(line)?;
        ensure!(reply.key().is_none_or(|key| key == self.key), "it is for another key");
        match reply {
            Reply::Ok => {
                ensure!(self.heard.hello, "the server speaks the original protocol only");
                self.heard.ok = true;
            }
            Reply::Hello { payload } => {
                self.max_unanswered = usize::try_from(parse_server_hello(payload)?.max_inflight)?;
                self.heard.hello = true;
            }
            Reply::Ack { seq, .. } => self.hear_acknowledged(seq, now)?,
            Reply::NotNow { seq, code, retry_millis, .. } => {
                self.hear_not_taken(seq, code, retry_millis, now)?
            }
            Reply::Refused { .. } => bail!("a good line was refused for good"),
            Reply::InSync { revision, .. } => {
                self.revision = revision;
                self.heard.in_sync = true;
            }
            Reply::Revised { revision, payload, .. } => self.hear_edited(revision, payload, now, out)?,
            Reply::Edits { .. } => bail!("these edits have no revision"),
            Reply::Ping { token } => write_command(out, &Command::Pong { token }),
            Reply::Drain { .. } => self.count("drain"),
            Reply::Error { code, .. } => self.count(code),
            Reply::Pong { .. } | Reply::Action { .. } => {}
        }
        Ok(())
    }

    fn hear_acknowledged(&mut self, seq: u64, now: Instant) -> anyhow::Result<()> {
        let (acknowledged, said) = (self.acknowledged_lines, self.said_lines);
        ensure!(seq <= said, "line {seq} is acknowledged, but only {said} were said");
        ensure!(seq >= acknowledged, "line {acknowledged} was acknowledged, now it is {seq}: lines are lost");
        while let Some(&Kept { due, sent, entries, .. }) = self.kept.front().filter(|kept| kept.seq <= seq) {
            self.kept.pop_front();
            self.on_the_way = self.on_the_way.saturating_sub(1);
            self.acknowledged_entries += u64::from(entries);
            if entries > 0 {
                self.answered.push(Answered { due, sent, at: now, entries });
            }
        }
        self.acknowledged_lines = seq;
        self.heard.acknowledged = true;
        Ok(())
    }

    fn hear_not_taken(&mut self, seq: u64, code: &str, millis: u64, now: Instant) -> anyhow::Result<()> {
        self.count(code);
        let Some(first) = self.kept.front().map(|kept| kept.seq) else { return Ok(()) };
        let Some(ahead) = seq.checked_sub(first) else { return Ok(()) };
        self.on_the_way = self.on_the_way.min(usize::try_from(ahead)?);
        if self.manners == Manners::Waits {
            self.wait_until = self.wait_until.max(Some(now + Duration::from_millis(millis)));
        }
        Ok(())
    }

    fn hear_edited(
        &mut self,
        revision: Revision,
        payload: &[u8],
        now: Instant,
        out: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        let changes = parse_revised(payload)?;
        if let Some(value) = edited_value(&changes.vars) {
            self.arrived.push(Arrived { value, at: now });
        }
        self.epoch = Some(changes.epoch);
        self.revision = revision;
        self.was_pushed |= !self.is_ready();
        self.heard.in_sync = true;
        write_command(out, &Command::Applied { key: self.key, revision, payload: b"" });
        Ok(())
    }

    fn write_kept(&mut self, index: usize, out: &mut Vec<u8>) {
        let Kept { seq, first, entries, .. } = self.kept[index];
        let (key, seq) = (self.key, Some(seq));
        if entries == 0 {
            return write_command(out, &Command::Report { key, seq, payload: DECLARATION.as_bytes() });
        }
        let mut payload = Vec::new();
        write_entries(&mut payload, Record { client: self.number, number: first }, entries, unix_millis());
        write_command(out, &Command::Log { key, seq, payload: &payload });
    }

    fn keep(&mut self, due: Instant, now: Instant, entries: u32) {
        self.said_lines += 1;
        let first = self.said_entries + 1;
        self.said_entries += u64::from(entries);
        self.kept.push_back(Kept { seq: self.said_lines, due, sent: now, first, entries });
    }

    fn say_next(&mut self, out: &mut Vec<u8>) {
        self.write_kept(self.on_the_way, out);
        self.on_the_way += 1;
    }

    fn speak_patiently(
        &mut self,
        schedule: &mut Schedule,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Option<Instant> {
        if let Some(until) = self.wait_until {
            if now < until {
                return Some(until);
            }
            self.wait_until = None;
        }
        let window = schedule.window().min(self.max_unanswered);
        while out.len() < MAX_UNWRITTEN_BYTES {
            if self.on_the_way == self.kept.len() {
                if self.kept.len() >= window {
                    return None;
                }
                let Some(due) = schedule.take(now) else { return schedule.next_due() };
                self.keep(due, now, self.entries);
            }
            self.say_next(out);
        }
        None
    }

    /// Something at every moment: what was refused, or else a new line, or else the oldest once more.
    fn speak_regardless(
        &mut self,
        schedule: &mut Schedule,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Option<Instant> {
        while out.len() < MAX_UNWRITTEN_BYTES {
            let Some(due) = schedule.take(now) else { return schedule.next_due() };
            if now.duration_since(due) > LATE {
                self.count("late");
                continue;
            }
            if self.on_the_way == self.kept.len() {
                match self.kept.len() < schedule.window() {
                    true => self.keep(due, now, self.entries),
                    false => self.on_the_way = 0,
                }
            }
            self.say_next(out);
        }
        None
    }
}

impl Client for Version2 {
    fn greet(&mut self, out: &mut Vec<u8>) {
        self.decoder = LineDecoder::new(MAX_LINE_BYTES);
        (self.heard, self.on_the_way, self.wait_until) = (Heard::default(), 0, None);
        self.was_pushed = false;
        let hello = Hello {
            proto: 2,
            device: Some(format!("bench-{}", self.number)),
            session: Some(format!("{:032x}", u128::from(self.number) + 1)),
            sdk: Some(concat!("observerio-bench/", env!("CARGO_PKG_VERSION")).to_owned()),
            caps: Caps::ALL,
            epoch: self.epoch.clone(),
            rev: self.epoch.as_ref().map(|_| self.revision),
            ..Hello::default()
        };
        write_command(out, &Command::Hello { payload: encode_hello(&hello).as_bytes() });
        write_command(out, &Command::Verify { key: self.key });
    }

    fn hear(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<u8>) -> anyhow::Result<()> {
        self.decoder.feed(bytes);
        while let Some(line) = self.decoder.next_line() {
            let line = line.map_err(|_| anyhow::anyhow!("the server said a line that is too long"))?;
            let heard = self.hear_line(&line, now, out);
            heard.with_context(|| {
                format!("client {}: the server said {}", self.number, String::from_utf8_lossy(&line))
            })?;
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let Heard { hello, ok, acknowledged, in_sync } = self.heard;
        hello && ok && acknowledged && in_sync
    }

    fn speak(&mut self, schedule: &mut Schedule, now: Instant, out: &mut Vec<u8>) -> Option<Instant> {
        if !self.is_ready() {
            return None;
        }
        if self.declares && self.said_lines == 0 {
            self.keep(now, now, 0);
        }
        match (self.manners, schedule.load()) {
            (Manners::GoesOn, Load::Paced { .. }) => self.speak_regardless(schedule, now, out),
            _ => self.speak_patiently(schedule, now, out),
        }
    }

    fn is_done(&self) -> bool {
        self.kept.is_empty()
    }

    fn answered(&self) -> &[Answered] {
        &self.answered
    }
}

#[cfg(test)]
mod tests;
