//! What a logger gets wrong, and what is kept of it all the same: times and messages, single entries, the last line, a byte
//! order mark.

use crate::support::{
    TestServer,
    line::{Game, base64},
    soon,
};
use gateway::{Caller, Origin};
use protocol::{
    limits,
    live::Snapshot,
    model::{LogLine, Project, UnixMicros},
};
use serde_json::json;

struct World {
    server: TestServer,
    owner: Caller,
    project: Project,
}

impl World {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let owner = server
            .gateway
            .set_up(&server.set_up_token(), None, None, &Origin::default())
            .await
            .unwrap()
            .caller;
        let project = server.project().await;
        Self { server, owner, project }
    }

    fn key(&self) -> &str {
        self.project.key.as_str()
    }

    async fn snapshot(&self) -> Snapshot {
        self.server.gateway.flush().await.unwrap();
        self.server.gateway.snapshot(&self.owner, self.project.id).await.unwrap()
    }

    /// Waits until the game's device is away: what it said is taken in then.
    async fn without_game(&self) -> Snapshot {
        let mut watcher = self.server.gateway.watch(&self.owner, self.project.id).await.unwrap();
        soon("the device to be away", async {
            while watcher.snapshot().devices.iter().any(|device| device.online) {
                watcher.next().await;
            }
        })
        .await;
        self.snapshot().await
    }
}

fn messages(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.logs.iter().map(|line| line.message.as_str()).collect()
}

#[tokio::test]
async fn entries_whose_time_cannot_be_read_are_kept_with_the_time_of_receipt() {
    let world = World::start().await;
    let mut game = world.server.verified(world.project.key).await;
    let mut entries: Vec<_> =
        (0..999).map(|n| json!({"message": n.to_string(), "timestamp": 1_795_392_000})).collect();
    entries.insert(500, json!({"message": "odd", "timestamp": "the day before yesterday"}));
    game.send(&format!("l:{}:{}\n", world.key(), json!(entries))).await;
    game.in_order(world.key()).await;
    world.server.gateway.flush().await.unwrap();

    let page = world.server.gateway.list_logs(&world.owner, world.project.id, None, 1_000).await.unwrap();
    let odd: &LogLine = page.iter().find(|line| line.message == "odd").unwrap();
    assert_eq!(
        (odd.at, odd.fields.as_deref()),
        (odd.received, Some(r#"{"timestamp":"the day before yesterday"}"#))
    );
    let others: Vec<_> = page.iter().filter(|line| line.message != "odd").collect();
    assert!(others.iter().all(|line| line.at == UnixMicros(1_795_392_000_000_000) && line.fields.is_none()));
}

#[tokio::test]
async fn times_are_read_in_every_way_that_games_write_them() {
    let world = World::start().await;
    let mut game = world.server.verified(world.project.key).await;
    let expected = UnixMicros::parse_rfc3339("2026-11-23T00:00:00.25Z").unwrap();
    let times = [
        json!("2026-11-23T00:00:00.25"),
        json!("2026-11-23 00:00:00,250"),
        json!("2026-11-23T01:00:00.25+01:00"),
        json!(1_795_392_000_250.0_f64),
        json!(1_795_392_000.25),
        json!("1795392000.25"),
        json!("1795392000250"),
    ];
    let entries: Vec<_> = times.iter().map(|time| json!({"message": "m", "timestamp": time})).collect();
    game.send(&format!("l:{}:{}\n", world.key(), base64(&json!(entries).to_string()))).await;
    game.in_order(world.key()).await;
    let logs = world.snapshot().await.logs;
    assert_eq!(logs.len(), times.len());
    for (line, time) in logs.iter().zip(&times) {
        assert_eq!((line.at, &line.fields), (expected, &None), "{time}");
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_is_cut_and_says_by_how_much() {
    let world = World::start().await;
    let mut game = world.server.verified(world.project.key).await;
    let long = "x".repeat(limits::MAX_MESSAGE_BYTES + 1234);
    game.send(&format!("l:{}:{}\n", world.key(), json!([{"message": long}, {"message": "next"}]))).await;
    game.in_order(world.key()).await;
    let logs = world.snapshot().await.logs;
    assert_eq!(
        (logs[0].message.len(), logs[0].fields.as_deref()),
        (limits::MAX_MESSAGE_BYTES, Some(r#"{"message":{"cut":1234}}"#))
    );
    assert_eq!((logs[1].message.as_str(), &logs[1].fields), ("next", &None));
}

#[tokio::test]
async fn a_numbered_line_is_stored_once_with_its_good_entries_and_the_others_are_named() {
    let world = World::start().await;
    let hello = r#"{"proto":2,"device":"phone","session":"s","caps":["ack"]}"#;
    let line =
        format!(r#"l:{}:1:[{{"message":"one"}},{{"level":"info"}},{{"message":"two"}},7]"#, world.key());
    for is_again in [false, true] {
        let mut game: Game = world.server.game().await;
        game.send(&format!("h:{hello}\nv:{}\n", world.key())).await;
        assert!(game.line().await.starts_with("h:"));
        assert_eq!(game.line().await, "OK");
        assert_eq!(game.line().await, format!("a:{}:{}", world.key(), u8::from(is_again)));
        game.send(&format!("{line}\n")).await;
        if !is_again {
            assert_eq!(game.line().await, format!("n:{}:1:bad_shape 2,4", world.key()));
        }
        assert_eq!(game.line().await, format!("a:{}:1", world.key()));
    }
    assert_eq!(messages(&world.snapshot().await), ["one", "two"]);
}

#[tokio::test]
async fn a_last_line_without_its_end_is_stored_if_it_is_whole() {
    let world = World::start().await;
    let entries = [r#"[{"message":"bare"}]"#.to_owned(), base64(r#"[{"message":"encoded"}]"#)];
    for payload in &entries {
        let mut game = world.server.verified(world.project.key).await;
        game.send(&format!("l:{}:{payload}", world.key())).await;
        game.say_no_more().await;
        game.hung_up().await;
    }
    // one that leaves at once, and does not read what it is told
    let mut game = world.server.verified(world.project.key).await;
    game.send(&format!("v:{0}\ni:{0}:{{\"speed\":7}}", world.key())).await;
    drop(game);
    let snapshot = world.without_game().await;
    assert_eq!(messages(&snapshot), ["bare", "encoded"]);
    assert_eq!(snapshot.vars[0].reported[0].value.to_json(), "7");
}

#[tokio::test]
async fn half_a_line_is_not_stored_and_said_to_be() {
    let world = World::start().await;
    for half in [r#"[{"message":"a"},{"message""#, r#"[{"message":"a"}"#, "W3sibWVzc2FnZSI6ImEifQ"] {
        let mut game = world.server.verified(world.project.key).await;
        game.send(&format!("l:{}:{half}", world.key())).await;
        game.say_no_more().await;
        assert_eq!(game.error().await, "bad_json", "{half}");
        game.hung_up().await;
    }
    assert_eq!(messages(&world.without_game().await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_numbered_last_line_is_stored_once_however_often_it_comes() {
    let world = World::start().await;
    let hello = r#"{"proto":2,"device":"phone","session":"s","caps":["ack"]}"#;
    let line = format!(r#"l:{}:1:[{{"message":"one"}}]"#, world.key());
    for end in ["", "\n"] {
        let mut game = world.server.game().await;
        game.send(&format!("h:{hello}\nv:{}\n{line}{end}", world.key())).await;
        match end {
            "" => game.say_no_more().await,
            _ => while game.line().await != format!("a:{}:1", world.key()) {},
        }
        while end.is_empty() && game.next_line().await.is_some() {}
        drop(game);
        world.without_game().await;
    }
    assert_eq!(messages(&world.snapshot().await), ["one"]);
}

#[tokio::test]
async fn a_byte_order_mark_is_dropped() {
    let world = World::start().await;
    let mut game = world.server.game().await;
    let lines = format!("\u{feff}v:{0}\n\u{feff}l:{0}:[{{\"message\":\"one\"}}]\n", world.key());
    game.send(&lines).await;
    assert_eq!(game.line().await, "OK");
    game.in_order(world.key()).await;
    assert_eq!(messages(&world.snapshot().await), ["one"]);
}
