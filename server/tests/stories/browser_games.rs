//! Games in browsers: the lines of the game port as messages of a WebSocket, with the same limits.

use std::time::Duration;

use crate::support::{
    TestServer,
    http::Browser,
    line::base64,
    live::Dashboard,
    secrets, soon,
    web_game::{self, Socket},
};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{
    limits,
    model::{Project, Value},
};
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// A page of another site, in a browser that is signed in.
const ELSEWHERE: &str = "https://game.example";

struct House {
    server: TestServer,
    browser: Browser,
    project: Project,
}

impl House {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(flags: &[&str]) -> Self {
        let server = TestServer::start_with(flags).await;
        let (browser, project) = (server.owner().await, server.project().await);
        secrets::note(project.key.as_str());
        Self { server, browser, project }
    }

    fn key(&self) -> &str {
        self.project.key.as_str()
    }

    async fn open(&self) -> Socket {
        web_game::open(&Browser::new(self.server.http), &[]).await.expect("an upgrade")
    }

    /// A game that sends its key from a page with these headers.
    async fn of_page(&self, headers: &[(&'static str, &str)]) -> Socket {
        let mut socket = web_game::open(&Browser::new(self.server.http), headers).await.expect("an upgrade");
        say(&mut socket, &format!("v:{}", self.key())).await;
        socket
    }

    /// One that has its `OK`.
    async fn verified(&self) -> Socket {
        let mut socket = self.open().await;
        say(&mut socket, &format!("v:{}", self.key())).await;
        assert_eq!(line(&mut socket).await, "OK");
        socket
    }
}

async fn say(socket: &mut Socket, line: &str) {
    soon("the message to leave", socket.send(Message::text(line))).await.unwrap();
}

/// The next line.
async fn line(socket: &mut Socket) -> String {
    loop {
        match soon("a line", socket.next()).await.expect("a line, not the end").unwrap() {
            Message::Text(line) => return line.as_str().to_owned(),
            Message::Pong(_) => {}
            other => panic!("no line: {other:?}"),
        }
    }
}

/// The code with which the server closes, which is next.
async fn close_code(socket: &mut Socket) -> u16 {
    match soon("the close", socket.next()).await {
        Some(Ok(Message::Close(Some(close)))) => close.code.into(),
        other => panic!("no close: {other:?}"),
    }
}

/// Asserts that a line was refused with this code, and the connection closed with that one.
async fn ends(socket: &mut Socket, refusal: &str, code: u16) {
    let said = line(socket).await;
    assert!(said.starts_with(&format!("ERR {refusal} ")), "{said}");
    assert_eq!(close_code(socket).await, code);
}

/// Asserts that everything before was served.
async fn in_order(socket: &mut Socket, key: &str) {
    say(socket, &format!("v:{key}")).await;
    assert_eq!(line(socket).await, "OK");
}

#[tokio::test]
async fn a_page_of_any_site_plays_and_its_cookies_mean_nothing() {
    let house = House::new().await;
    let key = house.key();
    let cookie = house.browser.cookie.clone().unwrap();
    let headers = [("origin", ELSEWHERE), ("cookie", &cookie), ("sec-fetch-site", "cross-site")];
    let mut socket = web_game::open(&Browser::new(house.server.http), &headers).await.expect("an upgrade");
    say(&mut socket, &format!("i:{key}:{{\"speed\":5}}")).await;
    let refused = line(&mut socket).await;
    assert!(refused.starts_with("ERR unverified "), "a session is no key: {refused}");
    in_order(&mut socket, key).await;
    say(&mut socket, &format!("i:{key}:{}", base64(r#"{"speed":5}"#))).await;
    say(&mut socket, &format!("l:{key}:[{{\"message\":\"hello\"}}]")).await;
    in_order(&mut socket, key).await;
    house.server.gateway.flush().await.unwrap();

    let mut dashboard = Dashboard::open(&house.browser).await;
    let snapshot = dashboard.subscribe(house.project.id).await;
    assert_eq!((snapshot.vars[0].name.as_str(), snapshot.logs[0].message.as_str()), ("speed", "hello"));
    dashboard.edit(1, house.project.id, &[("speed", Value::Int(7_i64.into()))]).await;
    let edit = line(&mut socket).await;
    let expected = base64(r#"{"name":"speed","type":"integer","value":7}"#);
    assert_eq!(edit, format!("v:{key}:{expected}"));
}

#[tokio::test]
async fn a_key_admits_games_of_listed_pages() {
    let mut house = House::new().await;
    let page = format!("/p/{}/settings/keys", house.project.id);
    let pages = format!("{page}/origins");
    let mut before = house.of_page(&[("origin", ELSEWHERE)]).await;
    assert_eq!(line(&mut before).await, "OK");

    let set =
        house.browser.post_form(&pages, &[("key", "1"), ("origins", "https://*.example.org null")]).await;
    assert_eq!(set.status, 303, "{}", set.body);
    let mut stranger = house.of_page(&[("origin", ELSEWHERE)]).await;
    let said = line(&mut stranger).await;
    assert!(said.starts_with("ERR origin ") && said.contains("settings"), "{said}");
    soon("the end", async { while let Some(Ok(_)) = stranger.next().await {} }).await;
    for headers in [&[("origin", "https://games.example.org")][..], &[("origin", "null")], &[]] {
        assert_eq!(line(&mut house.of_page(headers).await).await, "OK", "{headers:?}");
    }
    // who is connected stays, and other games are no pages
    in_order(&mut before, house.key()).await;
    house.server.verified(house.project.key).await;

    let wrong = house.browser.post_form(&pages, &[("key", "1"), ("origins", "games.example.org")]).await;
    assert!(wrong.body.contains("is not the origin of a page"), "{}", wrong.body);
    assert!(house.browser.get(&page).await.body.contains("only from 2 web pages"));
    house.browser.post_form(&pages, &[("key", "1"), ("origins", "")]).await;
    assert_eq!(line(&mut house.of_page(&[("origin", ELSEWHERE)]).await).await, "OK");
}

#[tokio::test]
async fn a_game_in_a_browser_counts_as_a_game_and_not_as_a_browser() {
    let house = House::with(&["--max-games-per-address", "2", "--max-http", "8"]).await;
    let (_one, _other) = (house.verified().await, house.verified().await);
    let third = web_game::open(&Browser::new(house.server.http), &[]).await;
    assert_eq!(third.err(), Some(429));
    let mut tcp = house.server.game().await;
    assert_eq!(tcp.error().await, "busy", "both doors have one limit");
    let shown = async {
        loop {
            let numbers = Browser::new(house.server.http).get("/metrics").await.body;
            let has = |line: &str| numbers.lines().any(|found| found == line);
            // the request itself is the only HTTP connection, once those of the upgrades are over
            if has("observerio_game_connections 2") && has("observerio_http_connections 1") {
                assert!(has("observerio_game_connections_refused_total{reason=\"share\"} 2"), "{numbers}");
                return;
            }
        }
    };
    soon("the numbers", shown).await;
}

#[tokio::test]
async fn what_is_no_handshake_is_told_what_would_be() {
    let house = House::new().await;
    let upgrade = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")];
    let version = ("sec-websocket-version", "13");
    let mut browser = house.browser.clone();
    let answer = browser.get("/game").await;
    assert_eq!((answer.status, answer.header("upgrade")), (426, Some("websocket")), "{answer:?}");
    let old = [upgrade[0], upgrade[1], ("sec-websocket-version", "8"), ("sec-websocket-key", "x")];
    let answer = browser.request("GET", "/game", &old, "").await;
    assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, Some("13")), "{answer:?}");
    let keyless = [upgrade[0], upgrade[1], version];
    assert_eq!(browser.request("GET", "/game", &keyless, "").await.status, 400);
}

#[tokio::test]
async fn a_message_is_a_line_whatever_it_looks_like() {
    let house = House::new().await;
    let key = house.key();
    let mut socket = house.open().await;
    // two lines in one message, an empty one, blanks and line ends
    say(&mut socket, &format!("v:{key}\n l:{key}:[{{\"message\":\"one\"}}] \r\n")).await;
    assert_eq!(line(&mut socket).await, "OK");
    say(&mut socket, "").await;
    // a message in pieces, with a ping between them
    let text = format!("l:{key}:[{{\"message\":\"two ß\"}}]");
    let (start, end) = text.as_bytes().split_at(text.len() - 5);
    let part = |part: &[u8], kind, is_final| {
        Message::Frame(Frame::message(part.to_vec(), OpCode::Data(kind), is_final))
    };
    socket.send(part(start, Data::Text, false)).await.unwrap();
    socket.send(Message::Ping(b"still there?".to_vec().into())).await.unwrap();
    socket.send(part(end, Data::Continue, true)).await.unwrap();
    in_order(&mut socket, key).await;
    house.server.gateway.flush().await.unwrap();
    let snapshot = Dashboard::open(&house.browser).await.subscribe(house.project.id).await;
    let messages: Vec<&str> = snapshot.logs.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(messages, ["one", "two ß"]);
}

#[tokio::test]
async fn what_breaks_the_rules_is_told_and_closed() {
    let house = House::new().await;
    let key = house.key();
    let mut bystander = house.verified().await;

    let mut binary = house.verified().await;
    binary.send(Message::binary(format!("v:{key}").into_bytes())).await.unwrap();
    ends(&mut binary, "bad_verb", 1003).await;

    let mut unknown = house.open().await;
    say(&mut unknown, "GET / HTTP/1.1").await;
    ends(&mut unknown, "bad_verb", 1000).await;

    let mut guesser = house.open().await;
    for _ in 0..4 {
        say(&mut guesser, "v:unknown-key!").await;
        assert!(line(&mut guesser).await.starts_with("ERR bad_key "));
    }
    say(&mut guesser, "v:unknown-key!").await;
    ends(&mut guesser, "bad_key", 1000).await;

    // a message that would be too long to hold is refused while it arrives
    let mut long = house.open().await;
    say(&mut long, &"x".repeat(limits::MAX_LINE_BEFORE_OK_BYTES + 1)).await;
    ends(&mut long, "line_too_long", 1000).await;
    let mut long = house.verified().await;
    let text = "x".repeat(limits::MAX_LINE_BYTES + 1);
    let unfinished = Frame::message(text.into_bytes(), OpCode::Data(Data::Text), false);
    soon("the message to leave", long.send(Message::Frame(unfinished))).await.unwrap();
    ends(&mut long, "line_too_long", 1000).await;
    in_order(&mut bystander, key).await;
}

#[tokio::test]
async fn a_flood_of_pings_is_no_way_to_stay() {
    let house = House::with(&["--verify-timeout", "1"]).await;
    let (mut to_server, mut from_server) = house.open().await.split();
    // it goes on until it is sent away
    let flood =
        tokio::spawn(async move { while to_server.send(Message::Ping(Vec::new().into())).await.is_ok() {} });
    let sent_away = async {
        while let Some(Ok(message)) = from_server.next().await {
            if let Message::Text(line) = message {
                return line.as_str().to_owned();
            }
        }
        panic!("it was not told why")
    };
    let said = soon("the end of its time", sent_away).await;
    assert!(said.starts_with("ERR timeout "), "{said}");
    soon("the end of the flood", flood).await.unwrap();
}

#[tokio::test]
async fn who_never_reads_is_closed_as_slow() {
    let house = House::with(&["--write-timeout", "0.3"]).await;
    let mut deaf = house.verified().await;
    // more answers than the way takes
    let lines = Message::text(format!("v:{}\n", house.key()).repeat(50_000));
    while soon("the server to read or hang up", deaf.send(lines.clone())).await.is_ok() {}
    let seen = async {
        let slow = "observerio_lines_refused_total{code=\"slow\"} 1\n";
        while !Browser::new(house.server.http).get("/metrics").await.body.contains(slow) {}
    };
    soon("the closed connection to be seen", seen).await;
}

fn cookie(browser: &Browser) -> &str {
    browser.cookie.as_ref().unwrap().split_once('=').unwrap().1
}

#[tokio::test]
async fn a_revoked_key_closes_within_two_seconds() {
    let house = House::new().await;
    let (gateway, id) = (&house.server.gateway, house.project.id);
    let owner = gateway.authenticate(cookie(&house.browser), None).await.unwrap().unwrap();
    let mut original = house.verified().await;
    let mut newer = house.open().await;
    say(&mut newer, r#"h:{"proto":2,"caps":["ack"]}"#).await;
    say(&mut newer, &format!("v:{}", house.key())).await;
    assert!(line(&mut newer).await.starts_with("h:"));
    assert_eq!(line(&mut newer).await, "OK");
    assert_eq!(line(&mut newer).await, format!("a:{}:0", house.key()));
    let key_id = gateway.list_keys(&owner, id).await.unwrap()[0].id;
    gateway.revoke_key(&owner, id, key_id).await.unwrap();
    let closed = async {
        ends(&mut original, "revoked", 1000).await;
        ends(&mut newer, "revoked", 1000).await;
    };
    timeout(Duration::from_secs(2), closed).await.expect("within two seconds");
    let mut again = house.open().await;
    say(&mut again, &format!("v:{}", house.key())).await;
    ends(&mut again, "revoked", 1000).await;
}

#[tokio::test]
async fn a_server_that_stops_settles_what_was_sent_and_says_good_bye() {
    let house = House::new().await;
    let key = house.key().to_owned();
    let hello = json!({"proto": 2, "session": "s1", "caps": ["ack", "drain"]});
    let mut socket = house.open().await;
    say(&mut socket, &format!("h:{hello}")).await;
    in_order_of(&mut socket, &key).await;
    for number in 1..=200 {
        say(&mut socket, &format!("l:{key}:{number}:[{{\"message\":\"{number}\"}}]")).await;
    }
    // the last one was read
    say(&mut socket, "p:1").await;
    while line(&mut socket).await != "q:1" {}
    house.server.begin_stop();
    let (mut settled, mut is_announced) = (0, false);
    let code = loop {
        match soon("the end", socket.next()).await.unwrap().unwrap() {
            Message::Text(line) if line.starts_with("d:") => is_announced = true,
            Message::Text(line) => {
                let seq = line.strip_prefix(&format!("a:{key}:")).unwrap_or_else(|| panic!("{line}"));
                settled = seq.parse().unwrap();
            }
            Message::Close(Some(close)) => break u16::from(close.code),
            other => panic!("{other:?}"),
        }
    };
    assert!(is_announced);
    assert!(settled == 200 || settled == 0, "what was settled before is not said again: {settled}");
    assert_eq!(code, 1000);
    assert!(house.server.stop().await, "it drained");
}

/// Verifies a game of version 2.
async fn in_order_of(socket: &mut Socket, key: &str) {
    say(socket, &format!("v:{key}")).await;
    assert!(line(socket).await.starts_with("h:"));
    assert_eq!(line(socket).await, "OK");
    assert_eq!(line(socket).await, format!("a:{key}:0"));
}
