//! Pages elsewhere in a signed-in designer's browser: they can send requests with his cookie, and get nothing done.

use std::net::SocketAddr;

use crate::support::{
    TestServer,
    http::{Answer, Browser},
    live::Dashboard,
};
use protocol::live::LIVE_VERSION;
use server::{Route, RouteClass, routes};

/// A request's headers.
type Headers<'a> = Vec<(&'a str, String)>;

const CONTENT_TYPES: [Option<&str>; 5] = [
    None,
    Some("text/plain"),
    Some("application/x-www-form-urlencoded"),
    Some("multipart/form-data; boundary=b"),
    Some("application/json"),
];

/// Origins that are not ours, however much they look like it. All that a browser would say, and some that none does.
fn foreign_origins(own: SocketAddr) -> Vec<Headers<'static>> {
    let port = own.port();
    let own = format!("http://{own}");
    let mut all: Vec<Headers> = [
        "null".to_owned(),
        String::new(),
        "http://evil.test".to_owned(),
        format!("http://evil.test:{port}"),
        format!("{own}.evil.test"),
        format!("http://evil127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}@evil.test"),
        format!("http://evil.test#{own}"),
        format!("HTTP://127.0.0.1:{port}"),
        format!("http://127.0.0.1.:{port}"),
        format!("http://127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{}", port.wrapping_add(1)),
        "http://127.0.0.1".to_owned(),
        format!("http://127.0.0.1:0{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("ws://127.0.0.1:{port}"),
        format!("file://127.0.0.1:{port}"),
        format!("127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://[::1]:{port}"),
        format!("http://127.1:{port}"),
        format!("{own} http://evil.test"),
        format!("{own},http://evil.test"),
    ]
    .into_iter()
    .map(|origin| vec![("origin", origin)])
    .collect();
    let evil = || ("origin", "http://evil.test".to_owned());
    let ours = || ("origin", own.clone());
    all.extend([vec![ours(), evil()], vec![evil(), ours()], vec![ours(), ours()]]);
    all
}

fn as_texts<'a>(headers: &'a Headers) -> Vec<(&'a str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// A body that does something at that address if anybody listens.
fn body_for(path: &str) -> &'static str {
    match path {
        "/users" => r#"{"email":"mallory@example.org","password":"correct horse"}"#,
        "/users/tokens" => r#"{"token":"0123456789ab"}"#,
        _ => "name=forged&email=mallory%40example.org&password=correct+horse&token=x",
    }
}

/// The path with something in place of its variable parts; server functions by the name of one that is there.
fn address_of(route: &Route) -> String {
    match route.class {
        RouteClass::ServerFunction => server::server_functions()[0].to_owned(),
        _ => {
            let segment = |part: &str| if part.starts_with('{') { "1".to_owned() } else { part.to_owned() };
            route.path.split('/').map(segment).collect::<Vec<_>>().join("/")
        }
    }
}

async fn send(browser: &Browser, route: &Route, headers: &Headers<'_>, kind: Option<&str>) -> Answer {
    let mut headers = as_texts(headers);
    headers.extend(kind.map(|kind| ("content-type", kind)));
    let address = address_of(route);
    // a copy: what an answer does to its cookies is forgotten
    browser.clone().request(route.method.as_str(), &address, &headers, body_for(route.path)).await
}

#[tokio::test]
async fn no_page_elsewhere_opens_the_socket() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let mut refused = foreign_origins(server.http);
    refused.push(vec![]);
    for origin in refused {
        for site in [None, Some("cross-site"), Some("same-site"), Some("same-origin")] {
            let mut headers = origin.clone();
            headers.extend(site.map(|site| ("sec-fetch-site", site.to_owned())));
            headers.extend(
                [
                    ("connection", "upgrade"),
                    ("upgrade", "websocket"),
                    ("sec-websocket-version", "13"),
                    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ]
                .map(|(name, value)| (name, value.to_owned())),
            );
            let path = format!("/live?v={LIVE_VERSION}");
            let answer = owner.clone().request("GET", &path, &as_texts(&headers), "").await;
            assert_eq!(answer.status, 403, "{headers:?}");
            assert_eq!(answer.header("upgrade"), None, "{headers:?}");
        }
    }
    // and the same cookie with the page's own origin does
    Dashboard::open(&owner).await;
}

#[tokio::test]
async fn no_page_elsewhere_changes_anything() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let before = server.contents().await;
    let mut refused = foreign_origins(server.http);
    // with his cookie, and no word of where it comes from
    refused.push(vec![]);
    for route in routes().iter().filter(|route| route.changes) {
        for origin in &refused {
            for site in [None, Some("cross-site"), Some("same-site"), Some("none"), Some("same-origin")] {
                // that is what our own page says
                let is_ours = origin.is_empty() && matches!(site, Some("none" | "same-origin"));
                if is_ours {
                    continue;
                }
                let mut headers = origin.clone();
                headers.extend(site.map(|site| ("sec-fetch-site", site.to_owned())));
                for kind in CONTENT_TYPES {
                    let status = send(&owner, route, &headers, kind).await.status;
                    assert_eq!(status, 403, "{route:?} {headers:?} {kind:?}");
                }
            }
        }
        // the right origin does not help against what the browser itself says
        for site in ["cross-site", "same-site", "", "SAME-ORIGIN", "same-origin, cross-site"] {
            let headers = vec![("origin", owner.origin()), ("sec-fetch-site", site.to_owned())];
            assert_eq!(send(&owner, route, &headers, None).await.status, 403, "{route:?} {headers:?}");
        }
    }
    assert_eq!(server.contents().await, before);
    assert_eq!(owner.clone().get("/").await.status, 200, "he is still signed in");
    // nothing of that was refused for another reason
    for route in routes().iter().filter(|route| route.changes) {
        let ours = vec![("origin", owner.origin()), ("sec-fetch-site", "same-origin".to_owned())];
        let form = Some("application/x-www-form-urlencoded");
        assert_ne!(send(&owner, route, &ours, form).await.status, 403, "{route:?}");
    }
    assert_ne!(server.contents().await, before);
}

#[tokio::test]
async fn a_script_needs_no_origin_but_a_page_elsewhere_is_refused_without_a_cookie_too() {
    let server = TestServer::start().await;
    let nobody = Browser::new(server.http);
    for route in routes().iter().filter(|route| route.changes) {
        assert_ne!(send(&nobody, route, &vec![], None).await.status, 403, "{route:?}");
        for origin in foreign_origins(server.http) {
            assert_eq!(send(&nobody, route, &origin, None).await.status, 403, "{route:?} {origin:?}");
        }
    }
}

#[tokio::test]
async fn behind_a_proxy_the_public_origin_is_ours_and_no_other() {
    let server = TestServer::start_with(&["--public-url", "https://tune.example.org"]).await;
    let nobody = Browser::new(server.http);
    let sign_in = routes().iter().find(|route| route.path == "/sign-in" && route.changes).unwrap();
    for (origin, status) in [
        ("https://tune.example.org", 303),
        ("http://tune.example.org", 403),
        ("https://tune.example.org:443", 403),
        ("https://tune.example.org.evil.test", 403),
        ("https://example.org", 403),
    ] {
        let headers = vec![("host", "tune.example.org".to_owned()), ("origin", origin.to_owned())];
        let form = Some("application/x-www-form-urlencoded");
        assert_eq!(send(&nobody, sign_in, &headers, form).await.status, status, "{origin}");
    }
}

#[tokio::test]
async fn no_get_changes_anything() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let project = server.project().await;
    let before = server.contents().await;
    let query = "?name=forged&email=mallory@example.org&password=correct+horse&token=0123456789ab\
                 &error=x&v=1&_method=POST&method=DELETE";
    let endless = [RouteClass::Socket, RouteClass::Events];
    for route in routes().iter().filter(|route| !route.changes && !endless.contains(&route.class)) {
        let address = address_of(route).replace("/1/", &format!("/{}/", project.id)) + query;
        for method in ["GET", "HEAD"] {
            for headers in [&[][..], &[("x-http-method-override", "POST")], &[("x-http-method", "DELETE")]] {
                owner.clone().request(method, &address, headers, "").await;
            }
        }
    }
    // what only a POST may do
    for route in routes().iter().filter(|route| route.changes) {
        let address = address_of(route) + query;
        for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
            let headers = [("x-http-method-override", "POST"), ("content-type", "application/json")];
            owner.clone().request(method, &address, &headers, "").await;
        }
    }
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn only_names_that_are_ours_are_answered() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let port = server.http.port();
    let hosts = [
        format!("evil.test:{port}"),
        "evil.test".to_owned(),
        format!("127.0.0.1.evil.test:{port}"),
        format!("localhost.evil.test:{port}"),
        format!("evil-localhost:{port}"),
        String::new(),
    ];
    for route in routes() {
        for host in &hosts {
            // as a page under that name would ask: of its own origin, as far as the browser knows
            let headers = vec![("host", host.clone()), ("origin", format!("http://{host}"))];
            assert_eq!(send(&owner, route, &headers, None).await.status, 421, "{route:?} {host}");
        }
    }
    // both places count where both are said, and a name that is said twice is none
    for (target, hosts) in [
        (format!("http://evil.test:{port}/alive"), vec![format!("127.0.0.1:{port}")]),
        (format!("http://127.0.0.1:{port}/alive"), vec![format!("evil.test:{port}")]),
        ("/alive".to_owned(), vec![format!("127.0.0.1:{port}"), format!("evil.test:{port}")]),
    ] {
        let headers: Vec<_> = hosts.iter().map(|host| ("host", host.as_str())).collect();
        let status = owner.clone().request("GET", &target, &headers, "").await.status;
        assert_eq!(status, 421, "{target} {hosts:?}");
    }
    let own = format!("http://127.0.0.1:{port}/alive");
    assert_eq!(owner.clone().request("GET", &own, &[], "").await.status, 200);
}
