//! What every answer says to the browser about itself, and the site's files.

use crate::support::{
    TestServer,
    http::{Answer, Browser},
    soon,
};
use protocol::{line::Command, live::LIVE_VERSION};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A page's scripts and styles are in this folder: `/pkg/{hash}/`.
async fn package(server: &TestServer) -> String {
    let page = Browser::new(server.http).get("/sign-in").await.body;
    let (_, rest) = page.split_once("/pkg/").expect("a page has files");
    format!("/pkg/{}/", rest.split('/').next().unwrap())
}

fn assert_hardened(answer: &Answer, what: &str) {
    let header =
        |name: &str| answer.header(name).unwrap_or_else(|| panic!("{what} lacks {name}: {answer:?}"));
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header("referrer-policy"), "same-origin", "{what}");
    assert_eq!(header("x-frame-options"), "DENY", "{what}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{what}");
    for denied in ["camera=()", "microphone=()", "geolocation=()", "usb=()"] {
        assert!(header("permissions-policy").contains(denied), "{what}");
    }
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") || policy.starts_with("default-src 'self'"), "{what}");
    assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    for hole in ["unsafe-inline", "'unsafe-eval'", "unsafe-hashes", "*", "http:", "https:"] {
        assert!(!policy.contains(hole), "{what}: {policy}");
    }
    assert!(!header("cache-control").is_empty(), "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
    assert_eq!(answer.header("server"), None, "{what}");
}

/// What it is, who asks, method, path, headers, body, and the status of the answer.
type Case<'a> = (&'a str, &'a Browser, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);

/// Every class of answer that our code makes. A panic is one more: `web::router` tests it. What hyper says by itself of a head that is no HTTP
/// can't carry headers of ours: see [`what_is_no_http_gets_an_empty_answer`].
#[tokio::test]
async fn every_answer_says_what_may_be_done_with_it() {
    let server = TestServer::start_with(&["--metrics-token", "0123456789abcdef"]).await;
    let owner = server.owner().await;
    let project = server.project().await;
    let nobody = Browser::new(server.http);
    let origin = owner.origin();
    let ours = ("origin", origin.as_str());
    let package = package(&server).await;
    let (style, live) = (format!("{package}observerio.css"), format!("/live?v={LIVE_VERSION}"));
    let function = server::server_functions().into_iter().find(|path| path.contains("get_session")).unwrap();
    let page = format!("/p/{}/live", project.id);
    let too_much = "x".repeat(64 * 1024 + 1);
    let cases: [Case; 32] = [
        ("a page", &nobody, "GET", "/sign-in", &[], "", 200),
        ("the live page", &owner, "GET", &page, &[], "", 200),
        ("a page's head", &owner, "HEAD", &page, &[], "", 200),
        ("a page for others", &nobody, "GET", "/", &[], "", 303),
        ("no page", &nobody, "GET", "/nothing", &[], "", 404),
        ("no project", &owner, "GET", "/p/999999/live", &[], "", 404),
        ("a form", &nobody, "POST", "/sign-in", &[FORM, ours], "email=a&password=b", 303),
        ("a form without fields", &nobody, "POST", "/setup", &[FORM, ours], "", 422),
        ("a form of no kind", &nobody, "POST", "/sign-in", &[ours], "", 415),
        ("a form of elsewhere", &nobody, "POST", "/sign-in", &[FORM, ("origin", "null")], "", 403),
        ("a function", &owner, "POST", function, &[ours], "", 200),
        ("no function", &owner, "POST", "/api/nothing", &[ours], "", 400),
        ("an answer to a script", &nobody, "GET", "/users/tokens", &[], "", 200),
        ("an error for a script", &nobody, "POST", "/users/tokens", &[], "{", 400),
        ("a script's other method", &nobody, "PUT", "/users/tokens", &[], "", 405),
        ("a body that is too large", &nobody, "POST", "/users", &[], &too_much, 413),
        ("a large form", &nobody, "POST", "/sign-in", &[FORM, ours], &too_much, 413),
        ("a file", &nobody, "GET", &style, &[], "", 200),
        ("a file's head", &nobody, "HEAD", &style, &[], "", 200),
        ("a file of another version", &nobody, "GET", "/pkg/0/observerio.css", &[], "", 404),
        ("the icon", &nobody, "GET", "/favicon.svg", &[], "", 200),
        ("another host", &nobody, "GET", "/", &[("host", "evil.test")], "", 421),
        ("a socket of elsewhere", &owner, "GET", &live, &[("origin", "null")], "", 403),
        ("a socket for nobody", &nobody, "GET", &live, &[ours], "", 401),
        ("no socket", &owner, "GET", &live, &[ours], "", 400),
        ("a socket of no version", &owner, "GET", "/live?v=x", &[ours], "", 400),
        ("no socket of a game", &nobody, "GET", "/game", &[], "", 426),
        ("being alive", &nobody, "GET", "/alive", &[], "", 200),
        ("being ready", &nobody, "GET", "/readyz", &[], "", 200),
        ("numbers for nobody", &nobody, "GET", "/metrics", &[], "", 403),
        ("numbers", &nobody, "GET", "/metrics", &[("authorization", "Bearer 0123456789abcdef")], "", 200),
        ("a path that is none", &nobody, "GET", "/p/%ff/live", &[], "", 303),
    ];
    for (what, browser, method, path, headers, body, status) in cases {
        let answer = browser.clone().request(method, path, headers, body).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_hardened(&answer, what);
    }
}

#[tokio::test]
async fn what_is_no_http_gets_an_empty_answer() {
    let server = TestServer::start().await;
    for head in
        ["GET /\r\n\r\n", "GET / HTTP/1.1\r\nno header\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\0\0\0\0\r\n\r\n"]
    {
        let mut stream = soon("a connection", TcpStream::connect(server.http)).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon("the end", stream.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        // 400 and no body, or nothing: there is nothing in it that a browser could show, run or keep
        let is_empty_400 = answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\n");
        assert!(answer.is_empty() || is_empty_400, "{head:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_page_carries_no_style_and_no_script_but_its_own() {
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let project = server.project().await;
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    let vars = json!([
        {"name": "speed", "value": 5, "min": 0, "max": 9},
        {"name": "sky", "type": "color", "value": "#336699"},
    ]);
    game.report(key, &vars.to_string()).await;
    game.log(key, "hello").await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    let page = owner.get(&format!("/p/{}/live", project.id)).await;
    assert!(page.body.contains("hello") && page.body.contains("type=\"range\""), "{}", page.body);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("style-src 'self';") && policy.contains("object-src 'none'"), "{policy}");
    // the policy would refuse these, with a complaint for each
    for refused in [" style=", "<style", " onclick=", " onload=", "javascript:"] {
        assert!(!page.body.contains(refused), "{refused} in {}", page.body);
    }
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    for script in page.body.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "<script{tag}>");
    }
}

/// Every player has the game's key, so anybody can write a game's texts. The policy keeps scripts out; this keeps everything else out too: forms, links, text
/// that looks like ours.
#[tokio::test]
async fn no_text_becomes_markup_in_what_the_server_draws() {
    const MARK: &str = "</title></textarea></script>--><x-mark a='b' c=\"d\">&lt;x-mark&gt;";
    let server = TestServer::start().await;
    let mut owner = server.owner().await;
    let made = owner.post_form("/projects", &[("name", MARK)]).await;
    let page = made.location().to_owned();
    let key = owner.get(&page).await.body.split("/demo#key=").nth(1).unwrap()[..12].to_owned();
    let mut game = server.game().await;
    let hello = json!({"proto": 2, "device": MARK, "name": MARK, "app": MARK, "platform": MARK, "sdk": MARK, "caps": ["rev"]});
    let var = |name: &str, rest: Json| {
        let mut var = json!({"name": name, "label": MARK, "unit": MARK, "group": MARK, "help": MARK});
        var.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        var
    };
    let vars = json!([
        var("line", json!({"type": "string", "value": MARK})),
        var("lines", json!({"type": "string", "value": format!("{MARK}\n{MARK}")})),
        var("json", json!({"type": "json", "value": {MARK: MARK}})),
        var("colour", json!({"type": "color", "value": MARK})),
        var("choice", json!({"type": "enum", "value": MARK, "options": [MARK, "b"]})),
        var("read", json!({"type": "string", "value": MARK, "readonly": true})),
        var("action", json!({"type": "action", "default": {MARK: MARK}})),
        var(MARK, json!({"type": "integer", "value": 1, "min": 0, "max": 9})),
    ]);
    let line = json!([{"message": MARK, "level": "error", MARK: MARK}]);
    game.greet(&hello, &key).await;
    game.report(&key, &vars.to_string()).await;
    game.log_entries(&key, &line.to_string()).await;
    game.say(Command::Ping { token: b"end" }).await;
    while game.line().await != "q:end" {}
    server.gateway.flush().await.unwrap();
    for path in [page.as_str(), "/"] {
        let body = owner.get(path).await.body;
        assert!(body.contains("&lt;x-mark"), "{path}: {body}");
        assert!(!body.contains("<x-mark"), "{path}: {body}");
        // what is escaped in the text is escaped again
        assert!(body.contains("&amp;lt;x-mark&amp;gt;"), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_file_is_kept_for_ever_under_its_hash() {
    let server = TestServer::start().await;
    let package = package(&server).await;
    let nobody = Browser::new(server.http);
    let ask = async |method: &str, path: &str, headers: &[(&str, &str)]| {
        nobody.clone().request(method, path, headers, "").await
    };
    for (file, kind) in [
        ("observerio.css", "text/css; charset=utf-8"),
        ("observerio.js", "text/javascript; charset=utf-8"),
        ("observerio_bg.wasm", "application/wasm"),
        ("inter.woff2", "font/woff2"),
    ] {
        let path = format!("{package}{file}");
        let plain = ask("GET", &path, &[]).await;
        assert_eq!((plain.status, plain.header("content-type")), (200, Some(kind)), "{file}");
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"), "{file}");
        assert_eq!(plain.header("vary"), Some("accept-encoding"), "{file}");
        assert_eq!(plain.header("content-encoding"), None, "{file}");
        let etag = plain.header("etag").unwrap();

        let head = ask("HEAD", &path, &[]).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{file}");
        for name in ["content-length", "content-type", "etag", "cache-control", "vary"] {
            assert_eq!(head.header(name), plain.header(name), "{name} of {file}");
        }

        let known = ask("GET", &path, &[("if-none-match", etag)]).await;
        assert_eq!(
            (known.status, known.body.as_str(), known.header("etag")),
            (304, "", Some(etag)),
            "{file}"
        );
        assert_eq!(known.header("cache-control"), plain.header("cache-control"), "{file}");
        assert_eq!(ask("GET", &path, &[("if-none-match", "\"other\"")]).await.status, 200, "{file}");

        // an answer under another encoding is another answer
        let mut etags = vec![etag.to_owned()];
        for encoding in ["br", "gzip"] {
            let packed = ask("GET", &path, &[("accept-encoding", encoding)]).await;
            assert_eq!(packed.status, 200, "{file}");
            let Some(used) = packed.header("content-encoding") else { continue };
            assert_eq!(used, encoding, "{file}");
            let length = |answer: &Answer| answer.header("content-length").unwrap().parse::<usize>().unwrap();
            assert!(length(&packed) < length(&plain), "{file} {encoding}");
            etags.push(packed.header("etag").unwrap().to_owned());
        }
        let count = etags.len();
        etags.sort_unstable();
        etags.dedup();
        assert_eq!(etags.len(), count, "{file}");
    }
}

#[tokio::test]
async fn a_wrong_hash_and_a_file_that_is_not_there_are_not_found_and_not_kept() {
    let server = TestServer::start().await;
    let package = package(&server).await;
    let mut nobody = Browser::new(server.http);
    for path in [
        "/pkg/0/observerio.css".to_owned(),
        format!("/pkg/{}/observerio.css", "0".repeat(64)),
        format!("{package}nothing.js"),
        format!("{package}%2e%2e%2ffavicon.svg"),
        format!("{package}..%2ffavicon.svg"),
        format!("{package}observerio.css.br%00"),
        package.trim_end_matches('/').to_owned(),
    ] {
        let answer = nobody.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    let icon = nobody.get("/favicon.svg").await;
    assert_eq!((icon.status, icon.header("cache-control")), (200, Some("public, max-age=3600")));
}
