//! A game that speaks version 2: it keeps what is not acknowledged and sends it again.

use std::{
    collections::VecDeque,
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use protocol::{limits::MAX_LINE_BYTES, line::LineDecoder};
use serde_json::Value as Json;

use super::{
    Answered, Arrived, Client, Counts, DECLARATION, LATE, MAX_UNWRITTEN_BYTES, Promised, edited_value,
    error_code, parse_payload, unix_millis,
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
    key: Arc<str>,
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
    pub(crate) revision: u64,
    epoch: String,
    /// Whether the current connection began with changes (`v:`) and not with `s:` alone.
    pub(crate) was_pushed: bool,
    answered: Vec<Answered>,
    pub(crate) arrived: Vec<Arrived>,
    /// By code: `ERR` lines, lines not taken now, and `late` for what was left out.
    pub(crate) counts: Counts,
}

impl Version2 {
    /// Client `number` of a run, which puts `entries` log entries into each line.
    pub(crate) fn new(number: u32, key: Arc<str>, entries: u32) -> Self {
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
            revision: 0,
            epoch: String::new(),
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
        if line == b"OK" {
            ensure!(self.heard.hello, "the server speaks the original protocol only");
            self.heard.ok = true;
            return Ok(());
        }
        if let Some(code) = error_code(line) {
            self.count(&code);
            return Ok(());
        }
        let [verb, b':', rest @ ..] = line else { bail!("what is this?") };
        match verb {
            b'h' => self.hear_hello(rest),
            b'p' => {
                out.extend_from_slice(b"q:");
                out.extend_from_slice(rest);
                out.push(b'\n');
                Ok(())
            }
            b'q' => Ok(()),
            b'd' => {
                self.count("drain");
                Ok(())
            }
            b'a' => self.hear_acknowledged(number(self.behind_key(rest)?)?, now),
            b'n' => self.hear_not_taken(rest, now),
            b's' => {
                self.revision = number(self.behind_key(rest)?)?;
                self.heard.in_sync = true;
                Ok(())
            }
            b'v' => self.hear_edited(rest, now, out),
            b'x' => Ok(()),
            _ => bail!("the verb is not one of version 2"),
        }
    }

    fn hear_hello(&mut self, payload: &[u8]) -> anyhow::Result<()> {
        let hello = parse_payload(payload)?;
        ensure!(hello["proto"] == 2, "the server's h: is not of version 2");
        let inflight =
            hello["limits"]["inflight"].as_u64().context("the server's h: has no limits.inflight")?;
        self.max_unanswered = usize::try_from(inflight)?;
        self.heard.hello = true;
        Ok(())
    }

    fn behind_key<'a>(&self, rest: &'a [u8]) -> anyhow::Result<&'a [u8]> {
        let rest = rest.strip_prefix(self.key.as_bytes()).context("it is for another key")?;
        rest.strip_prefix(b":").context("there is nothing behind the key")
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

    /// `<key>:<seq>:<code>` or `<key>:<seq>:<code>:<ms>`.
    fn hear_not_taken(&mut self, rest: &[u8], now: Instant) -> anyhow::Result<()> {
        let rest = std::str::from_utf8(self.behind_key(rest)?)?;
        let mut parts = rest.split(':');
        let seq: u64 = parts.next().context("no number")?.parse()?;
        let code = parts.next().context("no code")?;
        let Some(wait) = parts.next() else { bail!("a good line was refused for good") };
        let wait = Duration::from_millis(wait.parse()?);
        self.count(code);
        let Some(first) = self.kept.front().map(|kept| kept.seq) else { return Ok(()) };
        let Some(ahead) = seq.checked_sub(first) else { return Ok(()) };
        self.on_the_way = self.on_the_way.min(usize::try_from(ahead)?);
        if self.manners == Manners::Waits {
            self.wait_until = self.wait_until.max(Some(now + wait));
        }
        Ok(())
    }

    fn hear_edited(&mut self, rest: &[u8], now: Instant, out: &mut Vec<u8>) -> anyhow::Result<()> {
        let rest = self.behind_key(rest)?;
        let colon = rest.iter().position(|&byte| byte == b':').context("no revision")?;
        let revision = number(&rest[..colon])?;
        let changes = parse_payload(&rest[colon + 1..])?;
        if let Some(value) = edited_value(&changes["vars"]) {
            self.arrived.push(Arrived { value, at: now });
        }
        if let Some(epoch) = changes["epoch"].as_str().filter(|&epoch| epoch != self.epoch) {
            epoch.clone_into(&mut self.epoch);
        }
        self.revision = revision;
        self.was_pushed |= !self.is_ready();
        self.heard.in_sync = true;
        writeln!(out, "r:{}:{revision}", self.key)?;
        Ok(())
    }

    fn write_kept(&mut self, index: usize, out: &mut Vec<u8>) {
        let Kept { seq, first, entries, .. } = self.kept[index];
        let verb = if entries == 0 { 'i' } else { 'l' };
        write!(out, "{verb}:{}:{seq}:", self.key).expect("a Vec takes all");
        match entries {
            0 => out.extend_from_slice(DECLARATION.as_bytes()),
            _ => write_entries(out, Record { client: self.number, number: first }, entries, unix_millis()),
        }
        out.push(b'\n');
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
        let Self { number, key, revision, .. } = self;
        let mut hello = serde_json::json!({
            "proto": 2,
            "device": format!("bench-{number}"),
            "session": format!("{:032x}", u128::from(*number) + 1),
            "sdk": concat!("observerio-bench/", env!("CARGO_PKG_VERSION")),
            "caps": ["ack", "rev", "ping", "drain", "json"],
        });
        if !self.epoch.is_empty() {
            hello["epoch"] = Json::from(self.epoch.as_str());
            hello["rev"] = Json::from(*revision);
        }
        write!(out, "h:{hello}\nv:{key}\n").expect("a Vec takes all");
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

fn number(digits: &[u8]) -> anyhow::Result<u64> {
    Ok(std::str::from_utf8(digits)?.parse()?)
}

#[cfg(test)]
mod tests;
