use std::time::Duration;

use gateway::{ActionCall, Content, Settled};
use protocol::model::{Outcome, UnixMicros, VarName};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Patience = Patience {
    verify: Duration::from_secs(10),
    heartbeat: HeartbeatTimes { interval: Duration::from_secs(20), timeout: Duration::from_secs(10) },
};

fn key() -> Key {
    Key::parse(b"0123456789ab").unwrap()
}

/// A conversation with what it said since it was last asked.
struct Talk {
    conversation: Conversation,
    start: Instant,
    now: Instant,
    out: Vec<u8>,
}

impl Talk {
    fn new() -> Self {
        let start = Instant::now();
        Self { conversation: Conversation::new(start, PATIENCE), start, now: start, out: Vec::new() }
    }

    fn verified() -> Self {
        let mut talk = Self::new();
        talk.verify(0, 0);
        talk.said();
        talk
    }

    fn version_2(hello: &str) -> Self {
        let mut talk = Self::new();
        talk.line(&format!("h:{hello}"));
        talk.verify(0, 0);
        talk.said();
        talk
    }

    fn verify(&mut self, last_seq: u64, held: i64) {
        self.conversation.verified(key(), last_seq, Revision(held), self.now, &mut self.out);
    }

    fn line(&mut self, line: &str) -> Effect {
        let now = Now { instant: self.now, unix: UnixMicros(7_000) };
        self.conversation.on_line(line.as_bytes().to_vec(), now, &mut self.out)
    }

    fn pass(&mut self, time: Duration) -> Effect {
        self.now += time;
        self.conversation.on_time(self.now, true, &mut self.out)
    }

    fn refuse(&mut self, code: ErrorCode) -> Effect {
        self.conversation.refused(ProtocolError::new(code, "no"), b"v:", &mut self.out)
    }

    fn settle(&mut self, up_to: u64, ended: Option<ErrorCode>) -> Effect {
        let settled = Settled { up_to, refused: Vec::new(), ended };
        self.conversation.settled(&settled, &mut self.out)
    }

    /// Takes a line of the game as far as the gateway would get it.
    fn store(&mut self, line: &str) -> Option<Content> {
        match self.line(line) {
            Effect::Store(line) => self.conversation.read(&line, &mut self.out),
            other => panic!("{other:?} for {line}, after {}", String::from_utf8_lossy(&self.out)),
        }
    }

    fn said(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.out)).unwrap()
    }

    /// The code of the one `ERR` that was said.
    fn error(&mut self) -> String {
        let said = self.said();
        let [line] = said.lines().collect::<Vec<_>>()[..] else { panic!("not one line: {said}") };
        line.strip_prefix("ERR ").and_then(|rest| rest.split(' ').next()).expect(line).to_owned()
    }
}

#[test]
fn a_key_is_asked_about_and_then_allows_payloads() {
    let mut talk = Talk::new();
    assert_eq!(talk.line("v:0123456789ab"), Effect::Connect(key()));
    talk.verify(0, 0);
    assert_eq!(talk.said(), "OK\n");
    assert!(matches!(talk.store("i:0123456789ab:{\"a\":1}"), Some(Content::Report(r)) if r.len() == 1));
    assert!(
        matches!(talk.store("l:0123456789ab:{\"message\":\"m\"}"), Some(Content::Logs(l)) if l.len() == 1)
    );
    assert_eq!(talk.line("v:0123456789ab"), Effect::None);
    assert_eq!(talk.said(), "OK\n");
}

#[test]
fn a_client_that_never_says_hello_gets_the_original_grammar() {
    let mut talk = Talk::verified();
    for line in ["r:0123456789ab:1", "p:1", "q:1"] {
        assert_eq!((talk.line(line), talk.error().as_str()), (Effect::None, "bad_verb"), "{line}");
    }
    // what looks like a number is a part of the payload
    assert_eq!(talk.store("l:0123456789ab:1:[]"), None);
    assert_eq!(talk.error(), "bad_base64");
    assert_eq!(talk.pass(1_000 * SECOND), Effect::None);
    assert_eq!(talk.conversation.deadline(), None);
}

#[test]
fn hello_is_ignored_where_the_original_server_would() {
    let mut talk = Talk::verified();
    assert_eq!((talk.line("h:{\"proto\":2}"), talk.said().as_str()), (Effect::None, ""));
    let mut talk = Talk::new();
    assert_eq!((talk.line("h:{\"proto\":1}"), talk.said().as_str()), (Effect::None, ""));
}

#[test]
fn a_foreign_verb_closes_before_ok_only() {
    for (mut talk, effect) in [(Talk::new(), Effect::Close), (Talk::verified(), Effect::None)] {
        assert_eq!((talk.line("GET / HTTP/1.1"), talk.error().as_str()), (effect, "bad_verb"));
    }
}

#[test]
fn payloads_need_the_verified_key() {
    let mut talk = Talk::new();
    assert_eq!((talk.line("i:0123456789ab:[]"), talk.error().as_str()), (Effect::None, "unverified"));
    let mut talk = Talk::version_2("{\"proto\":2}");
    for line in [
        "i:another-key!:[]",
        "l:another-key!:1:[]",
        "v:another-key!",
        "r:another-key!:0",
        "r:another-key!:x1:{}",
    ] {
        assert_eq!((talk.line(line), talk.error().as_str()), (Effect::None, "wrong_key"), "{line}");
    }
}

#[test]
fn the_fifth_refusal_closes_and_both_kinds_count() {
    let mut talk = Talk::new();
    for line in ["v:short", "i:0123456789ab:[]", "l:0123456789ab:[]"] {
        assert_eq!(talk.line(line), Effect::None);
    }
    assert_eq!(talk.refuse(ErrorCode::BadKey), Effect::None);
    assert_eq!(talk.refuse(ErrorCode::BadKey), Effect::Close);
}

#[test]
fn bad_payloads_never_close() {
    let mut talk = Talk::verified();
    for _ in 0..100 {
        assert_eq!(talk.store("i:0123456789ab:["), None);
        assert_eq!(talk.error(), "bad_json");
        assert_eq!(talk.store("l:0123456789ab:!"), None);
        assert_eq!(talk.error(), "bad_base64");
    }
}

#[test]
fn verifying_has_a_deadline_and_lines_do_not_move_it() {
    let mut talk = Talk::new();
    talk.line("v:short");
    talk.line("h:{\"proto\":2}");
    talk.said();
    assert_eq!(talk.conversation.deadline(), Some(talk.start + PATIENCE.verify));
    assert_eq!(talk.pass(PATIENCE.verify - Duration::from_millis(1)), Effect::None);
    assert_eq!((talk.pass(Duration::from_millis(1)), talk.error().as_str()), (Effect::Close, "timeout"));
}

#[test]
fn hello_is_answered_and_the_session_goes_on_where_it_was() {
    let mut talk = Talk::new();
    assert_eq!(talk.line("h:{\"proto\":2,\"caps\":[\"ack\",\"rev\"]}"), Effect::None);
    let answer = talk.said();
    assert!(answer.starts_with("h:{") && answer.contains(r#""caps":["ack","rev"]"#), "{answer}");
    assert!(answer.contains(r#""ping":20000"#) && answer.contains(r#""t":7"#), "{answer}");
    talk.verify(41, 0);
    assert_eq!(talk.said(), "OK\na:0123456789ab:41\n");
    assert_eq!((talk.line("h:{\"proto\":2}"), talk.error().as_str()), (Effect::None, "bad_shape"));
}

#[test]
fn a_broken_hello_is_named_and_can_be_mended() {
    let mut talk = Talk::new();
    assert_eq!((talk.line("h:{\"proto\":"), talk.error().as_str()), (Effect::None, "bad_json"));
    assert_eq!(talk.line("h:{\"proto\":2}"), Effect::None);
    assert!(talk.said().starts_with("h:{"));
}

#[test]
fn lines_are_acknowledged_when_they_are_settled() {
    let mut talk = Talk::version_2("{\"proto\":2}");
    assert!(talk.store("l:0123456789ab:1:[{\"message\":\"a\"}]").is_some());
    assert!(talk.store("i:0123456789ab:2:{\"a\":1}").is_some());
    assert_eq!((talk.said().as_str(), talk.conversation.in_flight()), ("", 2));
    assert_eq!(talk.settle(2, None), Effect::None);
    assert_eq!((talk.said().as_str(), talk.conversation.in_flight()), ("a:0123456789ab:2\n", 0));
    // the same again: it is known
    assert_eq!(talk.line("i:0123456789ab:2:{\"a\":1}"), Effect::None);
    assert_eq!(talk.said(), "a:0123456789ab:2\n");
}

#[test]
fn a_bad_payload_counts_as_consumed() {
    let mut talk = Talk::version_2("{\"proto\":2}");
    assert_eq!(talk.store("l:0123456789ab:1:[{"), Some(Content::Refused));
    assert_eq!(talk.said(), "", "not before its number is committed");
    talk.settle(1, None);
    assert_eq!(talk.said(), "n:0123456789ab:1:bad_json\na:0123456789ab:1\n");
}

#[test]
fn entries_that_make_no_sense_are_named_and_the_others_are_stored() {
    let payload = r#"[{"message":"a"},7,{"message":"b"},{"level":"info"}]"#;
    let mut talk = Talk::verified();
    let stored = talk.store(&format!("l:0123456789ab:{payload}"));
    assert!(matches!(stored, Some(Content::Logs(entries)) if entries.len() == 2));
    let said = talk.said();
    assert!(said.starts_with("ERR bad_shape entries 2, 4 of 4: ") && said.lines().count() == 1, "{said}");

    let mut talk = Talk::version_2("{\"proto\":2}");
    let stored = talk.store(&format!("l:0123456789ab:1:{payload}"));
    assert!(matches!(stored, Some(Content::Logs(entries)) if entries.len() == 2));
    assert_eq!(talk.said(), "", "not before its number is committed");
    talk.settle(1, None);
    assert_eq!(talk.said(), "n:0123456789ab:1:bad_shape 2,4\na:0123456789ab:1\n");
}

#[test]
fn a_last_line_counts_when_it_is_whole() {
    let last = |talk: &mut Talk, line: &str| {
        let now = Now { instant: talk.now, unix: UnixMicros(7_000) };
        talk.conversation.on_last_line(line.as_bytes().to_vec(), now, &mut talk.out)
    };
    let mut talk = Talk::version_2("{\"proto\":2}");
    for line in ["l:0123456789ab:[{\"message\":\"a\"}]", "i:0123456789ab:eyJhIjoxfQ", "l:0123456789ab:1:[]"] {
        assert!(matches!(last(&mut talk, line), Effect::Store(_)), "{line}");
        assert_eq!(talk.said(), "");
    }
    // a half one is not stored, and who can still hear it is told, unless it comes again by its number
    for line in ["l:0123456789ab:[{\"message\":", "i:0123456789ab:eyJhIjo"] {
        assert_eq!((last(&mut talk, line), talk.error().as_str()), (Effect::None, "bad_json"), "{line}");
    }
    for line in ["l:0123456789ab:2:[{\"mess", "v:0123456789ab", "r:0123456789ab:0", "l:01234", "nonsense"] {
        assert_eq!((last(&mut talk, line), talk.said().as_str()), (Effect::None, ""), "{line}");
    }
    let mut stranger = Talk::new();
    assert_eq!(last(&mut stranger, "l:0123456789ab:[{"), Effect::None);
    assert_eq!(stranger.said(), "");
    last(&mut stranger, "l:0123456789ab:[]");
    assert_eq!(stranger.error(), "unverified");
}

#[test]
fn a_missing_line_is_asked_for_once() {
    let mut talk = Talk::version_2("{\"proto\":2}");
    assert_eq!(talk.line("l:0123456789ab:2:[]"), Effect::None);
    assert_eq!(talk.line("l:0123456789ab:3:[]"), Effect::None);
    assert_eq!(talk.said(), "n:0123456789ab:1:gap:0\n");
    assert!(matches!(talk.line("l:0123456789ab:1:[]"), Effect::Store(_)));
}

#[test]
fn a_line_without_room_is_postponed() {
    let mut talk = Talk::version_2("{\"proto\":2}");
    let Effect::Store(line) = talk.line("l:0123456789ab:1:[]") else { panic!("not stored") };
    talk.conversation.not_taken(ErrorCode::Unavailable, talk.now, &mut talk.out);
    assert_eq!((line.seq, talk.said().as_str()), (Some(1), "n:0123456789ab:1:unavailable:1000\n"));
    assert!(matches!(talk.line("l:0123456789ab:1:[]"), Effect::Store(_)));
}

#[test]
fn without_the_capability_numbers_say_nothing() {
    let mut talk = Talk::version_2("{\"proto\":2,\"caps\":[]}");
    let Effect::Store(line) = talk.line("l:0123456789ab:9:[]") else { panic!("not stored") };
    assert_eq!((line.seq, line.payload.as_slice()), (None, &b"[]"[..]));
}

#[test]
fn an_older_connection_of_a_session_is_closed() {
    let mut talk = Talk::version_2("{\"proto\":2}");
    assert_eq!(talk.settle(0, Some(ErrorCode::TakenOver)), Effect::Close);
    assert_eq!(talk.error(), "taken_over");
}

#[test]
fn silence_is_asked_about_and_then_ends_it() {
    let mut talk = Talk::version_2("{\"proto\":2}");
    assert_eq!((talk.pass(20 * SECOND), talk.said().as_str()), (Effect::None, "p:1\n"));
    talk.conversation.hear(talk.now);
    talk.line("q:1");
    for expected in ["p:2\n", "p:3\n"] {
        let deadline = talk.conversation.deadline().unwrap();
        let wait = deadline - talk.now;
        assert_eq!((talk.pass(wait), talk.said().as_str()), (Effect::None, expected));
    }
    assert_eq!((talk.pass(10 * SECOND), talk.error().as_str()), (Effect::Close, "idle"));
}

#[test]
fn the_other_side_may_ask_too() {
    let mut talk = Talk::version_2("{\"proto\":2,\"caps\":[]}");
    assert_eq!((talk.line("p:hello"), talk.said().as_str()), (Effect::None, "q:hello\n"));
    assert_eq!(talk.conversation.deadline(), None, "who did not ask for pings is not pinged");
}

#[test]
fn values_come_with_revisions_and_are_timed() {
    let mut talk = Talk::version_2("{\"proto\":2,\"caps\":[\"rev\"]}");
    talk.conversation.push(Revision(5), b"e30=", talk.now, &mut talk.out);
    talk.conversation.in_sync(Revision(5), &mut talk.out);
    assert_eq!(talk.said(), "v:0123456789ab:5:e30=\ns:0123456789ab:5\n");
    talk.now += Duration::from_millis(30);
    let Effect::Outcomes(line) = talk.line("r:0123456789ab:5:[{\"name\":\"a\",\"status\":\"rejected\"}]")
    else {
        panic!("it needs room")
    };
    // it waits for room, which is not the game's time
    talk.now += SECOND;
    let outcomes = vec![(VarName::parse("a").unwrap(), Outcome::Rejected { reason: None })];
    let read = talk.conversation.read_outcomes(&line, &mut talk.out);
    assert_eq!(read, Some((outcomes, Some(Duration::from_millis(30)))));
    let again = Effect::Applied { revision: Revision(5), round_trip: None };
    assert_eq!(talk.line("r:0123456789ab:5"), again);
    let Effect::Outcomes(bad) = talk.line("r:0123456789ab:5:[7]") else { panic!("it is not read yet") };
    assert_eq!(talk.conversation.read_outcomes(&bad, &mut talk.out), None);
    assert_eq!(talk.error(), "bad_shape");
    assert_eq!(talk.conversation.take_refused()[0].excerpt, "r:…:5:[7]");
    assert_eq!((talk.line("r:0123456789ab:6"), talk.error().as_str()), (Effect::None, "bad_shape"));
    let mut original = Talk::verified();
    original.conversation.push(Revision(5), b"e30=", original.now, &mut original.out);
    original.conversation.in_sync(Revision(5), &mut original.out);
    assert_eq!(original.said(), "v:0123456789ab:e30=\n");
}

#[test]
fn actions_go_down_and_results_come_up() {
    let mut talk = Talk::version_2("{\"proto\":2,\"caps\":[\"rev\",\"json\"]}");
    let call = ActionCall { id: 3, name: VarName::parse("spawn").unwrap(), args: Some("[1]".into()) };
    talk.conversation.call(&call, &mut talk.out);
    assert_eq!(talk.said(), "x:0123456789ab:x3:{\"name\":\"spawn\",\"args\":[1]}\n");
    let outcome = Err("no boss".to_owned());
    assert_eq!(talk.line("r:0123456789ab:x3:{\"error\":\"no boss\"}"), Effect::ActionDone { id: 3, outcome });
}

#[test]
fn going_down_is_said_and_nothing_more_is_taken() {
    let mut talk = Talk::version_2("{\"proto\":2}");
    assert!(talk.store("l:0123456789ab:1:[{\"message\":\"a\"}]").is_some());
    assert_eq!((talk.conversation.drain(&mut talk.out), talk.said().as_str()), (Effect::None, "d:2000\n"));
    assert_eq!(talk.line("l:0123456789ab:2:[]"), Effect::None);
    talk.settle(1, None);
    assert_eq!((talk.said().as_str(), talk.conversation.in_flight()), ("a:0123456789ab:1\n", 0));

    let mut original = Talk::verified();
    assert_eq!(original.conversation.drain(&mut original.out), Effect::Close);
    assert_eq!(original.error(), "draining");
}
