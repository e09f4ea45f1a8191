//! Version 2 of the line protocol, over a real socket.

use crate::support::{TestServer, line::Game, live::Dashboard};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway::Origin;
use protocol::{
    live::{ClientMessage, Event, ServerMessage},
    model::{Change, Gesture, Outcome, Project, Revision, Value, VarName, VarRevision},
};
use serde_json::{Value as Json, json};

fn int(number: i64) -> Value {
    Value::Int(number.into())
}

/// A game that speaks version 2.
struct Player {
    game: Game,
    key: String,
}

impl Player {
    /// Says `h:` and `v:` together and reads up to and with `OK`.
    async fn connect(server: &TestServer, project: &Project, hello: Json) -> Self {
        let mut game = server.game().await;
        let key = project.key.as_str().to_owned();
        game.send(&format!("h:{hello}\nv:{key}\n")).await;
        let answer = game.line().await;
        let answer: Json = serde_json::from_str(answer.strip_prefix("h:").expect(&answer)).unwrap();
        assert_eq!(answer["proto"], 2);
        assert_eq!(game.line().await, "OK");
        Self { game, key }
    }

    async fn send(&mut self, line: &str) {
        let line = line.replace("KEY", &self.key);
        self.game.send(&format!("{line}\n")).await;
    }

    /// The next line, with `KEY` for the key.
    async fn line(&mut self) -> String {
        self.game.line().await.replace(&self.key, "KEY")
    }

    /// The next line's payload, which must be values of that revision.
    async fn values(&mut self, revision: i64) -> Json {
        let line = self.line().await;
        let payload =
            line.strip_prefix(&format!("v:KEY:{revision}:")).unwrap_or_else(|| panic!("no values: {line}"));
        serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap()
    }
}

#[tokio::test]
async fn lines_are_acknowledged_once_and_a_session_goes_on() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let hello =
        json!({"proto": 2, "device": "phone", "session": "s1", "name": "Ana's phone", "caps": ["ack"]});
    let mut player = Player::connect(&server, &project, hello.clone()).await;
    assert_eq!(player.line().await, "a:KEY:0");
    player.send(r#"l:KEY:1:[{"message":"one"}]"#).await;
    assert_eq!(player.line().await, "a:KEY:1");
    player.send("l:KEY:2:[{").await;
    assert_eq!(player.line().await, "n:KEY:2:bad_json");
    assert_eq!(player.line().await, "a:KEY:2");
    player.send(r#"l:KEY:4:[{"message":"four"}]"#).await;
    assert_eq!(player.line().await, "n:KEY:3:gap:0");

    // the connection is lost; the client resends what it has no receipt of
    drop(player);
    let mut player = Player::connect(&server, &project, hello).await;
    assert_eq!(player.line().await, "a:KEY:2");
    player.send(r#"l:KEY:1:[{"message":"one"}]"#).await;
    assert_eq!(player.line().await, "a:KEY:2");
    player.send(r#"l:KEY:3:[{"message":"three"}]"#).await;
    player.send(r#"i:KEY:4:{"speed":5}"#).await;
    loop {
        let line = player.line().await;
        assert!(line.starts_with("a:KEY:"), "{line}");
        if line == "a:KEY:4" {
            break;
        }
    }
    let snapshot = Dashboard::open(&browser).await.subscribe(project.id).await;
    let messages: Vec<&str> = snapshot.logs.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(messages, ["one", "three"]);
    let [device] = &snapshot.devices[..] else { panic!("{:?}", snapshot.devices) };
    assert_eq!((device.name.as_str(), device.online), ("Ana's phone", true));
}

#[tokio::test]
async fn a_newer_connection_takes_the_session_over() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let hello = json!({"proto": 2, "session": "s1", "caps": ["ack"]});
    let mut older = Player::connect(&server, &project, hello.clone()).await;
    assert_eq!(older.line().await, "a:KEY:0");
    let mut newer = Player::connect(&server, &project, hello).await;
    assert_eq!(newer.line().await, "a:KEY:0");
    assert_eq!(older.game.error().await, "taken_over");
    older.game.hung_up().await;
    newer.send(r#"l:KEY:1:[{"message":"mine"}]"#).await;
    assert_eq!(newer.line().await, "a:KEY:1");
}

#[tokio::test]
async fn values_have_revisions_and_what_became_of_them_is_shown() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let hello = json!({"proto": 2, "device": "phone", "app": "1.4.2", "caps": ["ack", "rev"]});
    let mut player = Player::connect(&server, &project, hello).await;
    assert_eq!(player.line().await, "a:KEY:0");
    let first = player.values(0).await;
    assert_eq!((&first["full"], &first["vars"]), (&json!(true), &json!([])));
    assert_eq!(player.line().await, "s:KEY:0");
    player.send(r#"i:KEY:1:{"speed":5,"size":1}"#).await;
    assert_eq!(player.line().await, "a:KEY:1");

    let mut dashboard = Dashboard::open(&browser).await;
    let snapshot = dashboard.subscribe(project.id).await;
    assert_eq!((snapshot.devices[0].about.as_str(), snapshot.devices[0].acknowledges), ("1.4.2", true));
    dashboard.edit(1, project.id, &[("speed", int(900)), ("size", int(2))]).await;
    let edit = player.values(1).await;
    assert_eq!(
        (&edit["full"], &edit["removed"], edit["epoch"].is_string()),
        (&json!(false), &json!([]), true)
    );
    assert_eq!(edit["vars"][1], json!({"name": "speed", "type": "integer", "value": 900, "rev": 1}));
    player.send(r#"r:KEY:1:[{"name":"speed","status":"clamped","value":100,"reason":"too fast"}]"#).await;
    let (devices, vars) = dashboard
        .event(|event| match event {
            Event::Applied { devices, vars } => Some((devices, vars)),
            _ => None,
        })
        .await;
    assert_eq!(devices, [(snapshot.devices[0].id, Revision(1))]);
    let outcome = |name: &str| {
        let marks = vars.iter().find(|(known, _)| known.as_str() == name).map(|(_, marks)| &marks[..]);
        let Some([mark]) = marks else { panic!("{name}: {marks:?}") };
        assert!(mark.revision == VarRevision(1) && mark.round_trip_micros.is_some(), "{mark:?}");
        mark.outcome.clone()
    };
    let clamped = Outcome::Clamped { value: Some(int(100)), reason: Some("too fast".into()) };
    assert_eq!((outcome("speed"), outcome("size")), (clamped, Outcome::Applied));
    let snapshot = dashboard.subscribe(project.id).await;
    assert_eq!(snapshot.devices[0].applied, Revision(1));

    // back with what it has: nothing to send; with another history: everything
    drop(player);
    let epoch = &edit["epoch"];
    let hello = json!({"proto": 2, "device": "phone", "caps": ["rev"], "epoch": epoch, "rev": 1});
    let mut player = Player::connect(&server, &project, hello).await;
    assert_eq!(player.line().await, "s:KEY:1");
    let hello =
        json!({"proto": 2, "device": "phone", "caps": ["rev", "json"], "epoch": "restored", "rev": 1});
    let mut player = Player::connect(&server, &project, hello).await;
    let line = player.line().await;
    let all: Json = serde_json::from_str(line.strip_prefix("v:KEY:1:").expect(&line)).unwrap();
    assert_eq!((&all["full"], all["vars"].as_array().unwrap().len()), (&json!(true), 2));
}

#[tokio::test]
async fn what_was_let_go_is_removed_also_after_a_reconnect() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let hello = json!({"proto": 2, "device": "phone", "caps": ["ack", "rev"]});
    let mut player = Player::connect(&server, &project, hello).await;
    assert_eq!(player.line().await, "a:KEY:0");
    player.values(0).await;
    assert_eq!(player.line().await, "s:KEY:0");
    player.send(r#"i:KEY:1:{"speed":5,"size":1}"#).await;
    assert_eq!(player.line().await, "a:KEY:1");
    let mut dashboard = Dashboard::open(&browser).await;
    dashboard.subscribe(project.id).await;
    dashboard.edit(1, project.id, &[("speed", int(9)), ("size", int(2))]).await;
    let epoch = player.values(1).await["epoch"].clone();

    let changes = vec![Change::let_go(VarName::parse("speed").unwrap()).on(VarRevision(1))];
    dashboard.say(&ClientMessage::Edit { id: 2, project: project.id, gesture: Gesture(2), changes }).await;
    let push = player.values(2).await;
    assert_eq!(
        (&push["removed"], &push["vars"], &push["full"]),
        (&json!(["speed"]), &json!([]), &json!(false))
    );
    player.send("r:KEY:2").await;
    let applied = dashboard
        .event(|event| match event {
            Event::Applied { vars, .. } => Some(vars),
            _ => None,
        })
        .await;
    let speed = applied.iter().find(|(name, _)| name.as_str() == "speed").map(|(_, marks)| &marks[0]);
    assert_eq!(speed.map(|mark| (mark.revision, &mark.outcome)), Some((VarRevision(2), &Outcome::Applied)));

    // as if it had lost its connection before it heard of it
    drop(player);
    let hello = json!({"proto": 2, "device": "phone", "caps": ["rev"], "epoch": epoch, "rev": 1});
    let mut player = Player::connect(&server, &project, hello).await;
    assert_eq!(player.values(2).await["removed"], json!(["speed"]));
    assert_eq!(player.line().await, "s:KEY:2");
}

#[tokio::test]
async fn an_action_is_run_by_every_game_that_can() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let hello = json!({"proto": 2, "device": "phone", "caps": ["rev", "json"]});
    let mut player = Player::connect(&server, &project, hello).await;
    player.values_bare().await;
    assert_eq!(player.line().await, "s:KEY:0");
    player.send(r#"i:KEY:[{"name":"boss.spawn","type":"action"}]"#).await;
    player.send("p:1").await;
    assert_eq!(player.line().await, "q:1");
    server.gateway.flush().await.unwrap();

    let mut dashboard = Dashboard::open(&browser).await;
    dashboard.subscribe(project.id).await;
    let name = VarName::parse("boss.spawn").unwrap();
    let run = |id, args: Option<&str>| {
        let (project, name, args) = (project.id, name.clone(), args.map(str::to_owned));
        ClientMessage::Run { id, project, name, args }
    };
    dashboard.say(&run(1, Some("[1, 2]"))).await;
    match dashboard.hear().await {
        ServerMessage::RunResult { id: 1, outcome } => assert_eq!(outcome.unwrap().games, 1),
        other => panic!("{other:?}"),
    }
    assert_eq!(player.line().await, r#"x:KEY:x1:{"name":"boss.spawn","args":[1,2]}"#);
    player.send(r#"r:KEY:x1:{"error":"no boss here"}"#).await;
    let outcome = dashboard
        .event(|event| match event {
            Event::ActionDone { outcome, .. } => Some(outcome),
            _ => None,
        })
        .await;
    assert_eq!(outcome, Err("no boss here".to_owned()));

    dashboard.say(&run(2, Some("[1"))).await;
    match dashboard.hear().await {
        ServerMessage::RunResult { id: 2, outcome: Err(refused) } => assert_eq!(refused.code, "bad_shape"),
        other => panic!("{other:?}"),
    }
}

impl Player {
    async fn values_bare(&mut self) -> Json {
        let line = self.line().await;
        let payload = line.strip_prefix("v:KEY:").and_then(|rest| rest.split_once(':')).expect(&line).1;
        serde_json::from_str(payload).unwrap()
    }
}

#[tokio::test]
async fn silence_is_asked_about_and_ends_the_connection() {
    let server = TestServer::start_with(&["--ping", "0.1"]).await;
    let project = server.project().await;
    let hello = json!({"proto": 2, "caps": ["ping"]});
    let mut player = Player::connect(&server, &project, hello).await;
    assert_eq!(player.line().await, "p:1");
    player.send("q:1").await;
    assert_eq!(player.line().await, "p:2");
    assert_eq!(player.line().await, "p:3");
    assert_eq!(player.game.error().await, "idle");
    player.game.hung_up().await;
}

#[tokio::test]
async fn what_was_taken_in_is_settled_before_the_server_goes() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let hello = json!({"proto": 2, "caps": ["ack", "drain"]});
    let mut player = Player::connect(&server, &project, hello).await;
    assert_eq!(player.line().await, "a:KEY:0");
    for seq in 1..=20 {
        player.send(&format!(r#"l:KEY:{seq}:[{{"message":"m{seq}"}}]"#)).await;
    }
    server.begin_stop();
    let (mut drained, mut acknowledged) = (false, 0);
    while let Some(line) = player.game.next_line().await {
        match line.strip_prefix(&format!("a:{}:", player.key)) {
            Some(seq) => acknowledged = seq.parse().unwrap(),
            None => {
                assert_eq!(line, "d:2000");
                drained = true;
            }
        }
    }
    assert!(drained);
    let server = server.restart().await;
    let stored = server.gateway.register_key(project.key, &Origin::default()).await.unwrap();
    let browser = server.owner().await;
    let snapshot = Dashboard::open(&browser).await.subscribe(stored.id).await;
    assert_eq!(snapshot.logs.len(), acknowledged, "each line that was acknowledged, and no other");
}
