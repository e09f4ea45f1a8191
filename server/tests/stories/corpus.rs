//! The corpus of broken payloads, to the real server and its database: one error for each line, the connection lives, nothing of a bad line is
//! stored, and what is good is stored exactly. `protocol/tests/corpus.rs` has more of them, against the parser alone.

use crate::support::{TestServer, contents::Contents, line::Game};
use gateway::Origin;
use protocol::{limits, model::Project};

struct Story {
    server: TestServer,
    project: Project,
    game: Game,
}

impl Story {
    async fn begin() -> Self {
        let server = TestServer::start().await;
        let project = server.project().await;
        let game = server.verified(project.key).await;
        Self { server, project, game }
    }

    async fn say(&mut self, verb: &str, payload: &[u8]) {
        let line =
            [verb.as_bytes(), b":", self.project.key.as_str().as_bytes(), b":", payload, b"\n"].concat();
        self.game.send_bytes(&line).await;
    }

    /// What it says to that line: what answers `v:` comes right behind it.
    async fn answers(&mut self, verb: &str, payload: &[u8]) -> Vec<String> {
        self.say(verb, payload).await;
        self.game.send(&format!("v:{}\n", self.project.key.as_str())).await;
        let mut lines = Vec::new();
        loop {
            match self.game.line().await {
                ok if ok == "OK" => return lines,
                line => lines.push(line),
            }
        }
    }

    /// One error of that code, and the connection lives on.
    async fn is_refused(&mut self, verb: &str, payload: &[u8], code: &str) {
        let lines = self.answers(verb, payload).await;
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(60)]).into_owned();
        let is_it = |line: &String| line.starts_with(&format!("ERR {code} "));
        assert!(lines.len() == 1 && lines.iter().all(is_it), "{verb}:{shown}: {code} wanted, not {lines:?}");
    }

    /// Taken without a word.
    async fn is_taken(&mut self, verb: &str, payload: &[u8]) {
        let lines = self.answers(verb, payload).await;
        assert!(lines.is_empty(), "{lines:?}");
    }

    /// All that is stored, but when a device was seen last, which changes when it leaves.
    async fn contents(&self) -> Contents {
        let mut contents = self.server.contents().await;
        assert_eq!(contents.remove("devices").map(|devices| devices.len()), Some(1));
        contents
    }

    /// Name and value of each variable, as the dashboard has them.
    async fn values(&self) -> Vec<(String, String)> {
        self.server.gateway.flush().await.unwrap();
        let user = self
            .server
            .gateway
            .set_up(&self.server.set_up_token(), None, None, &Origin::default())
            .await
            .unwrap()
            .caller;
        let snapshot = self.server.gateway.snapshot(&user, self.project.id).await.unwrap();
        let pair = |var: &protocol::model::Var| (var.name.to_string(), var.reported[0].value.to_json());
        let mut pairs: Vec<_> = snapshot.vars.iter().map(pair).collect();
        pairs.sort_unstable();
        pairs
    }
}

/// As bare JSON and as base64, padded or not, it is the same line.
fn spellings(json: &[u8]) -> [Vec<u8>; 3] {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
    };
    [json.to_vec(), STANDARD.encode(json).into_bytes(), STANDARD_NO_PAD.encode(json).into_bytes()]
}

/// JSON that no line may have, whichever way it is spelt.
fn broken_json() -> Vec<(Vec<u8>, &'static str)> {
    let deep = |open: &str, count: usize| open.repeat(count).into_bytes();
    // a good entry comes first: it must not be kept without the bad one
    let with = |value: &[u8]| {
        [b"[{\"name\":\"good\",\"value\":1},{\"name\":\"bad\",\"value\":", value, b"}]"].concat()
    };
    let named =
        |name: &str| format!(r#"[{{"name":"good","value":1}},{{"name":{name},"value":2}}]"#).into_bytes();
    let too_many = |count: usize| {
        let keys: Vec<String> = (0..count).map(|n| format!("\"{n}\":0")).collect();
        format!("{{{}}}", keys.join(",")).into_bytes()
    };
    let mut all = vec![
        (deep("[", 100_000), "too_deep"),
        (deep("{\"a\":", 100_000), "too_deep"),
        ([deep("[", 100_000), deep("]", 100_000)].concat(), "too_deep"),
        (too_many(limits::MAX_VARS_PER_LINE + 1), "too_many"),
        // as many as fit in a line
        (too_many(60_000), "too_many"),
        (b"\xef\xbb\xbf[]".to_vec(), "bad_json"),
        (b"[1".to_vec(), "bad_json"),
        (b"[]]".to_vec(), "bad_json"),
        (b"[] []".to_vec(), "bad_json"),
        (b"[{\"name\":\"good\",\"value\":1},]".to_vec(), "bad_json"),
        (b"{\"a\":1,}".to_vec(), "bad_json"),
        (b"{a:1}".to_vec(), "bad_json"),
        (b"{'a':1}".to_vec(), "bad_json"),
        (b"[{\"name\":\"good\",\"value\":1}] // comment".to_vec(), "bad_json"),
        (named("\"\""), "bad_name"),
        (named("\"a\\u0000b\""), "bad_name"),
        (named("\"\\u001b[31m\""), "bad_name"),
        (named("\"a\\nb\""), "bad_name"),
        (named(&format!("\"{}\"", "n".repeat(129))), "bad_name"),
        (named("7"), "bad_shape"),
        (named("null"), "bad_shape"),
        (with(b"\"\\u0000\""), "bad_shape"),
    ];
    for value in [
        &b"1e999"[..],
        b"-1e999",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"01",
        b"+1",
        b"1.",
        b".5",
        b"0x10",
        b"\"\\ud800\"",
        b"\"\\udc00\"",
        b"\"\\ud800\\ud800\"",
        b"\"\\x41\"",
        b"\"\xff\"",
        b"\"\xc3\x28\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xf4\x90\x80\x80\"",
        b"\"\x00\"",
        b"\"\x1f\"",
        b"tru",
        b"undefined",
    ] {
        all.push((with(value), "bad_json"));
    }
    all
}

#[tokio::test]
async fn each_broken_line_is_one_error_and_nothing_of_it_is_stored() {
    let mut story = Story::begin().await;
    let before = story.contents().await;
    for (json, code) in broken_json() {
        let [bare, padded, unpadded] = spellings(&json);
        // bare JSON begins with a bracket: anything else is taken for base64
        let bare_code = if bare.starts_with(b"\xef\xbb\xbf") { "bad_base64" } else { code };
        // bare, a line may be as long again
        if bare.len() < limits::MAX_LINE_BYTES / 2 {
            story.is_refused("i", &bare, bare_code).await;
        }
        story.is_refused("i", &padded, code).await;
        story.is_refused("i", &unpadded, code).await;
    }
    for payload in [
        &b"_-_-"[..],
        b"e30===",
        b"e",
        b"e3 0=",
        b"e30*",
        b"e3\x00=",
        b"\xff\xff",
        b"\xef\xbb\xbfe30=",
        b"%7B%7D",
    ] {
        story.is_refused("i", payload, "bad_base64").await;
        story.is_refused("l", payload, "bad_base64").await;
    }
    let much =
        format!("[{{\"message\":\"good\"}}{}]", ",{\"message\":\"\"}".repeat(limits::MAX_LOGS_PER_LINE));
    for (json, code) in [
        (&b"[{\"level\":\"info\"},7]"[..], "bad_shape"),
        (b"[{\"message\":\"\\ud800\"}]", "bad_json"),
        (b"[{\"message\":\"good\"},{\"message\":\"half", "bad_json"),
        (b"[{\"message\":\"good\"},{\"message\":\"half\"]", "bad_json"),
        (b"[{\"message\":\"good\"}],[]", "bad_json"),
        (much.as_bytes(), "too_many"),
    ] {
        for spelt in spellings(json) {
            story.is_refused("l", &spelt, code).await;
        }
    }
    assert_eq!(story.contents().await, before);
}

#[tokio::test]
async fn an_entry_that_makes_no_sense_goes_alone_and_is_named() {
    let mut story = Story::begin().await;
    let deep = format!("{{\"message\":\"bad\",\"x\":{}{}}}", "[".repeat(400), "]".repeat(400));
    let bad: [(&[u8], &str); 9] = [
        (b"{\"level\":\"info\"}", "bad_shape"),
        (b"null", "bad_shape"),
        (b"\"bad\"", "bad_shape"),
        (b"{\"message\":\"\\ud800\"}", "bad_json"),
        (b"{\"message\":\"\xff\"}", "bad_json"),
        (b"{\"message\":\"bad\",\"x\":NaN}", "bad_json"),
        (b"{\"message\":\"bad\",}", "bad_json"),
        (b"", "bad_json"),
        (deep.as_bytes(), "too_deep"),
    ];
    let mut stored = 0;
    for (entry, code) in bad {
        let json = [b"[{\"message\":\"good\"},", entry, b",{\"message\":\"good\"}]"].concat();
        for payload in spellings(&json) {
            let lines = story.answers("l", &payload).await;
            let shown = String::from_utf8_lossy(entry).into_owned();
            let [line] = &lines[..] else { panic!("{shown}: {lines:?}") };
            assert!(line.starts_with(&format!("ERR {code} entry 2 of 3: ")), "{shown}: {line}");
            stored += 2;
        }
    }
    story.server.gateway.flush().await.unwrap();
    let contents = story.contents().await;
    let good = contents["logs"].iter().filter(|row| row.contains("good")).count();
    assert_eq!((good, contents["logs"].len()), (stored, stored));
}

#[tokio::test]
async fn a_million_keys_are_a_line_that_is_too_long() {
    let mut story = Story::begin().await;
    let before = story.contents().await;
    let keys: Vec<String> = (0..1_000_000).map(|n| format!("\"{n}\":0")).collect();
    let line = format!("i:{}:{{{}}}\n", story.project.key.as_str(), keys.join(","));
    story.game.try_send(line.as_bytes()).await;
    // the error may be lost on a connection that is flooded, but it ends
    while let Some(line) = story.game.next_line().await {
        assert!(line.starts_with("ERR line_too_long "), "{line}");
    }
    assert_eq!(story.contents().await, before);
}

#[tokio::test]
async fn numbers_and_texts_at_the_ends_are_stored_exactly() {
    let mut story = Story::begin().await;
    let values = [
        "-9223372036854775808",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "5e-324",
        "-1.7976931348623157e+308",
        "0.1",
        r#""\u0001\u001f""#,
        "\"😀é\u{202e}\u{feff}\"",
        r#""'; drop table vars; --""#,
        r#""\\ % _ ' \"""#,
        r#"["\u0000",{"a":null}]"#,
    ];
    let wanted: Vec<_> =
        values.iter().enumerate().map(|(n, value)| (format!("v{n}"), (*value).to_owned())).collect();
    let json: Vec<String> = wanted.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    story.is_taken("i", format!("{{{}}}", json.join(",")).as_bytes()).await;
    // of duplicates the last one counts; a pair of surrogates is one character
    story.is_taken("i", br#"{"twice":1,"twice":2,"pair":"\ud83d\ude00"}"#).await;
    let mut expected = wanted;
    expected.push(("twice".to_owned(), "2".to_owned()));
    expected.push(("pair".to_owned(), "\"😀\"".to_owned()));
    expected.sort_unstable();
    assert_eq!(story.values().await, expected);
}
