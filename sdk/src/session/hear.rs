//! What the server says.

use std::time::Duration;

use protocol::{
    ErrorCode, limits,
    line::{
        Command, Reply, parse_action, parse_edits, parse_reply, parse_revised, parse_server_hello,
        write_command,
    },
    model::VarType,
};

use super::{
    Call, Close, Granted, Link, MAX_CALLS, MAX_WINDOW, Receipt, Session, outbox::MAX_UNWRITTEN_BYTES,
};

/// No session has so many lines.
const MAX_COUNT: u64 = 1 << 60;
/// The longest waiting time that a server may ask for.
const MAX_WAIT: Duration = Duration::from_secs(60);

impl Session {
    /// Bytes came.
    ///
    /// # Errors
    /// What comes is not lines: the connection is of no more use.
    pub fn received(&mut self, bytes: &[u8], now: Duration) -> Result<(), Close> {
        (self.heard_at, self.pinged_at) = (now, None);
        self.decoder.feed(bytes);
        while let Some(line) = self.decoder.next_line() {
            let line = line.map_err(|_| Close::Nonsense)?;
            // a newer server may say what we don't know
            if let Ok(reply) = parse_reply(&line)
                && reply.key().is_none_or(|key| key == self.settings.key)
            {
                self.hear(reply, now);
            }
        }
        Ok(())
    }

    fn hear(&mut self, reply: Reply<'_>, now: Duration) {
        match reply {
            Reply::Hello { payload } => self.hear_hello(payload),
            Reply::Ok => self.hear_ok(),
            Reply::Ack { seq, .. } => self.hear_count(seq),
            Reply::NotNow { seq, code, retry_millis, .. } => {
                self.last_error = Some(code.to_owned());
                self.outbox.not_taken(seq);
                let wait = Duration::from_millis(retry_millis).min(MAX_WAIT);
                self.paused_until = self.paused_until.max(now + wait);
            }
            Reply::Refused { code, places, .. } => {
                self.refused += 1;
                self.note_error(code, places);
            }
            Reply::Edits { payload, .. } => {
                if let Ok(edits) = parse_edits(payload) {
                    self.vars.hear_edits(edits);
                }
            }
            Reply::Revised { revision, payload, .. } => {
                if let Ok(changes) = parse_revised(payload) {
                    // of all values the game says anew what became of them
                    self.owes_objections &= !changes.full;
                    self.object_again();
                    let let_go = self.vars.hear_changes(revision, changes);
                    let_go.iter().for_each(|name| self.good.forget(name));
                }
            }
            Reply::InSync { .. } => self.object_again(),
            Reply::Action { id, payload, .. } => self.hear_call(id, payload),
            Reply::Ping { token } if self.urgent.len() < MAX_UNWRITTEN_BYTES => {
                write_command(&mut self.urgent, &Command::Pong { token });
            }
            Reply::Drain { millis } => self.drain = Some(Duration::from_millis(millis).min(MAX_WAIT)),
            Reply::Error { code, text } => {
                if ErrorCode::parse(code) == Some(ErrorCode::LineTooLong) {
                    self.outbox.drop_longest();
                }
                self.note_error(code, text);
            }
            Reply::Ping { .. } | Reply::Pong { .. } => {}
        }
    }

    fn hear_hello(&mut self, payload: &[u8]) {
        if let Link::Greeting { granted, .. } = &mut self.link
            && let Ok(hello) = parse_server_hello(payload)
        {
            *granted = Some(Granted {
                caps: hello.caps,
                window: usize::try_from(hello.max_inflight).unwrap_or(MAX_WINDOW).clamp(1, MAX_WINDOW),
                ping: Duration::from_millis(hello.ping_millis).clamp(limits::PING_TIMEOUT, MAX_WAIT),
            });
        }
    }

    /// Verified. A server that has not said `h:` before is one of the original grammar.
    fn hear_ok(&mut self) {
        if let Link::Greeting { granted, .. } = self.link {
            let is_counted = granted.is_some_and(|granted| granted.caps.ack);
            self.link = Link::Verified { granted, has_count: !is_counted };
            self.backoff.succeeded();
            self.owes_objections = true;
        }
    }

    /// The server is where the game is: it may not have heard what the game did not just take.
    fn object_again(&mut self) {
        if std::mem::take(&mut self.owes_objections)
            && !self.objections.is_empty()
            && let Some((revision, _)) = self.applied
        {
            self.receipt = Some(Receipt { revision, outcomes: self.objections.clone(), frame: None });
        }
    }

    fn hear_count(&mut self, seq: u64) {
        if let Link::Verified { has_count, .. } = &mut self.link
            && seq < MAX_COUNT
        {
            let is_first = !std::mem::replace(has_count, true);
            self.outbox.acknowledged(seq, is_first);
        }
    }

    fn hear_call(&mut self, id: u64, payload: &[u8]) {
        let refusal = match parse_action(payload) {
            Ok((name, args)) => match self.vars.spec(&name) {
                Some(spec) if spec.var_type == VarType::Action && self.calls.len() < MAX_CALLS => {
                    return self.calls.push_back(Call { id, name, args });
                }
                Some(spec) if spec.var_type == VarType::Action => "the game has too many actions to run",
                _ => "the game has no such action",
            },
            Err(_) => "the game can't read this",
        };
        self.answer(id, Err(refusal.to_owned()));
    }
}
