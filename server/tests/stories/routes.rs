//! The table of routes says what the router does.

use std::collections::HashSet;

use crate::support::{TestServer, http::Browser};
use server::{RouteClass, routes};

/// An address of that path: whatever stands for its variable parts, 404 would come from the handler.
fn an_address(path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "1".to_owned() } else { segment.to_owned() };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_row_is_answered_and_no_other_method_is() {
    let server = TestServer::start().await;
    let methods_of = |path: &str| -> HashSet<&str> {
        routes().iter().filter(|route| route.path == path).map(|route| route.method.as_str()).collect()
    };
    for route in routes() {
        let address = an_address(route.path);
        let known = methods_of(route.path);
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = Browser::new(server.http).request(method, &address, &[], "").await;
            let is_known = known.contains(method) || (method == "HEAD" && known.contains("GET"));
            assert_eq!(answer.status == 405, !is_known, "{method} {address}: {}", answer.status);
            // a file of another version is the only thing that a known address may lack here
            let may_be_missing = route.class == RouteClass::Static && route.path.contains('{');
            assert!(answer.status != 404 || may_be_missing, "{method} {address}");
        }
    }
}

#[test]
fn nothing_is_changed_by_a_get_and_no_row_comes_twice() {
    let mut seen = HashSet::new();
    for route in routes() {
        assert!(seen.insert((route.method.clone(), route.path)), "{route:?} is there twice");
        assert_eq!(route.changes, !route.method.is_safe(), "{route:?}");
    }
}

#[test]
fn every_function_of_a_page_is_below_the_row_for_them() {
    let functions = server::server_functions();
    assert!(!functions.is_empty());
    for function in functions {
        assert!(function.starts_with("/api/"), "{function}");
    }
}

#[tokio::test]
async fn an_echo_is_there_only_for_those_who_asked_for_it() {
    let server = TestServer::start().await;
    assert_eq!(Browser::new(server.http).get("/echo").await.status, 404);
    let server = TestServer::start_with(&["--echo"]).await;
    assert_eq!(Browser::new(server.http).get("/echo").await.status, 400, "it is a WebSocket");
}
