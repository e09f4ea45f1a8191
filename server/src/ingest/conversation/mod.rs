//! The state of the line protocol on one connection: what a line means, and the answer. No I/O, and time is an argument.
//!
//! One state machine for both grammars: a game that never sends `h:` gets the original one, byte for byte.

mod content;
mod effect;
mod ending;
mod heartbeat;
#[cfg(test)]
mod property;
mod revisions;
mod sequence;
#[cfg(test)]
mod tests;
mod values;

use std::time::Instant;

use protocol::{
    ErrorCode, ProtocolError, limits,
    line::{
        Caps, Command, Grammar, Hello, LineTooLong, OK, encode_error, excerpt, is_whole, parse_action_result,
        parse_command, parse_hello, write_pong, write_server_hello,
    },
    model::{Key, Revision},
};

use self::{
    effect::Kind,
    heartbeat::{Beat, Heartbeat},
    revisions::Revisions,
    sequence::Sequence,
};
pub(crate) use self::{
    effect::{ContentLine, Effect, Now, Outcomes, OutcomesLine, Patience, Refused},
    heartbeat::HeartbeatTimes,
};

/// The server's name in `h:`.
const SERVER: &str = concat!("observerio/", env!("CARGO_PKG_VERSION"));

/// One conversation with a game.
#[derive(Debug)]
pub(crate) struct Conversation {
    key: Option<Key>,
    refusals: u32,
    verify_by: Instant,
    heartbeat: HeartbeatTimes,
    /// The game's `h:`, until it is verified.
    hello: Option<Box<Hello>>,
    v2: Option<Box<Version2>>,
    /// Refusals that were not reported yet.
    refused: Vec<Refused>,
}

/// Additional state of protocol version 2.
#[derive(Debug)]
struct Version2 {
    caps: Caps,
    sequence: Sequence,
    revisions: Revisions,
    heartbeat: Heartbeat,
    /// The server is shutting down and accepts no more lines.
    is_draining: bool,
}

impl Version2 {
    /// Whether silence counts; after the shutdown notice it does not.
    fn has_heartbeat(&self) -> bool {
        self.caps.ping && !self.is_draining
    }
}

impl Conversation {
    /// A conversation that begins `now`.
    pub(crate) fn new(now: Instant, patience: Patience) -> Self {
        let Patience { verify, heartbeat } = patience;
        let (key, hello, v2, refused) = (None, None, None, Vec::new());
        Self { key, refusals: 0, verify_by: now + verify, heartbeat, hello, v2, refused }
    }

    /// When to call [`Conversation::on_time`]; `None` if there is nothing to wait for.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match (&self.v2, self.key) {
            (_, None) => Some(self.verify_by),
            (Some(v2), _) if v2.has_heartbeat() => Some(v2.heartbeat.deadline()),
            _ => None,
        }
    }

    /// The deadline has passed. `is_reading`: whether the socket is being read.
    pub(crate) fn on_time(&mut self, now: Instant, is_reading: bool, out: &mut Vec<u8>) -> Effect {
        if self.key.is_none() && now >= self.verify_by {
            let text = "no v:<key> with a valid key arrived in time; connect again and send it first";
            return close(ErrorCode::Timeout, text, out);
        }
        let v2 = self.v2.as_mut().filter(|v2| v2.has_heartbeat());
        match v2.map(|v2| v2.heartbeat.on_time(now, is_reading, out)) {
            Some(Beat::Dead) => close(ErrorCode::Idle, "two pings were not answered; connect again", out),
            Some(Beat::Wait | Beat::Pinged) | None => Effect::None,
        }
    }

    /// Bytes have arrived.
    pub(crate) fn hear(&mut self, now: Instant) {
        if let Some(v2) = &mut self.v2 {
            v2.heartbeat.hear(now);
        }
    }

    /// The game's `h:`, before it is verified.
    pub(crate) fn hello(&self) -> Option<&Hello> {
        self.hello.as_deref()
    }

    /// Handles a line. Payloads are only read if the key is verified.
    pub(crate) fn on_line(&mut self, line: Vec<u8>, now: Now, out: &mut Vec<u8>) -> Effect {
        let command = match parse_command(&line, self.grammar()) {
            Ok(command) => command,
            // a web page can post to this port, so an unknown verb gets no second chance
            Err(error) if error.code == ErrorCode::BadVerb && self.key.is_none() => {
                self.refused(error, &line, out);
                return Effect::Close;
            }
            Err(error) => return self.refused(error, &line, out),
        };
        match command {
            Command::Hello { payload } => self.on_hello(payload, &line, now, out),
            Command::Verify { key } => self.on_verify(key, &line, out),
            Command::Report { key, seq, payload } => {
                let payload = line.len() - payload.len()..;
                self.on_content(key, seq, Kind::Report, payload, line, now, out)
            }
            Command::Log { key, seq, payload } => {
                let payload = line.len() - payload.len()..;
                self.on_content(key, seq, Kind::Logs, payload, line, now, out)
            }
            Command::Applied { key, revision, payload } => {
                match self.on_applied(key, revision, payload, now.instant) {
                    Ok(effect) => effect,
                    Err(error) => self.refused(error, &line, out),
                }
            }
            Command::ActionDone { key, id, payload } => {
                match self.allow(key).and_then(|()| parse_action_result(payload)) {
                    Ok(outcome) => Effect::ActionDone { id, outcome },
                    Err(error) => self.refused(error, &line, out),
                }
            }
            Command::Ping { token } => {
                write_pong(out, token);
                Effect::None
            }
            Command::Pong { .. } => Effect::None,
        }
    }

    /// Handles what follows the last newline at the end of the stream. It counts if it is a complete line; half a line does not.
    pub(crate) fn on_last_line(&mut self, line: Vec<u8>, now: Now, out: &mut Vec<u8>) -> Effect {
        if is_whole(&line, self.grammar()) {
            return self.on_line(line, now, out);
        }
        match parse_command(&line, self.grammar()) {
            // a numbered line is sent again
            Ok(Command::Report { key, seq: None, .. } | Command::Log { key, seq: None, .. })
                if self.allow(key).is_ok() =>
            {
                let text = "the connection ended in the middle of this line; nothing of it is stored";
                self.refused(ProtocolError::new(ErrorCode::BadJson, text), &line, out)
            }
            _ => Effect::None,
        }
    }

    fn grammar(&self) -> Grammar {
        if self.v2.is_some() || self.hello.is_some() { Grammar::Version2 } else { Grammar::Original }
    }

    fn on_hello(&mut self, payload: &[u8], line: &[u8], now: Now, out: &mut Vec<u8>) -> Effect {
        match (self.key, &self.v2) {
            (None, _) => {}
            // like the original server, which does not know it
            (Some(_), None) => return Effect::None,
            (Some(_), Some(_)) => {
                return self.refused(
                    ProtocolError::new(ErrorCode::BadShape, "h: must come before v:"),
                    line,
                    out,
                );
            }
        }
        match parse_hello(payload) {
            Ok(hello) if hello.proto < 2 => Effect::None,
            Ok(hello) => {
                let ping = u64::try_from(self.heartbeat.interval.as_millis()).unwrap_or(u64::MAX);
                write_server_hello(out, SERVER, hello.caps, ping, now.unix);
                self.hello = Some(Box::new(hello));
                Effect::None
            }
            Err(error) => self.refused(error, line, out),
        }
    }

    fn on_verify(&mut self, key: Key, line: &[u8], out: &mut Vec<u8>) -> Effect {
        match self.key {
            None => Effect::Connect(key),
            Some(verified) if verified == key => {
                out.extend_from_slice(OK);
                Effect::None
            }
            Some(_) => self.refused(wrong_key(), line, out),
        }
    }

    /// The key is valid. The game has all values up to revision `held`, and the lines of its session up to `last_seq` are settled.
    pub(crate) fn verified(
        &mut self,
        key: Key,
        last_seq: u64,
        held: Revision,
        now: Instant,
        out: &mut Vec<u8>,
    ) {
        self.key = Some(key);
        out.extend_from_slice(OK);
        let Some(hello) = self.hello.take() else { return };
        let mut v2 = Version2 {
            caps: hello.caps,
            sequence: Sequence::new(last_seq),
            revisions: Revisions::new(held),
            heartbeat: Heartbeat::new(self.heartbeat, now),
            is_draining: false,
        };
        if v2.caps.ack {
            v2.sequence.answer(key, out);
        }
        self.v2 = Some(Box::new(v2));
    }

    /// A line exceeds the limit; the rest of the stream can't be read.
    pub(crate) fn on_line_too_long(&mut self, too_long: &LineTooLong, out: &mut Vec<u8>) -> Effect {
        let LineTooLong { max_line_bytes, beginning } = too_long;
        let text = match self.key {
            None => format!("a line is at most {max_line_bytes} bytes before OK; verify first"),
            Some(_) => format!("a line is at most {max_line_bytes} bytes; split it"),
        };
        self.refused(ProtocolError::new(ErrorCode::LineTooLong, text), beginning, out)
    }

    /// Answers a refused line with `ERR`. Guessing keys ends the conversation.
    pub(crate) fn refused(&mut self, error: ProtocolError, line: &[u8], out: &mut Vec<u8>) -> Effect {
        if matches!(error.code, ErrorCode::BadKey | ErrorCode::Unverified) {
            self.refusals += 1;
        }
        out.extend_from_slice(&encode_error(&error));
        let is_end = error.code.closes() || self.refusals >= limits::MAX_REFUSALS;
        self.note(error, excerpt(line));
        if is_end { Effect::Close } else { Effect::None }
    }

    /// Records a refusal, for the project's members and the log.
    fn note(&mut self, error: ProtocolError, excerpt: String) {
        if error.code.is_refusal() {
            // an invalid line may contain the key anywhere
            let excerpt = match &self.key {
                Some(key) => excerpt.replace(key.as_str(), "…"),
                None => excerpt,
            };
            self.refused.push(Refused { error, excerpt });
        }
    }

    /// Takes the refusals since the last call.
    pub(crate) fn take_refused(&mut self) -> Vec<Refused> {
        std::mem::take(&mut self.refused)
    }

    fn allow(&self, key: Key) -> Result<(), ProtocolError> {
        match self.key {
            Some(verified) if verified == key => Ok(()),
            Some(_) => Err(wrong_key()),
            None => Err(ProtocolError::new(ErrorCode::Unverified, "send v:<key> first and wait for OK")),
        }
    }
}

fn wrong_key() -> ProtocolError {
    ProtocolError::new(
        ErrorCode::WrongKey,
        "this connection was verified with another key; open one connection per key",
    )
}

/// Answers with `ERR` and closes the connection.
fn close(code: ErrorCode, text: impl Into<String>, out: &mut Vec<u8>) -> Effect {
    out.extend_from_slice(&encode_error(&ProtocolError::new(code, text)));
    Effect::Close
}
