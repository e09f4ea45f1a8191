//! The dashboard's WebSocket.

use crate::support::{TestServer, http::Browser, live::Dashboard};
use protocol::{
    live::{CLOSE_RESTART, CLOSE_VERSION, ClientMessage, EditRefused, Event, LIVE_VERSION, ServerMessage},
    model::{ProjectId, Revision, Value},
};
use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

fn int(number: i64) -> Value {
    Value::Int(number.into())
}

#[tokio::test]
async fn a_snapshot_then_deltas_then_an_edit_and_its_result() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.report(key, r#"{"speed":1}"#).await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();

    let mut dashboard = Dashboard::open(&browser).await;
    let snapshot = dashboard.subscribe(project.id).await;
    assert_eq!(snapshot.vars[0].reported[0].value, int(1));
    assert!(snapshot.devices[0].online);

    game.log(key, "hello").await;
    match dashboard.hear().await {
        ServerMessage::Delta { seq, events } => {
            assert_eq!(seq, snapshot.seq + 1);
            assert!(matches!(&events[..], [Event::Logs(lines)] if lines[0].message == "hello"), "{events:?}");
        }
        other => panic!("{other:?}"),
    }

    dashboard.edit(7, project.id, &[("speed", int(5))]).await;
    let (mut result, mut delta) = (None, None);
    while result.is_none() || delta.is_none() {
        match dashboard.hear().await {
            ServerMessage::EditResult { id: 7, outcome } => result = Some(outcome.unwrap()),
            ServerMessage::Delta { events, .. } => delta = Some(events),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(result.map(|saved| (saved.revision, saved.games)), Some((Revision(1), 1)));
    assert!(matches!(&delta.unwrap()[..], [Event::Edited { desired }] if desired[0].1.value == Some(int(5))));
    assert_eq!(game.edits(key).await, json!({"name": "speed", "type": "integer", "value": 5}));
}

#[tokio::test]
async fn edits_of_one_browser_are_saved_in_order_and_seen_by_another() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.report(key, r#"{"speed":0}"#).await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    let mut one = Dashboard::open(&browser).await;
    let mut other = Dashboard::open(&browser).await;
    other.subscribe(project.id).await;
    for value in 1..=20 {
        one.edit(u32::try_from(value).unwrap(), project.id, &[("speed", int(value))]).await;
    }
    for id in 1..=20 {
        match one.hear().await {
            ServerMessage::EditResult { id: answered, outcome } => {
                assert_eq!((answered, outcome.unwrap().revision), (id, Revision(id.into())));
            }
            other => panic!("{other:?}"),
        }
    }
    let mut newest = None;
    while newest != Some(int(20)) {
        if let ServerMessage::Delta { events, .. } = other.hear().await {
            for event in events {
                if let Event::Edited { desired } = event {
                    newest = desired[0].1.value.clone();
                }
            }
        }
    }
    // a game may skip values that were overtaken, and ends with the newest
    while game.edits(key).await["value"] != json!(20) {}
}

#[tokio::test]
async fn a_refused_edit_says_why_and_changes_nothing() {
    let server = TestServer::start().await;
    let (browser, project) = (server.owner().await, server.project().await);
    let mut dashboard = Dashboard::open(&browser).await;
    dashboard.subscribe(project.id).await;
    dashboard.edit(1, project.id, &[("unknown", int(1))]).await;
    match dashboard.hear().await {
        ServerMessage::EditResult { id: 1, outcome: Err(EditRefused { code, text }) } => {
            assert!(!code.is_empty() && !text.is_empty());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(dashboard.subscribe(project.id).await.revision, Revision(0));
}

#[tokio::test]
async fn projects_of_others_do_not_exist() {
    let server = TestServer::start().await;
    let _owner = server.owner().await;
    let project = server.project().await;
    let mut member = Browser::new(server.http);
    member.post_json("/users", r#"{"email":"ana@example.org","password":"violet kettle, 41 drums"}"#).await;
    member
        .post_form("/sign-in", &[("email", "ana@example.org"), ("password", "violet kettle, 41 drums")])
        .await;
    let mut dashboard = Dashboard::open(&member).await;
    let mut answers = Vec::new();
    for id in [project.id, ProjectId(999_999)] {
        dashboard.say(&ClientMessage::Subscribe { project: id }).await;
        answers.push(dashboard.hear().await);
        dashboard.edit(1, id, &[("speed", int(1))]).await;
        answers.push(dashboard.hear().await);
    }
    assert!(matches!(answers[0], ServerMessage::Refused { .. }), "{answers:?}");
    assert!(matches!(answers[1], ServerMessage::EditResult { outcome: Err(_), .. }), "{answers:?}");
    assert_eq!(answers[..2], answers[2..]);
}

#[tokio::test]
async fn only_our_own_page_and_somebody_signed_in_may_open_it() {
    let server = TestServer::start().await;
    let browser = server.owner().await;
    let port = server.http.port();
    let foreign = [
        None,
        Some("null".to_owned()),
        Some("http://evil.example".to_owned()),
        Some(format!("https://127.0.0.1:{port}")),
        Some(format!("http://127.0.0.1:{}", port.wrapping_add(1))),
        Some("http://127.0.0.1".to_owned()),
        Some(format!("http://127.0.0.1:{port}.evil.example")),
        Some(format!("http://localhost:{port}")),
    ];
    for origin in foreign {
        let status = Dashboard::try_open(&browser, origin.as_deref(), LIVE_VERSION).await.err();
        assert_eq!(status, Some(403), "{origin:?}");
    }
    let stranger = Browser::new(server.http);
    let status = Dashboard::try_open(&stranger, Some(&stranger.origin()), LIVE_VERSION).await.err();
    assert_eq!(status, Some(401));
}

#[tokio::test]
async fn a_page_of_another_version_is_told_to_load_anew() {
    let server = TestServer::start().await;
    let browser = server.owner().await;
    let mut old = Dashboard::try_open(&browser, Some(&browser.origin()), LIVE_VERSION + 1).await.unwrap();
    assert_eq!(old.close_code().await, CLOSE_VERSION);
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_the_connection_lives_on() {
    let server = TestServer::start().await;
    let mut dashboard = Dashboard::open(&server.owner().await).await;
    for message in [
        Message::Binary(vec![0xff; 40].into()),
        Message::Binary(Vec::new().into()),
        Message::Text("{}".into()),
    ] {
        dashboard.send(message).await;
        assert!(matches!(dashboard.hear().await, ServerMessage::Refused { .. }));
    }
    dashboard.say(&ClientMessage::Ping { token: 5 }).await;
    assert_eq!(dashboard.hear().await, ServerMessage::Pong { token: 5 });
}

#[tokio::test]
async fn a_good_bye_is_answered() {
    let server = TestServer::start().await;
    let mut dashboard = Dashboard::open(&server.owner().await).await;
    dashboard.send(Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() }))).await;
    assert_eq!(dashboard.close_code().await, 1000);
}

#[tokio::test]
async fn a_restart_is_announced() {
    let server = TestServer::start().await;
    let mut dashboard = Dashboard::open(&server.owner().await).await;
    let code = tokio::spawn(async move { dashboard.close_code().await });
    assert!(server.stop().await, "it did not drain");
    assert_eq!(crate::support::soon("the close", code).await.unwrap(), CLOSE_RESTART);
}
