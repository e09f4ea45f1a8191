//! Names and searches that mean something to a database, to both of them: kept as they are or refused with a reason, never a fault, and
//! nothing in them is a pattern.

use crate::support::{TestServer, http::Browser};
use serde_json::json;

const PASSWORD: &str = "correct horse battery";

/// Each is a legal name, and a trap for code that puts it into a query.
const NAMES: [&str; 18] = [
    "'; drop table projects; --",
    "\"; drop table projects; --",
    "' or '1'='1",
    "1); delete from users; --",
    "%",
    "_",
    "%_%",
    "\\",
    "\\'",
    "$1",
    "?1",
    ":name",
    "NEAR(a b, 2)",
    "a NEAR b",
    "*",
    "\"a\" AND NOT b OR c*",
    "{a}:b^",
    "E'\\\\x00'",
];

#[tokio::test]
async fn a_project_may_have_any_name_and_keeps_it() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    for name in NAMES {
        let answer = owner.post_form("/projects", &[("name", name)]).await;
        assert!(answer.location().ends_with("/live"), "{name}: {answer:?}");
    }
    let user = server
        .gateway
        .set_up(&server.set_up_token(), None, None, &gateway::Origin::default())
        .await
        .map(|signed_in| signed_in.caller);
    assert!(user.is_err(), "the link was spent");
    let user = server.gateway.authenticate(token(&owner), None).await.unwrap().unwrap();
    let mut listed: Vec<_> =
        server.gateway.list_projects(&user).await.unwrap().into_iter().map(|p| p.project.name).collect();
    listed.reverse();
    assert_eq!(listed, NAMES);
}

fn token(browser: &Browser) -> &str {
    browser.cookie.as_ref().unwrap().split_once('=').unwrap().1
}

#[tokio::test]
async fn what_no_database_takes_is_refused_with_a_reason_and_is_no_fault() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let before = server.contents().await;
    for name in ["a\0b", "\0", "", "  ", "a\nb", "\u{1b}[31m", &"x".repeat(81)] {
        let answer = owner.post_form("/projects", &[("name", name)]).await;
        assert_eq!(answer.location(), "/?error=invalid", "{name:?}");
    }
    let mut nobody = Browser::new(server.http);
    for email in ["a\0@example.org", "\0", "%", "_", "%@%", "' or '1'='1", "*"] {
        let form = [("email", email), ("password", PASSWORD)];
        assert_eq!(
            nobody.post_form("/sign-in", &form).await.location(),
            "/sign-in?error=wrong_password",
            "{email:?}"
        );
    }
    for body in [
        json!({"email": "a\0@example.org", "password": PASSWORD}),
        json!({"email": "a@example.org", "password": "\0"}),
        json!({"token": "\0\0\0\0\0\0\0\0\0\0\0\0"}),
    ] {
        let path = if body.get("token").is_some() { "/users/tokens" } else { "/users" };
        let answer = nobody.post_json(path, &body.to_string()).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
    }
    for path in
        ["/p/%00/live", "/p/'/live", "/p/1%20or%201=1/live", "/p/-1/live", "/p/99999999999999999999/live"]
    {
        assert_eq!(owner.get(path).await.status, 404, "{path}");
    }
    let mut guest = Browser::new(server.http);
    for cookie in ["%", "_", "'", "\\", "*", "' or '1'='1"] {
        guest.cookie = Some(format!("observerio_session={cookie}"));
        assert_eq!(guest.get("/").await.location(), "/sign-in", "{cookie}");
    }
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn a_key_may_have_any_bytes_and_is_no_pattern() {
    let server = TestServer::start().await;
    let mut script = Browser::new(server.http);
    let keys = ["____________", "%%%%%%%%%%%%", "';drop_tab;-", "\\\\\\\\\\\\\\\\\\\\\\\\"];
    let project = server.project().await;
    for key in keys {
        // it matches no key that is there
        let mut game = server.game().await;
        game.verify(key).await;
        assert_eq!(game.error().await, "bad_key", "{key}");
    }
    for key in keys {
        let answer = script.post_json("/users/tokens", &json!({ "token": key }).to_string()).await;
        assert_eq!((answer.status, answer.json()["token"].as_str()), (200, Some(key)));
        server.game().await.in_order(key).await;
    }
    // bytes that no text has
    for key in [
        &b"\0\0\0\0\0\0\0\0\0\0\0\0"[..],
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"a\0b\0c\0d\0e\0f\0",
    ] {
        let mut game = server.game().await;
        game.send_bytes(&[b"v:", key, b"\n"].concat()).await;
        assert_eq!(game.error().await, "bad_key", "{key:?}");
        game.in_order(project.key.as_str()).await;
    }
}

#[tokio::test]
async fn emails_that_look_like_patterns_are_accounts_of_their_own() {
    let server = TestServer::start().await;
    let _owner = server.owner().await;
    let mut script = Browser::new(server.http);
    let emails =
        ["a_c@example.org", "abc@example.org", "a%@example.org", "'--@example.org", "\\@example.org"];
    for (n, email) in emails.iter().enumerate() {
        let body = json!({"email": email, "password": format!("{PASSWORD} {n}")}).to_string();
        assert_eq!(script.post_json("/users", &body).await.status, 200, "{email}");
    }
    for (n, email) in emails.iter().enumerate() {
        for (other, of) in emails.iter().enumerate() {
            let mut browser = Browser::new(server.http);
            let password = format!("{PASSWORD} {other}");
            browser.post_form("/sign-in", &[("email", email), ("password", &password)]).await;
            assert_eq!(browser.cookie.is_some(), n == other, "{email} with the password of {of}");
        }
    }
}

#[tokio::test]
async fn variables_devices_and_log_lines_keep_any_text() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let user = server.gateway.authenticate(token(&owner), None).await.unwrap().unwrap();
    let project = server.project().await;
    let key = project.key.as_str();
    for name in NAMES {
        let mut game = server.game().await;
        let hello =
            json!({"proto": 2, "device": name, "name": name, "app": name, "session": name, "caps": []});
        game.send(&format!("h:{hello}\nv:{key}\n")).await;
        let answer = game.line().await;
        assert!(answer.starts_with("h:"), "{name}: {answer}");
        while game.line().await != "OK" {}
        let var =
            json!([{"name": name, "value": name, "label": name, "group": name, "help": name, "unit": name}]);
        let line = json!([{"message": name, name: name}]);
        game.report(key, &var.to_string()).await;
        game.log_entries(key, &line.to_string()).await;
        game.in_order(key).await;
    }
    server.gateway.flush().await.unwrap();
    let snapshot = server.gateway.snapshot(&user, project.id).await.unwrap();
    let names: Vec<_> = snapshot.vars.iter().map(|var| var.name.as_str()).collect();
    assert_eq!(names, NAMES);
    for (var, name) in snapshot.vars.iter().zip(NAMES) {
        assert_eq!(var.spec.label.as_deref(), Some(name));
        let value = var.reported[0].value.to_json();
        assert_eq!(value, json!(name).to_string());
    }
    let messages: Vec<_> = snapshot.logs.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(messages, NAMES);
    let mut devices: Vec<_> = snapshot.devices.iter().map(|device| device.name.as_str()).collect();
    devices.sort_unstable();
    let mut wanted = NAMES.to_vec();
    wanted.sort_unstable();
    assert_eq!(devices, wanted);
}
