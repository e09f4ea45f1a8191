//! A game of the original grammar, which the SDK only speaks to a server that has no other: it sends and forgets, and obeys.

use std::time::Duration;

use protocol::{
    limits::MAX_LINE_BYTES,
    line::{
        Command, LineDecoder, Reply, encode_logs, encode_report, parse_edits, parse_reply, write_command,
    },
    model::Key,
};

use super::{
    Order, Settings, Tally,
    voice::{ENTRIES_PER_FRAME, FRAME, Over, Voice, entry, variables},
};

/// Between two attempts to connect: short, because the stories wait for it.
const BACK_OFF: Duration = Duration::from_millis(50);

pub(super) struct Original {
    key: Key,
    name: String,
    patience: Duration,
    connects_at: Duration,
    decoder: LineDecoder,
    heard_at: Duration,
    frame_at: Duration,
    is_verified: bool,
    /// It has asked, with another `v:`, whether what it sent was read.
    is_asked: bool,
}

impl Original {
    pub(super) fn new(settings: &Settings) -> Self {
        let (connects_at, heard_at, frame_at) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        Self {
            key: settings.key.parse().expect("a key"),
            name: settings.name.clone(),
            patience: settings.patience,
            connects_at,
            decoder: LineDecoder::new(MAX_LINE_BYTES),
            heard_at,
            frame_at,
            is_verified: false,
            is_asked: false,
        }
    }

    fn hear(&mut self, reply: Reply<'_>, tally: &mut Tally) {
        match reply {
            Reply::Ok => {
                self.is_asked = false;
                if !std::mem::replace(&mut self.is_verified, true) {
                    (tally.connects, tally.in_sync) = (tally.connects + 1, true);
                }
            }
            Reply::Edits { payload, .. } => match parse_edits(payload) {
                Ok(edits) => tally.take(edits.iter().map(|edit| (&edit.name, &edit.value)), &[]),
                Err(error) => tally.complain(format!("pushed edits that can't be read: {error}")),
            },
            Reply::Error { code, .. } => tally.errors.push(code.to_owned()),
            other => tally.complain(format!("said {other:?} to a game of the original grammar")),
        }
    }

    fn say(&self, tally: &mut Tally, out: &mut Vec<u8>) {
        let key = self.key;
        let numbers = tally.made + 1..=tally.made + ENTRIES_PER_FRAME;
        tally.made = *numbers.end();
        let entries: Vec<_> = numbers.map(|number| entry(&self.name, number)).collect();
        write_command(out, &Command::Log { key, seq: None, payload: encode_logs(&entries).as_bytes() });
        let report = encode_report(&variables(0, tally.made));
        write_command(out, &Command::Report { key, seq: None, payload: report.as_bytes() });
        // nothing is acknowledged: it asks whether this was read
        write_command(out, &Command::Verify { key });
        tally.send_through(tally.made);
    }
}

impl Voice for Original {
    fn connects_at(&self) -> Duration {
        self.connects_at
    }

    fn connected(&mut self, now: Duration, out: &mut Vec<u8>) {
        self.decoder = LineDecoder::new(MAX_LINE_BYTES);
        (self.heard_at, self.is_verified, self.is_asked) = (now, false, false);
        write_command(out, &Command::Verify { key: self.key });
    }

    fn disconnected(&mut self, now: Duration) {
        self.connects_at = now + BACK_OFF;
    }

    fn received(&mut self, bytes: &[u8], now: Duration, tally: &mut Tally) -> Result<(), Over> {
        self.heard_at = now;
        self.decoder.feed(bytes);
        while let Some(line) = self.decoder.next_line() {
            let line = line.map_err(|_| Over)?;
            match parse_reply(&line) {
                Ok(reply) if reply.key().is_none_or(|key| key == self.key) => self.hear(reply, tally),
                _ => tally.complain(format!("said {:?}", String::from_utf8_lossy(&line))),
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        now: Duration,
        order: Order,
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) -> Result<(), Over> {
        // there is no heartbeat: a server that reads no more, because it can't store, looks like a dead one
        if !self.is_verified && now.saturating_sub(self.heard_at) >= 3 * self.patience {
            return Err(Over);
        }
        let may_say = self.is_verified && !self.is_asked && out.is_empty() && now >= self.frame_at;
        if order == Order::Play && may_say {
            (self.frame_at, self.is_asked) = (now + FRAME, true);
            self.say(tally, out);
        }
        Ok(())
    }
}
