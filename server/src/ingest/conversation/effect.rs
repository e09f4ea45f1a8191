//! What the connection is to do, and what it says to the conversation.

use std::time::{Duration, Instant};

use protocol::{
    ProtocolError,
    line::excerpt_of_content,
    model::{Key, Outcome, Revision, UnixMicros, VarName},
};

use super::HeartbeatTimes;

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
    /// Ask whose key this is, then call `Conversation::verified` or `Conversation::refused`.
    Connect(Key),
    /// Make room for a line, then call `Conversation::read`, or `Conversation::not_taken` if it has a number and there
    /// is none.
    Store(ContentLine),
    /// Hand over that the game applied everything up to a revision, just as it was.
    Applied { revision: Revision, round_trip: Option<Duration> },
    /// Make room for what the game did with values, then call `Conversation::read_outcomes`.
    Outcomes(OutcomesLine),
    /// Hand over what an action gave.
    ActionDone { id: u64, outcome: Result<Option<String>, String> },
    /// Say what there is to say, then hang up.
    Close,
}

/// A line that brings something to store. Its payload is read only when there is room for it.
#[derive(Debug, PartialEq)]
pub(crate) struct ContentLine {
    pub(super) kind: Kind,
    /// Its number; only when it is to be acknowledged.
    pub(crate) seq: Option<u64>,
    pub(crate) payload: Vec<u8>,
}

impl ContentLine {
    /// Its beginning, for people.
    pub(super) fn excerpt(&self) -> String {
        let verb = match self.kind {
            Kind::Report => 'i',
            Kind::Logs => 'l',
        };
        excerpt_of_content(verb, self.seq, &self.payload)
    }
}

/// A line that says what a game did with the values up to a revision. Its payload is read only when there is room for it.
#[derive(Debug, PartialEq)]
pub(crate) struct OutcomesLine {
    pub(crate) revision: Revision,
    pub(crate) payload: Vec<u8>,
    pub(super) heard: Instant,
}

/// What such a line says: outcomes, and how long they took if that is news.
pub(crate) type Outcomes = (Vec<(VarName, Outcome)>, Option<Duration>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
