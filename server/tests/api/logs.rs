//! Searching the log.

use serde_json::json;

use crate::world::{World, refusal, refused};

#[tokio::test]
async fn a_line_has_all_that_the_game_said() {
    let world = World::start().await;
    let mut game = world.game().await;
    let key = world.project.key;
    let line = r#"[{"message":"boss spawned","level":"warn","timestamp":"2026-11-22T12:00:00.25Z","hp":18446744073709551615}]"#;
    game.log_entries(key.as_str(), line).await;
    game.in_order(key.as_str()).await;
    world.server.gateway.flush().await.unwrap();
    let found = world.script.get(&world.at("/logs")).await;
    assert!(found.body.contains(r#""fields":{"hp":18446744073709551615}"#), "{}", found.body);
    let line = &found.json()["items"][0];
    assert_eq!(
        (&line["seq"], &line["level"], &line["message"]),
        (&json!(1), &json!("warn"), &json!("boss spawned"))
    );
    assert_eq!(line["at"], "2026-11-22T12:00:00.250000Z");
    let device = &world.script.all(&world.at("/devices"), 1).await[0];
    assert_eq!((&line["device"], &line["device_name"]), (&device["id"], &device["name"]));
}

#[tokio::test]
async fn what_could_not_be_read_is_there_in_words() {
    let world = World::start().await;
    let mut game = world.game().await;
    let key = world.project.key;
    let line = r#"[{"message":"a","timestamp":"gestern","level":30},{"message":"b","timestamp":1795392000}]"#;
    game.log_entries(key.as_str(), line).await;
    game.in_order(key.as_str()).await;
    world.server.gateway.flush().await.unwrap();
    let notes =
        json!(["time not readable: \"gestern\"; shown at receipt", "level not readable: 30; shown as info"]);
    let found = world.script.get(&world.at("/logs")).await.json();
    assert_eq!((&found["items"][0]["notes"], &found["items"][1]["notes"]), (&json!([]), &notes));
    assert_eq!(found["items"][1]["at"], found["items"][1]["received"]);
    assert_eq!(found["items"][1]["fields"], json!({"timestamp": "gestern", "level": 30}));
    let lines = world.script.get(&world.at("/logs/export")).await.body;
    assert!(lines.contains(&format!("\"notes\":{notes}")), "{lines}");
    let table = world.script.get(&world.at("/logs/export?format=csv")).await.body;
    let cell = ",\"time not readable: \"\"gestern\"\"; shown at receipt; level not readable: 30; shown as info\"\r\n";
    assert!(table.contains(cell), "{table}");
}

#[tokio::test]
async fn every_line_comes_once_however_it_is_cut() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, (1..=250).map(|n| format!("line {n}"))).await;
    let newest_first: Vec<u64> = (1..=250).rev().collect();
    let sevens: Vec<u64> = newest_first.iter().copied().filter(|n| n.to_string().contains('7')).collect();
    for (filter, expected) in [("", newest_first), ("?q=7", sevens)] {
        for limit in [7, 100, 250, 1_000] {
            let all = world.script.all(&world.at(&format!("/logs{filter}")), limit).await;
            let seqs: Vec<_> = all.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
            assert_eq!(seqs, expected, "{filter} {limit}");
        }
    }
    // lines that arrive between two pages disturb nobody
    let first = world.script.get(&world.at("/logs?limit=10")).await.json();
    world.log(&mut game, ["new".to_owned()]).await;
    let next = first["next"].as_str().unwrap();
    let second = world.script.get(&world.at(&format!("/logs?limit=10&cursor={next}"))).await.json();
    assert_eq!(second["items"][0]["seq"], 240);
}

#[tokio::test]
async fn the_filter_is_that_of_the_dashboard() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["Spawned the BOSS", "lost the key", "boss lost"].map(str::to_owned)).await;
    let name = world.script.all(&world.at("/devices"), 1).await[0]["name"].as_str().unwrap().to_owned();
    let device = format!("device:{}", name.split(' ').next().unwrap());
    for (filter, count) in [
        ("boss", 2),
        ("%22the%20boss%22", 1),
        ("boss%20-lost", 1),
        ("level%3E%3Dwarn", 0),
        ("level:info", 3),
        (device.as_str(), 3),
        ("device:nobody", 0),
        ("level%3Ewarn", 0),
        ("level%3C%3Dinfo", 3),
        ("!boss", 1),
    ] {
        let all = world.script.all(&world.at(&format!("/logs?q={filter}")), 100).await;
        assert_eq!(all.len(), count, "{filter}");
    }
    for bad in ["level%3E%3Dloud", "%22open", &"x".repeat(513)] {
        for path in ["/logs", "/logs/export", "/logs/live"] {
            let answer = world.script.get(&world.at(&format!("{path}?q={bad}"))).await;
            assert_eq!(refusal(&answer), refused(400, "invalid"), "{path} {bad}");
        }
    }
}

#[tokio::test]
async fn what_a_filter_cannot_say_is_answered_with_the_place() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["rev:41 error OR (error) level:loud".to_owned()]).await;
    for (filter, place, advice) in [
        ("rev%3A41", "characters 1 to 6", "since:"),
        ("caf%C3%A9%20since%3A5", "characters 6 to 12", "since:5m"),
        ("error%20OR", "characters 7 to 8", "both sides"),
        ("x%20(error", "characters 3 to 8", "not closed"),
        ("x%20%2Fa(%2F", "characters 3 to 6", "regular expression"),
        ("level%3Aloud", "characters 1 to 10", "trace, debug"),
    ] {
        for path in ["/logs", "/logs/export", "/logs/live"] {
            let answer = world.script.get(&world.at(&format!("{path}?q={filter}"))).await;
            assert_eq!(refusal(&answer), refused(400, "invalid"), "{path} {filter}");
            let message = answer.json()["message"].as_str().unwrap().to_owned();
            assert!(message.contains(place) && message.contains(advice), "{filter}: {message}");
            assert!(!message.contains("loud"), "what was sent is not repeated: {message}");
        }
    }
    // each of them is found as text
    for text in ["rev:41", "OR", "(error)", "level:loud"] {
        let quoted = format!("%22{text}%22");
        assert_eq!(world.script.all(&world.at(&format!("/logs?q={quoted}")), 10).await.len(), 1, "{text}");
    }
}

#[tokio::test]
async fn terms_are_combined_and_look_into_fields() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["the boss died", "the boss left", "the key was lost"].map(str::to_owned)).await;
    let key = world.project.key;
    let hit = r#"[{"message":"hit","level":"warn","hp":18446744073709551615,"enemy":{"kind":"boss"}}]"#;
    game.send(&format!("l:{}:{hit}\n", key.as_str())).await;
    game.in_order(key.as_str()).await;
    world.server.gateway.flush().await.unwrap();
    for (filter, count) in [
        ("died%20OR%20lost", 2),
        ("(died%20OR%20left)%20-lost%20boss", 2),
        ("NOT%20boss", 1),
        ("%2Fboss%20(died%7Cleft)%24%2F", 2),
        ("message:*boss*", 2),
        ("hp%3E18446744073709551614", 1),
        ("hp%3E18446744073709551615", 0),
        ("enemy.kind%3Dboss", 1),
        ("-hp:*", 3),
        ("since:1h", 4),
        ("before:1h", 0),
    ] {
        let all = world.script.all(&world.at(&format!("/logs?q={filter}")), 100).await;
        assert_eq!(all.len(), count, "{filter}");
        let export = world.script.get(&world.at(&format!("/logs/export?q={filter}"))).await;
        assert_eq!(export.body.lines().count(), count, "{filter}");
    }
}

#[tokio::test]
async fn a_device_is_found_by_its_quoted_name() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["one".to_owned()]).await;
    let name = world.script.all(&world.at("/devices"), 1).await[0]["name"].as_str().unwrap().to_owned();
    let name = name.replace(' ', "%20");
    assert_eq!(world.script.all(&world.at(&format!("/logs?q=device:%22{name}%22")), 10).await.len(), 1);
    assert_eq!(world.script.all(&world.at(&format!("/logs?q=-device:%22{name}%22")), 10).await.len(), 0);
}

#[tokio::test]
async fn accents_are_found_in_both_normal_forms() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["Caf\u{e9}".to_owned(), "cafe\u{301}".to_owned(), "cafe".to_owned()]).await;
    for filter in ["caf%C3%A9", "cafe%CC%81"] {
        assert_eq!(world.script.all(&world.at(&format!("/logs?q={filter}")), 10).await.len(), 2, "{filter}");
    }
}

#[tokio::test]
async fn a_search_that_finds_nothing_for_long_says_where_to_go_on() {
    let world = World::start().await;
    let mut game = world.game().await;
    world
        .log(&mut game, (0..22_000).map(|n| if n == 0 { "needle".to_owned() } else { format!("hay {n}") }))
        .await;
    let first = world.script.get(&world.at("/logs?q=needle")).await.json();
    assert_eq!(first["items"], json!([]));
    let next = first["next"].as_str().expect("there is more to look at");
    let second = world.script.get(&world.at(&format!("/logs?q=needle&cursor={next}"))).await.json();
    assert_eq!((&second["items"][0]["seq"], &second["next"]), (&json!(1), &json!(null)));
}
