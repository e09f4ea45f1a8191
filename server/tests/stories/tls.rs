//! TLS on both ports, and plaintext beside it, instead of it and refused.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::support::{
    TestServer,
    http::Browser,
    line::Game,
    live::Dashboard,
    soon,
    tls::{self, Identity},
};
use gateway::Origin;
use protocol::{live::LIVE_VERSION, model::Value};
use rustls::{ClientConfig, ClientConnection, version};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A server with a certificate of its own.
struct Encrypted {
    server: TestServer,
    identity: Identity,
    client: Arc<ClientConfig>,
    _files: TempDir,
}

impl Encrypted {
    async fn start(flags: &[&str]) -> Self {
        let (identity, files) = (Identity::new(), tempfile::tempdir().unwrap());
        let named = identity.write(files.path());
        let flags: Vec<_> = named.iter().map(String::as_str).chain(flags.iter().copied()).collect();
        let server = TestServer::start_with(&flags).await;
        Self { client: identity.client(), server, identity, _files: files }
    }

    async fn game(&self) -> Game {
        Game::over(tls::connect(self.server.tcp, &self.client).await.unwrap())
    }

    fn browser(&self) -> Browser {
        Browser::encrypted(self.server.http, Arc::clone(&self.client))
    }

    async fn owner(&self, mut browser: Browser) -> Browser {
        let token = self.server.set_up_token();
        let answer = browser.post_form("/setup", &[("token", &token)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }
}

/// The bytes with which a conversation through TLS begins.
fn client_hello(client: &Arc<ClientConfig>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut connection = ClientConnection::new(Arc::clone(client), "localhost".try_into().unwrap()).unwrap();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn one_game_port_serves_encrypted_and_plain_games() {
    let at = Encrypted::start(&[]).await;
    let project = at.server.project().await;
    let key = project.key.as_str();
    let mut encrypted = at.game().await;
    encrypted.verify(key).await;
    assert_eq!(encrypted.line().await, "OK");
    let mut plain = at.server.verified(project.key).await;

    // more than TLS keeps for a socket that is busy, in both directions
    let names: Vec<_> = (0..40).map(|n| format!("text{n}")).collect();
    let values =
        |letter: &str| names.iter().map(|name| (name.as_str(), letter.repeat(4_000))).collect::<Vec<_>>();
    let said: serde_json::Map<_, _> =
        values("a").into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
    encrypted.report(key, &serde_json::Value::Object(said).to_string()).await;
    encrypted.in_order(key).await;
    at.server.gateway.flush().await.unwrap();
    let mut dashboard = Dashboard::open(&at.owner(at.browser()).await).await;
    assert_eq!(dashboard.subscribe(project.id).await.vars.len(), 40);
    let edits: Vec<_> = values("b").into_iter().map(|(name, text)| (name, Value::Text(text))).collect();
    dashboard.edit(1, project.id, &edits).await;
    for game in [&mut encrypted, &mut plain] {
        let edits = game.edits(key).await;
        let edits = edits.as_array().unwrap();
        assert_eq!(edits.len(), 40);
        assert!(edits.iter().all(|edit| edit["value"] == "b".repeat(4_000)));
    }

    for game in [&mut encrypted, &mut plain] {
        game.send("frobnicate\n").await;
        assert_eq!(game.error().await, "bad_verb");
        game.in_order(key).await;
    }
    assert!(at.server.stop().await, "both kinds drain");
    for mut game in [encrypted, plain] {
        assert_eq!(game.error().await, "draining");
        game.hung_up().await;
    }
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken() {
    let at = Encrypted::start(&[]).await;
    for version in [&version::TLS12, &version::TLS13] {
        let client = Arc::new(at.identity.client_config(&[version]));
        for address in [at.server.tcp, at.server.http] {
            let stream = tls::connect(address, &client).await.unwrap();
            assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        }
    }
}

#[tokio::test]
async fn a_browser_is_turned_away_from_the_game_port_in_the_handshake() {
    let at = Encrypted::start(&[]).await;
    let asking_for = |protocols: &[&[u8]]| {
        let mut client = at.identity.client_config(rustls::ALL_VERSIONS);
        client.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Arc::new(client)
    };
    let browser = asking_for(&[b"h2", b"http/1.1"]);
    assert!(tls::connect(at.server.tcp, &browser).await.is_err());
    let stream = tls::connect(at.server.http, &browser).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let game = tls::connect(at.server.tcp, &asking_for(&[b"observerio"])).await.unwrap();
    assert_eq!(game.get_ref().1.alpn_protocol(), Some(&b"observerio"[..]));
}

#[tokio::test]
async fn what_is_not_ours_is_closed_before_ok_through_tls_too() {
    let at = Encrypted::start(&[]).await;
    for bytes in [&b"POST / HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut game = at.game().await;
        game.send_bytes(bytes).await;
        assert_eq!(game.error().await, "bad_verb");
        game.hung_up().await;
    }
}

#[tokio::test]
async fn where_tls_is_required_a_plain_game_is_told_so() {
    let at = Encrypted::start(&["--tls", "required"]).await;
    let project = at.server.project().await;
    let mut plain = at.server.game().await;
    plain.send(&format!("v:{key}\nl:{key}:[{{\"message\":\"m\"}}]\n", key = project.key.as_str())).await;
    assert_eq!(plain.error().await, "tls_required");
    plain.hung_up().await;
    let mut encrypted = at.game().await;
    encrypted.verify(project.key.as_str()).await;
    assert_eq!(encrypted.line().await, "OK");
    at.server.gateway.flush().await.unwrap();
    let user = at
        .server
        .gateway
        .set_up(&at.server.set_up_token(), None, None, &Origin::default())
        .await
        .unwrap()
        .caller;
    assert!(at.server.gateway.snapshot(&user, project.id).await.unwrap().logs.is_empty());
}

#[tokio::test]
async fn where_there_is_no_certificate_a_handshake_is_closed_at_once() {
    let server = TestServer::start().await;
    let hello = client_hello(&Identity::new().client());
    assert!(hello.len() < 4096 && !hello.is_empty());
    // the first byte is enough: nobody waits for a line's end that may not be in it
    let mut game = server.game().await;
    game.send_bytes(&hello[..1]).await;
    assert_eq!(game.error().await, "bad_verb");
    game.hung_up().await;
    let mut browser = soon("a connection", TcpStream::connect(server.http)).await.unwrap();
    browser.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    soon("the end", browser.read_to_end(&mut answer)).await.ok();
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn one_http_port_serves_https_and_http() {
    let at = Encrypted::start(&[]).await;
    let link = at.server.set_up_link.clone().unwrap();
    assert!(link.starts_with(&format!("https://{}/setup#token=", at.server.http)), "{link}");

    let plain = Browser::new(at.server.http).get("/healthz").await;
    let encrypted = at.browser().get("/healthz").await;
    assert_eq!((plain.status, encrypted.status), (200, 200));
    assert_eq!(plain.header("strict-transport-security"), None);
    // plaintext is welcome here: a browser that never comes back to it would be surprised
    assert_eq!(encrypted.header("strict-transport-security"), None);
}

#[tokio::test]
async fn through_tls_the_cookie_is_for_tls_and_opens_the_dashboard() {
    let at = Encrypted::start(&[]).await;
    let mut browser = at.browser();
    let token = at.server.set_up_token();
    let answer = browser.post_form("/setup", &[("token", &token)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("__Host-observerio_session="), "{cookie}");
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
    assert_eq!(browser.get("/").await.status, 200);

    let project = at.server.project().await;
    let mut dashboard = Dashboard::open(&browser).await;
    assert_eq!(dashboard.subscribe(project.id).await.vars.len(), 0);
    // the same host in plaintext is another origin, whose pages the network may have written
    let plain_page = format!("http://{}", at.server.http);
    for origin in [Some(plain_page.as_str()), Some("null"), None] {
        let refused = Dashboard::try_open(&browser, origin, LIVE_VERSION).await;
        assert_eq!(refused.err(), Some(403), "{origin:?}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", plain_page.as_str())];
    assert_eq!(browser.request("POST", "/projects", &form, "name=forged").await.status, 403);
    assert_eq!(browser.post_form("/projects", &[("name", "mine")]).await.status, 303);

    // and the cookie is nobody in plaintext
    let mut plain = Browser { tls: None, ..browser.clone() };
    assert_eq!(plain.get("/").await.status, 303);
    // nor by the name that it would have there
    plain.cookie = Some(cookie.split(';').next().unwrap().replace("__Host-", ""));
    assert_eq!(plain.get("/").await.status, 303);
    assert_eq!(browser.get("/").await.status, 200);
    let out = browser.post_form("/sign-out", &[]).await;
    assert!(out.header("set-cookie").unwrap().contains("__Host-observerio_session=; "));
    assert_eq!(browser.get("/").await.status, 303);
}

#[tokio::test]
async fn in_plaintext_beside_tls_the_cookie_is_another_one() {
    let at = Encrypted::start(&[]).await;
    let browser = at.owner(Browser::new(at.server.http)).await;
    assert!(browser.cookie.as_ref().unwrap().starts_with("observerio_session="));
    Dashboard::open(&browser).await;
    let encrypted_page = format!("https://{}", at.server.http);
    let refused = Dashboard::try_open(&browser, Some(&encrypted_page), LIVE_VERSION).await;
    assert_eq!(refused.err(), Some(403));
    // who writes into plaintext could have set it
    let mut encrypted = Browser { tls: Some(Arc::clone(&at.client)), ..browser };
    assert_eq!(encrypted.get("/").await.status, 303);
}

#[tokio::test]
async fn where_tls_is_required_pages_are_found_there_and_the_rest_is_refused() {
    let at = Encrypted::start(&["--tls", "required"]).await;
    let mut plain = Browser::new(at.server.http);
    let page = plain.get("/sign-in?error=x").await;
    assert_eq!(page.status, 308);
    assert_eq!(page.location(), format!("https://{}/sign-in?error=x", at.server.http));
    assert_eq!(page.header("strict-transport-security"), None, "it counts in TLS only");
    let named = plain.request("GET", "/", &[("host", "localhost:1234")], "").await;
    assert_eq!((named.status, named.location()), (308, "https://localhost:1234/"));
    // not the address of somebody else
    assert_eq!(plain.request("GET", "/", &[("host", "evil.test")], "").await.status, 421);
    for (method, path, headers) in [
        ("POST", "/sign-in", &[("content-type", "application/x-www-form-urlencoded")][..]),
        ("POST", "/users", &[("content-type", "application/json")]),
        ("GET", "/metrics", &[("authorization", "Bearer a-token-of-somebody")]),
        ("GET", "/live?v=1", &[("connection", "upgrade"), ("upgrade", "websocket")]),
    ] {
        let refused = plain.request(method, path, headers, "").await;
        assert_eq!(refused.status, 403, "{method} {path}");
        assert!(refused.body.contains("TLS"), "{}", refused.body);
    }
    // claiming it does not make it so
    let claimed = plain.request("GET", "/", &[("x-forwarded-proto", "https")], "").await;
    assert_eq!(claimed.status, 308);

    let mut encrypted = at.browser();
    let answer = encrypted.get("/healthz").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    // the name of every machine: it would keep plaintext from the next server's page, too
    let local = encrypted.request("GET", "/healthz", &[("host", "localhost")], "").await;
    assert_eq!((local.status, local.header("strict-transport-security")), (200, None));
    at.owner(encrypted).await;
}

#[tokio::test]
async fn a_trusted_proxy_says_the_scheme_and_nobody_else_does() {
    let claim = [("x-forwarded-proto", "https"), ("x-forwarded-for", "198.51.100.7")];
    let cookie_name = async |server: &TestServer| {
        let mut browser = Browser::new(server.http);
        let body = format!("token={}", server.set_up_token());
        let form = [&[("content-type", "application/x-www-form-urlencoded")][..], &claim].concat();
        let answer = browser.request("POST", "/setup", &form, &body).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser.cookie.unwrap().split('=').next().unwrap().to_owned()
    };
    let untrusting = TestServer::start().await;
    assert_eq!(cookie_name(&untrusting).await, "observerio_session");
    let elsewhere = TestServer::start_with(&["--trusted-proxies", "10.0.0.0/8,127.0.0.2"]).await;
    assert_eq!(cookie_name(&elsewhere).await, "observerio_session");
    let trusting = TestServer::start_with(&["--trusted-proxies", "127.0.0.0/8"]).await;
    assert_eq!(cookie_name(&trusting).await, "__Host-observerio_session");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_dashboard_opens_where_games_must_encrypt() {
    let at = Encrypted::start(&["--tls", "required", "--trusted-proxies", "127.0.0.1"]).await;
    let mut browser = Browser::new(at.server.http);
    let page = browser.request("GET", "/setup", &[("x-forwarded-proto", "https")], "").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("strict-transport-security"), Some("max-age=31536000"));
    let plain = browser.request("GET", "/setup", &[("x-forwarded-proto", "http")], "").await;
    assert_eq!(plain.status, 308);
}

#[tokio::test]
async fn half_a_handshake_ends_with_the_time_to_verify() {
    let at = Encrypted::start(&["--verify-timeout", "0.3", "--head-timeout", "0.4"]).await;
    let hello = client_hello(&at.client);
    for (address, least) in [(at.server.tcp, 300), (at.server.http, 400)] {
        for said in [&hello[..1], &hello[..hello.len() - 1], &hello] {
            let begun = Instant::now();
            let mut stream = soon("a connection", TcpStream::connect(address)).await.unwrap();
            stream.write_all(said).await.unwrap();
            // the server's own half of the handshake may come
            soon("the end", stream.read_to_end(&mut Vec::new())).await.ok();
            assert!(begun.elapsed() >= Duration::from_millis(least), "closed after {:?}", begun.elapsed());
        }
    }
    // and so does silence behind a whole one
    let mut game = at.game().await;
    assert_eq!(game.error().await, "timeout");
    game.hung_up().await;
    let mut stream = tls::connect(at.server.http, &at.client).await.unwrap();
    soon("the end", stream.read_to_end(&mut Vec::new())).await.ok();
}

#[tokio::test]
async fn silent_handshakes_hold_nobody_up_and_count_as_connections() {
    let at = Encrypted::start(&["--max-games", "240", "--max-games-per-address", "202"]).await;
    let project = at.server.project().await;
    let hello = client_hello(&at.client);
    let mut silent = Vec::new();
    for address in [at.server.tcp, at.server.http] {
        for n in 0..200 {
            let mut stream = soon("a connection", TcpStream::connect(address)).await.unwrap();
            stream.write_all(&hello[..n % hello.len()]).await.unwrap();
            silent.push(stream);
        }
    }
    let mut good = at.game().await;
    good.verify(project.key.as_str()).await;
    assert_eq!(good.line().await, "OK");
    let browser = at.owner(at.browser()).await;
    let mut dashboard = Dashboard::open(&browser).await;
    dashboard.subscribe(project.id).await;
    let _last = at.server.verified(project.key).await;
    let mut refused = at.server.game().await;
    assert_eq!(refused.error().await, "busy");
    good.in_order(project.key.as_str()).await;
}

#[tokio::test]
async fn an_encrypted_game_that_does_not_read_is_closed() {
    let at = Encrypted::start(&["--write-timeout", "0.3"]).await;
    let project = at.server.project().await;
    let mut deaf = at.game().await;
    deaf.verify(project.key.as_str()).await;
    assert_eq!(deaf.line().await, "OK");
    let flood = "frobnicate\n".repeat(1_000);
    soon("the deaf game to be closed", async { while deaf.try_send(flood.as_bytes()).await {} }).await;
    at.server.verified(project.key).await.in_order(project.key.as_str()).await;
}
