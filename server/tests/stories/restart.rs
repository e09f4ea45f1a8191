//! Going down and coming back.

use crate::support::TestServer;
use gateway::Origin;
use protocol::model::{Gesture, Value, VarName};
use serde_json::json;

#[tokio::test]
async fn a_restart_keeps_everything() {
    let server = TestServer::start().await;
    let mut browser = server.owner().await;
    let user = server.gateway.authenticate(cookie_value(&browser.cookie), None).await.unwrap().unwrap();
    let project = server.gateway.create_project(&user, "Mr. Rescue").await.unwrap();
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.report(key, r#"{"speed":1}"#).await;
    game.log(key, "before").await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    let speed = VarName::parse("speed").unwrap();
    server
        .gateway
        .edit_vars(&user, project.id, Gesture(1), vec![(speed, Value::Int(8_i64.into()))])
        .await
        .unwrap();
    game.edits(key).await;
    let before = server.gateway.snapshot(&user, project.id).await.unwrap();
    drop(game);

    let server = server.restart().await;
    let after = server.gateway.snapshot(&user, project.id).await.unwrap();
    assert_eq!((after.vars, after.logs, after.revision), (before.vars, before.logs, before.revision));
    let mut game = server.verified(project.key).await;
    assert_eq!(game.edits(key).await["value"], json!(8));
    // signed in as before
    browser.address = server.http;
    assert_eq!(browser.get("/").await.status, 200);
}

fn cookie_value(cookie: &Option<String>) -> &str {
    cookie.as_ref().unwrap().split_once('=').unwrap().1
}

#[tokio::test]
async fn what_was_sent_before_the_end_is_saved() {
    let server = TestServer::start().await;
    let user =
        server.gateway.set_up(&server.set_up_token(), None, None, &Origin::default()).await.unwrap().caller;
    let project = server.project().await;
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    let lines: String = (0..2_000).map(|n| format!("l:{key}:[{{\"message\":\"{n}\"}}]\n")).collect();
    game.send(&format!("{lines}v:{key}\n")).await;
    // read by the server, and possibly not stored yet
    assert_eq!(game.line().await, "OK");
    server.begin_stop();
    assert_eq!(game.error().await, "draining");
    game.hung_up().await;
    let server = server.restart().await;
    let mut game = server.verified(project.key).await;
    game.log(key, "after").await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    let logs = server.gateway.snapshot(&user, project.id).await.unwrap().logs;
    assert_eq!(logs.last().map(|line| line.seq), Some(2_001));
}

#[tokio::test]
async fn games_that_have_not_verified_do_not_hold_up_the_end() {
    let server = TestServer::start().await;
    let mut silent = server.game().await;
    silent.send("v:short\nv:half-a-li").await;
    // it was accepted: who waits in the backlog hears nothing
    assert_eq!(silent.error().await, "bad_key");
    assert!(server.stop().await);
    assert_eq!(silent.error().await, "draining");
}
