//! Any conversation whatever, held against a small model that shares nothing with the conversation but the contract.

use std::{collections::BTreeSet, time::Duration};

use gateway::{Content, Settled};
use proptest::{collection::vec, prelude::*};
use protocol::model::UnixMicros;

use super::*;

const KEY: &str = "0123456789ab";
const PATIENCE: Patience = Patience {
    verify: Duration::from_secs(10),
    heartbeat: HeartbeatTimes { interval: Duration::from_secs(20), timeout: Duration::from_secs(10) },
};

/// What a line brings.
#[derive(Clone, Copy, Debug)]
enum Brings {
    Logs,
    Values,
    /// Of two entries the second makes no sense.
    Half,
    /// What can't be read.
    Rubbish,
    /// What can be read and is too much for the project.
    TooMuch,
}

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A line with a number: so many behind the next one, or so many before it.
    Numbered { ahead: i64, brings: Brings, room: Option<ErrorCode> },
    /// So many of the next lines at once.
    Burst(u64),
    /// A line without a number.
    Loose(Brings),
    /// The game says something else.
    Say(&'static str),
    /// Of the lines that are on their way so many are settled; the database refused each for which the bit is set.
    Settle(u64, u64),
    /// New values go out.
    Push,
    /// Time passes, in milliseconds.
    Pass(u64),
    /// The server goes down.
    Drain,
}

fn brings() -> impl Strategy<Value = Brings> {
    prop_oneof![
        4 => Just(Brings::Logs),
        2 => Just(Brings::Values),
        1 => Just(Brings::Half),
        2 => Just(Brings::Rubbish),
        1 => Just(Brings::TooMuch)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let ahead = prop_oneof![6 => Just(0), 1 => 1i64..4, 2 => -4i64..0];
    let room = prop_oneof![
        6 => Just(None),
        1 => Just(Some(ErrorCode::Busy)),
        1 => Just(Some(ErrorCode::Unavailable))
    ];
    let numbered = (ahead, brings(), room);
    let others = vec![
        "r:0123456789ab:0",
        "r:0123456789ab:9999",
        "r:0123456789ab:x1:{}",
        "p:1",
        "q:1",
        "v:0123456789ab",
        "v:ba9876543210",
        "l:ba9876543210:1:[]",
        "h:{\"proto\":2}",
        "GET / HTTP/1.1",
        "l:0123456789ab:0:[]",
        "l:0123456789ab:99999999999999999999:[]",
    ];
    prop_oneof![
        12 => numbered.prop_map(|(ahead, brings, room)| Step::Numbered { ahead, brings, room }),
        1 => (1u64..300).prop_map(Step::Burst),
        2 => brings().prop_map(Step::Loose),
        3 => prop::sample::select(others).prop_map(Step::Say),
        6 => (0u64..300, any::<u64>()).prop_map(|(count, refused)| Step::Settle(count, refused & 1)),
        2 => Just(Step::Push),
        3 => (1u64..9_000).prop_map(Step::Pass),
        1 => prop::sample::select(vec![Step::Pass(1), Step::Drain]),
    ]
}

/// A conversation, and what the contract says of it.
struct Talk {
    conversation: Conversation,
    out: Vec<u8>,
    now: Instant,
    is_v2: bool,
    is_over: bool,
    is_draining: bool,
    /// Numbers of the lines that went on to the gateway; always without gaps.
    taken: u64,
    settled: u64,
    /// Lines that were taken and refused, and are not said to be.
    owed: BTreeSet<u64>,
    acked: u64,
    revision: i64,
}

impl Talk {
    fn new(is_v2: bool, last_seq: u64) -> Self {
        let now = Instant::now();
        let mut talk = Self {
            conversation: Conversation::new(now, PATIENCE),
            out: Vec::new(),
            now,
            is_v2,
            is_over: false,
            is_draining: false,
            taken: last_seq,
            settled: last_seq,
            owed: BTreeSet::new(),
            acked: last_seq,
            revision: 0,
        };
        if is_v2 {
            talk.line("h:{\"proto\":2}");
            talk.out.clear();
        }
        let key = Key::parse(KEY.as_bytes()).unwrap();
        assert_eq!(talk.line(&format!("v:{KEY}")), Effect::Connect(key));
        talk.conversation.verified(key, last_seq, Revision(0), talk.now, &mut talk.out);
        let greeting = if is_v2 { format!("OK\na:{KEY}:{last_seq}\n") } else { "OK\n".to_owned() };
        assert_eq!(String::from_utf8(std::mem::take(&mut talk.out)).unwrap(), greeting);
        talk
    }

    fn line(&mut self, line: &str) -> Effect {
        self.conversation.hear(self.now);
        let now = Now { instant: self.now, unix: UnixMicros(7_000) };
        let effect = self.conversation.on_line(line.as_bytes().to_vec(), now, &mut self.out);
        self.is_over |= effect == Effect::Close;
        effect
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Numbered { ahead, brings, room } => {
                let seq = self.taken.saturating_add_signed(ahead + 1);
                self.numbered(seq.max(1), *brings, *room);
            }
            Step::Burst(count) => {
                for _ in 0..*count {
                    self.numbered(self.taken + 1, Brings::Logs, None);
                }
            }
            Step::Loose(brings) => self.loose(*brings),
            Step::Say(line) => match self.line(line) {
                // in the original grammar a number is a part of the payload, which nobody can read then
                Effect::Store(line) if !self.is_v2 => {
                    assert_eq!(self.conversation.read(&line, &mut self.out), None);
                }
                Effect::Store(line) => panic!("{line:?} is to be stored"),
                Effect::Applied { revision, .. } => assert!(revision.0 <= self.revision),
                _ => {}
            },
            Step::Settle(count, refused) => self.settle(*count, *refused == 1),
            Step::Push => {
                self.revision += 1;
                let revision = Revision(self.revision);
                self.conversation.push(revision, b"e30=", self.now, &mut self.out);
                self.conversation.in_sync(revision, &mut self.out);
            }
            Step::Pass(millis) => {
                self.now += Duration::from_millis(*millis);
                if self.conversation.deadline().is_some_and(|deadline| self.now >= deadline) {
                    self.is_over |= self.conversation.on_time(self.now, true, &mut self.out) == Effect::Close;
                }
            }
            Step::Drain => {
                self.is_over |= self.conversation.drain(&mut self.out) == Effect::Close;
                self.is_draining = true;
            }
        }
        self.check_answers();
        assert_eq!(self.conversation.in_flight(), self.taken - self.settled);
        assert!(self.conversation.in_flight() <= limits::MAX_INFLIGHT_LINES);
    }

    /// The payload says the number, so that one that is taken for another is seen.
    fn numbered(&mut self, seq: u64, brings: Brings, room: Option<ErrorCode>) {
        let text = match brings {
            Brings::Values => format!("i:{KEY}:{seq}:{{\"a\":{seq}}}"),
            Brings::Rubbish => format!("l:{KEY}:{seq}:[{{"),
            Brings::Half => format!("l:{KEY}:{seq}:[{{\"message\":\"{seq}\"}},7]"),
            Brings::Logs | Brings::TooMuch => format!("l:{KEY}:{seq}:[{{\"message\":\"{seq}\"}}]"),
        };
        let Effect::Store(line) = self.line(&text) else { return };
        if !self.is_v2 {
            assert_eq!(line.seq, None);
            assert_eq!(self.conversation.read(&line, &mut self.out), None);
            return;
        }
        assert_eq!(line.seq, Some(self.taken + 1), "out of order");
        assert_eq!(line.seq, Some(seq));
        assert!(!self.is_draining, "taken while the server goes down");
        if let Some(code) = room {
            self.conversation.not_taken(code, self.now, &mut self.out);
            return;
        }
        self.taken = seq;
        match (self.conversation.read(&line, &mut self.out), brings) {
            (Some(Content::Logs(entries)), Brings::Logs) => assert_eq!(entries[0].message, seq.to_string()),
            (Some(Content::Report(reports)), Brings::Values) => assert_eq!(reports.len(), 1),
            (Some(Content::Logs(entries)), Brings::Half) => {
                assert_eq!((entries.len(), entries[0].message.as_str()), (1, &*seq.to_string()));
                self.owed.insert(seq);
            }
            (Some(Content::Refused), Brings::Rubbish) => {
                self.owed.insert(seq);
            }
            (Some(Content::Logs(_)), Brings::TooMuch) => {
                let error = ProtocolError::new(ErrorCode::TooMany, "no");
                self.conversation.refuse_line(&line, error, &mut self.out);
                self.owed.insert(seq);
            }
            (content, brings) => panic!("{content:?} of {brings:?}"),
        }
    }

    fn loose(&mut self, brings: Brings) {
        let text = match brings {
            Brings::Values => format!("i:{KEY}:{{\"a\":1}}"),
            Brings::Rubbish => format!("l:{KEY}:[{{"),
            Brings::Half => format!("l:{KEY}:[{{\"message\":\"m\"}},7]"),
            Brings::Logs | Brings::TooMuch => format!("l:{KEY}:[{{\"message\":\"m\"}}]"),
        };
        let Effect::Store(line) = self.line(&text) else { panic!("not stored") };
        assert_eq!(line.seq, None);
        let content = self.conversation.read(&line, &mut self.out);
        assert_eq!(content.is_none(), matches!(brings, Brings::Rubbish));
    }

    fn settle(&mut self, count: u64, is_refused: bool) {
        let up_to = self.taken.min(self.settled + count);
        let mut refused = Vec::new();
        if is_refused && up_to > self.settled && self.owed.insert(up_to) {
            refused.push(up_to);
        }
        self.settled = up_to;
        let settled = Settled { up_to, refused, ended: None };
        assert_eq!(self.conversation.settled(&settled, &mut self.out), Effect::None);
    }

    /// Reads what was said, and holds it against the contract.
    fn check_answers(&mut self) {
        let said = String::from_utf8(std::mem::take(&mut self.out)).unwrap();
        for line in said.lines() {
            let parts: Vec<&str> = line.split(':').collect();
            if !self.is_v2 {
                let is_original = line == "OK" || line.starts_with("ERR ") || parts[..] == ["v", KEY, "e30="];
                assert!(is_original, "{line} in an original conversation");
                continue;
            }
            match parts[..] {
                ["a", KEY, seq] => {
                    let seq: u64 = seq.parse().unwrap();
                    assert!(self.acked <= seq && seq <= self.settled, "{line}: {} settled", self.settled);
                    let owed = self.owed.first().filter(|owed| **owed <= seq);
                    assert_eq!(owed, None, "{line} before it is said that a line is refused");
                    self.acked = seq;
                }
                // for good: once, and when it is settled
                ["n", KEY, seq, _] => {
                    let seq: u64 = seq.parse().unwrap();
                    assert!(self.owed.remove(&seq), "{line}: was not refused, or it is said twice");
                    assert!(self.acked < seq && seq <= self.settled, "{line}: {} settled", self.settled);
                }
                ["n", KEY, seq, code, millis] => {
                    assert_eq!(seq.parse(), Ok(self.taken + 1), "{line}");
                    assert!(["busy", "unavailable", "gap"].contains(&code), "{line}");
                    assert!(millis.parse::<u64>().is_ok(), "{line}");
                }
                ["v", KEY, revision, _] | ["s", KEY, revision] => {
                    assert_eq!(revision.parse(), Ok(self.revision), "{line}");
                }
                ["OK"] | ["p" | "q", _] | ["d", _] => {}
                _ => assert!(line.starts_with("ERR "), "{line}"),
            }
        }
        assert_eq!(self.acked, self.settled, "what is settled is said at once");
    }
}

fn converse(is_v2: bool, last_seq: u64, steps: &[Step]) {
    let mut talk = Talk::new(is_v2, last_seq);
    for step in steps {
        talk.step(step);
        if talk.is_over {
            return;
        }
    }
    // nothing stays behind
    if is_v2 {
        talk.step(&Step::Settle(u64::MAX / 2, 0));
        assert_eq!((talk.conversation.in_flight(), talk.owed.len()), (0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn version_2_keeps_its_promises(
        last_seq in prop_oneof![Just(0), 1u64..1_000_000],
        steps in vec(step(), 1..80),
    ) {
        converse(true, last_seq, &steps);
    }

    #[test]
    fn an_original_conversation_never_sees_version_2(steps in vec(step(), 1..40)) {
        converse(false, 0, &steps);
    }
}
