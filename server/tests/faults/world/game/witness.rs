//! Listens to both sides of a conversation, and notes what a server must never do.

use std::collections::BTreeMap;

use protocol::{
    limits::MAX_LINE_BYTES,
    line::{
        Changes, Command, Grammar, LineDecoder, Reply, parse_command, parse_logs, parse_reply, parse_report,
        parse_revised,
    },
    model::{Key, Revision, Value},
};

use super::Tally;

/// What a numbered line of the game said.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// The last log entry in it.
    entry: Option<u64>,
    counter: Option<u64>,
}

pub(super) struct Witness {
    key: Key,
    decoder: LineDecoder,
    /// By number. A line that was said again counts as it was said last: of a report, an empty one takes its place.
    said: BTreeMap<u64, Said>,
    acked: u64,
    is_greeted: bool,
}

impl Witness {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            decoder: LineDecoder::new(MAX_LINE_BYTES),
            said: BTreeMap::new(),
            acked: 0,
            is_greeted: false,
        }
    }

    pub(super) fn connected(&mut self) {
        self.decoder = LineDecoder::new(MAX_LINE_BYTES);
        self.is_greeted = false;
    }

    /// Whole lines of the game.
    pub(super) fn said(&mut self, bytes: &[u8], tally: &mut Tally) {
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let (seq, said) = match parse_command(line, Grammar::Version2) {
                Ok(Command::Report { seq: Some(seq), payload, .. }) => (seq, said_of_report(payload)),
                Ok(Command::Log { seq: Some(seq), payload, .. }) => (seq, said_of_log(payload)),
                Ok(Command::Hello { .. }) => {
                    tally.fulls = 0;
                    continue;
                }
                _ => continue,
            };
            if let Some(entry) = said.entry {
                tally.send_through(entry);
            }
            self.said.insert(seq, said);
        }
    }

    /// Bytes of the server.
    pub(super) fn heard(&mut self, bytes: &[u8], tally: &mut Tally) {
        self.decoder.feed(bytes);
        while let Some(line) = self.decoder.next_line() {
            let line = line.unwrap_or_default();
            match parse_reply(&line) {
                Ok(reply) if reply.key().is_none_or(|key| key == self.key) => self.reply(reply, tally),
                _ => tally.complain(format!("said {:?}", String::from_utf8_lossy(&line))),
            }
        }
    }

    fn reply(&mut self, reply: Reply<'_>, tally: &mut Tally) {
        match reply {
            Reply::Hello { .. } => self.is_greeted = true,
            Reply::Ok => {
                if !self.is_greeted {
                    tally.complain("did not answer h: before OK".to_owned());
                }
                (tally.connects, tally.in_sync) = (tally.connects + 1, false);
            }
            Reply::Ack { seq, .. } => self.ack(seq, tally),
            Reply::NotNow { seq, code, .. } => {
                if seq <= self.acked {
                    tally.complain(format!("did not take {seq}, which it had acked"));
                }
                *tally.put_off.entry(code.to_owned()).or_default() += 1;
            }
            Reply::Refused { seq, code, .. } => tally.refused.push((seq, code.to_owned())),
            Reply::Revised { revision, payload, .. } => match parse_revised(payload) {
                Ok(changes) => changed(tally, revision, changes),
                Err(error) => tally.complain(format!("pushed changes that can't be read: {error}")),
            },
            Reply::InSync { revision, .. } => in_sync(tally, revision.0.cast_unsigned()),
            Reply::Drain { .. } => tally.drains += 1,
            Reply::Error { code, .. } => tally.errors.push(code.to_owned()),
            Reply::Edits { .. } => tally.complain("pushed edits without a revision".to_owned()),
            Reply::Action { .. } => tally.complain("ran an action that was not declared".to_owned()),
            Reply::Ping { .. } | Reply::Pong { .. } => {}
        }
    }

    fn ack(&mut self, seq: u64, tally: &mut Tally) {
        let last = self.said.last_key_value().map_or(self.acked, |(seq, _)| *seq);
        if seq < self.acked || seq > last {
            tally.complain(format!("acked {seq} after {} of {last}", self.acked));
        }
        self.acked = self.acked.max(seq);
        let later = self.said.split_off(&(seq + 1));
        for said in std::mem::replace(&mut self.said, later).into_values() {
            tally.acked = tally.acked.max(said.entry.unwrap_or_default());
            tally.acked_counter = tally.acked_counter.max(said.counter.unwrap_or_default());
        }
    }
}

fn said_of_report(payload: &[u8]) -> Said {
    let reports = parse_report(payload).expect("a session's report");
    let counter = reports.into_iter().find(|report| report.name.as_str() == "counter");
    let counter = counter.and_then(|report| match report.value {
        Value::Int(number) => number.get().try_into().ok(),
        _ => None,
    });
    Said { entry: None, counter }
}

fn said_of_log(payload: &[u8]) -> Said {
    let entries = parse_logs(payload).expect("a session's log").entries;
    let number = |message: &str| message.rsplit(' ').next()?.parse().ok();
    Said { entry: entries.last().and_then(|entry| number(&entry.message)), counter: None }
}

fn changed(tally: &mut Tally, revision: Revision, changes: Changes) {
    let (epoch, revision) = (Some(changes.epoch), revision.0.cast_unsigned());
    if epoch == tally.epoch && revision < tally.revision {
        tally.complain(format!("pushed revision {revision} after {}", tally.revision));
    }
    if changes.full {
        tally.fulls += 1;
        tally.all_fulls += 1;
        tally.most_fulls = tally.most_fulls.max(tally.fulls);
    }
    (tally.epoch, tally.revision, tally.in_sync) = (epoch, revision, true);
}

fn in_sync(tally: &mut Tally, revision: u64) {
    if revision < tally.revision {
        tally.complain(format!("in sync at {revision} after {}", tally.revision));
    }
    (tally.revision, tally.in_sync) = (tally.revision.max(revision), true);
}
