//! Members and invitations.

use gateway::Origin;
use protocol::model::{ProjectRole, TokenScope};
use serde_json::json;

use crate::world::{World, refusal, refused};

#[tokio::test]
async fn an_invitation_is_made_listed_and_taken() {
    let world = World::start().await;
    let body = json!({"role": "designer", "note": "for Ana"});
    let made = world.script.json("POST", &world.at("/invitations"), &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (invitation, link) = (made.json()["invitation"].clone(), made.json()["link"].clone());
    let start = format!("http://{}/join#token=", world.server.http);
    let token = link.as_str().unwrap().strip_prefix(&start).unwrap().to_owned();
    assert_eq!((&invitation["role"], &invitation["note"]), (&json!("designer"), &json!("for Ana")));

    let listed = world.script.get(&world.at("/invitations")).await;
    assert_eq!(listed.json()["items"], json!([invitation]));
    assert!(!listed.body.contains(&token), "the link is shown once");

    let origin = Origin::default();
    let password = "correct horse battery";
    world.server.gateway.sign_up(&token, "ana@example.org", password, &origin).await.unwrap();
    assert_eq!(world.script.get(&world.at("/invitations")).await.json()["items"], json!([]));
    let members = world.script.all(&world.at("/members"), 100).await;
    let ana = members.iter().find(|member| member["email"] == "ana@example.org").unwrap();
    assert_eq!(ana["role"], "designer");
}

#[tokio::test]
async fn behind_a_proxy_the_link_has_the_public_address() {
    let world = World::start_with(&["--public-url", "https://tune.example.org"]).await;
    let body = json!({"role": "viewer"});
    let path = world.at("/invitations");
    let headers = [("host", "tune.example.org")];
    let made = world.script.send("POST", &path, &headers, &body.to_string()).await;
    let link = made.json()["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with("https://tune.example.org/join#token="), "{link}");
}

#[tokio::test]
async fn an_invitation_that_is_taken_back_is_gone() {
    let world = World::start().await;
    for n in 0..5 {
        let body = json!({"role": "viewer", "note": format!("n{n}")});
        assert_eq!(world.script.json("POST", &world.at("/invitations"), &body).await.status, 201);
    }
    let all = world.script.all(&world.at("/invitations"), 2).await;
    assert_eq!(all.len(), 5);
    let one = world.at(&format!("/invitations/{}", all[2]["id"].as_str().unwrap()));
    assert_eq!(world.script.send("DELETE", &one, &[], "").await.status, 204);
    assert_eq!(refusal(&world.script.send("DELETE", &one, &[], "").await), refused(404, "not_found"));
    assert_eq!(world.script.all(&world.at("/invitations"), 2).await.len(), 4);
    for body in [json!({"role": "owner"}), json!({"note": "x"}), json!({"role": "viewer", "note": "a\nb"})] {
        let answer = world.script.json("POST", &world.at("/invitations"), &body).await;
        assert_eq!(refusal(&answer), refused(400, "invalid"), "{body}");
    }
}

#[tokio::test]
async fn members_are_promoted_and_removed() {
    let world = World::start().await;
    let (member, script) = world.member(ProjectRole::Viewer, TokenScope::Write).await;
    let _game = world.game().await;
    let address = world.at(&format!("/members/{}", member.user.id));
    let put = world.at("/variables/speed");
    let answer = script.json("PUT", &put, &json!({"value": 6})).await;
    assert_eq!(refusal(&answer), refused(403, "forbidden"));
    let promoted = world.script.json("PATCH", &address, &json!({"role": "designer"})).await;
    assert_eq!((promoted.status, promoted.body.as_str()), (204, ""));
    assert_eq!(script.json("PUT", &put, &json!({"value": 6})).await.status, 200);
    assert_eq!(world.script.send("DELETE", &address, &[], "").await.status, 204);
    assert_eq!(refusal(&script.get(&world.at("")).await), refused(404, "not_found"));
    assert_eq!(refusal(&world.script.send("DELETE", &address, &[], "").await), refused(404, "not_found"));
    let answer = world.script.json("PATCH", &address, &json!({"role": "admin"})).await;
    assert_eq!(refusal(&answer), refused(404, "not_found"));
}
