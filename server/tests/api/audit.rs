//! Who did what.

use protocol::model::{ProjectRole, TokenScope};
use serde_json::{Value as Json, json};

use crate::world::World;

fn actions(all: &[Json]) -> Vec<String> {
    all.iter().map(|entry| format!("{} {}", entry["action"], entry["new"]).replace('"', "")).collect()
}

#[tokio::test]
async fn what_a_script_did_is_noted_with_its_token_and_address() {
    let world = World::start().await;
    let _game = world.game().await;
    world.script.json("PUT", &world.at("/variables/speed"), &json!({"value": 7})).await;
    world.script.json("PATCH", &world.at(""), &json!({"name": "=Aliens 2"})).await;
    let trail = world.script.all(&world.at("/audit"), 100).await;
    assert_eq!(actions(&trail[..2]), ["project.rename =Aliens 2", "value.edit 7"]);
    for entry in &trail[..2] {
        assert_eq!((&entry["actor"], &entry["by"]), (&json!("owner"), &json!("token nightly")));
        assert_eq!((&entry["address"], &entry["project"]), (&json!("127.0.0.1"), &json!(world.project.id.0)));
    }
    for limit in [1, 2, 3] {
        assert_eq!(world.script.all(&world.at("/audit"), limit).await, trail, "{limit}");
    }
    let download = world.script.get(&world.at("/audit/export")).await;
    let lines: Vec<Json> = download.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, trail);
    let table = world.script.get(&world.at("/audit/export?format=csv")).await;
    assert!(
        table.body.starts_with("at,actor,by,address,project,action,subject,old,new\r\n"),
        "{}",
        table.body
    );
    assert!(table.body.contains(",'=Aliens 2\r\n") && !table.body.contains(",=Aliens"), "{}", table.body);
}

#[tokio::test]
async fn the_instances_trail_is_the_owners() {
    let world = World::start().await;
    world.member(ProjectRole::Admin, TokenScope::Admin).await;
    let trail = world.script.all("/api/v1/audit", 3).await;
    assert!(actions(&trail).iter().any(|action| action.starts_with("member.join")), "{trail:?}");
    assert!(actions(&trail).last().unwrap().starts_with("account.set_up"), "{trail:?}");
    let download = world.script.get("/api/v1/audit/export").await;
    assert_eq!(download.body.lines().count(), trail.len());
    assert!(download.header("content-disposition").unwrap().contains("audit.ndjson"));
}
