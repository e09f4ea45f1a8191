//! Values that are let go, and values that are sent again.

use serde_json::{Value as Json, json};

use crate::world::{World, refusal, refused};

async fn delete(world: &World, name: &str, headers: &[(&str, &str)]) -> crate::support::http::Answer {
    world.script.send("DELETE", &world.at(&format!("/variables/{name}/value")), headers, "").await
}

async fn put(world: &World, body: &Json) -> i64 {
    let answer = world.script.json("PUT", &world.at("/variables/speed"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["revision"].as_i64().unwrap()
}

#[tokio::test]
async fn a_value_is_let_go_once_and_the_tag_says_by_which_revision() {
    let world = World::start().await;
    let _game = world.game().await;
    put(&world, &json!({"value": 7})).await;
    let answer = delete(&world, "speed", &[]).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"revision": 2, "games": 1})));
    assert_eq!(answer.header("etag"), Some("\"2\""));
    let read = world.script.get(&world.at("/variables/speed")).await;
    assert_eq!(read.header("etag"), Some("\"2\""));
    let variable = read.json();
    assert!(variable["desired"].is_null());
    assert_eq!(
        (&variable["let_go"]["revision"], &variable["let_go"]["author"]),
        (&json!(2), &json!("owner"))
    );
    // again it changes nothing
    assert_eq!(delete(&world, "speed", &[]).await.json()["revision"], 2);
    let history = world.script.get(&world.at("/history")).await.json();
    let rows: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|row| (&row["old"], &row["new"])).collect();
    assert_eq!(rows, [(&json!(7), &Json::Null), (&Json::Null, &json!(7))]);
    let trail = world.script.get(&world.at("/audit?limit=1")).await.json();
    assert_eq!(
        (&trail["items"][0]["action"], &trail["items"][0]["old"]),
        (&json!("value.let_go"), &json!("7"))
    );
    assert_eq!(refusal(&delete(&world, "nope", &[]).await), refused(404, "not_found"));
}

#[tokio::test]
async fn letting_go_respects_what_somebody_else_has_set() {
    let world = World::start().await;
    let _game = world.game().await;
    put(&world, &json!({"value": 7})).await;
    put(&world, &json!({"value": 8})).await;
    let late = delete(&world, "speed", &[("if-match", "\"1\"")]).await;
    assert_eq!(refusal(&late), refused(412, "precondition_failed"));
    assert_eq!(late.json()["current"]["value"], 8);
    assert_eq!(delete(&world, "speed", &[("if-match", "\"2\"")]).await.status, 200);
    // with the same key it counts once, whatever was set since
    let again = [("idempotency-key", "nightly")];
    put(&world, &json!({"value": 9})).await;
    assert_eq!(delete(&world, "speed", &again).await.json()["revision"], 5);
    put(&world, &json!({"value": 10})).await;
    let repeated = delete(&world, "speed", &again).await;
    assert_eq!((repeated.json()["revision"].as_i64(), repeated.header("etag")), (Some(5), Some("\"5\"")));
    assert_eq!(refusal(&delete(&world, "title", &again).await), refused(422, "idempotency_mismatch"));
    assert_eq!(world.script.get(&world.at("/variables/speed")).await.json()["desired"]["value"], 10);
}

#[tokio::test]
async fn one_request_sets_and_lets_go() {
    let world = World::start().await;
    let _game = world.game().await;
    put(&world, &json!({"value": 7})).await;
    let patch = async |changes: Json| {
        world.script.json("PATCH", &world.at("/variables"), &json!({"changes": changes})).await
    };
    let both =
        json!([{"name": "speed", "let_go": true, "base_revision": 1}, {"name": "title", "value": "x"}]);
    assert_eq!(patch(both).await.json()["revision"], 2);
    assert!(world.script.get(&world.at("/variables/speed")).await.json()["desired"].is_null());
    // 0 stands for a variable that nobody wants anything of
    let set = json!([{"name": "speed", "value": 9, "base_revision": 0}]);
    assert_eq!(patch(set).await.json()["revision"], 3);
    for bad in [
        json!([{"name": "speed"}]),
        json!([{"name": "speed", "let_go": false}]),
        json!([{"name": "speed", "value": 1, "let_go": true}]),
    ] {
        assert_eq!(refusal(&patch(bad.clone()).await), refused(400, "invalid"), "{bad}");
    }
    // null is a value of its own
    assert_eq!(patch(json!([{"name": "layout", "value": null}])).await.status, 200);
    let layout = world.script.get(&world.at("/variables/layout")).await.json();
    assert_eq!((&layout["desired"]["value"], &layout["let_go"]), (&Json::Null, &Json::Null));
    assert!(layout["desired"].is_object());
}

#[tokio::test]
async fn what_is_desired_already_is_sent_again_when_that_is_asked_for() {
    let world = World::start().await;
    let _game = world.game().await;
    put(&world, &json!({"value": 7})).await;
    world.script.json("PUT", &world.at("/variables/title"), &json!({"value": "x"})).await;
    // it is as the first edit made it, whatever the project's revision is
    let same = world.script.json("PUT", &world.at("/variables/speed"), &json!({"value": 7})).await;
    assert_eq!((same.json()["revision"].as_i64(), same.header("etag")), (Some(2), Some("\"1\"")));
    let again = json!({"value": 7, "again": true});
    let sent = world.script.json("PUT", &world.at("/variables/speed"), &again).await;
    assert_eq!((sent.json()["revision"].as_i64(), sent.header("etag")), (Some(3), Some("\"3\"")));
}
