//! Every way to be refused, in one shape and without a secret.

use serde_json::json;

use crate::{
    support::http::Browser,
    world::{World, refusal, refused},
};

const SECRET: &str = "hunter2hunter2";

#[tokio::test]
async fn who_is_not_known_is_told_so() {
    let world = World::start().await;
    let key = world.project.key;
    let token = &world.script.token;
    let cut = token[..token.len() - 1].to_owned();
    for said in [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {SECRET}"),
        format!("Bearer obs_{SECRET}"),
        format!("Bearer {}", key.as_str()),
        format!("Bearer {cut}"),
        format!("Bearer {token}x"),
        format!("Basic {token}"),
        token.clone(),
    ] {
        let headers = [("authorization", said.as_str())];
        let answer = Browser::new(world.server.http).request("GET", "/api/v1/me", &headers, "").await;
        assert_eq!(refusal(&answer), refused(401, "unauthenticated"), "{said}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{said}");
        for secret in [SECRET, key.as_str(), token.as_str(), cut.as_str()] {
            assert!(!answer.body.contains(secret), "{said}: {}", answer.body);
        }
    }
    let twice = format!("Bearer {token}");
    let headers = [("authorization", twice.as_str()), ("authorization", twice.as_str())];
    let answer = Browser::new(world.server.http).request("GET", "/api/v1/me", &headers, "").await;
    assert_eq!(refusal(&answer), refused(401, "unauthenticated"));
    // the word itself is the same in any case
    let headers = [("authorization", twice.replace("Bearer", "bEARER"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(Browser::new(world.server.http).request("GET", "/api/v1/me", &headers, "").await.status, 200);
}

#[tokio::test]
async fn a_token_that_was_deleted_is_worth_nothing() {
    let world = World::start().await;
    assert_eq!(world.script.get("/api/v1/me").await.status, 200);
    world.server.gateway.delete_token(&world.owner, world.script.id).await.unwrap();
    assert_eq!(refusal(&world.script.get("/api/v1/me").await), refused(401, "unauthenticated"));
}

#[tokio::test]
async fn what_is_not_ones_own_looks_like_what_is_not_there() {
    let world = World::start().await;
    let _game = world.game().await;
    for id in ["0", "-1", "99999", "9223372036854775807", "9223372036854775808", "x", "1.5", "%20", "1e3"] {
        for (method, rest, body) in [
            ("GET", "", ""),
            ("GET", "/variables", ""),
            ("GET", "/keys", ""),
            ("GET", "/members", ""),
            ("GET", "/invitations", ""),
            ("GET", "/history", ""),
            ("GET", "/logs", ""),
            ("GET", "/logs/export", ""),
            ("GET", "/logs/live", ""),
            ("GET", "/audit", ""),
            ("DELETE", "/keys/1", ""),
            ("POST", "/keys", r#"{"name":"x"}"#),
            ("POST", "/invitations", r#"{"role":"viewer"}"#),
            ("PUT", "/variables/speed", r#"{"value":1}"#),
        ] {
            let path = format!("/api/v1/projects/{id}{rest}");
            let answer = world.script.send(method, &path, &[], body).await;
            assert_eq!(refusal(&answer), refused(404, "not_found"), "{method} {path}");
        }
    }
    let (_, stranger) =
        world.member(protocol::model::ProjectRole::Admin, protocol::model::TokenScope::Admin).await;
    let other = world.server.gateway.create_project(&world.owner, "Other").await.unwrap();
    let there = stranger.get(&format!("/api/v1/projects/{}", other.id)).await;
    let not_there = stranger.get("/api/v1/projects/424242").await;
    assert_eq!((there.status, &there.body), (404, &not_there.body));
}

#[tokio::test]
async fn a_body_is_json_of_the_right_shape() {
    let world = World::start().await;
    let path = world.at("/keys");
    for (body, kind, status, code) in [
        (r#"{"name":"x"}"#, "text/plain", 415, "unsupported_media_type"),
        (r#"{"name":"x"}"#, "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("", "", 415, "unsupported_media_type"),
        ("", "application/json", 400, "invalid"),
        ("{", "application/json", 400, "invalid"),
        ("[]", "application/json", 400, "invalid"),
        (r#"["x"]"#, "application/json", 400, "invalid"),
        ("null", "application/json", 400, "invalid"),
        ("{}", "application/json", 400, "invalid"),
        (r#"{"name":7}"#, "application/json", 400, "invalid"),
        (r#"{"name":"x","hunter2hunter2":1}"#, "application/json", 400, "invalid"),
        (r#"{"name":["hunter2hunter2"]}"#, "application/json", 400, "invalid"),
        (r#"{"name":"hunter2hunter2\n"#, "application/json", 400, "invalid"),
    ] {
        let token = format!("Bearer {}", world.script.token);
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend((!kind.is_empty()).then_some(("content-type", kind)));
        let answer = Browser::new(world.server.http).request("POST", &path, &headers, body).await;
        assert_eq!(refusal(&answer), refused(status, code), "{body} {kind}");
        assert!(!answer.body.contains(SECRET), "{}", answer.body);
    }
    let long = json!({"name": "x".repeat(64 * 1024)}).to_string();
    let answer = world.script.send("POST", &path, &[], &long).await;
    assert_eq!(refusal(&answer), refused(413, "too_large"));
    let deep = format!("{{\"value\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let answer = world.script.send("PUT", &world.at("/variables/layout"), &[], &deep).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    // a character set may be named
    let headers = [("content-type", "Application/JSON; charset=utf-8")];
    let answer = world.script.send("POST", &path, &headers, "").await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn a_text_may_be_as_long_as_the_document_says_and_blanks_count() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["a line to pin".to_owned()]).await;
    let document = Browser::new(world.server.http).get("/api/v1/openapi.json").await.json();
    let mut limited = 0;
    for (schema, method, path, field) in [
        ("ProjectName", "POST", "/api/v1/projects".to_owned(), "name"),
        ("ProjectName", "PATCH", world.at(""), "name"),
        ("KeyName", "POST", world.at("/keys"), "name"),
        ("NewInvitation", "POST", world.at("/invitations"), "note"),
        ("PinRequest", "POST", world.at("/pins"), "name"),
    ] {
        let longest = &document["components"]["schemas"][schema]["properties"][field]["maxLength"];
        let longest = usize::try_from(longest.as_u64().unwrap()).unwrap();
        let answer = async |text: &str| {
            let mut body = json!({ field: text });
            match schema {
                "NewInvitation" => body["role"] = "viewer".into(),
                "PinRequest" => (body["first"], body["last"]) = (1.into(), 1.into()),
                _ => {}
            }
            world.script.json(method, &path, &body).await
        };
        let full = "ü".repeat(longest);
        assert!(answer(&full).await.status < 300, "{method} {path}");
        assert!(answer(&format!(" {}\n", "x".repeat(longest - 2))).await.status < 300, "{method} {path}");
        for long in [format!("{full}x"), format!("\n{full}"), format!("{full} ")] {
            assert_eq!(refusal(&answer(&long).await), refused(400, "invalid"), "{method} {path} {long:?}");
        }
        limited += usize::from(method == "POST");
    }
    let schemas = document["components"]["schemas"].to_string();
    assert_eq!(schemas.matches("\"maxLength\"").count(), limited, "each is tried here");
}

#[tokio::test]
async fn a_question_that_cannot_be_read_is_refused() {
    let world = World::start().await;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=ten",
        "limit=",
        "cursor=!",
        "cursor=hunter2hunter2",
        "limit=1&limit=2",
    ] {
        for path in [
            "/variables",
            "/devices",
            "/refusals",
            "/keys",
            "/members",
            "/invitations",
            "/history",
            "/logs",
            "/audit",
        ] {
            let answer = world.script.get(&world.at(&format!("{path}?{query}"))).await;
            assert_eq!(refusal(&answer), refused(400, "invalid"), "{path}?{query}");
            assert!(!answer.body.contains(SECRET), "{}", answer.body);
        }
    }
    let answer = world.script.get(&world.at("/history?name=%01")).await;
    assert_eq!(refusal(&answer), refused(400, "bad_name"));
    let answer = world.script.send("GET", &world.at("/logs/live"), &[("last-event-id", "x")], "").await;
    assert_eq!(refusal(&answer), refused(400, "invalid"));
}

#[tokio::test]
async fn under_a_name_that_is_not_ours_the_refusal_has_the_same_shape() {
    let world = World::start().await;
    let answer = world.script.send("GET", "/api/v1/me", &[("host", "evil.test")], "").await;
    assert_eq!(refusal(&answer), refused(421, "misdirected"));
    let origin = [("origin", "http://evil.test")];
    let answer = world.script.send("POST", "/api/v1/projects", &origin, r#"{"name":"x"}"#).await;
    assert_eq!(refusal(&answer), refused(403, "forbidden"));
}

#[tokio::test]
async fn an_address_takes_no_parameter_that_it_does_not_know() {
    let world = World::start().await;
    let _game = world.game().await;
    for (method, path, body, takes) in [
        ("GET", world.at("/logs?filter=boss"), "", "takes q, from, to, order, cursor, limit"),
        ("GET", world.at("/logs/export?q=boss&formt=csv"), "", "takes q, from, to, order"),
        ("HEAD", world.at("/logs/live?since=5"), "", ""),
        ("GET", world.at("/variables/speed?limit=5"), "", "takes cursor"),
        ("PUT", world.at("/variables/speed?revision=1"), r#"{"value":1}"#, "takes none"),
        ("GET", "/api/v1/me?x".to_owned(), "", "takes none"),
        ("GET", "/api/v1/openapi.json?version=1".to_owned(), "", "takes none"),
    ] {
        let answer = world.script.send(method, &path, &[], body).await;
        assert_eq!(answer.status, 400, "{method} {path}");
        if method != "HEAD" {
            assert_eq!(refusal(&answer), refused(400, "invalid"), "{method} {path}");
            assert!(answer.body.contains(takes), "{path}: {}", answer.body);
        }
    }
    let named = world.script.get(&world.at("/logs?filter=hunter2")).await;
    assert!(named.body.contains("`filter`") && !named.body.contains("hunter2"), "{}", named.body);
    // what is no plain name is not repeated
    let odd = world.script.get(&world.at("/logs?%3Cscript%3E=1")).await;
    assert!(odd.status == 400 && !odd.body.contains("script"), "{}", odd.body);
}
