//! What was refused of games is told to people: a game may never read it.

use std::collections::BTreeMap;

use crate::support::{
    TestServer,
    http::{Answer, Browser},
    line::{Game, base64},
    live::Dashboard,
    program::Program,
    soon,
};
use protocol::{
    ErrorCode,
    live::{Event, ServerMessage},
    model::{Project, Refused},
};
use serde_json::{Value as Json, json};

/// A server with an owner and a project, and what both are told.
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
        Self { server, browser, project }
    }

    fn key(&self) -> &str {
        self.project.key.as_str()
    }

    async fn game(&self) -> Game {
        self.server.verified(self.project.key).await
    }

    /// Asks the API as the page would.
    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let origin = self.browser.origin();
        let headers = [("origin", origin.as_str()), ("content-type", "application/json")];
        let answer = self.browser.request(method, path, &headers, body).await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.body);
        answer
    }

    /// What the API says, by device.
    async fn api(&mut self) -> Vec<Json> {
        let path = format!("/api/v1/projects/{}/refusals", self.project.id);
        let answer = self.browser.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.contains(self.project.key.as_str()), "{}", answer.body);
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// The metrics that are not 0, by code.
    async fn metrics(&mut self) -> BTreeMap<String, u64> {
        let text = self.browser.get("/metrics").await.body;
        let sample = |line: &str| {
            let (code, count) =
                line.strip_prefix("observerio_lines_refused_total{code=\"")?.split_once("\"} ")?;
            Some((code.to_owned(), count.parse().unwrap()))
        };
        text.lines().filter_map(sample).filter(|(_, count)| *count > 0).collect()
    }

    /// What a dashboard hears of refusals until `is_enough`.
    async fn hear(dashboard: &mut Dashboard, is_enough: impl Fn(&Refused) -> bool) -> Refused {
        loop {
            let ServerMessage::Delta { events, .. } = dashboard.hear().await else { continue };
            for event in events {
                let Event::Refused(all) = event else { continue };
                if let Some(refused) = all.into_iter().find(|refused| is_enough(refused)) {
                    return refused;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_logger_that_never_reads_is_found_out() {
    let mut house = House::new().await;
    let key = house.key().to_owned();
    let mut dashboard = Dashboard::open(&house.browser).await;
    dashboard.subscribe(house.project.id).await;
    let mut logger = house.server.game().await;
    logger.send(&format!("v:{key}\n")).await;
    for n in 0..12 {
        logger.send(&format!("l:{key}:{}\n", base64(&format!("[{{\"message\": {n},]")))).await;
    }
    let refused = House::hear(&mut dashboard, |refused| refused.total() == 12).await;
    assert_eq!(refused.counts, [(ErrorCode::BadJson, 12)]);
    let shown: Vec<&str> = refused.last.iter().map(|line| line.line.as_str()).collect();
    let expected: Vec<String> = (7..12).map(|n| format!("l:…:[{{\"message\": {n},]")).collect();
    assert_eq!(shown, expected);
    assert!(refused.last.iter().all(|line| line.code == ErrorCode::BadJson && !line.text.is_empty()));

    // nobody is looking and the game is gone: a later visitor still sees it
    drop((dashboard, logger));
    soon("the game to be away", async {
        let mut later = Dashboard::open(&house.browser).await;
        while later.subscribe(house.project.id).await.devices[0].online {}
    })
    .await;
    let snapshot = Dashboard::open(&house.browser).await.subscribe(house.project.id).await;
    assert_eq!(snapshot.refused, [refused]);
    assert_eq!(snapshot.refused[0].device, Some(snapshot.devices[0].id));
    let api = house.api().await;
    assert_eq!((api.len(), &api[0]["total"]), (1, &json!(12)));
    assert_eq!(api[0]["last"][4]["line"], expected[4]);
    assert_eq!(house.metrics().await, BTreeMap::from([("bad_json".to_owned(), 12)]));
}

#[tokio::test]
async fn each_code_is_counted_at_the_device_whose_line_it_was() {
    let mut house = House::new().await;
    let key = house.key().to_owned();
    let (mut one, mut other) = (house.game().await, house.game().await);
    let lines = [
        (format!("i:{key}:!!!!"), "bad_base64", "i:…:!!!!"),
        (format!("i:{key}:[1]"), "bad_shape", "i:…:[1]"),
        (format!("l:{key}:{}", "[".repeat(40)), "too_deep", "l:…:[[[["),
        (format!("i:{key}:{{\"\":1}}"), "bad_name", "i:…:{\"\":1}"),
        ("i:another-key!:[]".to_owned(), "wrong_key", "i:…:[]"),
        (format!("frobnicate {key}"), "bad_verb", "frobnicate …"),
        ("v:short".to_owned(), "bad_key", "v:…"),
    ];
    for (line, code, _) in &lines {
        one.send(&format!("{line}\n")).await;
        assert_eq!(one.error().await, *code);
    }
    other.send(&format!("l:{key}:nonsense!\n")).await;
    assert_eq!(other.error().await, "bad_base64");

    let api = house.api().await;
    let counts = lines.iter().map(|(_, code, _)| ((*code).to_owned(), json!(1))).collect();
    assert_eq!(api[0]["counts"], Json::Object(counts));
    assert_eq!(api[1]["counts"], json!({"bad_base64": 1}));
    assert!(api[0]["device"].as_i64().unwrap() != api[1]["device"].as_i64().unwrap());
    let last = api[0]["last"].as_array().unwrap();
    for ((_, code, excerpt), shown) in lines[2..].iter().zip(last) {
        assert_eq!(shown["code"], *code);
        assert!(shown["line"].as_str().unwrap().starts_with(excerpt), "{shown}");
    }
    assert_eq!(house.metrics().await["bad_base64"], 2);

    // one that ends the connection
    let long = format!("l:{key}:[{{\"message\":\"{}", "x".repeat(protocol::limits::MAX_LINE_BYTES));
    other.try_send(long.as_bytes()).await;
    assert_eq!(other.error().await, "line_too_long");
    let api = house.api().await;
    let last = &api[1]["last"][1];
    assert_eq!(last["code"], "line_too_long");
    assert!(last["line"].as_str().unwrap().starts_with("l:…:[{\"message\":\"xxx"), "{last}");
}

#[tokio::test]
async fn a_numbered_line_is_counted_and_one_that_may_come_again_is_not() {
    let mut house = House::new().await;
    let key = house.key().to_owned();
    let mut game = house.server.game().await;
    game.send(&format!("h:{{\"proto\":2,\"caps\":[\"ack\"]}}\nv:{key}\n")).await;
    while game.line().await != format!("a:{key}:0") {}
    game.send(&format!("l:{key}:5:[]\n")).await;
    assert_eq!(game.line().await, format!("n:{key}:1:gap:0"));
    game.send(&format!("l:{key}:1:nonsense!\n")).await;
    assert_eq!(game.line().await, format!("n:{key}:1:bad_base64"));
    let api = house.api().await;
    assert_eq!(api[0]["counts"], json!({"bad_base64": 1}));
    assert_eq!(api[0]["last"][0]["line"], "l:…:1:nonsense!");
}

#[tokio::test]
async fn lines_of_nobody_belong_to_the_server_alone() {
    let mut house = House::new().await;
    let key = house.key().to_owned();
    let mut game = house.server.game().await;
    game.send(&format!("i:{key}:{{\"a\":1}}\nv:short\nv:0123456789ab\n")).await;
    for code in ["unverified", "bad_key", "bad_key"] {
        assert_eq!(game.error().await, code);
    }
    let mut browser = house.server.game().await;
    browser.send("GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(browser.error().await, "bad_verb");
    let expected = [("unverified", 1), ("bad_key", 2), ("bad_verb", 1)];
    assert_eq!(house.metrics().await, expected.map(|(code, count)| (code.to_owned(), count)).into());
    assert!(house.api().await.is_empty());
}

#[tokio::test]
async fn a_revoked_key_is_seen_where_it_was_good() {
    let mut house = House::new().await;
    let keys = format!("/api/v1/projects/{}/keys", house.project.id);
    let spare = house.ask("POST", &keys, r#"{"name":"spare"}"#).await.json();
    house.ask("DELETE", &format!("{keys}/{}", spare["id"]), "").await;
    let mut dashboard = Dashboard::open(&house.browser).await;
    dashboard.subscribe(house.project.id).await;
    let mut game = house.server.game().await;
    game.send(&format!("v:{}\n", spare["key"].as_str().unwrap())).await;
    assert_eq!(game.error().await, "revoked");
    let refused = House::hear(&mut dashboard, |refused| refused.device.is_none()).await;
    assert_eq!(refused.counts, [(ErrorCode::Revoked, 1)]);
    assert_eq!(refused.last[0].line, "v:… from 127.0.0.1");
    assert_eq!(house.api().await[0]["device"], Json::Null);
}

#[tokio::test]
async fn a_game_that_is_closed_because_it_does_not_read_is_seen() {
    let mut house = House::with(&["--write-timeout", "0.3"]).await;
    let key = house.key().to_owned();
    let mut game = house.game().await;
    // more answers than the way takes
    let lines = format!("v:{key}\n").repeat(50_000);
    while game.try_send(lines.as_bytes()).await {}
    soon("the closed connection to be seen", async {
        while house.api().await.first().is_none_or(|refused| refused["counts"] != json!({"slow": 1})) {}
    })
    .await;
}

/// A game can't write lines of the log, and one that repeats itself does not fill it.
#[tokio::test]
async fn the_log_has_one_line_for_each_code_of_a_connection() {
    let program = Program::start(&[], &[]).await;
    let mut browser = program.owner().await;
    let answer = browser.post_form("/projects", &[("name", "Aliens")]).await;
    assert_eq!(answer.status, 303);
    let keys = browser.get("/api/v1/projects/1/keys").await.json();
    let key = keys["items"][0]["key"].as_str().unwrap().to_owned();
    crate::support::secrets::note(&key);
    for _ in 0..2 {
        let mut game = Game::connect(program.tcp).await;
        game.send(&format!("v:{key}\n")).await;
        assert_eq!(game.line().await, "OK");
        for _ in 0..20 {
            game.send(&format!("i:{key}:[1]\ni:{key}:{{\"\":1}}\n")).await;
            assert_eq!((game.error().await.as_str(), game.error().await.as_str()), ("bad_shape", "bad_name"));
        }
    }
    let (_, _, log) = program.stop().await;
    for code in ["bad_shape", "bad_name"] {
        let of_code =
            log.lines().filter(|line| line.contains("refused a line from a game") && line.contains(code));
        assert_eq!(of_code.count(), 2, "{code}");
    }
}
