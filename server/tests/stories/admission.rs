//! How often one address may connect.

use crate::support::{TestServer, http::Browser, soon};
use serde_json::json;

#[tokio::test]
async fn an_address_that_connects_too_often_is_told_to_wait_and_may_come_back() {
    let server = TestServer::start_with(&["--max-connects-per-address", "1"]).await;
    let project = server.project().await;
    let mut connected = Vec::new();
    for _ in 0..10 {
        connected.push(server.verified(project.key).await);
    }
    let mut refused = server.game().await;
    assert_eq!(refused.error().await, "rate");
    refused.hung_up().await;
    // who is connected already is not concerned
    connected[0].in_order(project.key.as_str()).await;
    let numbers = Browser::new(server.http).get("/metrics").await.body;
    assert!(numbers.contains("observerio_game_connections_refused_total{reason=\"rate\"} 1\n"), "{numbers}");

    soon("another connection", async {
        let mut game = server.game().await;
        game.verify(project.key.as_str()).await;
        while game.next_line().await.as_deref() != Some("OK") {
            game = server.game().await;
            // a connection that was refused may be gone by now
            game.try_send(format!("v:{}\n", project.key.as_str()).as_bytes()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_guesses_keys_is_sent_away_and_others_of_his_address_are_not() {
    let server = TestServer::start_with(&["--max-bad-keys-per-address", "6"]).await;
    let project = server.project().await;
    let mut good = server.verified(project.key).await;
    let mut guesser = server.game().await;
    for _ in 0..4 {
        guesser.send("v:0123456789ab\n").await;
        assert_eq!(guesser.error().await, "bad_key");
    }
    // on another connection too
    let mut guesser = server.game().await;
    for _ in 0..2 {
        guesser.send("v:0123456789ab\n").await;
        assert_eq!(guesser.error().await, "bad_key");
    }
    guesser.send("v:0123456789ab\n").await;
    assert_eq!(guesser.error().await, "rate");
    guesser.hung_up().await;
    good.in_order(project.key.as_str()).await;
    server.verified(project.key).await.in_order(project.key.as_str()).await;
}

#[tokio::test]
async fn a_thousand_games_of_this_machine_may_come_at_once() {
    let server = TestServer::start().await;
    for _ in 0..1_100 {
        drop(server.game().await);
    }
    let mut last = server.game().await;
    last.send("v:short\n").await;
    assert_eq!(last.error().await, "bad_key");
}

#[tokio::test]
async fn an_address_adds_so_many_devices_in_a_minute_and_known_ones_come_back() {
    let server = TestServer::start_with(&["--max-new-devices-per-address", "3"]).await;
    let key = server.project().await.key;
    let hello = |device: &str| json!({"proto": 2, "device": device});
    for device in ["a", "b", "c"] {
        let mut game = server.game().await;
        game.greet(&hello(device), key.as_str()).await;
        assert_eq!(game.line().await, "OK");
    }
    let mut fourth = server.game().await;
    fourth.greet(&hello("d"), key.as_str()).await;
    let refused = fourth.line().await;
    assert!(refused.starts_with("ERR rate too many new devices"), "{refused}");
    for device in ["c", "a"] {
        let mut game = server.game().await;
        game.greet(&hello(device), key.as_str()).await;
        assert_eq!(game.line().await, "OK");
    }
    let numbers = Browser::new(server.http).get("/metrics").await.body;
    assert!(numbers.contains("observerio_lines_refused_total{code=\"rate\"} 1\n"), "{numbers}");
}
