//! The log by what it says.

use serde_json::{Value as Json, json};

use crate::world::{World, refusal, refused};

/// A world in which a game has said some things.
async fn world() -> World {
    let world = World::start().await;
    let mut game = world.game().await;
    let key = world.project.key;
    let lines = json!([
        {"message": "player \"Ann\" left after 12.5 s", "level": "warn"},
        {"message": "can't load 'a.png'", "level": "error", "hp": 7},
        {"message": "tick 1"},
        {"message": "player \"Ben\" left after 7 s", "level": "warn"},
    ]);
    game.log_entries(key.as_str(), &lines.to_string()).await;
    game.in_order(key.as_str()).await;
    world.server.gateway.flush().await.unwrap();
    world
}

async fn patterns(world: &World, query: &str) -> Json {
    let answer = world.script.get(&world.at(&format!("/logs/patterns{query}"))).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.json()
}

fn texts(found: &Json) -> Vec<(&str, u64)> {
    let patterns = found["patterns"].as_array().unwrap().iter();
    patterns.map(|one| (one["text"].as_str().unwrap(), one["count"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn warnings_and_errors_are_together_by_what_they_say() {
    let world = world().await;
    let found = patterns(&world, "").await;
    assert_eq!(texts(&found), [("player <*> left after <*> s", 2), ("can't load <*>", 1)]);
    let player = &found["patterns"][0];
    for (field, value) in [
        ("level", json!("warn")),
        ("example", json!(4)),
        ("devices", json!(1)),
        ("more_devices", json!(false)),
        ("builds", json!([])),
        ("new", json!(false)),
        ("filter", json!("level=warn message:*player*left*after*s*")),
        ("bars", json!([2])),
    ] {
        assert_eq!(player[field], value, "{field}");
    }
    assert_eq!(player["fingerprint"].as_str().unwrap().len(), 16);
    for (field, value) in [
        ("total", json!(2)),
        ("step_seconds", json!(3_600)),
        ("other", json!(0)),
        ("uncounted", json!(0)),
        ("back_to", Json::Null),
        ("newest_build", Json::Null),
    ] {
        assert_eq!(found[field], value, "{field}");
    }
}

#[tokio::test]
async fn a_part_of_them_is_selected() {
    let world = world().await;
    let all = [("player <*> left after <*> s", 2), ("tick <*>", 1), ("can't load <*>", 1)];
    for (query, expected) in [
        ("?level=error", &all[2..]),
        ("?level=trace", &all[..]),
        ("?level=trace&q=tick%20OR%20player", &all[..2]),
        ("?q=hp%3C10", &all[2..]),
        ("?from=2026-01-01T00:00:00Z", &[all[0], all[2]]),
        ("?to=2026-01-01T00:00:00Z", &[]),
    ] {
        assert_eq!(texts(&patterns(&world, query).await), expected, "{query}");
    }
    let one = patterns(&world, "?limit=1").await;
    assert_eq!((one["patterns"].as_array().unwrap().len(), &one["total"]), (1, &json!(2)));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words() {
    let world = World::start().await;
    for (query, word) in [
        ("?level=loud", "level"),
        ("?from=yesterday", "from"),
        ("?to=2026", "to"),
        ("?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "time range"),
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?q=level:loud", "q"),
        ("?since=5m", "since"),
    ] {
        let answer = world.script.get(&world.at(&format!("/logs/patterns{query}"))).await;
        assert_eq!(refusal(&answer), refused(400, "invalid"), "{query}");
        assert!(answer.body.contains(word), "{query}: {}", answer.body);
    }
}
