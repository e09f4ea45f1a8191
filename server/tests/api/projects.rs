//! Projects, keys and the caller.

use protocol::model::{ProjectRole, TokenScope};
use serde_json::{Value as Json, json};

use crate::world::{Script, World, refusal, refused};

fn is_time(value: &Json) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == "2026-11-26T01:02:03.123456Z".len() && text.ends_with('Z') && text.as_bytes()[19] == b'.'
}

#[tokio::test]
async fn a_script_is_told_who_it_is() {
    let world = World::start().await;
    let me = world.script.get("/api/v1/me").await.json();
    assert_eq!(
        me["user"],
        json!({"id": world.owner.user.id.0, "name": "owner", "email": null, "role": "owner"})
    );
    assert_eq!(me["token"]["id"], world.script.id.0);
    assert_eq!((&me["token"]["name"], &me["token"]["scope"]), (&json!("nightly"), &json!("admin")));
    assert!(me["token"]["project"].is_null() && is_time(&me["token"]["expires_at"]));
    let (caller, script) = world.member(ProjectRole::Viewer, TokenScope::Read).await;
    let me = script.get("/api/v1/me").await.json();
    assert_eq!((&me["user"]["id"], &me["user"]["role"]), (&json!(caller.user.id.0), &json!("member")));
    assert_eq!(me["user"]["email"], "viewer.read@example.org");
}

#[tokio::test]
async fn a_browser_asks_with_its_session() {
    let world = World::start().await;
    let (email, password) = ("viewer.read@example.org", "correct horse battery");
    world.member(ProjectRole::Viewer, TokenScope::Read).await;
    let mut browser = crate::support::http::Browser::new(world.server.http);
    browser.post_form("/sign-in", &[("email", email), ("password", password)]).await;
    let me = browser.get("/api/v1/me").await.json();
    assert_eq!((&me["user"]["email"], &me["token"]), (&json!(email), &Json::Null));
    // a wrong token is not made good by a good session
    let wrong = [("authorization", "Bearer obs_wrong")];
    let answer = browser.request("GET", "/api/v1/me", &wrong, "").await;
    assert_eq!(refusal(&answer), refused(401, "unauthenticated"));
    // and what changes something needs the dashboard's own page
    let json = [("content-type", "application/json")];
    let answer = browser.request("POST", "/api/v1/projects", &json, r#"{"name":"x"}"#).await;
    assert_eq!(refusal(&answer), refused(403, "forbidden"));
    let origin = browser.origin();
    let json = [json[0], ("origin", origin.as_str())];
    assert_eq!(browser.request("POST", "/api/v1/projects", &json, r#"{"name":"x"}"#).await.status, 201);
}

#[tokio::test]
async fn a_project_is_made_read_renamed_and_deleted() {
    let world = World::start().await;
    let script = &world.script;
    let made = script.json("POST", "/api/v1/projects", &json!({"name": " Boss rush "})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let address = made.location().to_owned();
    let project = made.json();
    assert_eq!(address, format!("/api/v1/projects/{}", project["id"]));
    assert_eq!(project["name"], "Boss rush");
    assert_eq!(project["role"], "admin");
    assert_eq!((&project["devices"], &project["online"]), (&json!(0), &json!(0)));
    assert!(is_time(&project["created_at"]) && project["last_seen"].is_null());
    assert_eq!(script.get(&address).await.json(), project);

    let renamed = script.json("PATCH", &address, &json!({"name": "Boss walk"})).await;
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!("Boss walk")));
    let answer = script.json("PATCH", &address, &json!({"name": "\n"})).await;
    assert_eq!(refusal(&answer), refused(400, "invalid"));

    assert_eq!(script.send("DELETE", &address, &[], "").await.status, 204);
    assert_eq!(refusal(&script.get(&address).await), refused(404, "not_found"));
    assert_eq!(refusal(&script.send("DELETE", &address, &[], "").await), refused(404, "not_found"));
}

#[tokio::test]
async fn projects_come_newest_first_with_what_is_connected() {
    let world = World::start().await;
    for n in 0..6 {
        world.script.json("POST", "/api/v1/projects", &json!({"name": format!("p{n}")})).await;
    }
    let _game = world.game().await;
    for limit in [1, 3, 7, 100] {
        let all = world.script.all("/api/v1/projects", limit).await;
        let names: Vec<_> = all.iter().map(|project| project["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["p5", "p4", "p3", "p2", "p1", "p0", "Aliens"], "{limit}");
        let aliens = &all[6];
        assert_eq!((&aliens["devices"], &aliens["online"]), (&json!(1), &json!(1)));
        assert!(is_time(&aliens["last_seen"]));
    }
    // a member only sees their own projects, and no key
    let (_, script) = world.member(ProjectRole::Viewer, TokenScope::Read).await;
    let answer = script.get("/api/v1/projects").await;
    assert_eq!(answer.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(answer.json()["items"][0]["role"], "viewer");
    assert!(!answer.body.contains(world.project.key.as_str()));
}

#[tokio::test]
async fn a_token_for_one_project_knows_no_other() {
    let world = World::start().await;
    let gateway = &world.server.gateway;
    let other = gateway.create_project(&world.owner, "Other").await.unwrap();
    let made = gateway.create_token(&world.owner, "one", TokenScope::Admin, Some(other.id), 1).await.unwrap();
    let script = Script { address: world.server.http, token: made.0.reveal().to_owned(), id: made.1.id };
    assert_eq!(script.all("/api/v1/projects", 100).await.len(), 1);
    assert_eq!(refusal(&script.get(&world.at("")).await), refused(404, "not_found"));
    assert_eq!(script.get(&format!("/api/v1/projects/{}", other.id)).await.status, 200);
    let answer = script.json("POST", "/api/v1/projects", &json!({"name": "x"})).await;
    assert_eq!(refusal(&answer), refused(403, "forbidden"));
    assert_eq!(script.get("/api/v1/me").await.json()["token"]["project"], other.id.0);
}

#[tokio::test]
async fn keys_are_made_rotated_and_revoked_and_shown_whole_in_their_list_alone() {
    let world = World::start().await;
    let script = &world.script;
    let made = script.json("POST", &world.at("/keys"), &json!({"name": "Steam build"})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!((&made["name"], &made["created_by"]), (&json!("Steam build"), &json!("owner")));
    let key = made["key"].as_str().unwrap().to_owned();
    let mut game = world.server.game().await;
    game.in_order(&key).await;

    let rotate = world.at(&format!("/keys/{}/rotate", made["id"]));
    let rotated = script.json("POST", &rotate, &json!({"overlap_days": 7})).await;
    assert_eq!(rotated.status, 201, "{}", rotated.body);
    let new_key = rotated.json()["key"].as_str().unwrap().to_owned();
    assert_ne!(new_key, key);
    let listed = script.all(&world.at("/keys"), 2).await;
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[0]["key"], world.project.key.as_str());
    assert!(is_time(&listed[1]["expires_at"]) && listed[2]["expires_at"].is_null());
    game.in_order(&key).await;

    let revoke = world.at(&format!("/keys/{}", made["id"]));
    assert_eq!(script.send("DELETE", &revoke, &[], "").await.status, 204);
    assert!(game.line().await.starts_with("ERR revoked"));
    assert!(is_time(&script.all(&world.at("/keys"), 100).await[1]["revoked_at"]));
    assert_eq!(refusal(&script.send("DELETE", &revoke, &[], "").await), refused(404, "not_found"));
    let answer = script.json("POST", &rotate, &json!({"overlap_days": 7})).await;
    assert_eq!(refusal(&answer), refused(404, "not_found"));

    for path in ["/api/v1/projects", "/api/v1/audit", "/api/v1/audit/export?format=csv", "/api/v1/me"] {
        let body = script.get(path).await.body;
        assert!([&key, &new_key].iter().all(|key| !body.contains(*key)), "{path}: {body}");
    }
    for path in [
        "",
        "/audit",
        "/audit/export",
        "/variables",
        "/devices",
        "/refusals",
        "/logs",
        "/history",
        "/members",
    ] {
        let body = script.get(&world.at(path)).await.body;
        assert!([&key, &new_key].iter().all(|key| !body.contains(*key)), "{path}: {body}");
    }
}

#[tokio::test]
async fn roles_and_scopes_count() {
    let world = World::start().await;
    let (_, viewer) = world.member(ProjectRole::Viewer, TokenScope::Admin).await;
    let (_, reader) = world.member(ProjectRole::Admin, TokenScope::Read).await;
    let (_, designer) = world.member(ProjectRole::Designer, TokenScope::Write).await;
    let _game = world.game().await;
    let name = json!({"name": "x"});
    for (who, script) in [("viewer", &viewer), ("reader", &reader)] {
        assert_eq!(script.get(&world.at("/variables")).await.status, 200, "{who}");
        for (method, path, body) in [
            ("GET", "/keys", Json::Null),
            ("POST", "/keys", name.clone()),
            ("PATCH", "", name.clone()),
            ("DELETE", "", Json::Null),
            ("PUT", "/variables/speed", json!({"value": 6})),
            ("PATCH", "/variables", json!({"changes": [{"name": "speed", "value": 6}]})),
            ("POST", "/actions/spawn", json!({})),
            ("GET", "/audit", Json::Null),
            ("GET", "/audit/export", Json::Null),
            ("GET", "/invitations", Json::Null),
            ("POST", "/invitations", json!({"role": "viewer"})),
        ] {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let answer = script.send(method, &world.at(path), &[], &body).await;
            assert_eq!(refusal(&answer), refused(403, "forbidden"), "{who} {method} {path}");
        }
    }
    assert_eq!(designer.json("PUT", &world.at("/variables/speed"), &json!({"value": 6})).await.status, 200);
    assert_eq!(designer.get(&world.at("/keys")).await.status, 200);
    assert_eq!(refusal(&designer.json("POST", &world.at("/keys"), &name).await), refused(403, "forbidden"));
    assert_eq!(refusal(&designer.get("/api/v1/audit").await), refused(403, "forbidden"));
}
