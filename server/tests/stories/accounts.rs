//! The first visit, signing in and out, and what a page may be.

use crate::support::{
    TestServer,
    http::{Answer, Browser},
};
use gateway::Origin;
use protocol::model::ProjectId;

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
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("at least 8 characters") && answer.body.contains(&token), "{answer:?}");
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
    assert!(server.set_up_link.as_ref().unwrap().starts_with("https://tune.example.org/setup#token="));
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

/// An owner with a password, and a project.
async fn owner_with_password(server: &TestServer) -> (Browser, ProjectId) {
    let mut owner = Browser::new(server.http);
    let token = server.set_up_token();
    let fields = [("token", token.as_str()), ("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(owner.post_form("/setup", &fields).await.location(), "/");
    let made = owner.post_form("/projects", &[("name", "Aliens")]).await;
    let project =
        made.location().trim_start_matches("/p/").trim_end_matches("/live").parse().expect("a number");
    (owner, project)
}

const NEW_TOKEN: [(&str, &str); 4] = [("name", "ci"), ("scope", "read"), ("project", ""), ("days", "7")];
const AGAIN: &str = "name=\"password_again\"";

#[tokio::test]
async fn after_ten_minutes_a_form_takes_the_password_again() {
    let server = TestServer::start().await;
    let (mut owner, project) = owner_with_password(&server).await;
    let settings = format!("/p/{project}/settings");
    let members = server.gateway.register_user("ben@example.org", PASSWORD, &Origin::default()).await;
    members.unwrap();
    let pages =
        ["/account/tokens".to_owned(), "/accounts".to_owned(), settings.clone(), format!("{settings}/keys")];
    for page in &pages {
        assert!(!owner.get(page).await.body.contains(AGAIN), "{page}");
    }
    assert_eq!(owner.post_form("/account/tokens", &NEW_TOKEN).await.status, 200);

    server.execute("UPDATE sessions SET confirmed_at = 1").await;
    for page in &pages {
        assert!(owner.get(page).await.body.contains(AGAIN), "{page}");
    }
    let with = |password| [&NEW_TOKEN[..], &[("password_again", password)]].concat();
    for (fields, told) in [
        (NEW_TOKEN.to_vec(), "/account/tokens?error=confirmation_needed"),
        (with(""), "/account/tokens?error=confirmation_needed"),
        (with("not this one"), "/account/tokens?error=wrong_confirmation"),
    ] {
        let answer = owner.post_form("/account/tokens", &fields).await;
        assert_eq!((answer.status, answer.location()), (303, told));
        assert!(owner.get(told).await.body.contains("class=\"notice notice--error\""), "{told}");
    }
    let delete = format!("{settings}/delete");
    let answer = owner.post_form(&delete, &[("name", "Aliens")]).await;
    assert_eq!(answer.location(), format!("{settings}?error=confirmation_needed"));
    let answer = owner.post_form(&delete, &[("name", "Aliens"), ("password_again", "not this one")]).await;
    assert_eq!(answer.location(), format!("{settings}?error=wrong_confirmation"));
    let origin = owner.origin();
    let api = format!("/api/v1/projects/{project}");
    let answer = owner.request("DELETE", &api, &[("origin", &origin)], "").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("confirmation_needed")));

    assert_eq!(owner.post_form("/account/tokens", &with(PASSWORD)).await.status, 200);
    // it counts for the next ten minutes, whatever is done
    assert_eq!(owner.post_form(&delete, &[("name", "Aliens")]).await.location(), "/");
    let caller = server.gateway.sign_in(EMAIL, PASSWORD, &Origin::default()).await.unwrap().caller;
    assert_eq!(server.gateway.list_tokens(&caller).await.unwrap().len(), 2, "no refusal has made one");
}

#[tokio::test]
async fn the_password_again_is_not_tried_for_ever() {
    let server = TestServer::start().await;
    let (mut owner, _) = owner_with_password(&server).await;
    server.execute("UPDATE sessions SET confirmed_at = 1").await;
    let with = |password| [&NEW_TOKEN[..], &[("password_again", password)]].concat();
    for _ in 0..10 {
        let answer = owner.post_form("/account/tokens", &with("not this one")).await;
        assert_eq!(answer.location(), "/account/tokens?error=wrong_confirmation");
    }
    // the right one is not told apart by then
    for password in ["not this one", PASSWORD] {
        let answer = owner.post_form("/account/tokens", &with(password)).await;
        assert_eq!(answer.location(), "/account/tokens?error=rate");
    }
}

/// What the browser keeps by which it is known again.
fn device_cookie(answer: &Answer) -> String {
    let kept = answer.headers.iter().find(|(name, value)| name == "set-cookie" && value.contains("_device="));
    let kept = kept.unwrap_or_else(|| panic!("{answer:?}")).1.clone();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"] {
        assert!(kept.contains(part), "{kept}");
    }
    kept.split(';').next().expect("a cookie").to_owned()
}

#[tokio::test]
async fn who_signed_in_before_is_not_kept_out_by_who_guesses_from_the_same_address() {
    let server = TestServer::start().await;
    owner_with_password(&server).await;
    server.gateway.register_user("eve@example.org", PASSWORD, &Origin::default()).await.unwrap();
    let fresh = || Browser::new(server.http);
    let with = |password| [("email", EMAIL), ("password", password)];
    let known = device_cookie(&fresh().post_form("/sign-in", &with(PASSWORD)).await);
    let of_eve = fresh().post_form("/sign-in", &[("email", "eve@example.org"), ("password", PASSWORD)]).await;
    let of_eve = device_cookie(&of_eve);

    let sign_in = async |cookie: Option<&str>, password| {
        let mut browser = fresh();
        browser.cookie = cookie.map(str::to_owned);
        browser.post_form("/sign-in", &with(password)).await.status
    };
    for _ in 0..10 {
        assert_eq!(sign_in(None, "wrong password").await, 303);
    }
    assert_eq!(sign_in(None, PASSWORD).await, 429, "an unknown browser counts with those that guess");
    assert_eq!(sign_in(Some(&of_eve), PASSWORD).await, 429, "to be known for another account is not enough");
    assert_eq!(sign_in(Some("observerio_device=made_up"), PASSWORD).await, 429);
    for _ in 0..20 {
        assert_eq!(sign_in(Some(&known), PASSWORD).await, 303);
    }
    // a known browser can't be used to guess for ever either
    let mut wrong = 0;
    while sign_in(Some(&known), "wrong password").await == 303 {
        wrong += 1;
        assert!(wrong < 30, "nothing stops guesses from there");
    }
    assert!(wrong >= 10, "{wrong}");
    assert_eq!(sign_in(Some(&known), PASSWORD).await, 429);
}

#[tokio::test]
async fn a_browser_is_known_after_a_restart() {
    let server = TestServer::start().await;
    owner_with_password(&server).await;
    let with = |password| [("email", EMAIL), ("password", password)];
    let known = device_cookie(&Browser::new(server.http).post_form("/sign-in", &with(PASSWORD)).await);
    let server = server.restart().await;
    // on a slow machine time gives some attempts back
    for guesses in 0.. {
        assert!(guesses < 100, "nobody stops them");
        if Browser::new(server.http).post_form("/sign-in", &with("wrong password")).await.status == 429 {
            break;
        }
    }
    assert_eq!(Browser::new(server.http).post_form("/sign-in", &with(PASSWORD)).await.status, 429);
    let mut browser = Browser::new(server.http);
    browser.cookie = Some(known);
    assert_eq!(browser.post_form("/sign-in", &with(PASSWORD)).await.location(), "/");
}
