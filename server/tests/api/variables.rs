//! Variables: read, set, protected against those who set them at the same time.

use gateway::GameEvent;
use protocol::line::{parse_hello, parse_report};
use serde_json::{Value as Json, json};

use crate::world::{World, refusal, refused};

#[tokio::test]
async fn a_variable_says_what_is_declared_desired_and_reported() {
    let world = World::start().await;
    let _game = world.game().await;
    let all = world.script.all(&world.at("/variables"), 3).await;
    let names: Vec<_> = all.iter().map(|var| var["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["speed", "gravity", "title", "id", "layout", "mode", "fps", "spawn"]);
    let speed = &all[0];
    assert_eq!(speed["type"], "integer");
    assert_eq!(speed["spec"], json!({"min": 0, "max": 100, "unit": "px/s", "group": "player"}));
    assert!(speed["desired"].is_null());
    let devices = world.script.all(&world.at("/devices"), 100).await;
    assert_eq!((devices.len(), &devices[0]["online"]), (1, &json!(true)));
    assert_eq!(
        (&speed["reported"][0]["value"], &speed["reported"][0]["device"]),
        (&json!(5), &devices[0]["id"])
    );
    assert_eq!(all[6]["spec"], json!({"readonly": true}));
    assert_eq!(
        all[5]["spec"]["options"],
        json!([{"label": "easy", "value": "easy"}, {"label": "hard", "value": "hard"}])
    );
    let one = world.script.get(&world.at("/variables/speed")).await;
    assert_eq!((one.json(), one.header("etag")), (speed.clone(), Some("\"0\"")));
    let answer = world.script.get(&world.at("/variables/nope")).await;
    assert_eq!(refusal(&answer), refused(404, "not_found"));
}

#[tokio::test]
async fn a_value_is_set_and_reaches_the_game() {
    let world = World::start().await;
    let mut game = world.game().await;
    let put = world.script.json("PUT", &world.at("/variables/speed"), &json!({"value": 7})).await;
    assert_eq!((put.status, put.json()), (200, json!({"revision": 1, "games": 1})));
    assert_eq!(put.header("etag"), Some("\"1\""));
    assert_eq!(game.edits(world.project.key.as_str()).await["value"], 7);
    let var = world.script.get(&world.at("/variables/speed")).await;
    assert_eq!(var.header("etag"), Some("\"1\""));
    let desired = &var.json()["desired"];
    assert_eq!(
        (&desired["value"], &desired["revision"], &desired["author"]),
        (&json!(7), &json!(1), &json!("owner"))
    );
}

#[tokio::test]
async fn an_edit_widens_a_type_that_no_game_has_declared() {
    let world = World::start().await;
    let mut game = world.game().await;
    let key = world.project.key;
    game.report(key.as_str(), r#"{"ratio":5}"#).await;
    game.report(key.as_str(), r#"[{"name":"lives","type":"int","value":3}]"#).await;
    game.in_order(key.as_str()).await;
    world.server.gateway.flush().await.unwrap();
    let ratio = world.script.get(&world.at("/variables/ratio")).await.json();
    assert_eq!((&ratio["type"], &ratio["spec"]), (&json!("integer"), &json!({"inferred": true})));
    let lives = world.script.get(&world.at("/variables/lives")).await.json();
    assert_eq!((&lives["type"], &lives["spec"]), (&json!("integer"), &json!({"type_name": "int"})));

    let put = world.script.json("PUT", &world.at("/variables/lives"), &json!({"value": 6.25})).await;
    assert_eq!(put.status, 400, "{}", put.body);
    let put = world.script.json("PUT", &world.at("/variables/ratio"), &json!({"value": 6.25})).await;
    assert_eq!(put.status, 200, "{}", put.body);
    assert_eq!(game.edits(key.as_str()).await, json!({"name": "ratio", "type": "float", "value": 6.25}));
    let ratio = world.script.get(&world.at("/variables/ratio")).await.json();
    assert_eq!((&ratio["type"], &ratio["reported"][0]["value"]), (&json!("float"), &json!(5.0)));
}

#[tokio::test]
async fn integers_of_64_bits_are_exact_there_and_back() {
    let world = World::start().await;
    let mut game = world.game().await;
    for text in ["18446744073709551615", "-9223372036854775808", "9007199254740993", "0"] {
        let body = format!("{{\"value\":{text}}}");
        let put = world.script.send("PUT", &world.at("/variables/id"), &[], &body).await;
        assert_eq!(put.status, 200, "{}", put.body);
        let read = world.script.get(&world.at("/variables/id")).await.body;
        assert!(read.contains(&format!("\"desired\":{{\"value\":{text},")), "{read}");
        assert_eq!(game.edits(world.project.key.as_str()).await["value"].to_string(), text);
    }
    for text in ["18446744073709551616", "-9223372036854775809", "1.5", "\"7\"", "true", "null"] {
        let body = format!("{{\"value\":{text}}}");
        let put = world.script.send("PUT", &world.at("/variables/id"), &[], &body).await;
        assert_eq!(refusal(&put), refused(400, "bad_shape"), "{text}");
    }
    // and inside JSON of any size
    let layout =
        r#"{"a":18446744073709551616,"b":[-9223372036854775809,123456789012345678901234567890,0.1,null]}"#;
    let body = format!("{{\"value\":{layout}}}");
    assert_eq!(world.script.send("PUT", &world.at("/variables/layout"), &[], &body).await.status, 200);
    let read = world.script.get(&world.at("/variables/layout")).await.body;
    assert!(read.contains(&format!("\"desired\":{{\"value\":{layout},")), "{read}");
    let changes = format!("{{\"changes\":[{{\"name\":\"layout\",\"value\":[{layout}]}}]}}");
    assert_eq!(world.script.send("PATCH", &world.at("/variables"), &[], &changes).await.status, 200);
    let read = world.script.get(&world.at("/variables/layout")).await.body;
    assert!(read.contains(&format!("\"desired\":{{\"value\":[{layout}],")), "{read}");
}

#[tokio::test]
async fn a_body_that_says_a_field_twice_says_nothing() {
    let world = World::start().await;
    let _game = world.game().await;
    let put = world.script.send("PUT", &world.at("/variables/speed"), &[], r#"{"value":7,"value":8}"#).await;
    assert_eq!(refusal(&put), refused(400, "invalid"));
    assert!(put.body.contains("the body has a duplicate field"), "{}", put.body);
}

#[tokio::test]
async fn a_number_is_taken_in_the_type_that_the_game_declares() {
    let world = World::start().await;
    let _game = world.game().await;
    for (name, body, kept) in [
        ("gravity", r#"{"value": 10}"#, "10.0"),
        ("gravity", r#"{"value": 0.1}"#, "0.1"),
        ("speed", r#"{"value": 6.0}"#, "6"),
    ] {
        let put = world.script.send("PUT", &world.at(&format!("/variables/{name}")), &[], body).await;
        assert_eq!(put.status, 200, "{}", put.body);
        let read = world.script.get(&world.at(&format!("/variables/{name}"))).await.body;
        assert!(read.contains(&format!("\"desired\":{{\"value\":{kept},")), "{name}: {read}");
    }
}

#[tokio::test]
async fn what_a_variable_does_not_take_is_refused_with_the_reason() {
    let world = World::start().await;
    let _game = world.game().await;
    for (name, value, code) in [
        ("speed", json!(101), "bad_shape"),
        ("speed", json!("fast"), "bad_shape"),
        ("fps", json!(30.0), "bad_shape"),
        ("mode", json!("nightmare"), "bad_shape"),
        ("spawn", json!(1), "bad_shape"),
        ("title", json!("a\u{0}b"), "bad_shape"),
    ] {
        let put = world
            .script
            .json("PUT", &world.at(&format!("/variables/{name}")), &json!({"value": value}))
            .await;
        assert_eq!(refusal(&put), refused(400, code), "{name}");
    }
    let put = world.script.json("PUT", &world.at("/variables/nope"), &json!({"value": 1})).await;
    assert_eq!(refusal(&put), refused(404, "not_found"));
    let changes = json!({"changes": [{"name": "title", "value": "x"}, {"name": "nope", "value": 1}]});
    let answer = world.script.json("PATCH", &world.at("/variables"), &changes).await;
    assert_eq!(refusal(&answer), refused(400, "bad_name"));
    assert!(world.script.get(&world.at("/variables/title")).await.json()["desired"].is_null());
    let many: Vec<_> = (0..501).map(|n| json!({"name": format!("v{n}"), "value": n})).collect();
    let answer = world.script.json("PATCH", &world.at("/variables"), &json!({"changes": many})).await;
    assert_eq!(refusal(&answer), refused(400, "too_many"));
}

#[tokio::test]
async fn if_match_protects_what_somebody_else_has_set() {
    let world = World::start().await;
    let _game = world.game().await;
    let path = world.at("/variables/speed");
    let put = async |tag: &str, value: u8| {
        world.script.send("PUT", &path, &[("if-match", tag)], &json!({"value": value}).to_string()).await
    };
    assert_eq!(put("\"0\"", 7).await.status, 200);
    let late = put("\"0\"", 8).await;
    assert_eq!(refusal(&late), refused(412, "precondition_failed"));
    let current = &late.json()["current"];
    assert_eq!(
        (&current["value"], &current["revision"], &current["author"]),
        (&json!(7), &json!(1), &json!("owner"))
    );
    assert_eq!(world.script.get(&path).await.json()["desired"]["value"], 7);
    // as compression writes it
    assert_eq!(put("W/\"1\"", 8).await.status, 200);
    assert_eq!(put("*", 9).await.status, 200);
    for bad in ["3", "\"x\"", "\"2\", \"3\"", ""] {
        assert_eq!(refusal(&put(bad, 10).await), refused(400, "invalid"), "{bad}");
    }
    // nobody has set it
    let path = world.at("/variables/title");
    let answer = world.script.send("PUT", &path, &[("if-match", "\"1\"")], r#"{"value":"x"}"#).await;
    assert_eq!(refusal(&answer), refused(412, "precondition_failed"));
    assert!(answer.json()["current"].is_null() && answer.body.contains("\"current\":null"));
}

#[tokio::test]
async fn several_are_set_in_one_revision_or_none_of_them() {
    let world = World::start().await;
    let _game = world.game().await;
    let patch = async |changes: Json| {
        world.script.json("PATCH", &world.at("/variables"), &json!({"changes": changes})).await
    };
    let saved =
        patch(json!([{"name": "speed", "value": 7, "base_revision": 0}, {"name": "title", "value": "x"}]))
            .await;
    assert_eq!((saved.status, saved.json()), (200, json!({"revision": 1, "games": 1})));
    let late = patch(json!([
        {"name": "speed", "value": 8, "base_revision": 0},
        {"name": "title", "value": "y", "base_revision": 1},
        {"name": "gravity", "value": 1.5},
        {"name": "mode", "value": "hard", "base_revision": 4}
    ]))
    .await;
    assert_eq!(refusal(&late), refused(409, "conflict"));
    let conflicts = late.json()["conflicts"].clone();
    assert_eq!((&conflicts[0]["name"], &conflicts[0]["current"]["value"]), (&json!("speed"), &json!(7)));
    assert_eq!(conflicts[1], json!({"name": "mode", "current": null}));
    assert_eq!(conflicts.as_array().unwrap().len(), 2);
    assert_eq!(world.script.get(&world.at("/variables/title")).await.json()["desired"]["value"], "x");
    assert!(world.script.get(&world.at("/variables/gravity")).await.json()["desired"].is_null());
    // a slip in the field that protects is not passed over
    let slip = patch(json!([{"name": "speed", "value": 9, "base_revison": 0}])).await;
    assert_eq!(refusal(&slip), refused(400, "invalid"));
}

#[tokio::test]
async fn an_action_is_run() {
    let world = World::start().await;
    let _game = world.game().await;
    for body in ["", "{}", r#"{"args":{"count":3}}"#, r#"{"args":null}"#] {
        let answer = world.script.send("POST", &world.at("/actions/spawn"), &[], body).await;
        assert_eq!(answer.status, 202, "{body}: {}", answer.body);
        let said = answer.json();
        assert!(said["run"].is_u64() && said["games"].is_u64(), "{said}");
    }
    let answer = world.script.send("POST", &world.at("/actions/nope"), &[], "").await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn an_action_is_told_what_was_sent() {
    let world = World::start().await;
    let hello = parse_hello(br#"{"proto":2,"caps":["rev"]}"#).unwrap();
    let gateway = &world.server.gateway;
    let peer = "192.0.2.7".parse().unwrap();
    let mut game = gateway.connect_game(world.project.key, peer, Some(&hello)).await.unwrap();
    game.report_vars(parse_report(br#"[{"name":"spawn","type":"action"}]"#).unwrap()).await.unwrap();
    gateway.flush().await.unwrap();
    for args in
        ["340282366920938463463374607431768211456", r#"{"seed":[340282366920938463463374607431768211456]}"#]
    {
        let body = format!("{{\"args\": {args}}}");
        let answer = world.script.send("POST", &world.at("/actions/spawn"), &[], &body).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        let GameEvent::Action(call) = game.next(true).await else { panic!("no action") };
        assert_eq!(call.args.as_deref(), Some(args));
    }
}

#[tokio::test]
async fn a_name_may_hold_what_an_address_may_not() {
    let world = World::start().await;
    let mut game = world.server.verified(world.project.key).await;
    let key = world.project.key;
    game.report(key.as_str(), r#"{"a/b c?ü": 1}"#).await;
    game.in_order(key.as_str()).await;
    world.server.gateway.flush().await.unwrap();
    let path = world.at("/variables/a%2Fb%20c%3F%C3%BC");
    assert_eq!(world.script.json("PUT", &path, &json!({"value": 2})).await.status, 200);
    assert_eq!(world.script.get(&path).await.json()["name"], "a/b c?ü");
}

#[tokio::test]
async fn what_many_devices_say_of_a_variable_comes_in_parts() {
    let world = World::start().await;
    let key = world.project.key;
    let mut games = Vec::new();
    for number in 0..12 {
        let mut game = world.server.verified(key).await;
        // control characters are six bytes each as JSON
        let value = format!("{number}{}", "\\u0001".repeat(10_000));
        game.report(key.as_str(), &format!("{{\"essay\":\"{value}\"}}")).await;
        game.in_order(key.as_str()).await;
        games.push(game);
    }
    world.server.gateway.flush().await.unwrap();
    let path = world.at("/variables/essay");
    let (mut devices, mut parts, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let part = world.script.get(&format!("{path}{cursor}")).await;
        assert!(part.status == 200 && part.body.len() < 400 << 10, "{} {}", part.status, part.body.len());
        let part = part.json();
        let reported = part["reported"].as_array().unwrap();
        devices.extend(reported.iter().map(|reported| reported["device"].as_i64().unwrap()));
        parts += 1;
        match part["next"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    assert!(parts >= 3, "{parts}");
    assert!(devices.is_sorted() && devices.len() == games.len(), "{devices:?}");
    let listed = world.script.get(&world.at("/variables")).await;
    assert!(listed.body.len() < 400 << 10, "{}", listed.body.len());
    assert!(listed.json()["items"][0]["next"].is_string());
    let bad = world.script.get(&format!("{path}?cursor=YWJj")).await;
    assert_eq!(refusal(&bad), refused(400, "invalid"));
}
