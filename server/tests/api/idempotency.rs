//! An edit that is sent again after a cut counts once.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    support::soon,
    world::{World, refusal, refused},
};

#[tokio::test]
async fn the_same_again_is_answered_alike_and_changes_nothing() {
    let world = World::start().await;
    let _game = world.game().await;
    let path = world.at("/variables/speed");
    let put = async |key: &str, value: u8| {
        let headers = [("idempotency-key", key)];
        world.script.send("PUT", &path, &headers, &json!({"value": value}).to_string()).await
    };
    let first = put("a", 7).await;
    assert_eq!(first.json(), json!({"revision": 1, "games": 1}));
    assert_eq!(put("b", 8).await.json()["revision"], 2);
    let again = put("a", 7).await;
    assert_eq!((again.status, again.json(), again.header("etag")), (200, first.json(), first.header("etag")));
    assert_eq!(world.script.get(&path).await.json()["desired"]["value"], 8, "the later edit stands");
    assert_eq!(refusal(&put("a", 9).await), refused(422, "idempotency_mismatch"));
    assert_eq!(world.script.all(&world.at("/history"), 100).await.len(), 2);
    // If-Match was true when it was set
    let headers = [("idempotency-key", "a"), ("if-match", "\"0\"")];
    assert_eq!(world.script.send("PUT", &path, &headers, r#"{"value":7}"#).await.json()["revision"], 1);
    for bad in [String::new(), "k".repeat(256), "ü".to_owned()] {
        assert_eq!(refusal(&put(&bad, 1).await), refused(400, "invalid"), "{bad}");
    }
}

#[tokio::test]
async fn a_number_that_the_game_keeps_otherwise_is_the_same() {
    let world = World::start().await;
    let _game = world.game().await;
    let headers = [("idempotency-key", "gravity to ten")];
    let changes = r#"{"changes":[{"name":"gravity","value":10},{"name":"title","value":"x"}]}"#;
    for _ in 0..2 {
        let saved = world.script.send("PATCH", &world.at("/variables"), &headers, changes).await;
        assert_eq!((saved.status, &saved.json()["revision"]), (200, &json!(1)), "{}", saved.body);
    }
    let other = changes.replace("10", "11");
    let answer = world.script.send("PATCH", &world.at("/variables"), &headers, &other).await;
    assert_eq!(refusal(&answer), refused(422, "idempotency_mismatch"));
}

#[tokio::test]
async fn what_changed_nothing_is_remembered_too() {
    let world = World::start().await;
    let _game = world.game().await;
    let at = world.at("/variables");
    let put = async |key: &str, value: u8| {
        let headers = [("idempotency-key", key)];
        let path = format!("{at}/speed");
        world.script.send("PUT", &path, &headers, &json!({"value": value}).to_string()).await
    };
    put("a", 7).await;
    let nothing = put("b", 7).await;
    assert_eq!((nothing.status, &nothing.json()["revision"]), (200, &json!(1)), "{}", nothing.body);
    assert_eq!(world.script.all(&world.at("/history"), 100).await.len(), 1);
    put("c", 8).await;
    let again = put("b", 7).await;
    assert_eq!(
        (again.status, again.json(), again.header("etag")),
        (200, nothing.json(), nothing.header("etag"))
    );
    assert_eq!(world.script.get(&format!("{at}/speed")).await.json()["desired"]["value"], 8);
    assert_eq!(refusal(&put("b", 9).await), refused(422, "idempotency_mismatch"));

    // some of it changes something, some does not
    let patch = async |changes: &str| {
        world
            .script
            .send("PATCH", &at, &[("idempotency-key", "d")], &format!(r#"{{"changes":{changes}}}"#))
            .await
    };
    let both = r#"[{"name":"speed","value":8},{"name":"title","value":"x"}]"#;
    let first = patch(both).await;
    assert_eq!(first.json()["revision"], 3, "{}", first.body);
    put("e", 9).await;
    let again = patch(both).await;
    assert_eq!((again.status, again.json()), (200, first.json()));
    for other in
        [r#"[{"name":"title","value":"x"}]"#, &both.replace('8', "9"), &both.replace("title", "id"), "[]"]
    {
        assert_eq!(refusal(&patch(other).await), refused(422, "idempotency_mismatch"), "{other}");
    }
    assert_eq!(world.script.all(&world.at("/history"), 100).await.len(), 4);
}

#[tokio::test]
async fn a_connection_that_is_cut_before_the_answer_does_no_harm() {
    let world = World::start().await;
    let _game = world.game().await;
    let path = world.at("/variables/speed");
    for n in 1..=20 {
        let (key, body) = (format!("edit {n}"), json!({"value": n}).to_string());
        let request = format!(
            "PUT {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             idempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{body}",
            world.server.http,
            world.script.token,
            body.len()
        );
        let mut stream = soon("a connection", TcpStream::connect(world.server.http)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        if n % 2 == 0 {
            // the answer has begun, and is not read to its end
            let mut piece = [0; 16];
            soon("the answer", stream.read_exact(&mut piece)).await.unwrap();
        }
        drop(stream);
        let headers = [("idempotency-key", key.as_str())];
        let again = world.script.send("PUT", &path, &headers, &body).await;
        assert_eq!((again.status, &again.json()["revision"]), (200, &json!(n)), "{}", again.body);
    }
    assert_eq!(world.script.all(&world.at("/history"), 100).await.len(), 20);
}

#[tokio::test]
async fn of_many_that_come_at_once_one_counts() {
    let world = World::start().await;
    let _game = world.game().await;
    let path = world.at("/variables/speed");
    let put = || async {
        let headers = [("idempotency-key", "at once")];
        world.script.send("PUT", &path, &headers, r#"{"value":42}"#).await.json()
    };
    let all = futures_util::future::join_all((0..16).map(|_| put())).await;
    assert!(all.iter().all(|saved| *saved == json!({"revision": 1, "games": 1})), "{all:?}");
    assert_eq!(world.script.all(&world.at("/history"), 100).await.len(), 1);
}
