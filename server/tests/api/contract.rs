//! The document, the router and the contract say the same.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use server::{RouteClass, routes};

use crate::{
    support::{TestServer, http::Browser},
    world::{World, refusal, refused},
};

/// What was promised.
const PROMISED: &str = "
    GET /me
    GET /projects                                       POST /projects
    GET /projects/{project}                             PATCH /projects/{project}
    DELETE /projects/{project}
    GET /projects/{project}/keys                        POST /projects/{project}/keys
    POST /projects/{project}/keys/{key}/rotate          DELETE /projects/{project}/keys/{key}
    PATCH /projects/{project}/keys/{key}
    GET /projects/{project}/schema                      PUT /projects/{project}/schema
    POST /projects/{project}/schema/{device}/{name}     DELETE /projects/{project}/schema/{device}/{name}
    GET /projects/{project}/members
    PATCH /projects/{project}/members/{user}            DELETE /projects/{project}/members/{user}
    GET /projects/{project}/invitations                 POST /projects/{project}/invitations
    DELETE /projects/{project}/invitations/{invitation}
    GET /projects/{project}/devices                     DELETE /projects/{project}/devices/{device}
    GET /projects/{project}/refusals
    GET /projects/{project}/variables                   PATCH /projects/{project}/variables
    GET /projects/{project}/variables/{name}            PUT /projects/{project}/variables/{name}
    DELETE /projects/{project}/variables/{name}         DELETE /projects/{project}/variables/{name}/value
    POST /projects/{project}/actions/{name}
    GET /projects/{project}/history
    GET /projects/{project}/logs                        GET /projects/{project}/logs/export
    GET /projects/{project}/logs/live                   GET /projects/{project}/logs/histogram
    GET /projects/{project}/logs/{seq}/context          GET /projects/{project}/logs/patterns
    GET /projects/{project}/retention                   PUT /projects/{project}/retention
    POST /projects/{project}/retention/estimate
    GET /projects/{project}/pins                        POST /projects/{project}/pins
    DELETE /projects/{project}/pins/{pin}
    GET /projects/{project}/audit                       GET /projects/{project}/audit/export
    GET /audit                                          GET /audit/export
    GET /openapi.json
";

type Operations = BTreeSet<(String, String)>;

fn promised() -> Operations {
    let words: Vec<_> = PROMISED.split_whitespace().collect();
    words.chunks(2).map(|pair| (pair[0].to_owned(), format!("/api/v1{}", pair[1]))).collect()
}

async fn document(server: &TestServer) -> Json {
    let answer = Browser::new(server.http).get("/api/v1/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    answer.json()
}

fn documented(document: &Json) -> Operations {
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = |(path, item): (&String, &Json)| {
        let path = path.clone();
        let keys: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
        keys.into_iter().map(move |method| (method.to_uppercase(), path.clone()))
    };
    paths.flat_map(methods).collect()
}

#[tokio::test]
async fn the_document_has_what_was_promised_and_nothing_else() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(documented(&document), promised());
    let of_api = routes().iter().filter(|r| matches!(r.class, RouteClass::ApiV1 | RouteClass::Events));
    let in_table: Operations = of_api.map(|r| (r.method.to_string(), r.path.to_owned())).collect();
    assert_eq!(in_table, promised());
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let document = document(&TestServer::start().await).await;
    let mut seen = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(seen.insert(name), "{name} twice");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn every_operation_of_the_document_is_there_and_asks_who_you_are() {
    let server = TestServer::start().await;
    for (method, path) in documented(&document(&server).await) {
        let address = path.replace(['{', '}'], "");
        let answer = Browser::new(server.http).request(&method, &address, &[], "").await;
        if path.ends_with("/openapi.json") {
            assert_eq!(answer.status, 200);
            continue;
        }
        assert_eq!(refusal(&answer), refused(401, "unauthenticated"), "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
    }
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    fn references(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::Object(fields) => fields.iter().for_each(|(name, value)| match value {
                Json::String(target) if name == "$ref" => found.push(target.clone()),
                other => references(other, found),
            }),
            Json::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document(&TestServer::start().await).await;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{}", found.len());
    for target in found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_apis_shape() {
    let world = World::start().await;
    for path in ["/api/v1", "/api/v1/", "/api/v1/nope", "/api/v1/projects/1/nope/2", "/api/v1/me/"] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = world.script.send(method, path, &[], "").await;
            assert_eq!(refusal(&answer), refused(404, "not_found"), "{method} {path}");
        }
    }
    for (method, path, allowed) in [
        ("POST", "/api/v1/me".to_owned(), "GET,HEAD"),
        ("PUT", world.at(""), "GET,HEAD,PATCH,DELETE"),
        ("DELETE", world.at("/logs/export"), "GET,HEAD"),
        ("BREW", world.at("/variables/speed"), "GET,HEAD,PUT,DELETE"),
    ] {
        let answer = world.script.send(method, &path, &[], "").await;
        assert_eq!(refusal(&answer), refused(405, "method_not_allowed"), "{method} {path}");
        let named: BTreeSet<_> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
        assert_eq!(named, allowed.split(',').collect(), "{method} {path}");
    }
}

#[tokio::test]
async fn functions_of_pages_are_still_below_the_same_roof() {
    let server = TestServer::start().await;
    let functions = server::server_functions();
    assert!(functions.iter().all(|path| !path.starts_with("/api/v1")), "{functions:?}");
    for path in functions {
        let answer = Browser::new(server.http).request("POST", path, &[], "").await;
        assert!(answer.status != 404 && !answer.body.contains("\"code\""), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn the_reference_is_a_page_for_everybody() {
    let server = TestServer::start().await;
    let page = Browser::new(server.http).get("/docs/api").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for (method, path) in promised() {
        assert!(page.body.contains(&format!("{method} {path}")), "{method} {path}");
    }
    let curl = "curl -X PUT &quot;$OBSERVERIO/api/v1/projects/1/variables/speed&quot;";
    assert!(page.body.contains(curl), "{}", page.body);
    assert!(page.body.contains("<td>the body</td><td><a href=\"#type-NewValue\">NewValue</a></td>"));
    let (_, styles) = page.body.split_once("rel=\"stylesheet\" href=\"").unwrap();
    let styles = styles.split('"').next().unwrap();
    let sign_in = Browser::new(server.http).get("/sign-in").await.body;
    assert!(
        styles.starts_with("/pkg/") && sign_in.contains(styles),
        "the same style sheet as all pages: {styles}"
    );
}

#[tokio::test]
async fn no_answer_lacks_the_headers_that_protect_it() {
    let world = World::start().await;
    let nobody = Browser::new(world.server.http);
    for path in ["/api/v1/me", "/api/v1/nope", "/api/v1/openapi.json"] {
        for answer in [world.script.get(path).await, nobody.clone().get(path).await] {
            for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
                assert_eq!(answer.header(name), Some(value), "{path}");
            }
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'"), "{path}");
        }
    }
}
