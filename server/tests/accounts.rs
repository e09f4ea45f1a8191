//! The first visit, signing in and out, and what a page may be.

mod support;

use support::{TestServer, http::Browser};

const EMAIL: &str = "owner@example.org";
const PASSWORD: &str = "violet kettle, 41 drums";

#[tokio::test]
async fn the_link_makes_the_owner_once() {
    let server = TestServer::start().await;
    let mut stranger = Browser::new(server.http);
    assert_eq!(stranger.get("/").await.location(), "/setup");
    let token = server.set_up_token();
    assert_eq!(stranger.get(&format!("/setup?token={token}")).await.status, 200);

    let mut browser = Browser::new(server.http);
    let answer = browser.post_form("/setup", &[("token", &token), ("email", ""), ("password", "")]).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "this instance is reached without TLS: {cookie}");
    assert_eq!(browser.get("/").await.status, 200);

    // a second time, and with any other token
    for token in [token.as_str(), "", "nonsense"] {
        let answer = stranger.post_form("/setup", &[("token", token)]).await;
        assert_eq!((answer.status, answer.location()), (303, "/setup?error=setup_link_spent"));
        assert!(stranger.cookie.is_none());
    }
}

#[tokio::test]
async fn what_can_not_be_a_password_leaves_the_link_good() {
    let server = TestServer::start().await;
    let token = server.set_up_token();
    let mut browser = Browser::new(server.http);
    let answer =
        browser.post_form("/setup", &[("token", &token), ("email", EMAIL), ("password", "short")]).await;
    assert_eq!(answer.location(), format!("/setup?token={token}&error=invalid"));
    let answer =
        browser.post_form("/setup", &[("token", &token), ("email", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/");
}

#[tokio::test]
async fn signing_in_and_out() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(server.http);
    let token = server.set_up_token();
    browser.post_form("/setup", &[("token", &token), ("email", EMAIL), ("password", PASSWORD)]).await;
    let old = browser.clone();

    assert_eq!(browser.get("/sign-in").await.location(), "/");
    let answer = browser.post_form("/sign-out", &[]).await;
    assert_eq!((answer.location(), &browser.cookie), ("/sign-in", &None));
    // the session is over, not only forgotten by this browser
    assert_eq!(old.clone().get("/").await.location(), "/sign-in");

    let answer = browser.post_form("/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/");
    assert_ne!(browser.cookie, old.cookie);
    assert_eq!(browser.get("/").await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_look_the_same() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(server.http);
    let token = server.set_up_token();
    browser.post_form("/setup", &[("token", &token), ("email", EMAIL), ("password", PASSWORD)]).await;
    let mut stranger = Browser::new(server.http);
    for email in [EMAIL, "nobody@example.org", ""] {
        let answer =
            stranger.post_form("/sign-in", &[("email", email), ("password", "wrong password")]).await;
        assert_eq!((answer.status, answer.location()), (303, "/sign-in?error=wrong_password"), "{email}");
        assert!(stranger.cookie.is_none());
    }
}

#[tokio::test]
async fn a_project_is_made_by_a_form() {
    let server = TestServer::start().await;
    let mut stranger = Browser::new(server.http);
    let answer = stranger.post_form("/projects", &[("name", "Mine")]).await;
    assert_eq!(answer.location(), "/sign-in");

    let mut browser = server.owner().await;
    let answer = browser.post_form("/projects", &[("name", "Mr. Rescue")]).await;
    let page = answer.location().to_owned();
    assert!(page.starts_with("/p/") && page.ends_with("/live"), "{page}");
    assert_eq!(browser.get(&page).await.status, 200);
    let back = format!("/sign-in?next={}", page.replace('/', "%2F"));
    assert_eq!(stranger.get(&page).await.location(), back);
}

#[tokio::test]
async fn a_form_elsewhere_cannot_act_for_somebody() {
    let server = TestServer::start().await;
    let mut browser = server.owner().await;
    for headers in [
        &[("origin", "http://evil.example"), ("content-type", "application/x-www-form-urlencoded")][..],
        &[("sec-fetch-site", "same-site"), ("content-type", "application/x-www-form-urlencoded")],
    ] {
        for path in ["/projects", "/sign-out", "/sign-in", "/setup", "/api/anything"] {
            assert_eq!(browser.request("POST", path, headers, "name=x").await.status, 403, "{path}");
        }
    }
    assert_eq!(browser.get("/").await.status, 200);
}

#[tokio::test]
async fn pages_say_what_they_may_do() {
    let server = TestServer::start().await;
    let mut browser = server.owner().await;
    let page = browser.get("/").await;
    let policy = page.header("content-security-policy").unwrap();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(page.body.contains(&format!("nonce=\"{nonce}\"")), "{}", page.body);
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("script-src 'self' 'unsafe-inline'")
    );
    for answer in [page.headers.clone(), browser.get("/alive").await.headers] {
        let header = |name: &str| answer.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(header("x-content-type-options"), Some("nosniff"));
        assert_eq!(header("x-frame-options"), Some("DENY"));
        assert_eq!(header("referrer-policy"), Some("same-origin"));
        assert_eq!(header("cache-control"), Some("no-store"));
    }
    let again = browser.get("/").await;
    assert!(!again.header("content-security-policy").unwrap().contains(nonce), "a nonce is used once");
}

#[tokio::test]
async fn what_does_not_exist_is_404() {
    let server = TestServer::start().await;
    let mut browser = server.owner().await;
    let mut stranger = Browser::new(server.http);
    for path in ["/nothing", "/p/1/nothing", "/pkg/0/observerio.js", "/pkg/../Cargo.toml", "/pkg/%2e%2e/x"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
        assert_eq!(stranger.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn behind_tls_the_cookie_is_for_tls_only() {
    let server = TestServer::start_with(&["--public-url", "https://tune.example.org"]).await;
    assert!(server.set_up_link.as_ref().unwrap().starts_with("https://tune.example.org/setup?token="));
    let mut browser = Browser::new(server.http);
    let body = format!("token={}", server.set_up_token());
    let headers = [
        ("host", "tune.example.org"),
        ("origin", "https://tune.example.org"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = browser.request("POST", "/setup", &headers, &body).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-observerio_session=") && cookie.contains("Secure"), "{cookie}");
}
