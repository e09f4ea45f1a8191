//! What a line means at this point of the conversation, and what is answered. No I/O, and time is an argument.
//!
//! One machine for both grammars: a client that never says `h:` gets the original one, byte for byte.

mod heartbeat;
#[cfg(test)]
mod property;
mod revisions;
mod sequence;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use gateway::{ActionCall, Content, Settled};
use protocol::{
    ErrorCode, ProtocolError, limits,
    line::{
        Caps, Command, Grammar, Hello, LineTooLong, Logs, OK, RefusedEntries, encode_error, excerpt,
        excerpt_of_content, is_whole, parse_action_result, parse_command, parse_hello, parse_logs,
        parse_outcomes, parse_report, write_action, write_drain, write_edits, write_in_sync, write_pong,
        write_revised, write_server_hello,
    },
    model::{Key, Outcome, Revision, UnixMicros, VarName},
};

pub(crate) use self::heartbeat::HeartbeatTimes;
use self::{
    heartbeat::{Beat, Heartbeat},
    revisions::Revisions,
    sequence::{Refusal, Sequence, Verdict},
};

/// What games that can wait are asked to spread their return over.
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// What `h:` calls us.
const SERVER: &str = concat!("observerio/", env!("CARGO_PKG_VERSION"));

/// The time, as both clocks have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// For everything that is waited for.
    pub(crate) instant: Instant,
    /// For what is said.
    pub(crate) unix: UnixMicros,
}

/// What the connection is to do now. What is to be said is in `out` already.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// Ask whose key this is, then call [`Session::verified`] or [`Session::refused`].
    Connect(Key),
    /// Make room for a line, then call [`Session::read`], or [`Session::not_taken`] if it has a number and there
    /// is none.
    Store(Line),
    /// Hand over that the game applied everything up to a revision, just as it was.
    Applied { revision: Revision, round_trip: Option<Duration> },
    /// Make room for what the game did with values, then call [`Session::read_answer`].
    Answer(Answer),
    /// Hand over what an action gave.
    ActionDone { id: u64, outcome: Result<Option<String>, String> },
    /// Say what there is to say, then hang up.
    Close,
}

/// A line that brings something to store. Its payload is read only when there is room for it.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    kind: Kind,
    /// Its number; only when it is to be acknowledged.
    pub(crate) seq: Option<u64>,
    pub(crate) payload: Vec<u8>,
}

impl Line {
    /// Its beginning, for people.
    fn excerpt(&self) -> String {
        let verb = match self.kind {
            Kind::Report => 'i',
            Kind::Logs => 'l',
        };
        excerpt_of_content(verb, self.seq, &self.payload)
    }
}

/// A line that says what a game did with the values up to a revision. Its payload is read only when there is room for it.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) revision: Revision,
    pub(crate) payload: Vec<u8>,
    heard: Instant,
}

/// What such a line says: outcomes, and how long they took if that is news.
pub(crate) type Answered = (Vec<(VarName, Outcome)>, Option<Duration>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Report,
    Logs,
}

/// Something that was refused, for the people of the project and for the log.
#[derive(Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) error: ProtocolError,
    /// The beginning of the line, without keys.
    pub(crate) excerpt: String,
}

/// Times that are settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// To verify.
    pub(crate) verify: Duration,
    pub(crate) heartbeat: HeartbeatTimes,
}

/// One conversation with a game.
#[derive(Debug)]
pub(crate) struct Session {
    key: Option<Key>,
    refusals: u32,
    verify_by: Instant,
    heartbeat: HeartbeatTimes,
    /// What the game said of itself, until it is verified.
    hello: Option<Box<Hello>>,
    v2: Option<Box<Version2>>,
    /// What was refused and is still to be told.
    refused: Vec<Refused>,
}

/// What a conversation of version 2 has beyond the original one.
#[derive(Debug)]
struct Version2 {
    caps: Caps,
    sequence: Sequence,
    revisions: Revisions,
    heartbeat: Heartbeat,
    /// The server goes down: nothing more is taken.
    is_draining: bool,
}

impl Version2 {
    /// Whether silence counts: nobody is asked any more who was told good-bye.
    fn has_heartbeat(&self) -> bool {
        self.caps.ping && !self.is_draining
    }
}

impl Session {
    /// A conversation that begins `now`.
    pub(crate) fn new(now: Instant, patience: Patience) -> Self {
        let Patience { verify, heartbeat } = patience;
        let (key, hello, v2, refused) = (None, None, None, Vec::new());
        Self { key, refusals: 0, verify_by: now + verify, heartbeat, hello, v2, refused }
    }

    /// When [`Session::on_time`] wants to be called; `None` when it has nothing to wait for.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match (&self.v2, self.key) {
            (_, None) => Some(self.verify_by),
            (Some(v2), _) if v2.has_heartbeat() => Some(v2.heartbeat.deadline()),
            _ => None,
        }
    }

    /// The clock says `now`; `is_reading`: whether what the game says is read.
    pub(crate) fn on_time(&mut self, now: Instant, is_reading: bool, out: &mut Vec<u8>) -> Effect {
        if self.key.is_none() && now >= self.verify_by {
            let text = "no v:<key> with a known key came in time; connect again and send it first";
            return close(ErrorCode::Timeout, text, out);
        }
        let v2 = self.v2.as_mut().filter(|v2| v2.has_heartbeat());
        match v2.map(|v2| v2.heartbeat.on_time(now, is_reading, out)) {
            Some(Beat::Dead) => close(ErrorCode::Idle, "two pings were not answered; connect again", out),
            Some(Beat::Wait | Beat::Asked) | None => Effect::None,
        }
    }

    /// Bytes came.
    pub(crate) fn hear(&mut self, now: Instant) {
        if let Some(v2) = &mut self.v2 {
            v2.heartbeat.hear(now);
        }
    }

    /// What the game said of itself before it verified.
    pub(crate) fn hello(&self) -> Option<&Hello> {
        self.hello.as_deref()
    }

    /// A line came. Payloads are looked at only when the key allows them.
    pub(crate) fn on_line(&mut self, line: Vec<u8>, now: Now, out: &mut Vec<u8>) -> Effect {
        let command = match parse_command(&line, self.grammar()) {
            Ok(command) => command,
            // a web page can post to this port: what is not ours gets no second try
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

    /// The peer says no more, and this is what it said behind its last newline. It counts when it is all there; of a half line
    /// nothing does.
    pub(crate) fn on_last_line(&mut self, line: Vec<u8>, now: Now, out: &mut Vec<u8>) -> Effect {
        if is_whole(&line, self.grammar()) {
            return self.on_line(line, now, out);
        }
        match parse_command(&line, self.grammar()) {
            // one with a number comes again
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
        match self.v2.is_some() || self.hello.is_some() {
            true => Grammar::Version2,
            false => Grammar::Original,
        }
    }

    fn on_hello(&mut self, payload: &[u8], line: &[u8], now: Now, out: &mut Vec<u8>) -> Effect {
        match (self.key, &self.v2) {
            (None, _) => {}
            // as the original server, which does not know it
            (Some(_), None) => return Effect::None,
            (Some(_), Some(_)) => {
                return self.refused(
                    ProtocolError::new(ErrorCode::BadShape, "h: comes before v:"),
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

    /// The key belongs to a project. The game has everything up to `held`, and of its session everything up to
    /// `last_seq` is settled.
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

    #[expect(clippy::too_many_arguments, reason = "the parts of one line, and where to answer")]
    fn on_content(
        &mut self,
        key: Key,
        seq: Option<u64>,
        kind: Kind,
        payload: std::ops::RangeFrom<usize>,
        mut line: Vec<u8>,
        now: Now,
        out: &mut Vec<u8>,
    ) -> Effect {
        if let Err(error) = self.allow(key) {
            return self.refused(error, &line, out);
        }
        // a game that does not want receipts sends and forgets
        let seq = seq.filter(|_| self.v2.as_ref().is_some_and(|v2| v2.caps.ack));
        if let (Some(v2), Some(seq)) = (&mut self.v2, seq) {
            if v2.is_draining {
                return Effect::None;
            }
            match v2.sequence.judge(seq, now.instant) {
                Verdict::Take => {}
                Verdict::Known => {
                    v2.sequence.answer(key, out);
                    return Effect::None;
                }
                Verdict::Skip => return Effect::None,
                Verdict::Gap => return self.not_taken(ErrorCode::Gap, now.instant, out),
                Verdict::Full => return self.not_taken(ErrorCode::Busy, now.instant, out),
            }
        }
        line.drain(..payload.start);
        Effect::Store(Line { kind, seq, payload: line })
    }

    /// There is room for the line: reads its payload. `None` when it is refused and nothing is to be stored.
    pub(crate) fn read(&mut self, line: &Line, out: &mut Vec<u8>) -> Option<Content> {
        if let (Some(v2), Some(_)) = (&mut self.v2, line.seq) {
            v2.sequence.take();
        }
        let read = match line.kind {
            Kind::Report => parse_report(&line.payload).map(Content::Report),
            Kind::Logs => parse_logs(&line.payload).map(|Logs { entries, refused }| {
                if let Some(refused) = refused {
                    self.refuse_entries(line, &refused, out);
                }
                Content::Logs(entries)
            }),
        };
        match read {
            Ok(content) => Some(content),
            Err(error) => {
                self.refuse_line(line, error, out);
                line.seq.map(|_| Content::Refused)
            }
        }
    }

    /// A line can't be stored, now or ever. One with a number is answered when that is committed.
    pub(crate) fn refuse_line(&mut self, line: &Line, error: ProtocolError, out: &mut Vec<u8>) {
        match (&mut self.v2, line.seq) {
            (Some(v2), Some(seq)) => v2.sequence.refuse(seq, error.code.into()),
            _ => out.extend_from_slice(&encode_error(&error)),
        }
        self.note(error, line.excerpt());
    }

    /// These entries of a line make no sense; the others are stored.
    fn refuse_entries(&mut self, line: &Line, refused: &RefusedEntries, out: &mut Vec<u8>) {
        let error = refused.error();
        match (&mut self.v2, line.seq) {
            (Some(v2), Some(seq)) => {
                let refusal = Refusal { code: error.code, places: Some(refused.places()) };
                v2.sequence.refuse(seq, refusal);
            }
            _ => out.extend_from_slice(&encode_error(&error)),
        }
        self.note(error, line.excerpt());
    }

    /// A part of a line is left out, which the error names; the rest of it is taken and acknowledged like any other.
    pub(crate) fn refuse_part(&mut self, line: &Line, error: ProtocolError, out: &mut Vec<u8>) {
        out.extend_from_slice(&encode_error(&error));
        self.note(error, line.excerpt());
    }

    /// There was no room for a line that has a number, or one before it is missing.
    pub(crate) fn not_taken(&mut self, code: ErrorCode, now: Instant, out: &mut Vec<u8>) -> Effect {
        if let (Some(v2), Some(key)) = (&mut self.v2, self.key) {
            v2.sequence.postpone(key, code, now, out);
        }
        Effect::None
    }

    /// Until when the peer was asked to send nothing more; `None` when it may. Whatever comes before will be passed over,
    /// so it can as well be left where it costs the peer and not the server.
    pub(crate) fn busy_until(&self, now: Instant) -> Option<Instant> {
        self.v2.as_ref().and_then(|v2| v2.sequence.busy_until(now))
    }

    /// Lines were settled.
    pub(crate) fn settled(&mut self, settled: &Settled, out: &mut Vec<u8>) -> Effect {
        let (Some(v2), Some(key)) = (&mut self.v2, self.key) else { return Effect::None };
        v2.sequence.settle(settled.up_to, &settled.refused);
        v2.sequence.answer(key, out);
        match settled.ended {
            None => Effect::None,
            Some(ErrorCode::TakenOver) => {
                close(ErrorCode::TakenOver, "a newer connection of this session took over", out)
            }
            Some(code) => close(code, "a line before this one was not stored; connect again and resend", out),
        }
    }

    /// Lines that were taken and are not settled.
    pub(crate) fn in_flight(&self) -> u64 {
        self.v2.as_ref().map_or(0, |v2| v2.sequence.in_flight())
    }

    fn on_applied(
        &mut self,
        key: Key,
        revision: Revision,
        payload: &[u8],
        now: Instant,
    ) -> Result<Effect, ProtocolError> {
        self.allow(key)?;
        let Some(v2) = self.v2.as_mut().filter(|v2| v2.caps.rev) else {
            let text = "r: needs the capability rev, which h: asks for";
            return Err(ProtocolError::new(ErrorCode::BadVerb, text));
        };
        if !v2.revisions.was_sent(revision) {
            let text = "this revision was not sent on this connection";
            return Err(ProtocolError::new(ErrorCode::BadShape, text));
        }
        if payload.is_empty() {
            return Ok(Effect::Applied { revision, round_trip: v2.revisions.apply(revision, now) });
        }
        Ok(Effect::Answer(Answer { revision, payload: payload.to_vec(), heard: now }))
    }

    /// There is room for what the game did: reads it. `None` when it is refused.
    pub(crate) fn read_answer(&mut self, answer: &Answer, out: &mut Vec<u8>) -> Option<Answered> {
        let Answer { revision, payload, heard } = answer;
        match parse_outcomes(payload) {
            Ok(outcomes) => {
                let round_trip = self.v2.as_mut().and_then(|v2| v2.revisions.apply(*revision, *heard));
                Some((outcomes, round_trip))
            }
            Err(error) => {
                out.extend_from_slice(&encode_error(&error));
                let excerpt = excerpt_of_content('r', Some(revision.0.cast_unsigned()), payload);
                self.note(error, excerpt);
                None
            }
        }
    }

    /// Says the newest desired values.
    pub(crate) fn push(&mut self, revision: Revision, payload: &[u8], now: Instant, out: &mut Vec<u8>) {
        let Some(key) = self.key else { return };
        match self.v2.as_mut().filter(|v2| v2.caps.rev) {
            Some(v2) => {
                v2.revisions.send(revision, now);
                write_revised(out, key, revision, payload);
            }
            None => write_edits(out, key, payload),
        }
    }

    /// Says that there is nothing more to come for now.
    pub(crate) fn in_sync(&self, revision: Revision, out: &mut Vec<u8>) {
        if let (Some(_), Some(key)) = (self.v2.as_ref().filter(|v2| v2.caps.rev), self.key) {
            write_in_sync(out, key, revision);
        }
    }

    /// Tells the game to run an action.
    pub(crate) fn call(&self, call: &ActionCall, out: &mut Vec<u8>) {
        if let (Some(v2), Some(key)) = (&self.v2, self.key) {
            write_action(out, key, call.id, &call.name, call.args.as_deref(), v2.caps.json);
        }
    }

    /// The server goes down. A game that can wait is told so, once, and the connection stays until its lines are settled; any
    /// other is told to come back, and that is the end.
    pub(crate) fn drain(&mut self, out: &mut Vec<u8>) -> Effect {
        match self.v2.as_mut().filter(|v2| v2.caps.drain) {
            Some(v2) if v2.is_draining => Effect::None,
            Some(v2) => {
                v2.is_draining = true;
                write_drain(out, u64::try_from(DRAIN_TIME.as_millis()).expect("it is short"));
                Effect::None
            }
            None => close(ErrorCode::Draining, "the server is going down; connect again", out),
        }
    }

    /// Whether the game understands that it is to wait when the server goes down.
    pub(crate) fn can_wait(&self) -> bool {
        self.v2.as_ref().is_some_and(|v2| v2.caps.drain)
    }

    /// The project begins anew from the database, and the conversation is over: the game is told to come back, and to send
    /// what is in flight again.
    pub(crate) fn start_over(&mut self, out: &mut Vec<u8>) {
        if self.can_wait() {
            self.drain(out);
            self.refuse_in_flight(out);
        } else {
            self.refuse_in_flight(out);
            close(ErrorCode::Draining, "the server starts over from a backup; connect again", out);
        }
    }

    /// Nobody will say any more what became of the lines in flight: they are to come again.
    pub(crate) fn refuse_in_flight(&mut self, out: &mut Vec<u8>) {
        if let (Some(v2), Some(key)) = (&mut self.v2, self.key) {
            v2.sequence.give_up(key, out);
        }
    }

    /// The key is worth nothing any more.
    pub(crate) fn revoke(&self, out: &mut Vec<u8>) -> Effect {
        close(
            ErrorCode::Revoked,
            "this key was revoked or replaced; ask the project's admin for another one",
            out,
        )
    }

    /// The line limit was passed; the rest of the stream can't be read.
    pub(crate) fn on_line_too_long(&mut self, too_long: &LineTooLong, out: &mut Vec<u8>) -> Effect {
        let LineTooLong { max_line_bytes, beginning } = too_long;
        let text = match self.key {
            None => format!("a line is at most {max_line_bytes} bytes before OK; verify first"),
            Some(_) => format!("a line is at most {max_line_bytes} bytes; send it in several"),
        };
        self.refused(ProtocolError::new(ErrorCode::LineTooLong, text), beginning, out)
    }

    /// A line was refused: by this session, or by the gateway. Guessing keys ends the conversation.
    pub(crate) fn refused(&mut self, error: ProtocolError, line: &[u8], out: &mut Vec<u8>) -> Effect {
        if matches!(error.code, ErrorCode::BadKey | ErrorCode::Unverified) {
            self.refusals += 1;
        }
        out.extend_from_slice(&encode_error(&error));
        let is_end = error.code.closes() || self.refusals >= limits::MAX_REFUSALS;
        self.note(error, excerpt(line));
        if is_end { Effect::Close } else { Effect::None }
    }

    /// Whatever is refused comes by here: it is told to the project's people, and to the log.
    fn note(&mut self, error: ProtocolError, excerpt: String) {
        if error.code.is_refusal() {
            // a line that is none of ours may hold the key anywhere
            let excerpt = match &self.key {
                Some(key) => excerpt.replace(key.as_str(), "…"),
                None => excerpt,
            };
            self.refused.push(Refused { error, excerpt });
        }
    }

    /// What was refused since the last time.
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
    ProtocolError::new(ErrorCode::WrongKey, "this connection speaks for another key; open one for each key")
}

/// The last word.
fn close(code: ErrorCode, text: impl Into<String>, out: &mut Vec<u8>) -> Effect {
    out.extend_from_slice(&encode_error(&ProtocolError::new(code, text)));
    Effect::Close
}
