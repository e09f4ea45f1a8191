//! What a line means at this point of the conversation. No I/O, and time is an argument.

use std::time::{Duration, Instant};

use protocol::{
    ErrorCode, ProtocolError, limits,
    line::{Command, parse_command, parse_logs, parse_report},
    model::{Key, LogEntry, Report},
};

/// What the connection is to do now.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Nothing.
    Ignore,
    /// Ask whose key this is, then call [`Session::verified`] or [`Session::refused`].
    Verify(Key),
    /// Say `OK`.
    AnswerOk,
    /// Hand over what the game has.
    Report(Vec<Report>),
    /// Hand over what the game logged.
    Log(Vec<LogEntry>),
    /// Say `ERR`; the conversation goes on.
    Refuse(ProtocolError),
    /// Say `ERR` and hang up.
    Close(ProtocolError),
}

/// One conversation with a game.
#[derive(Debug)]
pub(crate) struct Session {
    key: Option<Key>,
    refusals: u32,
    verify_by: Instant,
}

impl Session {
    /// A conversation that begins `now` and has `patience` to verify.
    pub(crate) fn new(now: Instant, patience: Duration) -> Self {
        Self { key: None, refusals: 0, verify_by: now + patience }
    }

    /// When [`Session::on_time`] wants to be called; `None` when it has nothing to wait for.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.key.is_none().then_some(self.verify_by)
    }

    /// The clock says `now`.
    pub(crate) fn on_time(&self, now: Instant) -> Effect {
        match self.deadline() {
            Some(deadline) if now >= deadline => Effect::Close(ProtocolError::new(
                ErrorCode::Timeout,
                "no v:<key> with a known key came in time; connect again and send it first",
            )),
            _ => Effect::Ignore,
        }
    }

    /// A line came. Payloads are read only when the key allows them.
    pub(crate) fn on_line(&mut self, line: &[u8]) -> Effect {
        let command = match parse_command(line) {
            Ok(command) => command,
            // a web page can post to this port: what is not ours gets no second try
            Err(error) if error.code == ErrorCode::BadVerb && self.key.is_none() => {
                return Effect::Close(error);
            }
            Err(error) => return self.refused(error),
        };
        match command {
            Command::Hello => Effect::Ignore,
            Command::Verify { key } => match self.key {
                None => Effect::Verify(key),
                Some(verified) if verified == key => Effect::AnswerOk,
                Some(_) => Effect::Refuse(wrong_key()),
            },
            Command::Report { key, payload } => match self.allow(key) {
                Ok(()) => parse_report(payload).map_or_else(Effect::Refuse, Effect::Report),
                Err(error) => self.refused(error),
            },
            Command::Log { key, payload } => match self.allow(key) {
                Ok(()) => parse_logs(payload).map_or_else(Effect::Refuse, Effect::Log),
                Err(error) => self.refused(error),
            },
        }
    }

    /// The line limit was passed; the rest of the stream can't be read.
    pub(crate) fn on_line_too_long(&self, max_line_bytes: usize) -> Effect {
        let text = match self.key {
            None => format!("a line is at most {max_line_bytes} bytes before OK; verify first"),
            Some(_) => format!("a line is at most {max_line_bytes} bytes; send it in several"),
        };
        Effect::Close(ProtocolError::new(ErrorCode::LineTooLong, text))
    }

    /// The key belongs to a project.
    pub(crate) fn verified(&mut self, key: Key) {
        self.key = Some(key);
    }

    /// Something was refused: by this session, or by the gateway. Guessing keys ends the conversation.
    pub(crate) fn refused(&mut self, error: ProtocolError) -> Effect {
        if matches!(error.code, ErrorCode::BadKey | ErrorCode::Unverified) {
            self.refusals += 1;
        }
        if error.code.closes() || self.refusals >= limits::MAX_REFUSALS {
            return Effect::Close(error);
        }
        Effect::Refuse(error)
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

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn key() -> Key {
        Key::parse(b"0123456789ab").unwrap()
    }

    fn fresh() -> Session {
        Session::new(Instant::now(), PATIENCE)
    }

    fn verified() -> Session {
        let mut session = fresh();
        session.verified(key());
        session
    }

    fn code(effect: Effect) -> (ErrorCode, bool) {
        match effect {
            Effect::Refuse(error) => (error.code, false),
            Effect::Close(error) => (error.code, true),
            other => panic!("{other:?} is no error"),
        }
    }

    #[test]
    fn a_key_is_asked_about_and_then_allows_payloads() {
        let mut session = fresh();
        assert_eq!(session.on_line(b"v:0123456789ab"), Effect::Verify(key()));
        session.verified(key());
        assert!(matches!(session.on_line(b"i:0123456789ab:{\"a\":1}"), Effect::Report(r) if r.len() == 1));
        assert!(
            matches!(session.on_line(b"l:0123456789ab:[{\"message\":\"m\"}]"), Effect::Log(l) if l.len() == 1)
        );
        assert_eq!(session.on_line(b"v:0123456789ab"), Effect::AnswerOk);
    }

    #[test]
    fn hello_is_ignored_before_and_after_ok() {
        assert_eq!(fresh().on_line(b"h:{\"proto\":2}"), Effect::Ignore);
        assert_eq!(verified().on_line(b"h:{\"proto\":2}"), Effect::Ignore);
    }

    #[test]
    fn a_foreign_verb_closes_before_ok_only() {
        assert_eq!(code(fresh().on_line(b"GET / HTTP/1.1")), (ErrorCode::BadVerb, true));
        assert_eq!(code(verified().on_line(b"GET / HTTP/1.1")), (ErrorCode::BadVerb, false));
    }

    #[test]
    fn payloads_need_the_verified_key() {
        assert_eq!(code(fresh().on_line(b"i:0123456789ab:[]")), (ErrorCode::Unverified, false));
        for line in [&b"i:another-key!:[]"[..], b"l:another-key!:[]", b"v:another-key!"] {
            assert_eq!(code(verified().on_line(line)), (ErrorCode::WrongKey, false));
        }
    }

    #[test]
    fn the_fifth_refusal_closes_and_both_kinds_count() {
        let mut session = fresh();
        for line in [&b"v:short"[..], b"i:0123456789ab:[]", b"l:0123456789ab:[]"] {
            assert!(!code(session.on_line(line)).1);
        }
        let unknown = || ProtocolError::new(ErrorCode::BadKey, "no project has this key");
        assert_eq!(code(session.refused(unknown())), (ErrorCode::BadKey, false));
        assert_eq!(code(session.refused(unknown())), (ErrorCode::BadKey, true));
    }

    #[test]
    fn bad_payloads_never_close() {
        let mut session = verified();
        for _ in 0..100 {
            assert_eq!(code(session.on_line(b"i:0123456789ab:[")), (ErrorCode::BadJson, false));
            assert_eq!(code(session.on_line(b"l:0123456789ab:!")), (ErrorCode::BadBase64, false));
        }
    }

    #[test]
    fn verifying_has_a_deadline_and_lines_do_not_move_it() {
        let start = Instant::now();
        let mut session = Session::new(start, PATIENCE);
        session.on_line(b"v:short");
        assert_eq!(session.deadline(), Some(start + PATIENCE));
        assert_eq!(session.on_time(start + PATIENCE - Duration::from_millis(1)), Effect::Ignore);
        assert_eq!(code(session.on_time(start + PATIENCE)), (ErrorCode::Timeout, true));
        session.verified(key());
        assert_eq!(session.deadline(), None);
        assert_eq!(session.on_time(start + 100 * PATIENCE), Effect::Ignore);
    }
}
