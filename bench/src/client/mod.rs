//! The clients that the generator plays. Each is a conversation without a socket and without a clock, so that
//! ten thousand of them are cheap and each rule is a plain test; [`crate::crowd`] gives them connections.
//!
//! They write and read lines with `protocol`, as the SDK does, but hold no session of the SDK: that one gathers entries for
//! 20 ms, says values at a pace, and waits a random time before it connects again. The figures would be the SDK's, and here
//! they are the server's.

mod original;
mod redis;
mod version2;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use protocol::{line::Edit, model::Value};

use crate::schedule::Schedule;

pub(crate) use original::Original;
pub(crate) use redis::{Redis, STREAM};
pub(crate) use version2::{Manners, Version2};

/// The variable that games declare and dashboards edit, with the number of the edit as its value.
pub(crate) const VARIABLE: &str = "speed";
pub(crate) const DECLARATION: &str =
    r#"[{"name":"speed","type":"integer","value":0,"min":0,"max":1000000000,"step":1,"group":"player"}]"#;

/// How much is put together before it is handed to the socket.
const MAX_UNWRITTEN_BYTES: usize = 64 * 1024;
/// A client that saves nothing up leaves out what it could not say for so long.
const LATE: Duration = Duration::from_millis(50);

/// One client, over any number of connections one after another.
pub(crate) trait Client: Send + 'static {
    /// A new connection: the first bytes to say on it.
    fn greet(&mut self, out: &mut Vec<u8>);

    /// Bytes came.
    ///
    /// # Errors
    /// The server broke a promise, or does not speak this client's language.
    fn hear(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<u8>) -> anyhow::Result<()>;

    /// Whether everything that a connection begins with has come.
    fn is_ready(&self) -> bool;

    /// Puts what is to be said now at the end of `out`, which is empty. Returns when it wants to be asked
    /// again, if not only after it has heard something.
    fn speak(&mut self, schedule: &mut Schedule, now: Instant, out: &mut Vec<u8>) -> Option<Instant>;

    /// Whether nothing that was said is unanswered.
    fn is_done(&self) -> bool;

    /// Every line that was acknowledged so far.
    fn answered(&self) -> &[Answered];
}

/// A line and its acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Answered {
    /// When it should have been sent.
    pub(crate) due: Instant,
    /// When it was first sent.
    pub(crate) sent: Instant,
    /// When its acknowledgement was read.
    pub(crate) at: Instant,
    /// Log entries in it.
    pub(crate) entries: u32,
}

/// The value of an edit that came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arrived {
    pub(crate) value: u64,
    pub(crate) at: Instant,
}

/// What a client has promised and was promised, to be compared with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Promised {
    pub(crate) client: u32,
    /// Entries 1 to this one must be stored, once and in order.
    pub(crate) acknowledged: u64,
    /// No entry behind this one can be stored.
    pub(crate) said: u64,
    /// Whether an entry may be missing below one that is stored.
    pub(crate) gaps: bool,
}

/// How often each thing happened that is not an answer to a line.
pub(crate) type Counts = BTreeMap<String, u64>;

/// The counts of many clients together.
pub(crate) fn total<'a>(all: impl Iterator<Item = &'a Counts>) -> Counts {
    let mut total = Counts::new();
    for (code, count) in all.flatten() {
        *total.entry(code.clone()).or_default() += count;
    }
    total
}

/// The value of [`VARIABLE`] among these.
fn edited_value(edits: &[Edit]) -> Option<u64> {
    match edits.iter().find(|edit| edit.name.as_str() == VARIABLE)?.value {
        Value::Int(number) => number.get().try_into().ok(),
        _ => None,
    }
}

fn unix_millis() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
