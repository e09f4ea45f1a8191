//! The conversation with a server, without a socket and without a clock: bytes and times go in, bytes come out.
//!
//! Whoever has the socket asks [`Session::connects_at`] when to connect, tells of everything that happens to the connection,
//! and sends what [`Session::write`] gives. Time is any monotonic clock, as what has passed since the session began.
//!
//! A server that talks nonsense is never a reason to panic, and what is kept is bounded whatever it does.

mod backoff;
mod good;
mod hear;
mod keep;
mod outbox;
mod stats;
mod vars;

use std::{collections::VecDeque, time::Duration};

use protocol::{
    ErrorCode, limits,
    line::{
        Caps, Command, Hello, LineDecoder, encode_action_result, encode_hello, encode_outcomes,
        encode_report, write_command,
    },
    model::{Level, LogEntry, Outcome, Report, Revision, Value, VarName},
};

pub use self::vars::EditSet;
use self::{
    backoff::Backoff,
    outbox::{MAX_UNWRITTEN_BYTES, Outbox},
    vars::Vars,
};
pub(crate) use self::{good::Good, outbox::Records};
pub use crate::Stats;
use crate::{Settings, names::Names};

/// The longest line of a server that is read, in bytes: all values of a project, with room for how they are written.
const MAX_SERVER_LINE_BYTES: usize = 2 * limits::MAX_PROJECT_BYTES;
/// Log entries are gathered for so long.
const LOG_EVERY: Duration = Duration::from_millis(20);
/// Calls of actions that wait for the game, and answers that wait for the server.
pub(crate) const MAX_CALLS: usize = 64;
/// Unacknowledged lines, however many the server would take.
const MAX_WINDOW: usize = 256;

/// Why a connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The server does not answer.
    Silent,
    /// The server says something other than lines.
    Nonsense,
}

/// Somebody runs an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Names it in the [answer](Session::answer).
    pub id: u64,
    /// Which action.
    pub name: VarName,
    /// JSON; `None` = without arguments.
    pub args: Option<String>,
}

/// Where a connection stands.
#[derive(Debug, PartialEq)]
enum Link {
    /// There is none; the next attempt is due then.
    Down { until: Duration },
    /// `h:` and `v:` are said; the server's `h:` granted this.
    Greeting { since: Duration, granted: Option<Granted> },
    /// The key is verified; `None`: in the original grammar.
    Verified { granted: Option<Granted>, has_count: bool },
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Granted {
    caps: Caps,
    window: usize,
    ping: Duration,
}

/// What became of values, to be said.
#[derive(Debug)]
struct Receipt {
    revision: Revision,
    outcomes: Names<Outcome>,
    frame: Option<u64>,
}

/// One start of a game, over any number of connections one after another.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    link: Link,
    backoff: Backoff,
    decoder: LineDecoder,
    /// To be said before anything else.
    urgent: Vec<u8>,
    outbox: Outbox,
    vars: Vars,
    good: Good,
    calls: VecDeque<Call>,
    answers: VecDeque<(u64, Result<Option<String>, String>)>,
    /// The newest revision that is applied, and its history.
    applied: Option<(Revision, String)>,
    receipt: Option<Receipt>,
    /// What was not just taken, of the values in force: said again on each connection.
    objections: Names<Outcome>,
    owes_objections: bool,
    paused_until: Duration,
    log_at: Duration,
    heard_at: Duration,
    pinged_at: Option<Duration>,
    drain: Option<Duration>,
    refused: u64,
    last_error: Option<String>,
}

impl Session {
    /// Not connected, and due to connect at once.
    pub fn new(settings: Settings) -> Self {
        Self {
            outbox: Outbox::new(settings.outbox_bytes),
            backoff: Backoff::new(settings.seed()),
            settings,
            link: Link::Down { until: Duration::ZERO },
            decoder: LineDecoder::new(MAX_SERVER_LINE_BYTES),
            urgent: Vec::new(),
            vars: Vars::default(),
            good: Good::default(),
            calls: VecDeque::new(),
            answers: VecDeque::new(),
            applied: None,
            receipt: None,
            objections: Names::default(),
            owes_objections: false,
            paused_until: Duration::ZERO,
            log_at: Duration::ZERO,
            heard_at: Duration::ZERO,
            pinged_at: None,
            drain: None,
            refused: 0,
            last_error: None,
        }
    }

    /// Adds a variable or an action, or declares it anew.
    pub fn declare(&mut self, report: Report) {
        self.vars.declare(report);
    }

    /// The value of a declared variable. Often: only the newest is said, at the pace of the settings.
    pub fn set(&mut self, name: &VarName, value: Value) {
        self.vars.set(name, value);
    }

    /// Logs, or drops what matters less and counts it.
    pub fn log(&mut self, entry: LogEntry) {
        self.outbox.push(entry);
    }

    /// Entries were lost before they came here.
    pub fn count_dropped(&mut self, level: Level, count: u64) {
        self.outbox.count_dropped(level as usize, count);
    }

    /// What the game is to apply at its next boundary, if that is anything. All of it together.
    pub fn take_edits(&mut self) -> Option<EditSet> {
        self.vars.take_edits()
    }

    /// The game has applied that; what it does not mention it took as it was. `frame` is its own count.
    pub fn applied(&mut self, edits: &EditSet, outcomes: Vec<(VarName, Outcome)>, frame: Option<u64>) {
        for name in edits.names() {
            self.objections.remove(name);
        }
        let outcomes: Names<Outcome> = outcomes.into_iter().collect();
        self.good.applied(edits, &outcomes);
        let objections = outcomes.iter().filter(|(_, outcome)| **outcome != Outcome::Applied);
        self.objections.extend(objections.map(|(name, outcome)| (name.clone(), outcome.clone())));
        let (Some(revision), Some(epoch)) = (edits.revision, &edits.epoch) else { return };
        self.applied = Some((revision, epoch.clone()));
        let receipt =
            self.receipt.get_or_insert_with(|| Receipt { revision, outcomes: Names::default(), frame });
        (receipt.revision, receipt.frame) = (revision, frame);
        for name in edits.names() {
            receipt.outcomes.remove(name);
        }
        receipt.outcomes.extend(outcomes.into_vec());
    }

    /// The next action to run.
    pub fn take_call(&mut self) -> Option<Call> {
        self.calls.pop_front()
    }

    /// What an action gave, as JSON or nothing, or why it failed. An answer that is too long fails.
    pub fn answer(&mut self, id: u64, result: Result<Option<String>, String>) {
        let most = limits::MAX_ACTION_RESULT_BYTES;
        let length = match &result {
            Ok(result) => result.as_ref().map_or(0, String::len),
            Err(error) => error.len(),
        };
        let result =
            if length > most { Err(format!("the answer is longer than {most} bytes")) } else { result };
        if self.answers.len() == MAX_CALLS {
            self.answers.pop_front();
        }
        self.answers.push_back((id, result));
    }

    /// When to connect; `None` while there is a connection.
    pub fn connects_at(&self) -> Option<Duration> {
        match self.link {
            Link::Down { until } => Some(until),
            _ => None,
        }
    }

    /// There is a connection.
    pub fn connected(&mut self, now: Duration) {
        self.link = Link::Greeting { since: now, granted: None };
        self.decoder = LineDecoder::new(MAX_SERVER_LINE_BYTES);
        (self.heard_at, self.pinged_at, self.drain) = (now, None, None);
        self.paused_until = Duration::ZERO;
        self.owes_objections = false;
        self.urgent.clear();
        // the `h:` says it
        self.receipt = None;
        let hello = self.hello();
        write_command(&mut self.urgent, &Command::Hello { payload: encode_hello(&hello).as_bytes() });
        write_command(&mut self.urgent, &Command::Verify { key: self.settings.key });
    }

    fn hello(&self) -> Hello {
        let Settings { device, session, name, app, platform, .. } = &self.settings;
        let (rev, epoch) = self.applied.clone().unzip();
        Hello {
            proto: 2,
            device: device.clone(),
            session: Some(format!("{session:032x}")),
            name: name.clone(),
            sdk: Some(concat!("rust/", env!("CARGO_PKG_VERSION")).to_owned()),
            app: app.clone(),
            platform: platform.clone(),
            attrs: None,
            caps: Caps::ALL,
            epoch,
            rev,
        }
    }

    /// The connection is over, or none could be made.
    pub fn disconnected(&mut self, now: Duration) {
        let wait = match self.drain.take() {
            Some(within) => self.backoff.part_of(within),
            None => self.backoff.next(),
        };
        self.link = Link::Down { until: now + wait };
        self.urgent.clear();
        self.outbox.disconnected();
        self.vars.disconnected();
        // whoever called hears that nobody answers
        self.calls.clear();
        self.answers.clear();
        self.receipt = None;
    }

    /// Puts what is to be said now at the end of `out`, which is what the socket has not taken yet.
    ///
    /// # Errors
    /// The server is silent: the connection is of no more use.
    pub fn write(&mut self, now: Duration, out: &mut Vec<u8>) -> Result<(), Close> {
        self.look_for_life(now)?;
        if out.len() >= MAX_UNWRITTEN_BYTES {
            return Ok(());
        }
        out.append(&mut self.urgent);
        let Link::Verified { granted, has_count } = self.link else { return Ok(()) };
        let caps = granted.map_or(Caps::default(), |granted| granted.caps);
        if caps.rev {
            self.write_receipts(out);
        }
        if !has_count || self.drain.is_some() || now < self.paused_until {
            return Ok(());
        }
        let window = granted.map_or(MAX_WINDOW, |granted| granted.window);
        while self.outbox.has_room(window) {
            let reports = self.vars.report(now, self.settings.report_every, self.settings.measure_every);
            if reports.is_empty() {
                break;
            }
            self.outbox.keep_report(encode_report(&reports));
        }
        if now >= self.log_at && self.outbox.is_waiting() {
            self.log_at = now + LOG_EVERY;
            self.outbox.gather(window);
        }
        // the original server reads nothing but base64
        self.outbox.write(self.settings.key, caps.ack, granted.is_none(), out);
        Ok(())
    }

    fn write_receipts(&mut self, out: &mut Vec<u8>) {
        let key = self.settings.key;
        if let Some(Receipt { revision, outcomes, frame }) = self.receipt.take() {
            let outcomes = outcomes.into_vec();
            let payload = if outcomes.is_empty() { String::new() } else { encode_outcomes(&outcomes, frame) };
            write_command(out, &Command::Applied { key, revision, payload: payload.as_bytes() });
        }
        while let Some((id, result)) = self.answers.pop_front() {
            let payload = encode_action_result(&result);
            write_command(out, &Command::ActionDone { key, id, payload: payload.as_bytes() });
        }
    }

    /// Asks a silent server whether it is there, and gives it up when it does not answer.
    fn look_for_life(&mut self, now: Duration) -> Result<(), Close> {
        let silence = now.saturating_sub(self.heard_at);
        match self.link {
            Link::Greeting { since, .. } if now.saturating_sub(since) > limits::VERIFY_TIMEOUT => {
                Err(Close::Silent)
            }
            Link::Verified { granted: Some(Granted { ping, .. }), .. } => {
                if silence > ping + 2 * limits::PING_TIMEOUT {
                    return Err(Close::Silent);
                }
                let asked = self.pinged_at.map_or(Duration::ZERO, |asked| asked + limits::PING_TIMEOUT);
                if silence >= ping && now >= asked {
                    self.pinged_at = Some(now);
                    write_command(&mut self.urgent, &Command::Ping { token: b"1" });
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing waits to be stored.
    pub fn is_settled(&self) -> bool {
        self.outbox.is_empty()
    }

    fn note_error(&mut self, code: &str, text: &str) {
        self.last_error = Some(format!("{code} {text}").trim_end().to_owned());
        // the next attempt would end as this one did
        let is_hopeless = [
            ErrorCode::Revoked,
            ErrorCode::BadKey,
            ErrorCode::TakenOver,
            ErrorCode::TlsRequired,
            ErrorCode::Quota,
            ErrorCode::Rate,
        ];
        if ErrorCode::parse(code).is_some_and(|code| is_hopeless.contains(&code)) {
            self.backoff.despair();
        }
    }
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
