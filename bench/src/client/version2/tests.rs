//! The client against a server that is played by hand.

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

fn key() -> Key {
    Key::parse(b"0123456789ab").unwrap()
}

struct Story {
    client: Version2,
    schedule: Schedule,
    now: Instant,
}

impl Story {
    fn begin(client: Version2, load: Load) -> Self {
        let mut schedule = Schedule::new(0, 1);
        schedule.begin(load);
        let mut story = Self { client, schedule, now: Instant::now() };
        story.reconnect("a:0123456789ab:0\ns:0123456789ab:0\n");
        story
    }

    /// A client with three lines on their way.
    fn three_lines(manners: Manners) -> Self {
        let client = Version2::new(1, key(), 2).with_manners(manners);
        let mut story = Self::begin(client, Load::FlatOut { window: 3 });
        assert_eq!(story.said(), ["l 1", "l 2", "l 3"]);
        story
    }

    fn reconnect(&mut self, greeting: &str) -> String {
        let mut out = Vec::new();
        self.client.greet(&mut out);
        assert!(!self.client.is_ready());
        self.hears("h:{\"proto\":2,\"limits\":{\"inflight\":256}}\nOK\n");
        self.hears(greeting);
        String::from_utf8(out).unwrap()
    }

    fn tries(&mut self, lines: &str) -> anyhow::Result<String> {
        let mut out = Vec::new();
        self.client.hear(lines.as_bytes(), self.now, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    /// Hears lines and returns what it says to them at once.
    fn hears(&mut self, lines: &str) -> String {
        self.tries(lines).unwrap()
    }

    /// Verb and number of each line that it wants to say now.
    fn said(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        self.client.speak(&mut self.schedule, self.now, &mut out);
        let verb_and_number = |line: &str| {
            let mut parts = line.split(':');
            format!("{} {}", parts.next().unwrap(), parts.nth(1).unwrap())
        };
        String::from_utf8(out).unwrap().lines().map(verb_and_number).collect()
    }

    fn acknowledged(&self) -> u64 {
        self.client.promised().acknowledged
    }
}

#[test]
fn no_more_is_said_than_may_be_unanswered() {
    let mut story = Story::three_lines(Manners::Waits);
    assert!(story.said().is_empty());
    story.hears("a:0123456789ab:2\n");
    assert_eq!(story.acknowledged(), 4);
    assert_eq!(story.said(), ["l 4", "l 5"]);
    assert!(!story.client.is_done());
    story.hears("a:0123456789ab:5\n");
    assert!(story.client.is_done());
    assert_eq!(story.client.answered().len(), 5);
    assert_eq!(story.client.promised(), Promised { client: 1, acknowledged: 10, said: 10, gaps: false });
}

#[test]
fn what_is_not_acknowledged_is_said_again_after_a_reconnect() {
    let mut story = Story::three_lines(Manners::Waits);
    let first = story.now;
    story.now += 7 * MILLISECOND;
    story.reconnect("a:0123456789ab:1\ns:0123456789ab:0\n");
    assert_eq!(story.acknowledged(), 2);
    assert_eq!(story.said(), ["l 2", "l 3", "l 4"]);
    story.hears("a:0123456789ab:3\n");
    // the latency counts from the moment at which the line was due, not from the repetition
    let answered = story.client.answered()[2];
    assert_eq!((answered.due, answered.sent, answered.at), (first, first, story.now));
}

#[test]
fn a_repeated_line_is_the_same_line() {
    let mut story = Story::three_lines(Manners::Waits);
    let mut out = Vec::new();
    story.client.write_kept(2, &mut out);
    let line = String::from_utf8(out).unwrap();
    assert!(line.starts_with("l:0123456789ab:3:[{\"message\":\"bench 1 5 "), "{line}");
    assert!(
        line.contains("\"bench 1 6 ") && !line.contains("\"bench 1 7 ") && line.ends_with("]\n"),
        "{line}"
    );
}

#[test]
fn told_to_wait_it_waits_and_begins_with_the_line_that_was_named() {
    let mut story = Story::three_lines(Manners::Waits);
    story.hears("n:0123456789ab:2:busy:100\n");
    story.now += 60 * MILLISECOND;
    story.hears("n:0123456789ab:2:gap:100\na:0123456789ab:1\n");
    assert!(story.said().is_empty());
    story.now += 99 * MILLISECOND;
    assert!(story.said().is_empty());
    story.now += MILLISECOND;
    assert_eq!(story.said(), ["l 2", "l 3", "l 4"]);
    assert_eq!(story.client.counts, Counts::from([("busy".to_owned(), 1), ("gap".to_owned(), 1)]));
    assert!(story.client.answered().len() == 1 && story.client.kept.len() == 3);
}

#[test]
fn without_manners_it_goes_on_at_its_own_pace() {
    let mut story = Story::three_lines(Manners::GoesOn);
    story.schedule.begin(Load::Paced { from: story.now, per_second: 100.0, burst: 1, window: 4 });
    assert_eq!(story.said(), ["l 4"]);
    story.hears("n:0123456789ab:2:busy:100\n");
    assert!(story.said().is_empty(), "nothing is due");
    story.now += 20 * MILLISECOND;
    assert_eq!(story.said(), ["l 2", "l 3"]);
    // the window is full and nothing was refused: the oldest line once more
    story.now += 20 * MILLISECOND;
    assert_eq!(story.said(), ["l 4", "l 1"]);
    // what could not be said in time is left out, not saved up: 80 ms and 90 ms late are, 50 ms is not
    story.now += 100 * MILLISECOND;
    assert_eq!(story.said().len(), 6);
    assert_eq!(story.client.counts["late"], 4);
}

#[test]
fn a_broken_promise_is_an_error() {
    let broken = |line: &str| Story::three_lines(Manners::Waits).tries(line).is_err();
    assert!(broken("a:0123456789ab:4\n"), "a line that was never said");
    assert!(broken("a:0123456789ab:2\na:0123456789ab:1\n"), "back behind what was acknowledged");
    assert!(broken("n:0123456789ab:1:bad_json\n"), "a good line refused for good");
    assert!(broken("a:xxxxxxxxxxxx:1\n"), "another key");
    assert!(!broken("a:0123456789ab:3\n"));
    let mut out = Vec::new();
    let mut client = Version2::new(1, key(), 1);
    client.greet(&mut out);
    assert!(client.hear(b"OK\n", Instant::now(), &mut out).is_err(), "a server of the original protocol");
}

#[test]
fn edits_are_confirmed_and_the_next_connection_names_the_revision() {
    let mut story = Story::begin(Version2::new(1, key(), 1).declaring(), Load::Idle);
    assert!(!story.client.was_pushed);
    assert_eq!(story.said(), ["i 1"]);
    story.hears("a:0123456789ab:1\n");
    assert!(story.client.answered().is_empty(), "a declaration is no log line");
    let vars = r#""vars":[{"name":"other","value":1},{"name":"speed","type":"integer","value":7,"rev":41}]"#;
    let edited = format!("v:0123456789ab:41:{{\"epoch\":\"e-1\",\"full\":false,{vars},\"removed\":[]}}\n");
    assert_eq!(story.hears(&edited), "r:0123456789ab:41\n");
    assert_eq!(story.client.arrived, [Arrived { value: 7, at: story.now }]);

    let hello = story.reconnect("a:0123456789ab:1\ns:0123456789ab:41\n");
    let hello = hello.lines().next().unwrap().strip_prefix("h:").unwrap();
    let hello = protocol::line::parse_hello(hello.as_bytes()).unwrap();
    assert_eq!((hello.epoch.as_deref(), hello.rev.map(|revision| revision.0)), (Some("e-1"), Some(41)));
    assert_eq!((story.client.was_pushed, story.client.is_ready()), (false, true));
    story.reconnect(&format!("a:0123456789ab:1\n{edited}"));
    assert_eq!((story.client.was_pushed, story.client.is_ready()), (true, true));
}

#[test]
fn a_ping_is_answered() {
    let mut story = Story::three_lines(Manners::Waits);
    assert_eq!(story.hears("p:a1\nd:500\nERR slow too slow\n"), "q:a1\n");
    assert_eq!(story.client.counts, Counts::from([("drain".to_owned(), 1), ("slow".to_owned(), 1)]));
}
