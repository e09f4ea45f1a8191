//! The HTTP API that scripts of the first observerio use, and the probes of operators.

use crate::support::{TestServer, http::Browser};
use serde_json::json;

#[tokio::test]
async fn it_is_alive_and_ready() {
    let server = TestServer::start().await;
    let mut script = Browser::new(server.http);
    for path in ["/alive", "/healthz", "/readyz"] {
        let answer = script.get(path).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"status": "ok"})), "{path}");
    }
}

#[tokio::test]
async fn a_generated_key_counts_once_it_is_registered() {
    let server = TestServer::start().await;
    let mut script = Browser::new(server.http);
    let answer = script.get("/users/tokens").await.json();
    let key = answer["token"].as_str().unwrap().to_owned();
    assert!(key.len() == 12 && key.bytes().all(|b| b.is_ascii_hexdigit()), "{key}");
    let mut game = server.game().await;
    game.verify(&key).await;
    assert_eq!(game.error().await, "bad_key");

    for _ in 0..2 {
        let answer = script.post_json("/users/tokens", &json!({ "token": key }).to_string()).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "token": key })));
    }
    game.in_order(&key).await;
}

#[tokio::test]
async fn a_key_of_another_length_is_refused_with_a_reason() {
    let server = TestServer::start().await;
    let mut script = Browser::new(server.http);
    for key in ["", "0123456789a", "0123456789abc", "0123456789 b", "ключ-клю"] {
        let answer = script.post_json("/users/tokens", &json!({ "token": key }).to_string()).await;
        assert_eq!(answer.status, 400, "{key}");
        assert!(answer.json()["error"].as_str().unwrap().contains("key"), "{}", answer.body);
    }
}

#[tokio::test]
async fn nobody_registers_where_a_proxy_brings_strangers() {
    let server = TestServer::start_with(&["--trusted-proxies", "127.0.0.1"]).await;
    let mut script = Browser::new(server.http);
    let account = r#"{"email":"eve@example.org","password":"violet kettle, 41 drums"}"#;
    let key = r#"{"token":"0123456789ab"}"#;
    for (path, body) in [("/users", account), ("/users/tokens", key)] {
        let answer = script.post_json(path, body).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(
            answer.json()["error"].as_str().unwrap().contains("registration is closed"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn an_account_gets_a_key_and_an_email_only_one_account() {
    let server = TestServer::start().await;
    let mut script = Browser::new(server.http);
    let account = r#"{"email":"ana@example.org","password":"violet kettle, 41 drums"}"#;
    let answer = script.post_json("/users", account).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let key = answer.json()["token"].as_str().unwrap().to_owned();
    server.game().await.in_order(&key).await;

    let answer = script.post_json("/users", account).await;
    assert_eq!((answer.status, answer.json()), (400, json!({"error": "email exists"})));

    let mut browser = Browser::new(server.http);
    browser
        .post_form("/sign-in", &[("email", "ana@example.org"), ("password", "violet kettle, 41 drums")])
        .await;
    assert!(browser.cookie.is_some());
}

#[tokio::test]
async fn a_bad_body_is_refused_with_what_it_should_be() {
    let server = TestServer::start().await;
    let mut script = Browser::new(server.http);
    for path in ["/users/tokens", "/users"] {
        for body in ["", "{", "[]", "null", r#"{"password":"hunter2"}"#, r#"{"token":7}"#] {
            let answer = script.post_json(path, body).await;
            assert_eq!(answer.status, 400, "{path} {body}");
            let error = answer.json()["error"].as_str().unwrap().to_owned();
            assert!(error.contains("JSON") && !error.contains("hunter2"), "{error}");
        }
    }
    let answer = script.post_json("/users/tokens", &"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_content_type_is_not_asked_for() {
    let server = TestServer::start().await;
    let mut script = Browser::new(server.http);
    let answer = script.request("POST", "/users/tokens", &[], r#"{"token":"0123456789ab"}"#).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn closed_registration_says_so_and_makes_nothing() {
    let server = TestServer::start_with(&["--registration", "closed"]).await;
    let mut script = Browser::new(server.http);
    for (path, body) in [
        ("/users/tokens", r#"{"token":"0123456789ab"}"#),
        ("/users", r#"{"email":"ana@example.org","password":"violet kettle, 41 drums"}"#),
    ] {
        let answer = script.post_json(path, body).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.json()["error"].as_str().unwrap().contains("closed"));
    }
    let mut game = server.game().await;
    game.send("v:0123456789ab\n").await;
    assert_eq!(game.error().await, "bad_key");
}

#[tokio::test]
async fn a_page_elsewhere_cannot_use_it() {
    let server = TestServer::start().await;
    let mut script = Browser::new(server.http);
    let body = r#"{"token":"0123456789ab"}"#;
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("content-type", "text/plain")],
    ] {
        let answer = script.request("POST", "/users/tokens", headers, body).await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    // a name that somebody else made point to this machine
    let answer = script.request("GET", "/users/tokens", &[("host", "evil.example:8080")], "").await;
    assert_eq!(answer.status, 421);
    let answer = script.request("GET", "/users/tokens", &[("host", "localhost:8080")], "").await;
    assert_eq!(answer.status, 200);
}
