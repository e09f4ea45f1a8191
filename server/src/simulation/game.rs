//! A game that speaks version 2 as the contract wants it: it keeps what is not acknowledged, and sends it again
//! after any failure.
//!
//! The one client that writes and reads its lines by hand, from the contract alone. It is the oracle: a mistake that
//! `protocol` made on both sides of the line would show here.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{limits::MAX_INFLIGHT_LINES, model::Outcome};
use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    host::Host,
    link::Tap,
    model::Landed,
    tables::POISON,
    talk::Talk,
    values::{WAYS, meant},
};

/// Who hears nothing for so long gives the connection up.
const SILENCE: Duration = Duration::from_secs(45);
/// Lines of a flood, each with so many entries of so many bytes: more than one connection may have waiting.
const FLOOD_LINES: usize = 6;
const FLOOD_ENTRIES: usize = 14;
const FLOOD_ENTRY_BYTES: usize = 60_000;
/// Variables that people edit.
pub(super) const KNOBS: [&str; 3] = ["knob0", "knob1", "knob2"];

/// What is to become of a line.
#[derive(Clone, Debug)]
enum Fate {
    Logs(Vec<String>),
    /// It changes at least this one.
    Value(String, String),
    Nothing,
    /// It is refused with this code.
    Refused(&'static str),
    /// These messages are stored, and the entry behind the first is refused.
    Half(Vec<String>),
}

struct Line {
    text: String,
    fate: Fate,
}

/// A session: one start of the game.
struct Session {
    name: String,
    lines: Vec<Line>,
    acked: u64,
    /// How many backups were restored before it began: each ends what is known of it.
    restores: u64,
}

/// What a game has done and knows, for itself and for its check.
pub(super) struct Memory {
    pub(super) label: String,
    pub(super) project: i64,
    sessions: Vec<Session>,
    loose: Vec<String>,
    pub(super) revision: i64,
    epoch: Option<String>,
    pub(super) values: BTreeMap<String, String>,
    /// The edit that set each of `values`.
    set_by: BTreeMap<String, i64>,
    /// What it said of edits: variable, edit, and why it did not just take it.
    said: Vec<(String, i64, Option<String>)>,
    in_sync: bool,
    /// It is to send more than the server can take in now.
    pub(super) is_to_flood: bool,
}

pub(super) struct Game {
    host: Arc<Host>,
    key: String,
    peer: IpAddr,
    rng: fastrand::Rng,
    memory: Arc<Mutex<Memory>>,
    is_quiet: Arc<AtomicBool>,
    /// It sends more than it may have unacknowledged.
    is_rude: bool,
    is_bare: bool,
    /// Connections that it has left without closing them.
    left: Vec<Talk>,
}

/// What one connection knows.
struct Conversation {
    talk: Talk,
    is_verified: bool,
    /// The next line to send.
    cursor: u64,
    paused_until: Option<Instant>,
    /// The first acknowledgement: where the session went on.
    begun_at: Option<u64>,
    refused: BTreeSet<u64>,
    heard: Instant,
    return_within: Option<u64>,
    /// It did not listen for a while.
    has_napped: bool,
    /// How many backups had been restored when it began: what is said later may be of a history that counts no longer.
    restores: u64,
}

impl Memory {
    fn session(&mut self) -> &mut Session {
        self.sessions.last_mut().expect("there is one from the beginning")
    }

    fn next_session(&self, restores: u64) -> Session {
        let name = format!("{}-{}", self.label, self.sessions.len() + 1);
        Session { name, lines: Vec::new(), acked: 0, restores }
    }

    /// Whether everything is acknowledged.
    pub(super) fn is_settled(&self) -> bool {
        self.in_sync
            && self.sessions.last().is_some_and(|session| session.acked == session.lines.len() as u64)
    }

    /// Whether what is stored is what was sent and acknowledged.
    pub(super) fn check(&self, host: &Host) {
        let restores = host.disk.restores();
        for session in self.sessions.iter().filter(|session| session.restores == restores) {
            host.disk.look(|model| {
                let stored = model.lines(self.project, &session.name);
                let has_all = stored.len() as u64 >= session.acked && stored.len() <= session.lines.len();
                let (count, acked, sent) = (stored.len(), session.acked, session.lines.len());
                let what =
                    format_args!("{}: {sent} sent, {acked} acknowledged, {count} stored", session.name);
                host.journal.check(has_all, &self.label, what);
                for (seq, (line, stored)) in (1..).zip(session.lines.iter().zip(stored)) {
                    let fits = match (&line.fate, stored) {
                        (Fate::Logs(sent) | Fate::Half(sent), Landed::Logs(stored)) => sent == stored,
                        (Fate::Value(name, value), Landed::Values(stored)) => {
                            stored.contains(&(name.clone(), value.clone()))
                        }
                        (Fate::Nothing | Fate::Refused(_), Landed::Number) => true,
                        _ => false,
                    };
                    let what =
                        format_args!("{} line {seq}: {} is stored as {stored:?}", session.name, line.text);
                    host.journal.check(fits, &self.label, what);
                }
            });
        }
        for knob in KNOBS {
            self.check_outcome(host, knob);
        }
        for message in &self.loose {
            let count = host.disk.look(|model| model.count(message));
            host.journal.check(count <= 1, &self.label, format_args!("{message} is stored {count} times"));
        }
    }
}

impl Memory {
    /// Nothing is stored of what it did with a value that it has not said of that very edit.
    fn check_outcome(&self, host: &Host, name: &str) {
        let identity = format!("id:{}", self.label);
        let Some((set_by, outcome)) = host.disk.outcome(self.project, &identity, name) else { return };
        let reason = why(&outcome);
        let was_said = self.said.contains(&(name.to_owned(), set_by, reason.clone()));
        let what = format_args!("{name} of {set_by} is stored as {reason:?}, which it never said");
        host.journal.check(was_said, &self.label, what);
    }
}

/// Why a value was not just taken.
pub(super) fn why(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Applied => None,
        Outcome::Clamped { reason, .. } | Outcome::Rejected { reason } => reason.clone(),
    }
}

/// What a game says that does not just take a value.
pub(super) fn objection(rng: &mut fastrand::Rng, name: &str, reason: &str) -> Json {
    if rng.bool() {
        json!({"name": name, "status": "clamped", "value": 1, "reason": reason})
    } else {
        json!({"name": name, "status": "rejected", "reason": reason})
    }
}

impl Game {
    pub(super) fn new(
        host: &Arc<Host>,
        mut rng: fastrand::Rng,
        number: u8,
        (project, key): (i64, &str),
        is_quiet: &Arc<AtomicBool>,
    ) -> (Self, Arc<Mutex<Memory>>) {
        let label = format!("game{number}");
        let session = Session { name: format!("{label}-1"), lines: Vec::new(), acked: 0, restores: 0 };
        let memory = Arc::new(Mutex::new(Memory {
            label,
            project,
            sessions: vec![session],
            loose: Vec::new(),
            revision: 0,
            epoch: None,
            values: BTreeMap::new(),
            set_by: BTreeMap::new(),
            said: Vec::new(),
            in_sync: false,
            is_to_flood: false,
        }));
        let game = Self {
            host: Arc::clone(host),
            key: key.to_owned(),
            peer: IpAddr::V4(Ipv4Addr::new(10, 0, 0, number)),
            is_rude: rng.u8(0..8) == 0,
            is_bare: rng.bool(),
            rng,
            memory: Arc::clone(&memory),
            is_quiet: Arc::clone(is_quiet),
            left: Vec::new(),
        };
        (game, memory)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().expect("no holder panics")
    }

    pub(super) async fn run(mut self) {
        let mut pause = 50;
        loop {
            self.look_for_a_restore();
            let (who, tap) = self.tap();
            let within = match self.host.connect(&who, self.peer, tap) {
                Some(end) => {
                    self.host.journal.note(&who, format_args!("connects"));
                    pause = 50;
                    let within = self.converse(Talk::new(end)).await;
                    self.host.journal.note(&who, format_args!("is disconnected"));
                    within
                }
                None => None,
            };
            self.memory().in_sync = false;
            let most = within.unwrap_or(pause);
            pause = (2 * pause).min(1_000);
            sleep(Duration::from_millis(self.rng.u64(0..=most))).await;
            if !self.is_quiet.load(Relaxed) && self.rng.u8(0..12) == 0 {
                self.start_anew();
            }
        }
    }

    /// After a restore the numbers of a session are not what they were: it begins another one.
    fn look_for_a_restore(&mut self) {
        let restores = self.host.disk.restores();
        let mut memory = self.memory();
        if memory.session().restores != restores {
            let session = memory.next_session(restores);
            memory.sessions.push(session);
        }
    }

    /// The player starts the game again: a new session, which knows nothing.
    fn start_anew(&mut self) {
        let restores = self.host.disk.restores();
        let mut memory = self.memory();
        let session = memory.next_session(restores);
        memory.sessions.push(session);
        memory.revision = 0;
        memory.epoch = None;
        memory.values.clear();
        memory.set_by.clear();
    }

    /// Holds every acknowledgement against the disk in the moment when the server says it.
    fn tap(&self) -> (String, Tap) {
        let mut memory = self.memory();
        let (who, project, session) = (memory.label.clone(), memory.project, memory.session().name.clone());
        drop(memory);
        let (host, mut line, label) = (Arc::clone(&self.host), Vec::new(), who.clone());
        let restores = host.disk.restores();
        let tap = move |bytes: &[u8]| {
            for byte in bytes {
                if *byte != b'\n' {
                    line.push(*byte);
                    continue;
                }
                let text = String::from_utf8_lossy(&line).into_owned();
                line.clear();
                if text.starts_with("a:")
                    && host.disk.restores() == restores
                    && let Some(seq) = text.rsplit(':').next().and_then(|seq| seq.parse::<usize>().ok())
                {
                    let stored = host.disk.look(|model| model.lines(project, &session).len());
                    let what = format_args!("{text} is said when {stored} lines of {session} are committed");
                    host.journal.check(seq <= stored, &label, what);
                }
            }
        };
        (who, Box::new(tap))
    }

    /// Talks until the connection is gone; returns how soon to come back, if the server said so.
    async fn converse(&mut self, talk: Talk) -> Option<u64> {
        let mut it = Conversation {
            talk,
            is_verified: false,
            cursor: u64::MAX,
            paused_until: None,
            begun_at: None,
            refused: BTreeSet::new(),
            heard: Instant::now(),
            return_within: None,
            has_napped: false,
            restores: self.host.disk.restores(),
        };
        self.greet(&mut it);
        let mut act_at = Instant::now() + Duration::from_millis(self.rng.u64(1..200));
        loop {
            let silent_at = it.heard + SILENCE;
            let wake_at = it.paused_until.unwrap_or(silent_at).min(act_at).min(silent_at);
            tokio::select! {
                biased;
                heard = it.talk.next() => match heard {
                    Ok(Some(line)) => {
                        it.heard = Instant::now();
                        self.hear(&mut it, &line);
                    }
                    Ok(None) | Err(_) => return it.return_within,
                },
                () = sleep_until(wake_at) => {}
            }
            let now = Instant::now();
            if now >= silent_at {
                return None;
            }
            if now >= act_at {
                act_at = if self.is_quiet.load(Relaxed) {
                    now + SILENCE
                } else {
                    now + Duration::from_millis(self.rng.u64(5..800))
                };
                if !self.is_quiet.load(Relaxed) && self.rng.u8(0..100) == 0 {
                    it.has_napped = true;
                    sleep(Duration::from_millis(self.rng.u64(1_000..25_000))).await;
                    it.heard = Instant::now();
                }
                if self.act(&mut it) {
                    // the network changes: the server does not hear of it, and neither does what is on its way
                    self.left.push(it.talk);
                    return None;
                }
            }
            if it.paused_until.is_some_and(|until| now >= until) {
                it.paused_until = None;
            }
            self.send(&mut it);
        }
    }

    fn greet(&mut self, it: &mut Conversation) {
        let mut memory = self.memory();
        let mut hello = json!({"proto": 2, "device": memory.label, "session": memory.session().name});
        if self.is_bare {
            hello["caps"] = json!(["ack", "rev", "ping", "drain", "json"]);
        }
        if let Some(epoch) = &memory.epoch {
            hello["epoch"] = json!(epoch);
            hello["rev"] = json!(memory.revision);
        }
        it.talk.say(&format!("h:{hello}"));
        it.talk.say(&format!("v:{}", self.key));
    }

    /// Does what games do; returns whether it leaves the connection.
    fn act(&mut self, it: &mut Conversation) -> bool {
        if self.is_quiet.load(Relaxed) {
            return false;
        }
        let count = match self.rng.u16(0..1_000) {
            0..800 => 1,
            800..980 => self.rng.usize(2..6),
            980..999 => self.rng.usize(6..30),
            // more than may be unacknowledged
            _ => self.rng.usize(260..300),
        };
        for _ in 0..count {
            self.produce();
        }
        if it.is_verified && self.rng.u8(0..10) == 0 {
            let mut memory = self.memory();
            let message = format!("{} loose {}", memory.label, memory.loose.len());
            it.talk.say(&format!("l:{}:{}", self.key, json!({ "message": message })));
            memory.loose.push(message);
        }
        if it.is_verified {
            self.flood(it);
            if self.rng.u8(0..12) == 0 {
                self.change_its_mind(it);
            }
        }
        self.left.len() < 2 && self.rng.u8(0..60) == 0
    }

    /// Says more at once than the server may have waiting of one game.
    fn flood(&self, it: &mut Conversation) {
        let mut memory = self.memory();
        if !std::mem::take(&mut memory.is_to_flood) {
            return;
        }
        self.host.journal.note(&memory.label, format_args!("floods"));
        for _ in 0..FLOOD_LINES {
            let message = |i| format!("{} flood {}.{i} ", memory.label, memory.loose.len());
            let messages: Vec<String> = (0..FLOOD_ENTRIES).map(message).collect();
            let entries = messages.iter().map(|message| {
                let text = format!("{message}{}", "x".repeat(FLOOD_ENTRY_BYTES));
                json!({ "message": text })
            });
            let entries: Vec<Json> = entries.collect();
            it.talk.say(&format!("l:{}:{}", self.key, json!(entries)));
            memory.loose.extend(messages);
        }
    }

    /// Says another time what it did with a value.
    fn change_its_mind(&mut self, it: &mut Conversation) {
        let mut rng = self.rng.fork();
        let mut memory = self.memory();
        let known: Vec<(String, i64)> = memory.set_by.clone().into_iter().collect();
        let Some((name, set_by)) = rng.choice(known) else { return };
        let answer = self.answer(&mut memory, &mut rng, vec![(name, set_by)]);
        it.talk.say(&answer);
    }

    /// What it says of these edits; what it does not mention it has just taken.
    fn answer(&self, memory: &mut Memory, rng: &mut fastrand::Rng, edits: Vec<(String, i64)>) -> String {
        let mut outcomes = Vec::new();
        for (name, set_by) in edits {
            let reason =
                (rng.u8(0..3) == 0).then(|| format!("{} objects {}", memory.label, memory.said.len()));
            match &reason {
                Some(reason) => outcomes.push(objection(rng, &name, reason)),
                None => outcomes.push(json!({"name": name, "status": "applied"})),
            }
            memory.said.push((name, set_by, reason));
        }
        if outcomes.is_empty() {
            format!("r:{}:{}", self.key, memory.revision)
        } else {
            format!("r:{}:{}:{}", self.key, memory.revision, json!(outcomes))
        }
    }

    /// Adds a line to the session.
    fn produce(&mut self) {
        let dice = self.rng.u8(0..100);
        let entries = self.rng.usize(1..4);
        let mut memory = self.memory();
        let (label, obeyed) = (memory.label.clone(), memory.values.clone());
        let session = memory.session();
        let (number, name) = (session.lines.len() + 1, session.name.clone());
        let stat = format!("stat-{label}");
        let line = match dice {
            _ if number == 1 => {
                let mut vars = vec![json!({"name": stat, "type": "integer", "value": number})];
                vars.extend(KNOBS.map(|knob| json!({"name": knob, "type": "integer", "value": 0})));
                Line { text: format!("i:{}", json!(vars)), fate: Fate::Value(stat, number.to_string()) }
            }
            0..25 => {
                // now and then with what people have set, which it obeys
                let mut vars = json!({ stat.clone(): number });
                if entries == 1 {
                    let set =
                        obeyed.iter().filter_map(|(knob, value)| Some((knob, value.parse::<i64>().ok()?)));
                    set.for_each(|(knob, value)| vars[knob] = json!(value));
                }
                Line { text: format!("i:{vars}"), fate: Fate::Value(stat, number.to_string()) }
            }
            25..28 => {
                // another build declares a knob in another way
                let (way, knob) = (WAYS[number % WAYS.len()], KNOBS[entries - 1]);
                let value = obeyed.get(knob).and_then(|value| value.parse().ok()).unwrap_or(0);
                let stat_is = json!({"name": stat, "type": "integer", "value": number});
                let text = format!("i:{}", json!([stat_is, way.declaration(knob, value)]));
                Line { text, fate: Fate::Value(stat, number.to_string()) }
            }
            28..30 => Line { text: "l:[{\"message\":".to_owned(), fate: Fate::Refused("bad_json") },
            30..32 => {
                let text = format!("l:{}", json!({"message": format!("{POISON} {name}:{number}")}));
                Line { text, fate: Fate::Refused("internal") }
            }
            32..35 => Line { text: "l:[]".to_owned(), fate: Fate::Nothing },
            35..40 => {
                let messages = ["a", "b"].map(|part| format!("{name}:{number}.{part}"));
                let [first, last] = messages.each_ref().map(|message| json!({ "message": message }));
                Line { text: format!("l:{}", json!([first, 7, last])), fate: Fate::Half(messages.into()) }
            }
            _ => {
                let messages: Vec<String> = (0..entries).map(|i| format!("{name}:{number}.{i}")).collect();
                let json: Vec<Json> = messages.iter().map(|message| json!({ "message": message })).collect();
                Line { text: format!("l:{}", json!(json)), fate: Fate::Logs(messages) }
            }
        };
        session.lines.push(line);
    }

    /// Sends what is to be sent, each line once unless the server asks again.
    fn send(&self, it: &mut Conversation) {
        if it.begun_at.is_none() || it.paused_until.is_some() || it.return_within.is_some() {
            return;
        }
        let mut memory = self.memory();
        let session = memory.session();
        while it.cursor <= session.lines.len() as u64
            && (self.is_rude || it.cursor <= session.acked + MAX_INFLIGHT_LINES)
        {
            let (verb, payload) = session.lines[it.cursor as usize - 1].text.split_at(2);
            it.talk.say(&format!("{verb}{}:{}:{payload}", self.key, it.cursor));
            it.cursor += 1;
        }
    }

    fn hear(&mut self, it: &mut Conversation, line: &str) {
        let label = self.memory().label.clone();
        self.host.journal.note(&label, format_args!("hears {}", &line[..line.len().min(120)]));
        let wrong = |what: std::fmt::Arguments<'_>| self.host.journal.violate(&label, what);
        let (verb, rest) = line.split_once(':').unwrap_or((line, ""));
        let rest =
            rest.strip_prefix(self.key.as_str()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(rest);
        let parts: Vec<&str> = rest.splitn(3, ':').collect();
        match verb {
            "OK" => it.is_verified = true,
            "a" => match rest.parse() {
                Ok(seq) => self.hear_ack(it, seq),
                Err(_) => wrong(format_args!("can't read {line}")),
            },
            "n" => match (parts[0].parse(), &parts[1..]) {
                (Ok(seq), [code]) => self.hear_refusal(it, seq, code),
                (Ok(seq), [_, millis]) => {
                    let millis = millis.parse().unwrap_or(0);
                    it.cursor = it.cursor.min(seq);
                    it.paused_until = Some(Instant::now() + Duration::from_millis(millis));
                }
                _ => wrong(format_args!("can't read {line}")),
            },
            "v" => match rest.split_once(':') {
                Some((revision, payload)) => self.hear_values(it, revision, payload),
                None => wrong(format_args!("can't read {line}")),
            },
            "s" => {
                let revision = self.memory().revision;
                if rest.parse() != Ok(revision) {
                    wrong(format_args!("in sync at {rest}, having {revision}"));
                }
            }
            "p" => it.talk.say(&format!("q:{rest}")),
            "d" => it.return_within = Some(rest.parse().unwrap_or(0)),
            "h" | "q" => {}
            _ if line.starts_with("ERR ") => {
                let code = line.split(' ').nth(1).unwrap_or_default();
                let passing = ["unavailable", "taken_over", "slow", "timeout", "draining", "gap"];
                // who answers is not called idle
                let was_silent = it.has_napped || it.talk.was_disturbed();
                let may_come = passing.contains(&code) || (code == "idle" && was_silent);
                if !may_come {
                    wrong(format_args!("{line}"));
                }
            }
            _ => wrong(format_args!("did not expect {line}")),
        }
    }

    fn hear_ack(&self, it: &mut Conversation, seq: u64) {
        let mut memory = self.memory();
        let label = memory.label.clone();
        let session = memory.session();
        let (acked, sent) = (session.acked, session.lines.len() as u64);
        let what = format_args!("a:{seq} after {acked} of {sent}");
        self.host.journal.check(acked <= seq && seq <= sent, &label, what);
        session.acked = acked.max(seq.min(sent));
        match it.begun_at {
            None => {
                it.begun_at = Some(seq);
                it.cursor = seq + 1;
                memory.in_sync = true;
            }
            Some(begun_at) => {
                for number in acked.max(begun_at) + 1..=seq.min(sent) {
                    let fate = &session.lines[number as usize - 1].fate;
                    let refused = matches!(fate, Fate::Refused(_) | Fate::Half(_));
                    let what = format_args!("a:{seq} and not a word that {number} is refused");
                    self.host.journal.check(!refused || it.refused.contains(&number), &label, what);
                }
            }
        }
    }

    fn hear_refusal(&self, it: &mut Conversation, seq: u64, code: &str) {
        let mut memory = self.memory();
        let label = memory.label.clone();
        let session = memory.session();
        let line = seq.checked_sub(1).and_then(|index| session.lines.get(index as usize));
        let is_due = line.is_some_and(|line| match line.fate {
            Fate::Refused(why) => why == code,
            Fate::Half(_) => code == "bad_shape 2",
            _ => false,
        });
        let text = line.map(|line| line.text.as_str()).unwrap_or_default();
        let what = format_args!("n:{seq}:{code} for {text}");
        self.host.journal.check(is_due && session.acked < seq, &label, what);
        self.host.journal.check(it.refused.insert(seq), &label, format_args!("n:{seq}:{code} twice"));
    }

    fn hear_values(&mut self, it: &mut Conversation, revision: &str, payload: &str) {
        let mut rng = self.rng.fork();
        let mut memory = self.memory();
        let label = memory.label.clone();
        let journal = &self.host.journal;
        let decoded = if payload.starts_with('{') {
            payload.as_bytes().to_vec()
        } else {
            STANDARD.decode(payload).unwrap_or_default()
        };
        let (Ok(revision), Ok(push)) = (revision.parse::<i64>(), serde_json::from_slice::<Json>(&decoded))
        else {
            return journal.violate(&label, format_args!("can't read v:{revision}:{payload}"));
        };
        if push["full"] == json!(true) {
            memory.values.clear();
            memory.set_by.clear();
        } else {
            let known = memory.revision;
            journal.check(revision > known, &label, format_args!("revision {revision} after {known}"));
        }
        memory.epoch = push["epoch"].as_str().map(str::to_owned);
        memory.revision = revision;
        let is_old = self.host.disk.restores() != it.restores;
        let mut edits = Vec::new();
        for var in push["vars"].as_array().into_iter().flatten() {
            let name = var["name"].as_str().unwrap_or_default();
            // in the JSON type in which the project last saw it
            let value = meant(&var["value"].to_string());
            let set_by = var["rev"].as_i64().unwrap_or_default();
            let project = memory.project;
            let is_saved =
                self.host.disk.look(|model| model.edit(project, set_by, name) == Some(Some(value.as_str())));
            let fits = is_old || is_saved && set_by <= revision;
            journal.check(fits, &label, format_args!("{name} = {value} of {set_by} was never saved"));
            memory.values.insert(name.to_owned(), value);
            memory.set_by.insert(name.to_owned(), set_by);
            edits.push((name.to_owned(), set_by));
        }
        for name in push["removed"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            let project = memory.project;
            let is_let_go = self.host.disk.look(|model| model.is_let_go(project, revision, name));
            journal.check(
                is_old || is_let_go,
                &label,
                format_args!("{name} is wanted at {revision}, not let go"),
            );
            memory.values.remove(name);
            memory.set_by.remove(name);
        }
        let answer = self.answer(&mut memory, &mut rng, edits);
        it.talk.say(&answer);
    }
}
