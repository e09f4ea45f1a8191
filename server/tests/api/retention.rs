//! How long a project keeps what, and pins.

use protocol::model::{ProjectRole, TokenScope};
use serde_json::json;

use crate::world::{World, refusal, refused};

#[tokio::test]
async fn a_policy_is_set_whole_and_told_before() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["one".to_owned(), "two".to_owned()]).await;
    let (path, script) = (world.at("/retention"), &world.script);
    let new = script.get(&path).await.json();
    let days = json!({"trace": 7, "debug": 7, "info": 30, "warn": 90, "error": 90, "fatal": 90});
    assert_eq!((&new["policy"]["log_days"], &new["policy"]["request_days"]), (&days, &json!(90)));
    // "one" and "two", and 64 bytes for each
    assert_eq!((&new["log"]["lines"], &new["log"]["bytes"]), (&json!(2), &json!(134)));
    assert_eq!((&new["forgotten"], &new["instance_bytes"]), (&json!(null), &json!(null)));

    // 7.0 is a whole number, too
    let policy = json!({"log_days": {"debug": 1, "error": 90.0}, "log_bytes": 5_000_000});
    let told = script.json("POST", &world.at("/retention/estimate"), &policy).await.json();
    assert_eq!((&told["removed_lines"], &told["kept"]["lines"]), (&json!(0), &json!(2)));
    assert_eq!(script.get(&path).await.json()["policy"], new["policy"]);
    let set = script.json("PUT", &path, &policy).await;
    let expected = json!({
        "log_days": {"trace": null, "debug": 1, "info": null, "warn": null, "error": 90, "fatal": null},
        "log_bytes": 5_000_000, "history_days": null, "request_days": null, "device_days": null
    });
    assert_eq!((set.status, &set.json()["policy"]), (200, &expected));
    for bad in [
        json!({"log_days": {"debug": 0}}),
        json!({"log_days": {"verbose": 1}}),
        json!({"log_bytes": 5}),
        json!({"history_days": 29}),
        json!({"days": 1}),
    ] {
        assert_eq!(refusal(&script.json("PUT", &path, &bad).await), refused(400, "invalid"), "{bad}");
    }
    assert_eq!(script.get(&path).await.json()["policy"], expected);
}

#[tokio::test]
async fn lines_are_pinned_by_number_or_time() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, (0..5).map(|n| n.to_string())).await;
    let (path, script) = (world.at("/pins"), &world.script);
    let by_number = json!({"name": "crash", "first": 2, "last": 99});
    let made = script.json("POST", &path, &by_number).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let by_time = json!({"name": "all", "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"});
    assert_eq!(script.json("POST", &path, &by_time).await.status, 201);
    let pins = script.get(&path).await.json();
    let shown: Vec<_> = pins["items"].as_array().unwrap().iter().collect();
    assert_eq!((&shown[0]["first"], &shown[0]["last"]), (&json!(2), &json!(5)));
    assert_eq!((&shown[1]["first"], &shown[1]["last"]), (&json!(1), &json!(5)));
    for bad in [
        json!({"name": "crash"}),
        json!({"name": "", "first": 1, "last": 2}),
        json!({"name": "crash", "first": 6, "last": 7}),
        json!({"name": "crash", "first": 1, "to": "2100-01-01T00:00:00Z"}),
        json!({"name": "crash", "from": "yesterday", "to": "2100-01-01T00:00:00Z"}),
    ] {
        assert_eq!(refusal(&script.json("POST", &path, &bad).await), refused(400, "invalid"), "{bad}");
    }
    let one = format!("{path}/{}", made.json()["id"]);
    let (_, viewer) = world.member(ProjectRole::Viewer, TokenScope::Admin).await;
    assert_eq!(viewer.get(&path).await.status, 200);
    assert_eq!(refusal(&viewer.send("DELETE", &one, &[], "").await), refused(403, "forbidden"));
    assert_eq!(script.send("DELETE", &one, &[], "").await.status, 204);
    assert_eq!(refusal(&script.send("DELETE", &one, &[], "").await), refused(404, "not_found"));
}
