//! Bad lines: a code and a sentence, nothing stored, and everybody else lives on.

use crate::support::{TestServer, line::base64};
use gateway::Origin;
use protocol::{limits, model::Project};

/// Whether nothing at all was stored of the project.
async fn is_empty(server: &TestServer, project: &Project) -> bool {
    server.gateway.flush().await.unwrap();
    let user =
        server.gateway.set_up(&server.set_up_token(), None, None, &Origin::default()).await.unwrap().caller;
    let snapshot = server.gateway.snapshot(&user, project.id).await.unwrap();
    snapshot.vars.is_empty() && snapshot.logs.is_empty()
}

#[tokio::test]
async fn each_bad_payload_is_answered_by_its_code_and_nothing_is_stored() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    let mut bystander = server.verified(project.key).await;

    let deep =
        format!("{}{}", "[".repeat(limits::MAX_JSON_DEPTH + 1), "]".repeat(limits::MAX_JSON_DEPTH + 1));
    let many = format!("[{}]", vec![r#"{"message":"m"}"#; limits::MAX_LOGS_PER_LINE + 1].join(","));
    let cases = [
        ("i", "!!!!".to_owned(), "bad_base64"),
        ("i", base64("not json"), "bad_json"),
        ("i", "[{\"name\":".to_owned(), "bad_json"),
        ("l", String::new(), "bad_json"),
        ("i", base64("42"), "bad_shape"),
        ("i", "[{\"name\":\"a\"}]".to_owned(), "bad_shape"),
        ("l", "[{\"level\":1}]".to_owned(), "bad_shape"),
        ("l", deep, "too_deep"),
        ("l", many, "too_many"),
        ("i", "{\"\":1}".to_owned(), "bad_name"),
        // one good and one bad variable: nothing of the line counts
        ("i", "[{\"name\":\"good\",\"value\":1},{\"name\":\"\",\"value\":2}]".to_owned(), "bad_name"),
    ];
    for (verb, payload, code) in cases {
        game.send(&format!("{verb}:{key}:{payload}\n")).await;
        assert_eq!(game.error().await, code, "{verb}:…:{:.40}", payload);
    }
    game.send("frobnicate\n").await;
    assert_eq!(game.error().await, "bad_verb");
    for verb in ["i", "l"] {
        game.send(&format!("{verb}:another-key!:[]\n")).await;
        assert_eq!(game.error().await, "wrong_key");
    }
    game.in_order(key).await;
    bystander.in_order(key).await;
    assert!(is_empty(&server, &project).await);
}

#[tokio::test]
async fn what_is_not_ours_is_closed_before_ok() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let page = format!(
        "POST / HTTP/1.1\r\nHost: x\r\n\r\nv:{key}\nl:{key}:[{{\"message\":\"forged\"}}]\n",
        key = project.key.as_str()
    );
    for bytes in
        [page.as_bytes(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut game = server.game().await;
        game.send_bytes(bytes).await;
        assert_eq!(game.error().await, "bad_verb");
        game.hung_up().await;
    }
    assert!(is_empty(&server, &project).await);
}

#[tokio::test]
async fn the_fifth_wrong_key_or_unverified_line_closes() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let key = project.key.as_str();
    let mut game = server.game().await;
    game.send(&format!("v:short\nv:unknown-key!\ni:{key}:{{\"a\":1}}\nl:{key}:[{{\"message\":\"m\"}}]\nv:unknown-key!\nv:{key}\n")).await;
    for code in ["bad_key", "bad_key", "unverified", "unverified", "bad_key"] {
        assert_eq!(game.error().await, code);
    }
    game.hung_up().await;
    assert!(is_empty(&server, &project).await);
}

#[tokio::test]
async fn a_wrong_key_is_forgiven_when_the_right_one_follows() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let mut game = server.game().await;
    game.send(&format!("v:unknown-key!\nv:{}\n", project.key.as_str())).await;
    assert_eq!(game.error().await, "bad_key");
    assert_eq!(game.line().await, "OK");
}

#[tokio::test]
async fn the_limit_before_ok_is_exact() {
    let server = TestServer::start().await;
    let project = server.project().await;
    for length in [limits::MAX_LINE_BEFORE_OK_BYTES - 1, limits::MAX_LINE_BEFORE_OK_BYTES] {
        let mut game = server.game().await;
        // blanks around a line are dropped, and count
        game.send(&format!("{:>length$}\n", format!("v:{}", project.key.as_str()))).await;
        assert_eq!(game.line().await, "OK");
    }
    // with and without an end: the limit does not wait for it
    for end in ["\n", "\r\n", ""] {
        let mut game = server.game().await;
        game.send(&format!("v:{}{end}", "x".repeat(limits::MAX_LINE_BEFORE_OK_BYTES - 1))).await;
        assert_eq!(game.error().await, "line_too_long", "end {end:?}");
        game.hung_up().await;
    }
}

#[tokio::test]
async fn the_limit_after_ok_is_exact() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let key = project.key.as_str();
    let line = |length: usize| {
        let start = format!("l:{key}:[{{\"message\":\"m\"}}]");
        // blanks inside the payload: the line is as long as it is, and the log entry stays small
        let blanks = " ".repeat(length - start.len());
        start.replace("[{", &format!("[{blanks}{{"))
    };
    for length in [limits::MAX_LINE_BYTES - 1, limits::MAX_LINE_BYTES] {
        let mut game = server.verified(project.key).await;
        let line = line(length);
        assert_eq!(line.len(), length);
        game.send(&format!("{line}\n")).await;
        game.in_order(key).await;
    }
    let mut game = server.verified(project.key).await;
    game.try_send(format!("{}\n", line(limits::MAX_LINE_BYTES + 1)).as_bytes()).await;
    assert_eq!(game.error().await, "line_too_long");
    game.hung_up().await;

    server.gateway.flush().await.unwrap();
    let user =
        server.gateway.set_up(&server.set_up_token(), None, None, &Origin::default()).await.unwrap().caller;
    assert_eq!(server.gateway.snapshot(&user, project.id).await.unwrap().logs.len(), 2);
}

#[tokio::test]
async fn bytes_without_end_are_cut_off() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let mut game = server.verified(project.key).await;
    for _ in 0..16 {
        game.try_send(&vec![b'x'; limits::MAX_LINE_BYTES / 2]).await;
    }
    // the error may be lost on a connection that is flooded, but it ends, and others live on
    crate::support::soon("the flood to be cut off", async { while game.next_line().await.is_some() {} })
        .await;
    server.verified(project.key).await;
}

#[tokio::test]
async fn a_game_that_does_not_verify_is_closed_after_ten_seconds() {
    let server = TestServer::start().await;
    let begun = std::time::Instant::now();
    let mut game = server.game().await;
    assert_eq!(game.error().await, "timeout");
    game.hung_up().await;
    assert!(begun.elapsed() >= limits::VERIFY_TIMEOUT);
}

#[tokio::test]
async fn too_many_games_are_told_so() {
    let server = TestServer::start_with(&["--max-games", "2"]).await;
    let project = server.project().await;
    let _first = server.verified(project.key).await;
    let mut second = server.verified(project.key).await;
    let mut third = server.game().await;
    assert_eq!(third.error().await, "busy");
    third.hung_up().await;
    second.in_order(project.key.as_str()).await;
}

#[tokio::test]
async fn a_game_that_does_not_read_is_closed_and_others_live_on() {
    let server = TestServer::start().await;
    let project = server.project().await;
    let mut deaf = server.verified(project.key).await;
    let begun = std::time::Instant::now();
    // every line is answered, no answer is read: the server stops reading, and then hangs up
    let flood = "frobnicate\n".repeat(1_000);
    let closed = tokio::spawn(async move { while deaf.try_send(flood.as_bytes()).await {} });
    let mut bystander = server.verified(project.key).await;
    bystander.in_order(project.key.as_str()).await;
    crate::support::soon("the deaf game to be closed", closed).await.unwrap();
    assert!(begun.elapsed() >= std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    bystander.in_order(project.key.as_str()).await;
}
