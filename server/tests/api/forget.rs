//! Variables and devices that are forgotten.

use protocol::model::{ProjectRole, TokenScope};
use serde_json::{Value as Json, json};

use crate::world::{Script, World, refusal, refused};

async fn delete(world: &World, path: &str) -> crate::support::http::Answer {
    world.script.send("DELETE", &world.at(path), &[], "").await
}

/// The devices, once none of them is connected.
async fn all_away(world: &World) -> Json {
    world.server.all_away(&world.owner, world.project.id).await;
    world.script.get(&world.at("/devices")).await.json()["items"].take()
}

async fn names(world: &World) -> Vec<String> {
    let items = world.script.all(&world.at("/variables"), 100).await;
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_variable_is_forgotten_when_no_game_has_it() {
    let world = World::start().await;
    let game = world.game().await;
    let put = world.script.json("PUT", &world.at("/variables/speed"), &json!({"value": 7})).await;
    assert_eq!(put.status, 200);
    let used = delete(&world, "/variables/speed").await;
    assert_eq!(refusal(&used), refused(409, "in_use"));
    let message = used.json()["message"].as_str().unwrap().to_owned();
    assert_eq!(
        message,
        "127.0.0.1 is connected and reported speed: forget it when no connected game has it any more"
    );
    drop(game);
    all_away(&world).await;
    let gone = delete(&world, "/variables/speed").await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(refusal(&delete(&world, "/variables/speed").await), refused(404, "not_found"));
    assert!(!names(&world).await.contains(&"speed".to_owned()));
    assert_eq!(names(&world).await.len(), 7, "the others stay");
    // its history stays, and ends with that it was let go
    let history = world.script.get(&world.at("/history?name=speed")).await.json();
    let rows: Vec<_> = history["items"].as_array().unwrap().iter().map(|row| &row["new"]).collect();
    assert_eq!(rows, [&Json::Null, &json!(7)]);
    let trail = world.script.get(&world.at("/audit")).await.json();
    let mut deeds: Vec<_> =
        trail["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    deeds.sort_unstable();
    assert!(deeds.ends_with(&["value.edit", "value.let_go", "variable.forget"]), "{deeds:?}");

    // it comes back as new, and the tag goes on
    let _game = world.game().await;
    let read = world.script.get(&world.at("/variables/speed")).await;
    assert_eq!((read.status, read.header("etag")), (200, Some("\"2\"")));
    let variable = read.json();
    assert_eq!((&variable["desired"], variable["reported"].as_array().unwrap().len()), (&Json::Null, 1));
    let put = world.script.json("PUT", &world.at("/variables/speed"), &json!({"value": 7})).await;
    assert_eq!(put.json()["revision"], 3);
}

#[tokio::test]
async fn a_device_is_forgotten_when_it_is_away() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["hello".to_owned()]).await;
    let devices = world.script.get(&world.at("/devices")).await.json();
    let path = format!("/devices/{}", devices["items"][0]["id"]);
    let used = delete(&world, &path).await;
    assert_eq!(refusal(&used), refused(409, "in_use"));
    assert!(used.json()["message"].as_str().unwrap().starts_with("127.0.0.1 is connected"));
    drop(game);
    all_away(&world).await;
    assert_eq!(delete(&world, &path).await.status, 204);
    assert_eq!(refusal(&delete(&world, &path).await), refused(404, "not_found"));
    assert_eq!(world.script.get(&world.at("/devices")).await.json()["items"], json!([]));
    let speed = world.script.get(&world.at("/variables/speed")).await.json();
    assert_eq!(speed["reported"], json!([]));
    // what it wrote stays, with its name
    let logs = world.script.get(&world.at("/logs")).await.json();
    assert_eq!(
        (&logs["items"][0]["message"], &logs["items"][0]["device_name"]),
        (&json!("hello"), &json!("127.0.0.1"))
    );
    let trail = world.script.get(&world.at("/audit?limit=1")).await.json();
    let newest = &trail["items"][0];
    assert_eq!((&newest["action"], &newest["subject"]), (&json!("device.forget"), &json!("127.0.0.1")));
    for odd in ["/devices/none", "/devices/-1", "/devices/999999"] {
        assert_eq!(refusal(&delete(&world, odd).await), refused(404, "not_found"), "{odd}");
    }
}

#[tokio::test]
async fn only_admins_forget_and_only_in_their_project() {
    let world = World::start().await;
    drop(world.game().await);
    let devices = all_away(&world).await;
    let device = format!("/devices/{}", devices[0]["id"]);
    let (_, designer) = world.member(ProjectRole::Designer, TokenScope::Admin).await;
    let (_, viewer) = world.member(ProjectRole::Viewer, TokenScope::Admin).await;
    let read_only = Script::of(&world.server, &world.owner, TokenScope::Read).await;
    let writing = Script::of(&world.server, &world.owner, TokenScope::Write).await;
    for script in [&designer, &viewer, &read_only, &writing] {
        for path in ["/variables/speed", &device] {
            let answer = script.send("DELETE", &world.at(path), &[], "").await;
            assert_eq!(refusal(&answer), refused(403, "forbidden"), "{path}");
        }
    }
    // another project of the same admin has no such thing
    let other = world.server.gateway.create_project(&world.owner, "Other").await.unwrap();
    for path in ["/variables/speed", &device] {
        let elsewhere = format!("/api/v1/projects/{}{path}", other.id);
        let answer = world.script.send("DELETE", &elsewhere, &[], "").await;
        assert_eq!(refusal(&answer), refused(404, "not_found"), "{path}");
    }
    assert_eq!((names(&world).await.len(), all_away(&world).await.as_array().unwrap().len()), (8, 1));
}
