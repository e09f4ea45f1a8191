//! What games declare: frozen, consented to, dismissed; and keys that only report.

use protocol::model::{ProjectRole, TokenScope};
use serde_json::json;

use crate::world::{World, refusal, refused};

#[tokio::test]
async fn what_waits_is_listed_and_an_admin_decides() {
    let world = World::start().await;
    let mut game = world.game().await;
    let key = world.project.key;
    let path = world.at("/schema");
    let open = world.script.get(&path).await;
    assert_eq!(open.json(), json!({"frozen": false, "waiting": [], "gave_way": 0}));
    let frozen = world.script.json("PUT", &path, &json!({"frozen": true})).await;
    assert_eq!((frozen.status, &frozen.json()["frozen"]), (200, &json!(true)));

    let changed = r#"[{"name":"speed","type":"integer","value":6,"min":0,"max":200,"unit":"px/s","group":"player"},
        {"name":"a/b","type":"boolean","value":true}]"#;
    game.report(key.as_str(), &changed.replace('\n', "")).await;
    assert_eq!(game.error().await, "frozen");
    game.in_order(key.as_str()).await;
    let waiting = world.script.get(&path).await.json()["waiting"].clone();
    let shown: Vec<_> = waiting.as_array().unwrap().iter().map(|one| (&one["name"], &one["new"])).collect();
    assert_eq!(shown, [(&json!("speed"), &json!(false)), (&json!("a/b"), &json!(true))]);
    assert_eq!(waiting[0]["differences"], json!([{"field": "max", "old": "100", "new": "200"}]));
    assert_eq!((&waiting[0]["device_name"], &waiting[0]["online"]), (&json!("127.0.0.1"), &json!(true)));

    let (_, viewer) = world.member(ProjectRole::Viewer, TokenScope::Admin).await;
    assert_eq!(viewer.get(&path).await.status, 200);
    let device = &waiting[0]["device"];
    let (speed, other) = (format!("{path}/{device}/speed"), format!("{path}/{device}/a%2Fb"));
    for (method, path, body) in
        [("PUT", &path, r#"{"frozen":false}"#), ("POST", &speed, ""), ("DELETE", &speed, "")]
    {
        assert_eq!(refusal(&viewer.send(method, path, &[], body).await), refused(403, "forbidden"));
    }
    assert_eq!(world.script.send("POST", &speed, &[], "").await.status, 204);
    assert_eq!(world.script.send("DELETE", &other, &[], "").await.status, 204);
    for path in [&speed, &other] {
        assert_eq!(refusal(&world.script.send("POST", path, &[], "").await), refused(404, "not_found"));
    }
    let speed = world.script.get(&world.at("/variables/speed")).await.json();
    assert_eq!((&speed["spec"]["max"], &speed["declared_by"]), (&json!(200), device));
    let edit = world.script.json("PUT", &world.at("/variables/speed"), &json!({"value": 150})).await;
    assert_eq!(edit.status, 200, "{}", edit.body);
    let absent = world.script.get(&world.at("/variables/a%2Fb")).await;
    assert_eq!(refusal(&absent), refused(404, "not_found"));
    assert_eq!(world.script.json("PUT", &path, &json!({"frozen": false})).await.json()["frozen"], false);
    for bad in [json!({}), json!({"frozen": 1}), json!({"frozen": true, "more": 1})] {
        assert_eq!(refusal(&world.script.json("PUT", &path, &bad).await), refused(400, "invalid"));
    }
}

#[tokio::test]
async fn a_key_that_only_reports_declares_nothing() {
    let world = World::start().await;
    let _real = world.game().await;
    let made =
        world.script.json("POST", &world.at("/keys"), &json!({"name": "shops", "report_only": true})).await;
    assert_eq!((made.status, &made.json()["report_only"]), (201, &json!(true)));
    let (id, key) = (made.json()["id"].clone(), made.json()["key"].as_str().unwrap().to_owned());
    let mut shop = world.server.verified(key.parse().unwrap()).await;
    shop.report(&key, r#"[{"name":"speed","type":"string","value":"7"}]"#).await;
    let refused_line = shop.line().await;
    assert!(refused_line.starts_with("ERR report_only ") && refused_line.contains("speed"), "{refused_line}");
    shop.in_order(&key).await;
    world.server.gateway.flush().await.unwrap();
    let speed = world.script.get(&world.at("/variables/speed")).await.json();
    assert_eq!((&speed["type"], speed["reported"].as_array().unwrap().len()), (&json!("integer"), 2));
    // people see what was refused, and of whom
    let told = world.script.get(&world.at("/refusals")).await.json();
    assert_eq!(told["items"][0]["counts"], json!({"report_only": 1}));

    let path = world.at(&format!("/keys/{id}"));
    let changed = world.script.json("PATCH", &path, &json!({"report_only": false})).await;
    assert_eq!((changed.status, &changed.json()["report_only"]), (200, &json!(false)));
    shop.report(&key, r#"[{"name":"mine","type":"string","value":"7"}]"#).await;
    shop.in_order(&key).await;
    world.server.gateway.flush().await.unwrap();
    assert_eq!(world.script.get(&world.at("/variables/mine")).await.status, 200);
    let origins = json!({"origins": ["https://Games.example.org/"]});
    let changed = world.script.json("PATCH", &path, &origins).await.json();
    assert_eq!(
        (&changed["origins"], &changed["report_only"]),
        (&json!(["https://games.example.org"]), &json!(false))
    );
    for bad in [json!({}), json!({"origins": ["games"]}), json!({"origins": "https://games.example.org"})] {
        assert_eq!(refusal(&world.script.json("PATCH", &path, &bad).await), refused(400, "invalid"), "{bad}");
    }
    let none = world.script.json("PATCH", &world.at("/keys/999"), &json!({"report_only": true})).await;
    assert_eq!(refusal(&none), refused(404, "not_found"));
}
