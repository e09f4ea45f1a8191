//! Whole runs against a server that keeps its promises, over a network that does not: from one seed the same run.

use std::{collections::BTreeMap, time::Duration};

use protocol::{
    line::{
        Command, Edited, Grammar, LineDecoder, Revised, encode_revised, parse_command, parse_hello,
        parse_logs, parse_outcomes, parse_report, write_ack, write_drain, write_in_sync, write_nack,
        write_ping, write_revised, write_server_hello,
    },
    model::{Key, UnixMicros, VarRevision, VarSpec, VarType, WireForm},
};

use super::*;

const SEEDS: u64 = 400;
const STEPS: usize = 400;
const NAMES: [&str; 3] = ["a", "b", "c"];

/// What a server knows, and what its connection does.
struct Server {
    rng: fastrand::Rng,
    key: Key,
    epoch: String,
    revision: i64,
    /// The newest edit of each variable; `None`: let go.
    edits: BTreeMap<&'static str, (i64, Option<i64>)>,
    messages: Vec<String>,
    last: u64,
    reported: BTreeMap<String, Value>,
    /// What the game last said it has applied, and of which revision it last rejected a variable.
    applied: i64,
    rejected: BTreeMap<String, i64>,
    lines: LineDecoder,
    is_verified: bool,
    /// The revision that the connection was sent; `None`: it needs all.
    has: Option<i64>,
    /// Lines are passed over until this one comes.
    awaits: Option<u64>,
    out: Vec<u8>,
}

impl Server {
    fn new(rng: fastrand::Rng, key: Key) -> Self {
        Self {
            rng,
            key,
            epoch: "e1".to_owned(),
            revision: 0,
            edits: BTreeMap::new(),
            messages: Vec::new(),
            last: 0,
            reported: BTreeMap::new(),
            applied: 0,
            rejected: BTreeMap::new(),
            lines: LineDecoder::new(limits::MAX_LINE_BYTES),
            is_verified: false,
            has: None,
            awaits: None,
            out: Vec::new(),
        }
    }

    fn connect(&mut self) {
        self.lines = LineDecoder::new(limits::MAX_LINE_BYTES);
        (self.is_verified, self.has, self.awaits) = (false, None, None);
        self.out.clear();
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.lines.feed(bytes);
        while let Some(line) = self.lines.next_line() {
            let line = line.expect("no line is too long");
            let command = parse_command(&line, Grammar::Version2).expect("a line of the grammar");
            self.hear(command);
        }
    }

    fn hear(&mut self, command: Command<'_>) {
        match command {
            Command::Hello { payload } => {
                let hello = parse_hello(payload).expect("a hello");
                let knows = hello.epoch.as_deref() == Some(&self.epoch);
                self.has = hello.rev.map(|revision| revision.0).filter(|_| knows);
                self.applied = self.applied.max(self.has.unwrap_or(0));
                write_server_hello(&mut self.out, "model", hello.caps, 20_000, UnixMicros(0));
            }
            Command::Verify { .. } => {
                self.is_verified = true;
                self.out.extend_from_slice(b"OK\n");
                write_ack(&mut self.out, self.key, self.last);
                self.push();
                if self.has == Some(self.revision) {
                    write_in_sync(&mut self.out, self.key, Revision(self.revision));
                }
            }
            Command::Report { seq, payload, .. } => {
                let reports = parse_report(payload).expect("a report");
                if self.takes(seq) {
                    let values = reports.into_iter().map(|report| (report.name.into(), report.value));
                    self.reported.extend(values);
                }
            }
            Command::Log { seq, payload, .. } => {
                let logs = parse_logs(payload).expect("log entries");
                if self.takes(seq) {
                    assert_eq!(logs.refused, None);
                    self.messages.extend(logs.entries.into_iter().map(|entry| entry.message));
                }
            }
            Command::Applied { revision, payload, .. } => {
                let outcomes =
                    if payload.is_empty() { Vec::new() } else { parse_outcomes(payload).expect("outcomes") };
                assert!(revision.0 <= self.revision, "applied what there never was");
                self.applied = self.applied.max(revision.0);
                for (name, outcome) in outcomes {
                    assert!(matches!(outcome, Outcome::Rejected { .. }), "the game says no more than that");
                    self.rejected.insert(name.into(), revision.0);
                }
            }
            Command::ActionDone { .. } | Command::Ping { .. } | Command::Pong { .. } => {}
        }
    }

    /// Whether a line counts, which is then on disk; its acknowledgement may get lost.
    fn takes(&mut self, seq: Option<u64>) -> bool {
        let seq = seq.expect("every line has a number");
        if seq <= self.last {
            write_ack(&mut self.out, self.key, self.last);
            return false;
        }
        if self.awaits.is_some_and(|awaited| awaited != seq) {
            return false;
        }
        assert_eq!(seq, self.last + 1, "no number is left out");
        if self.rng.u8(0..10) == 0 {
            self.awaits = Some(seq);
            write_nack(&mut self.out, self.key, seq, ErrorCode::Busy, Some(self.rng.u64(0..200)));
            return false;
        }
        (self.awaits, self.last) = (None, seq);
        write_ack(&mut self.out, self.key, seq);
        true
    }

    /// Somebody sets a variable, or lets go of it. Odd values the game will reject.
    fn edit(&mut self) {
        self.revision += 1;
        let name = NAMES[self.rng.usize(..NAMES.len())];
        let value = (self.rng.u8(0..4) > 0).then(|| self.rng.i64(0..1000));
        self.edits.insert(name, (self.revision, value));
        self.push();
    }

    /// Sends what the connection lacks.
    fn push(&mut self) {
        if !self.is_verified || self.has == Some(self.revision) {
            return;
        }
        let from = self.has.unwrap_or(0);
        let news = self.edits.iter().filter(|(_, (revision, _))| *revision > from);
        let named = |name: &str| VarName::parse(name).unwrap();
        let set: Vec<(VarName, Value, i64)> = news
            .clone()
            .filter_map(|(name, (revision, value))| {
                Some((named(name), Value::Int((*value)?.into()), *revision))
            })
            .collect();
        let removed: Vec<VarName> =
            news.filter(|(_, (_, value))| value.is_none()).map(|(name, _)| named(name)).collect();
        let vars: Vec<(Edited<'_>, VarRevision)> = set
            .iter()
            .map(|(name, value, revision)| {
                let edited = Edited { name, type_name: "integer", value, form: WireForm::Native };
                (edited, VarRevision(*revision))
            })
            .collect();
        let full = self.has.is_none();
        let removed: Vec<&VarName> = if full { Vec::new() } else { removed.iter().collect() };
        let payload =
            encode_revised(&Revised { epoch: &self.epoch, full, vars: &vars, removed: &removed }, true);
        write_revised(&mut self.out, self.key, Revision(self.revision), &payload);
        self.has = Some(self.revision);
    }

    /// Whether it has heard of a rejection, and only where there was one.
    fn knows_what_became_of(&self, name: &str) -> bool {
        let Some((set_by, value)) = self.edits.get(name) else { return true };
        let is_rejected = self.rejected.get(name).is_some_and(|revision| revision >= set_by);
        is_rejected == value.is_some_and(|value| value % 2 == 1)
    }

    /// What the game is to have: what people want, unless it is odd.
    fn wanted(&self, own: i64, before: &BTreeMap<&str, i64>, name: &str) -> i64 {
        match self.edits.get(name) {
            Some((_, Some(value))) if value % 2 == 0 => *value,
            // a rejected value leaves the one of before
            Some((_, Some(_))) => before[name],
            _ => own,
        }
    }
}

/// A game, its server, and what is on its way between them.
struct World {
    rng: fastrand::Rng,
    now: Duration,
    session: Session,
    server: Server,
    out: Vec<u8>,
    is_connected: bool,
    values: BTreeMap<&'static str, i64>,
    logged: Vec<String>,
    is_calm: bool,
}

const OWN: i64 = 2;

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let key = Key::parse(b"0123456789ab").unwrap();
        let mut session = Session::new(Settings::new(key).session(seed.into()));
        let values: BTreeMap<&str, i64> = NAMES.map(|name| (name, OWN)).into();
        for name in NAMES {
            let spec = VarSpec::bare(VarType::Integer);
            session.declare(Report {
                name: VarName::parse(name).unwrap(),
                spec,
                value: Value::Int(OWN.into()),
            });
        }
        let server = Server::new(rng.fork(), key);
        let (now, out, logged) = (Duration::ZERO, Vec::new(), Vec::new());
        Self { rng, now, session, server, out, is_connected: false, values, logged, is_calm: false }
    }

    fn step(&mut self) {
        match self.rng.u8(0..100) {
            0..25 => self.log(),
            25..45 => self.frame(),
            45..52 if !self.is_calm => self.server.edit(),
            52..57 if !self.is_calm => self.cut(),
            57..59 if self.is_connected => write_ping(&mut self.server.out, 1),
            59..60 if self.is_connected && !self.is_calm => write_drain(&mut self.server.out, 100),
            _ => {}
        }
        self.now += Duration::from_millis(self.rng.u64(0..40));
        self.carry();
    }

    fn log(&mut self) {
        if self.is_calm {
            return;
        }
        let message = format!("entry {}", self.logged.len());
        self.session.log(LogEntry { message: message.clone(), level: Level::Info, at: None, fields: None });
        self.logged.push(message);
    }

    fn frame(&mut self) {
        let Some(edits) = self.session.take_edits() else { return };
        let mut outcomes = Vec::new();
        for name in &edits.released {
            *self.values.get_mut(name.as_str()).unwrap() = OWN;
        }
        for (name, value) in &edits.set {
            let Value::Int(number) = value else { panic!("{value:?} is no integer") };
            if number.get() % 2 == 0 {
                *self.values.get_mut(name.as_str()).unwrap() = number.get() as i64;
            } else {
                outcomes.push((name.clone(), Outcome::Rejected { reason: Some("odd".to_owned()) }));
            }
        }
        self.session.applied(&edits, outcomes, None);
        for (name, value) in &self.values {
            self.session.set(&VarName::parse(name).unwrap(), Value::Int((*value).into()));
        }
    }

    /// The network fails: what was on its way is lost, in the middle of a line too.
    fn cut(&mut self) {
        if self.is_connected {
            let some = self.rng.usize(..=self.out.len());
            self.server.receive(&self.out[..some]);
            self.is_connected = false;
            self.server.is_verified = false;
            self.session.disconnected(self.now);
        }
        self.out.clear();
        self.server.out.clear();
    }

    fn carry(&mut self) {
        if self.session.connects_at().is_some_and(|at| self.now >= at) {
            self.session.connected(self.now);
            self.server.connect();
            self.is_connected = true;
        }
        if !self.is_connected {
            return;
        }
        // a draining server hangs up
        if self.session.drain.is_some() {
            return self.cut();
        }
        self.session.write(self.now, &mut self.out).expect("the server is never silent for long");
        let (up, down) = (self.rng.usize(..=self.out.len()), self.rng.usize(..=self.server.out.len()));
        let up: Vec<u8> = self.out.drain(..up).collect();
        self.server.receive(&up);
        let down: Vec<u8> = self.server.out.drain(..down).collect();
        self.session.received(&down, self.now).expect("the server talks sense");
    }

    fn is_settled(&self) -> bool {
        let is_told = NAMES
            .iter()
            .all(|name| self.server.reported.get(*name) == Some(&Value::Int(self.values[name].into())));
        let is_heard = NAMES.iter().all(|name| self.server.knows_what_became_of(name));
        self.session.is_settled() && is_told && is_heard && self.server.applied == self.server.revision
    }

    fn check(&self) {
        assert_eq!(self.server.messages, self.logged, "each entry is stored, once and in order");
        for name in NAMES {
            let wanted = self.server.wanted(OWN, &self.values, name);
            assert_eq!(self.values[name], wanted, "{name}: {:?}", self.server.edits);
        }
        assert_eq!(self.session.stats().dropped, [0; Level::ALL.len()]);
    }
}

#[test]
fn whatever_the_network_does_everything_arrives_once() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        (0..STEPS).for_each(|_| world.step());
        world.is_calm = true;
        let mut steps = 0;
        while !world.is_settled() {
            world.step();
            steps += 1;
            assert!(steps < 5_000, "seed {seed} is never settled");
        }
        world.check();
    }
}
