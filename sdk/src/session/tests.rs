//! The session against a server that is played by hand.

use std::time::Duration;

use protocol::model::{VarSpec, VarType};

use super::*;

const KEY: &str = "0123456789ab";
const HELLO: &str = "h:{\"proto\":2,\"caps\":[\"ack\",\"rev\",\"ping\",\"drain\",\"json\"],\"limits\":{\"inflight\":4},\"ping\":20000}\n";

struct Story {
    session: Session,
    now: Duration,
}

impl Story {
    fn new() -> Self {
        let settings = Settings::new(KEY.parse().unwrap()).session(7).device("d");
        Self { session: Session::new(settings), now: Duration::ZERO }
    }

    /// Connected to a server of version 2 that has everything.
    fn greeted() -> Self {
        let mut story = Self::new();
        story.connects();
        story.hears(&format!("{HELLO}OK\na:KEY:0\ns:KEY:0\n"));
        story
    }

    /// Returns the greeting.
    fn connects(&mut self) -> Vec<String> {
        self.session.connected(self.now);
        self.says()
    }

    fn hears(&mut self, lines: &str) {
        self.session.received(lines.replace("KEY", KEY).as_bytes(), self.now).unwrap();
    }

    /// The lines that it says now, without the key.
    fn says(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        self.session.write(self.now, &mut out).unwrap();
        let said = String::from_utf8(out).unwrap();
        said.lines().map(|line| line.replace(&format!("{KEY}:"), "")).collect()
    }

    fn passes(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    fn logs(&mut self, message: &str) {
        self.session.log(LogEntry { message: message.into(), level: Level::Info, at: None, fields: None });
    }

    fn declares(&mut self, word: &str, value: Value) {
        let spec = VarSpec { unit: Some("m".into()), ..VarSpec::bare(VarType::from("float".to_owned())) };
        self.session.declare(Report { name: name(word), spec, value });
    }

    fn breaks(&mut self) {
        self.session.disconnected(self.now);
    }
}

fn name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

#[test]
fn it_asks_for_version_2_and_says_who_it_is() {
    let mut story = Story::new();
    assert_eq!(story.session.connects_at(), Some(Duration::ZERO));
    let said = story.connects();
    let hello = protocol::line::parse_hello(said[0].strip_prefix("h:").unwrap().as_bytes()).unwrap();
    assert_eq!((hello.proto, hello.device.as_deref(), hello.rev), (2, Some("d"), None));
    assert_eq!(hello.session.as_deref(), Some("00000000000000000000000000000007"));
    assert_eq!(said[1], format!("v:{KEY}"));
    story.logs("a");
    assert!(story.says().is_empty(), "nothing before it knows where to go on");
    story.hears(&format!("{HELLO}OK\n"));
    assert!(story.says().is_empty(), "the count has not come");
    story.hears("a:KEY:0\n");
    assert_eq!(story.says(), [r#"l:1:{"message":"a","level":"info"}"#]);
}

#[test]
fn what_is_not_acknowledged_is_sent_again() {
    let mut story = Story::greeted();
    for message in ["a", "b", "c"] {
        story.logs(message);
        story.passes(20);
        assert_eq!(story.says().len(), 1);
    }
    story.hears("a:KEY:1\n");
    assert_eq!(story.session.stats().stored, 1);
    story.breaks();
    assert!(story.session.connects_at().unwrap() > story.now);
    story.connects();
    story.hears(&format!("{HELLO}OK\na:KEY:2\ns:KEY:0\n"));
    assert_eq!(story.says(), [r#"l:3:{"message":"c","level":"info"}"#]);
    story.hears("a:KEY:3\n");
    assert!(story.session.is_settled());
    assert_eq!(story.session.stats().stored, 3);
}

#[test]
fn told_to_wait_it_waits_and_begins_with_the_line_that_was_named() {
    let mut story = Story::greeted();
    for message in ["a", "b"] {
        story.logs(message);
        story.passes(20);
        story.says();
    }
    story.hears("n:KEY:2:busy:100\n");
    story.passes(99);
    assert!(story.says().is_empty());
    story.passes(1);
    assert_eq!(story.says(), [r#"l:2:{"message":"b","level":"info"}"#]);
}

#[test]
fn no_more_is_on_its_way_than_the_server_grants() {
    let mut story = Story::greeted();
    let mut lines = 0;
    for _ in 0..10 {
        story.logs("a");
        story.passes(20);
        lines += story.says().len();
    }
    assert_eq!(lines, 4);
    story.hears("a:KEY:4\n");
    story.passes(20);
    let said = story.says();
    assert_eq!(said.len(), 1, "all that waited goes together");
    assert_eq!(said[0].matches("message").count(), 6);
}

#[test]
fn variables_are_declared_on_each_connection_and_then_only_their_values_said() {
    let mut story = Story::greeted();
    story.declares("speed", Value::Float(2.5));
    assert_eq!(story.says(), [r#"i:1:{"name":"speed","type":"float","value":2.5,"unit":"m"}"#]);
    story.passes(100);
    for number in 0..9 {
        story.session.set(&name("speed"), Value::Float(f64::from(number)));
    }
    assert_eq!(story.says(), [r#"i:2:{"name":"speed","type":"float","value":8.0}"#]);
    story.session.set(&name("speed"), Value::Float(1.0));
    assert!(story.says().is_empty(), "values have a pace");
    story.passes(100);
    assert_eq!(story.says().len(), 1);
    story.session.set(&name("speed"), Value::Float(f64::NAN));
    story.passes(100);
    assert!(story.says().is_empty(), "JSON has no word for it");
    story.breaks();
    story.connects();
    story.hears(&format!("{HELLO}OK\na:KEY:2\ns:KEY:0\n"));
    let declared = r#"i:4:{"name":"speed","type":"float","value":1.0,"unit":"m"}"#;
    assert_eq!(story.says(), ["l:3:[]", declared], "an empty line holds the number of an old report");
}

#[test]
fn edits_wait_for_the_game_and_are_answered_when_they_hold() {
    let mut story = Story::greeted();
    story.declares("speed", Value::Float(2.5));
    story.declares("lives", Value::Float(3.0));
    story.says();
    story.hears(r#"v:KEY:41:{"epoch":"e","full":true,"vars":[{"name":"speed","type":"float","value":9,"rev":41},{"name":"unknown","value":1,"rev":40}],"removed":[]}
v:KEY:42:{"epoch":"e","full":false,"vars":[{"name":"speed","value":10,"rev":42},{"name":"lives","value":5,"rev":42}],"removed":[]}
"#);
    let edits = story.session.take_edits().unwrap();
    assert_eq!(edits.set, [(name("lives"), Value::Float(5.0)), (name("speed"), Value::Float(10.0))]);
    assert_eq!((edits.revision, story.session.take_edits()), (Some(Revision(42)), None));
    assert!(story.says().is_empty(), "it does not hold yet");
    let objection = Outcome::Rejected { reason: Some("in a cutscene".into()) };
    story.session.applied(
        &edits,
        vec![(name("speed"), objection), (name("lives"), Outcome::Applied)],
        Some(7),
    );
    let said = story.says();
    let payload = said[0].strip_prefix("r:42:").unwrap();
    let outcomes = protocol::line::parse_outcomes(payload.as_bytes()).unwrap();
    assert_eq!(outcomes.len(), 2);
    assert!(matches!(&outcomes[1], (n, Outcome::Rejected { .. }) if *n == name("speed")));

    // whether that has arrived nobody knows
    story.breaks();
    let greeting = story.connects();
    assert!(greeting[0].contains(r#""epoch":"e","rev":42"#), "{greeting:?}");
    story.hears(&format!("{HELLO}OK\na:KEY:1\ns:KEY:42\n"));
    let said = story.says();
    assert!(said[0].starts_with("r:42:{\"name\":\"speed\",\"status\":\"rejected\""), "{said:?}");

    story.hears("v:KEY:43:{\"epoch\":\"e\",\"full\":false,\"vars\":[],\"removed\":[\"speed\"]}\n");
    let edits = story.session.take_edits().unwrap();
    assert_eq!((edits.released.clone(), edits.set.len()), (vec![name("speed")], 0));
    story.session.applied(&edits, Vec::new(), None);
    assert_eq!(story.says(), ["r:43"]);
    story.declares("unknown", Value::Float(0.0));
    assert_eq!(story.session.take_edits().unwrap().set, [(name("unknown"), Value::Float(1.0))]);
}

#[test]
fn all_values_of_another_history_count() {
    let mut story = Story::greeted();
    story.declares("a", Value::Float(0.0));
    story.declares("b", Value::Float(0.0));
    story.hears("v:KEY:5:{\"epoch\":\"e\",\"full\":true,\"vars\":[{\"name\":\"a\",\"value\":1,\"rev\":5}],\"removed\":[]}\n");
    let edits = story.session.take_edits().unwrap();
    story.session.applied(&edits, Vec::new(), None);
    story.hears("v:KEY:2:{\"epoch\":\"f\",\"full\":true,\"vars\":[{\"name\":\"b\",\"value\":1,\"rev\":2}],\"removed\":[]}\n");
    let edits = story.session.take_edits().unwrap();
    assert_eq!(
        (edits.set.clone(), edits.released.clone()),
        (vec![(name("b"), Value::Float(1.0))], vec![name("a")])
    );
    story.session.applied(&edits, Vec::new(), None);
    assert_eq!(story.session.stats().revision, Some(Revision(2)));
}

#[test]
fn actions_are_run_by_the_game_and_answered() {
    let mut story = Story::greeted();
    let spec = VarSpec::bare(VarType::Action);
    story.session.declare(Report { name: name("spawn"), spec, value: Value::Json("null".into()) });
    story.says();
    story.hears("x:KEY:x5:{\"name\":\"spawn\",\"args\":[1]}\nx:KEY:x6:{\"name\":\"fly\",\"args\":null}\n");
    let call = story.session.take_call().unwrap();
    assert_eq!((call.id, call.name, call.args.as_deref()), (5, name("spawn"), Some("[1]")));
    assert_eq!(story.session.take_call(), None);
    story.session.answer(5, Ok(Some("2".into())));
    assert_eq!(story.says(), [r#"r:x6:{"error":"the game has no such action"}"#, r#"r:x5:{"result":2}"#]);
    story.session.answer(5, Ok(Some("x".repeat(limits::MAX_ACTION_RESULT_BYTES + 1))));
    assert!(story.says()[0].starts_with(r#"r:x5:{"error":"the answer is longer"#));
}

#[test]
fn a_server_of_the_original_grammar_is_taken_as_one() {
    let mut story = Story::new();
    story.connects();
    story.hears("OK\n");
    assert!(story.session.stats().is_original);
    story.logs("a");
    story.declares("speed", Value::Float(2.5));
    let said = story.says();
    let declared = protocol::line::to_base64(r#"{"name":"speed","type":"float","value":2.5,"unit":"m"}"#);
    assert_eq!(
        said,
        [
            format!("i:{declared}"),
            format!("l:{}", protocol::line::to_base64(r#"{"message":"a","level":"info"}"#))
        ]
    );
    assert!(story.session.is_settled(), "there is nothing to wait for");
    story.hears(&format!(
        "v:KEY:{}\n",
        protocol::line::to_base64(r#"{"name":"speed","type":"float","value":"7"}"#)
    ));
    let edits = story.session.take_edits().unwrap();
    assert_eq!((edits.set.clone(), edits.revision), (vec![(name("speed"), Value::Float(7.0))], None));
    story.session.applied(&edits, Vec::new(), None);
    story.session.set(&name("speed"), Value::Float(7.0));
    story.passes(100);
    assert_eq!(story.says().len(), 1, "the report is the answer");
}

#[test]
fn a_silent_server_is_asked_and_given_up() {
    let mut story = Story::greeted();
    story.passes(19_999);
    assert!(story.says().is_empty());
    story.passes(1);
    assert_eq!(story.says(), ["p:1"]);
    assert!(story.says().is_empty(), "once");
    story.hears("q:1\np:x\n");
    assert_eq!(story.says(), ["q:x"]);
    story.passes(40_001);
    assert_eq!(story.session.write(story.now, &mut Vec::new()), Err(Close::Silent));
    let mut story = Story::new();
    story.connects();
    story.passes(10_001);
    assert_eq!(story.session.write(story.now, &mut Vec::new()), Err(Close::Silent), "no OK");
}

#[test]
fn a_server_that_goes_down_says_when_to_come_back() {
    let mut story = Story::greeted();
    story.hears("d:5000\n");
    story.logs("a");
    story.passes(20);
    assert!(story.says().is_empty(), "it takes no more");
    story.breaks();
    let wait = story.session.connects_at().unwrap() - story.now;
    assert!(wait < Duration::from_secs(5), "{wait:?}");
    // a key that is no good is tried rarely
    story.connects();
    story.hears("ERR revoked the key was revoked\n");
    story.breaks();
    assert!(story.session.connects_at().unwrap() - story.now >= Duration::from_secs(15));
    assert_eq!(story.session.stats().last_error.as_deref(), Some("revoked the key was revoked"));
}

#[test]
fn a_line_that_is_too_long_for_the_server_is_given_up() {
    let mut story = Story::greeted();
    story.logs("a");
    story.passes(20);
    story.says();
    story.logs(&"long".repeat(100));
    story.passes(20);
    story.says();
    story.hears("ERR line_too_long a line is at most 100 bytes\n");
    story.breaks();
    story.connects();
    story.hears(&format!("{HELLO}OK\na:KEY:0\ns:KEY:0\n"));
    assert_eq!(story.says(), [r#"l:1:{"message":"a","level":"info"}"#, "l:2:[]"]);
    assert_eq!(story.session.stats().dropped[Level::Info as usize], 1);
}

#[test]
fn nonsense_is_survived() {
    let mut story = Story::greeted();
    story.declares("speed", Value::Float(2.5));
    for line in [
        "a:KEY:18446744073709551615",
        "a:KEY:0",
        "n:KEY:0:busy:18446744073709551615",
        "v:KEY:9223372036854775807:{}",
        "v:KEY:[]",
        "v:KEY:1:{\"vars\":[{\"name\":\"speed\",\"value\":{\"a\":[]}}]}",
        "x:KEY:x1:[]",
        "d:18446744073709551615",
        "h:[]",
        "a:otherkey0000:5",
        "\u{1f600}",
    ] {
        story.hears(&format!("{line}\n"));
        story.passes(100);
        story.logs("a");
        story.says();
    }
    story.breaks();
    story.connects();
    story.hears(&format!("{HELLO}OK\na:KEY:0\ns:KEY:0\n"));
    story.passes(100);
    assert!(!story.says().is_empty());
    let flood = vec![b'x'; MAX_SERVER_LINE_BYTES + 1];
    assert_eq!(story.session.received(&flood, story.now), Err(Close::Nonsense));
}
