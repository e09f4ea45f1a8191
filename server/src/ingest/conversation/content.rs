//! Lines that bring something to store: variables and log entries, with a number or without one.

use std::{ops::RangeFrom, time::Instant};

use gateway::{Content, Settled};
use protocol::{
    ErrorCode, ProtocolError,
    line::{Logs, RefusedEntries, encode_error, parse_logs, parse_report},
    model::Key,
};

use super::{
    ContentLine, Conversation, Effect, Now, close,
    effect::Kind,
    sequence::{Refusal, Verdict},
};

impl Conversation {
    #[expect(clippy::too_many_arguments, reason = "the parts of one line, and where to answer")]
    pub(super) fn on_content(
        &mut self,
        key: Key,
        seq: Option<u64>,
        kind: Kind,
        payload: RangeFrom<usize>,
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
        Effect::Store(ContentLine { kind, seq, payload: line })
    }

    /// There is room for the line: reads its payload. `None` when it is refused and nothing is to be stored.
    pub(crate) fn read(&mut self, line: &ContentLine, out: &mut Vec<u8>) -> Option<Content> {
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
    pub(crate) fn refuse_line(&mut self, line: &ContentLine, error: ProtocolError, out: &mut Vec<u8>) {
        match (&mut self.v2, line.seq) {
            (Some(v2), Some(seq)) => v2.sequence.refuse(seq, error.code.into()),
            _ => out.extend_from_slice(&encode_error(&error)),
        }
        self.note(error, line.excerpt());
    }

    /// These entries of a line make no sense; the others are stored.
    fn refuse_entries(&mut self, line: &ContentLine, refused: &RefusedEntries, out: &mut Vec<u8>) {
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
    pub(crate) fn refuse_part(&mut self, line: &ContentLine, error: ProtocolError, out: &mut Vec<u8>) {
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
                close(ErrorCode::TakenOver, "a newer connection of this session has taken over", out)
            }
            Some(code) => close(code, "a line before this one was not stored; connect again and resend", out),
        }
    }

    /// Accepted lines that are not settled yet.
    pub(crate) fn in_flight(&self) -> u64 {
        self.v2.as_ref().map_or(0, |v2| v2.sequence.in_flight())
    }
}
