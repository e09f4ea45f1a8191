//! What a game says, over any number of connections, without a socket.

use std::time::Duration;

use protocol::{
    line::{Command, write_command},
    model::{Level, LogEntry, Report, Value, VarName, VarSpec, VarType},
};

use super::{Dialect, Order, Settings, Tally, original::Original, witness::Witness};

/// A game logs once a frame at most …
pub(super) const FRAME: Duration = Duration::from_millis(10);
/// … and then so much.
pub(super) const ENTRIES_PER_FRAME: u64 = 16;

/// The connection is over.
pub(super) struct Over;

/// Bytes and times go in, bytes come out.
pub(super) trait Voice: Send {
    /// When to connect, as time since the game began.
    fn connects_at(&self) -> Duration;
    /// There is a connection.
    fn connected(&mut self, now: Duration, out: &mut Vec<u8>);
    fn disconnected(&mut self, now: Duration);
    fn received(&mut self, bytes: &[u8], now: Duration, tally: &mut Tally) -> Result<(), Over>;
    /// Puts what is to be said now at the end of `out`.
    fn write(
        &mut self,
        now: Duration,
        order: Order,
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) -> Result<(), Over>;
}

pub(super) fn voice_of(settings: &Settings) -> Box<dyn Voice> {
    match settings.dialect {
        Dialect::Acknowledged => Box::new(Sdk::new(settings)),
        Dialect::Original => Box::new(Original::new(settings)),
    }
}

/// The entry with this number, of a game of this name.
pub(super) fn entry(name: &str, number: u64) -> LogEntry {
    LogEntry { message: format!("{name} {number}"), level: Level::Info, at: None, fields: None }
}

/// The variable that people edit, and `counter`, which is the number of the last entry.
pub(super) fn variables(speed: i64, counter: u64) -> [Report; 2] {
    let report = |name, value| Report {
        name: VarName::parse(name).expect("a name"),
        spec: VarSpec::bare(VarType::Integer),
        value,
    };
    [report("speed", Value::Int(speed.into())), report("counter", Value::Int(counter.into()))]
}

/// A game with the SDK's session. The session bears in silence what a server must never do, so a witness listens to both sides.
struct Sdk {
    session: observerio::session::Session,
    witness: Witness,
    name: String,
    window: u64,
    patience: Duration,
    frame_at: Duration,
    heard_at: Duration,
    is_asked: bool,
}

impl Sdk {
    fn new(settings: &Settings) -> Self {
        let Settings { key, name, window, patience, .. } = settings;
        let key = key.parse().expect("a key");
        let own = observerio::Settings::new(key).device(name.clone()).name(name.clone()).report_every(FRAME);
        let mut session = observerio::session::Session::new(own);
        variables(0, 0).into_iter().for_each(|variable| session.declare(variable));
        let (witness, name) = (Witness::new(key), name.clone());
        let (window, patience) = (*window, *patience);
        let (frame_at, heard_at) = (Duration::ZERO, Duration::ZERO);
        Self { session, witness, name, window, patience, frame_at, heard_at, is_asked: false }
    }

    /// As much as may be unacknowledged.
    fn log(&mut self, tally: &mut Tally) {
        let last = (tally.acked + self.window).min(tally.made + ENTRIES_PER_FRAME);
        for number in tally.made + 1..=last {
            self.session.log(entry(&self.name, number));
            tally.made = number;
        }
        let [_, Report { name, value, .. }] = variables(0, tally.made);
        self.session.set(&name, value);
    }

    fn apply(&mut self, tally: &mut Tally) {
        let Some(edits) = self.session.take_edits() else { return };
        for (name, value) in &edits.set {
            self.session.set(name, value.clone());
        }
        tally.take(edits.set.iter().map(|(name, value)| (name, value)), &edits.released);
        self.session.applied(&edits, Vec::new(), None);
    }

    /// The session has the patience of the server's `h:`, which is too much for a bad network.
    fn look_for_life(&mut self, now: Duration, out: &mut Vec<u8>) -> Result<(), Over> {
        let silence = now.saturating_sub(self.heard_at);
        if silence >= 3 * self.patience {
            return Err(Over);
        }
        if silence >= self.patience && !self.is_asked {
            self.is_asked = true;
            write_command(out, &Command::Ping { token: b"there?" });
        }
        Ok(())
    }
}

impl Voice for Sdk {
    fn connects_at(&self) -> Duration {
        self.session.connects_at().unwrap_or_default()
    }

    fn connected(&mut self, now: Duration, _: &mut Vec<u8>) {
        (self.heard_at, self.is_asked) = (now, false);
        self.session.connected(now);
        self.witness.connected();
    }

    fn disconnected(&mut self, now: Duration) {
        self.session.disconnected(now);
    }

    fn received(&mut self, bytes: &[u8], now: Duration, tally: &mut Tally) -> Result<(), Over> {
        (self.heard_at, self.is_asked) = (now, false);
        self.witness.heard(bytes, tally);
        self.session.received(bytes, now).map_err(|_| Over)
    }

    fn write(
        &mut self,
        now: Duration,
        order: Order,
        out: &mut Vec<u8>,
        tally: &mut Tally,
    ) -> Result<(), Over> {
        self.apply(tally);
        if order == Order::Play && now >= self.frame_at {
            self.frame_at = now + FRAME;
            self.log(tally);
        }
        let before = out.len();
        self.session.write(now, out).map_err(|_| Over)?;
        self.witness.said(&out[before..], tally);
        self.look_for_life(now, out)
    }
}
