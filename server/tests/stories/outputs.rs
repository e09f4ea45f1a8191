//! What the program says of its own accord, at its most talkative: none of the secrets that it is told, and no line that somebody else wrote.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::{
    canaries::Canaries, http::Browser, line::Game, live::Dashboard, program::Program, secrets, soon,
};
use protocol::{
    live::{ClientMessage, ServerMessage},
    model::{ProjectId, Value, VarName},
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const DATABASE_PASSWORD: &str = "canary-database-password";
const METRICS_TOKEN: &str = "canary-metrics-token";
const PASSWORD: &str = "canary account password";
const WRONG_PASSWORD: &str = "canary wrong password";
const NEW_PASSWORD: &str = "canary renewed password";
const KEY: &str = "canary-key-1";
const WRONG_KEY: &str = "canary-key-2";
const TRACE: [(&str, &str); 2] = [("OBSERVERIO_LOG", "trace"), ("OBSERVERIO_METRICS_TOKEN", METRICS_TOKEN)];

/// A running program at trace level, and what it must keep to itself. Add every new kind of secret here.
struct Story {
    program: Program,
    canaries: Canaries,
    owner: Browser,
    /// An account that was made over the HTTP API.
    member: Browser,
    nobody: Browser,
}

/// The URL with a password in it, which the tests' Postgres does not ask for.
fn with_password(url: &str) -> String {
    let (user, host) = url.rsplit_once('@').expect("a URL with a user");
    format!("{user}:{DATABASE_PASSWORD}@{host}")
}

impl Story {
    async fn begin() -> Self {
        let program = Program::start_on(&[], &TRACE, with_password).await;
        let browser = Browser::new(program.http);
        let mut canaries = Canaries::default();
        for (what, secret) in [
            ("database's password", DATABASE_PASSWORD),
            ("metrics' token", METRICS_TOKEN),
            ("password", PASSWORD),
            ("wrong password", WRONG_PASSWORD),
            ("new password", NEW_PASSWORD),
            ("game key", KEY),
            ("wrong game key", WRONG_KEY),
            ("set-up token", program.set_up_token.as_str()),
        ] {
            canaries.add(what, secret);
        }
        Self { program, canaries, owner: browser.clone(), member: browser.clone(), nobody: browser }
    }

    async fn set_up_and_sign_in(&mut self) {
        let (canaries, token) = (&mut self.canaries, self.program.set_up_token.clone());
        let origin = self.owner.origin();
        let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
        let page = format!("/setup?token={token}");
        // the page hands it on, and so does the way back to it
        let shown = ["set-up token"];
        canaries.ask(&mut self.owner, "GET", &page, &[], "", &shown).await;
        let short = format!("token={token}&email=owner%40example.org&password=x");
        canaries.ask(&mut self.owner, "POST", "/setup", &form, &short, &shown).await;
        let password = PASSWORD.replace(' ', "+");
        let good = format!("token={token}&email=owner%40example.org&password={password}");
        canaries.ask(&mut self.owner, "POST", "/setup", &form, &good, &[]).await;
        self.keep_session("owner's session", true);

        let account = json!({"email": "ana@example.org", "password": PASSWORD}).to_string();
        let answer = self.canaries.ask(&mut self.nobody, "POST", "/users", &[], &account, &[]).await;
        // that answer is how its owner learns it
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        self.canaries.add("member's key", &token);
        for (password, count) in [(WRONG_PASSWORD, 2), (PASSWORD, 1)] {
            for _ in 0..count {
                let body = format!("email=ana%40example.org&password={}", password.replace(' ', "+"));
                self.canaries.ask(&mut self.member, "POST", "/sign-in", &form, &body, &[]).await;
            }
        }
        self.keep_session("member's session", false);
    }

    fn keep_session(&mut self, what: &'static str, of_owner: bool) {
        let browser = if of_owner { &self.owner } else { &self.member };
        let session = browser.cookie.as_ref().expect("somebody signed in").split_once('=').unwrap().1;
        self.canaries.add(what, session);
    }

    /// Requests that are refused, each with secrets in it.
    async fn be_refused(&mut self) {
        let password = format!("{{\"email\":\"b@example.org\",\"password\":\"{PASSWORD}\"");
        let long = format!("{password}{}", " ".repeat(70_000));
        let shape = format!("[{password}}}]");
        let foreign = [("origin", "http://evil.test")];
        let bearer = format!("Bearer {METRICS_TOKEN}x");
        let wrong = [("authorization", bearer.as_str())];
        let canaries = &mut self.canaries;
        for (browser, method, path, headers, body) in [
            (&mut self.nobody, "POST", "/users", &[][..], password.as_str()),
            (&mut self.member, "POST", "/users", &[], &shape),
            (&mut self.owner, "POST", "/users", &[], &long),
        ] {
            canaries.ask(browser, method, path, headers, body, &[]).await;
        }
        for path in [
            format!("/nothing?token={PASSWORD}").replace(' ', "+"),
            format!("/{KEY}"),
            format!("/p/{KEY}/live"),
        ] {
            // the address itself is not repeated in the page
            canaries.ask(&mut self.owner, "GET", &path, &[], "", &[]).await;
        }
        canaries.ask(&mut self.owner, "POST", "/projects", &foreign, PASSWORD, &[]).await;
        canaries.ask(&mut self.nobody, "GET", "/metrics", &wrong, "", &[]).await;
        let mut forged = Browser::new(self.program.http);
        forged.cookie = self.owner.cookie.as_ref().map(|cookie| format!("{cookie}x"));
        canaries.ask(&mut forged, "GET", "/", &[], "", &[]).await;
        // what is no HTTP is not repeated either
        let mut stream = TcpStream::connect(self.program.http).await.unwrap();
        stream.write_all(format!("GET /{KEY}\u{1} {PASSWORD}\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon("the end", stream.read_to_string(&mut answer)).await.unwrap();
        canaries.search("the answer to what is no HTTP", &answer, &[]);
    }

    /// API tokens, invitations and reset links: each is shown once, to the person who creates it, and used by somebody else.
    async fn share(&mut self, project: ProjectId) {
        let origin = self.owner.origin();
        let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
        let token = self.issue("API token", "/account/tokens", "name=nightly&scope=admin&days=7").await;
        let bearer = format!("Bearer {token}");
        let authorised = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let invitations = format!("/api/v1/projects/{project}/invitations");
        let answer =
            self.nobody.request("POST", &invitations, &authorised, r#"{"role":"designer"}"#).await.json();
        let canaries = &mut self.canaries;
        let link = answer["link"].as_str().unwrap();
        canaries.add("script's invitation", link.split_once("token=").unwrap().1);
        for (method, path, body) in [
            ("GET", "/api/v1/me", ""),
            ("GET", &invitations, ""),
            ("POST", &invitations, "{"),
            ("PUT", &format!("/api/v1/projects/{project}/variables/speed"), r#"{"value":8}"#),
            ("GET", &format!("/api/v1/projects/{project}/audit"), ""),
        ] {
            canaries.ask(&mut self.nobody, method, path, &authorised, body, &[]).await;
        }
        let keys = format!("/api/v1/projects/{project}/keys");
        canaries.ask(&mut self.nobody, "GET", &keys, &authorised, "", &["game key"]).await;
        let cut = [("authorization", &bearer[..bearer.len() - 1])];
        canaries.ask(&mut self.nobody, "GET", "/api/v1/me", &cut, "", &[]).await;

        let members = format!("/p/{project}/settings/members");
        let invitation = self.issue("invitation", &members, "role=viewer&note=ana").await;
        let accounts = self.canaries.ask(&mut self.owner, "GET", "/accounts", &[], "", &[]).await.body;
        let member = accounts.split("name=\"user\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let reset = self.issue("reset link", "/accounts", &format!("user={member}")).await;
        let canaries = &mut self.canaries;
        for (what, page, link) in [("invitation", "/join", &invitation), ("reset link", "/reset", &reset)] {
            // the page hands it on
            let address = format!("{page}?token={link}");
            canaries.ask(&mut self.member, "GET", &address, &[], "", &[what]).await;
            canaries.ask(&mut self.nobody, "GET", &format!("{address}x"), &[], "", &[what]).await;
        }
        let short = format!("token={reset}&password=x");
        canaries.ask(&mut self.nobody, "POST", "/reset", &form, &short, &["reset link"]).await;
        canaries.ask(&mut self.member, "POST", "/join", &form, &format!("token={invitation}"), &[]).await;
        let new = format!("token={reset}&password={}", NEW_PASSWORD.replace(' ', "+"));
        let answer = canaries.ask(&mut self.member, "POST", "/reset", &form, &new, &[]).await;
        assert_eq!(answer.location(), "/", "{answer:?}");
        self.keep_session("renewed session", false);
        let canaries = &mut self.canaries;
        // spent, and in the answer to him alone who said it
        for (what, page, link) in [("invitation", "/join", &invitation), ("reset link", "/reset", &reset)] {
            let again = format!("token={link}&password=x");
            canaries.ask(&mut self.member, "POST", page, &form, &again, &[what]).await;
        }
        for page in ["/account", "/account/tokens", "/accounts", "/audit", &members] {
            canaries.ask(&mut self.owner, "GET", page, &[], "", &[]).await;
        }
    }

    /// Has the owner make something secret, which stands in the answer this once, in a field to copy from.
    async fn issue(&mut self, what: &'static str, page: &str, body: &str) -> String {
        let origin = self.owner.origin();
        let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
        let answer = self.owner.request("POST", page, &form, body).await;
        let (_, field) = answer.body.split_once("id=\"issued\"").unwrap_or_else(|| panic!("{answer:?}"));
        let shown = field.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        let secret = shown.split_once("token=").map_or(shown, |(_, token)| token).to_owned();
        self.canaries.add(what, &secret);
        self.canaries.search("the page that shows it", &answer.body, &[what]);
        secret
    }

    /// A game and a page that do everything there is; the project's id.
    async fn play(&mut self) -> ProjectId {
        let body = json!({ "token": KEY }).to_string();
        // its owner is told what he has said
        self.canaries.ask(&mut self.nobody, "POST", "/users/tokens", &[], &body, &["game key"]).await;
        let projects = self.canaries.ask(&mut self.owner, "GET", "/", &[], "", &[]).await.body;
        let newest = projects.split("/p/").skip(1).map(|rest| rest.split('/').next().unwrap());
        let project = ProjectId(newest.map(|id| id.parse().unwrap()).max().expect("a project"));
        for line in
            [format!("v:{WRONG_KEY}"), format!("i:{KEY}:{{}}"), KEY.to_owned(), format!("v:{KEY}{WRONG_KEY}")]
        {
            let mut game = Game::connect(self.program.tcp).await;
            game.send(&format!("{line}\n")).await;
            let said = game.line().await;
            self.canaries.search("what a game hears", &said, &[]);
        }
        let mut game = Game::connect(self.program.tcp).await;
        let hello = json!({"proto": 2, "device": "phone", "session": "s", "caps": ["ack", "rev"]});
        game.send(&format!(
            "h:{hello}\nv:{KEY}\ni:{KEY}:1:{{\"speed\":1,\"go\":null}}\nl:{KEY}:2:[{{\"message\":\"m\"}}]\n"
        ))
        .await;
        game.send(&format!("i:{KEY}:3:[{{\"name\":\"go\",\"type\":\"action\"}}]\ni:{KEY}:4:{{\n{KEY}:{KEY}\ni:{WRONG_KEY}:5:{{}}\n")).await;
        while game.line().await != format!("a:{KEY}:4") {}
        let mut dashboard = Dashboard::open(&self.owner).await;
        let snapshot = dashboard.subscribe(project).await;
        self.canaries.search("what a page is sent", &format!("{snapshot:?}"), &[]);
        dashboard.edit(1, project, &[("speed", Value::Int(7_i64.into()))]).await;
        let name = VarName::parse("go").unwrap();
        dashboard.say(&ClientMessage::Run { id: 2, project, name, args: None }).await;
        let mut answers = 0;
        while answers < 2 {
            let message = dashboard.hear().await;
            self.canaries.search("what a page is sent", &format!("{message:?}"), &[]);
            answers += usize::from(matches!(
                message,
                ServerMessage::EditResult { .. } | ServerMessage::RunResult { .. }
            ));
        }
        // here is the key to copy
        let page = format!("/p/{project}/live");
        let shown = self.canaries.ask(&mut self.owner, "GET", &page, &[], "", &["game key"]).await;
        assert!(shown.body.contains(KEY));
        project
    }

    /// The database refuses: what it says of that is for the log, and holds no secret.
    async fn lose_a_table(&mut self) {
        let url = self.program.database_url();
        rename(&url, "users", "users_away").await;
        rename(&url, "projects", "projects_away").await;
        rename(&url, "game_keys", "game_keys_away").await;
        let origin = self.owner.origin();
        let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
        let password = format!("email=ana%40example.org&password={}", PASSWORD.replace(' ', "+"));
        let account = json!({"email": "b@example.org", "password": PASSWORD}).to_string();
        let key = json!({ "token": WRONG_KEY }).to_string();
        let canaries = &mut self.canaries;
        let answer = canaries.ask(&mut self.nobody, "POST", "/sign-in", &form, &password, &[]).await;
        assert!(answer.location().ends_with("error=unavailable"), "{answer:?}");
        assert_eq!(canaries.ask(&mut self.owner, "GET", "/", &[], "", &[]).await.status, 503);
        for (path, body) in [("/users", &account), ("/users/tokens", &key)] {
            assert_eq!(canaries.ask(&mut self.nobody, "POST", path, &[], body, &[]).await.status, 503);
        }
        let mut game = Game::connect(self.program.tcp).await;
        game.send(&format!("v:{WRONG_KEY}\n")).await;
        let said = game.line().await;
        assert!(said.starts_with("ERR unavailable "), "{said}");
        canaries.search("what a game hears", &said, &[]);
        rename(&url, "users_away", "users").await;
        rename(&url, "projects_away", "projects").await;
        rename(&url, "game_keys_away", "game_keys").await;
    }

    async fn end(mut self) -> String {
        let token = format!("Bearer {METRICS_TOKEN}");
        let numbers = self
            .canaries
            .ask(&mut self.nobody, "GET", "/metrics", &[("authorization", &token)], "", &[])
            .await;
        assert_eq!(numbers.status, 200);
        let origin = self.owner.origin();
        let answer =
            self.canaries.ask(&mut self.owner, "POST", "/sign-out", &[("origin", &origin)], "", &[]).await;
        assert_eq!(answer.location(), "/sign-in");
        let (status, stdout, stderr) = self.program.stop().await;
        assert!(status.success(), "{stderr}");
        assert_eq!(stdout, "", "nothing follows the banner");
        self.canaries.search("the log", &stderr, &[]);
        assert!(self.canaries.searched() > 100, "{}", self.canaries.searched());
        stderr
    }
}

async fn rename(url: &str, from: &str, to: &str) {
    let sql = AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
    if url.starts_with("postgres") {
        PgConnection::connect(url).await.unwrap().execute(sql).await.map(|_| ())
    } else {
        SqliteConnection::connect(url).await.unwrap().execute(sql).await.map(|_| ())
    }
    .unwrap();
}

#[test]
fn the_search_finds_what_it_is_for() {
    let mut canaries = Canaries::default();
    canaries.add("password", PASSWORD);
    canaries.search("a harmless text", "canary account", &[]);
    canaries.search("the one place", PASSWORD, &["password"]);
    let hex: String = PASSWORD.bytes().map(|byte| format!("{byte:02x}")).collect();
    for spelt in [PASSWORD.to_owned(), crate::support::line::base64(PASSWORD), hex] {
        let text = format!("a line\nanother {spelt}.");
        let search = AssertUnwindSafe(|| canaries.search("a text", &text, &[]));
        assert!(catch_unwind(search).is_err(), "{text}");
    }
}

#[test]
fn so_does_the_search_of_every_log() {
    let nobody = "Paßwort of nobody";
    secrets::note(nobody);
    secrets::search(b"a line\nanother one\n");
    for spelt in secrets::spellings(nobody) {
        let log = format!("a line\nanother {spelt}.\na third");
        assert!(catch_unwind(|| secrets::search(log.as_bytes())).is_err(), "{log}");
    }
}

#[tokio::test]
async fn no_secret_comes_out() {
    let mut story = Story::begin().await;
    story.set_up_and_sign_in().await;
    let project = story.play().await;
    story.share(project).await;
    story.be_refused().await;
    story.lose_a_table().await;
    let log = story.end().await;
    for level in ["TRACE", "DEBUG", "INFO", "ERROR"] {
        assert!(log.contains(level), "the log at trace level has no {level}: {log}");
    }
}

#[tokio::test]
async fn no_line_of_the_log_is_somebody_elses() {
    let program = Program::start(&[], &[("OBSERVERIO_LOG", "trace")]).await;
    let body = json!({ "token": KEY }).to_string();
    let mut script = Browser::new(program.http);
    assert_eq!(script.post_json("/users/tokens", &body).await.status, 200);
    let forged = "\n2026-01-01T00:00:00.000000Z  INFO server: FORGED\r\u{1b}[31m\u{1b}]0;FORGED\u{7}\u{9b}1m\u{2028}\u{202e}";
    let inline = forged.trim_start_matches('\n');
    let mut game = Game::connect(program.tcp).await;
    let say = |text: &str| json!(text).to_string();
    game.send(&format!("h:{}\n", json!({"proto": 2, "device": inline, "name": forged, "session": inline})))
        .await;
    game.send(&format!("v:{KEY}\n{inline}\n{KEY}:{inline}\ni:{KEY}:{inline}\nl:{inline}\n")).await;
    game.send(&format!("l:{KEY}:[{{\"message\":{0},\"level\":\"error\",{0}:{0}}}]\n", say(forged))).await;
    game.send(&format!(
        "i:{KEY}:[{{\"name\":\"a\",\"value\":{0},\"label\":{0},\"help\":{0}}}]\n",
        say(forged)
    ))
    .await;
    game.send(&format!("v:{KEY}\n")).await;
    // the second one answers that
    for _ in 0..2 {
        while game.line().await != "OK" {}
    }
    let path = "/%0A2026-01-01T00:00:00Z%20INFO%20FORGED%1b[31m";
    let mut browser = program.owner().await;
    for header in ["user-agent", "x-forwarded-for", "referer", "origin", "cookie", "accept-encoding"] {
        browser.clone().request("GET", path, &[(header, "\u{1b}[31mFORGED")], "").await;
    }
    let mut stream = TcpStream::connect(program.http).await.unwrap();
    stream.write_all(inline.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let _ = soon("the end", stream.read_to_end(&mut Vec::new())).await;
    browser.post_form("/sign-in", &[("email", forged), ("password", forged)]).await;
    browser.post_form("/projects", &[("name", forged)]).await;
    let (_, _, log) = program.stop().await;
    assert!(log.contains("a game connected") && log.contains("HTTP connection"), "{log}");
    for line in log.lines() {
        // each begins with its own time, from this run
        let is_own = line.starts_with("20")
            && line.as_bytes().get(10) == Some(&b'T')
            && !line.starts_with("2026-01-01");
        assert!(is_own, "{line:?}");
    }
    let controls: Vec<char> = log.chars().filter(|c| c.is_control() && *c != '\n').collect();
    assert!(controls.is_empty(), "{controls:?} in {log}");
}
