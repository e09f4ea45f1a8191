//! What games, pages and scripts make the server hold is bounded in bytes, and whatever is stored can be looked at.

use std::time::Duration;

use crate::support::{
    TestServer, http::Browser, line::Game, live::Dashboard, program::Program, secrets, soon,
};
use futures_util::future::join_all;
use protocol::{
    ErrorCode,
    limits::{MAX_LOG_FIELDS_BYTES, MAX_PROJECT_BYTES},
    line::log_notes,
    live::{ClientMessage, Event, LIVE_VERSION, LeftOut, ServerMessage, Snapshot, encode},
    model::{LogNote, ProjectId, Value, VarSpec, VarType},
};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{client::IntoClientRequest as _, http::HeaderValue, protocol::Message};

/// As many and as long as it took to break a project's page.
const VARS: usize = 1_065;
const VALUE_BYTES: usize = 65_000;
/// Variables of one line, which is a little below a megabyte then.
const VARS_OF_LINE: usize = 15;

/// `{"NAME0":"xxx…",…}` of these numbers.
fn report(name: &str, numbers: std::ops::Range<usize>, letter: &str) -> String {
    let value = letter.repeat(VALUE_BYTES);
    let vars: Vec<String> = numbers.map(|n| format!("\"{name}{n}\":\"{value}\"")).collect();
    format!("{{{}}}", vars.join(","))
}

/// Everything that was sent is served; what it brought.
async fn answers(game: &mut Game, key: &str) -> Vec<String> {
    game.verify(key).await;
    let mut answers = Vec::new();
    loop {
        match game.line().await {
            line if line == "OK" => return answers,
            line => answers.push(line),
        }
    }
}

/// Text of all values.
fn value_bytes(snapshot: &Snapshot) -> usize {
    snapshot.vars.iter().flat_map(|var| &var.reported).map(|reported| reported.value.weight()).sum()
}

fn reported<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a Value> {
    let var = snapshot.vars.iter().find(|var| var.name.as_str() == name)?;
    var.reported.last().map(|reported| &reported.value)
}

#[tokio::test]
async fn who_unpacks_a_game_does_not_break_its_page() {
    let server = TestServer::start().await;
    let (owner, project) = (server.owner().await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.report(key, r#"{"speed":1}"#).await;
    let mut refused = Vec::new();
    for first in (0..VARS).step_by(VARS_OF_LINE) {
        let line = report("v", first..VARS.min(first + VARS_OF_LINE), "x");
        game.report(key, &line).await;
        refused.extend(answers(&mut game, key).await);
    }
    server.gateway.flush().await.unwrap();

    let mut page = Dashboard::open(&owner).await;
    let snapshot = page.subscribe(project.id).await;
    let bytes = value_bytes(&snapshot);
    println!(
        "{VARS} variables of {VALUE_BYTES} bytes: {bytes} bytes are kept, {} lines were refused",
        refused.len()
    );
    assert!(bytes <= MAX_PROJECT_BYTES && bytes > MAX_PROJECT_BYTES / 2, "{bytes}");
    // by name, to the game and to people
    let last = refused.last().expect("something was refused");
    assert!(last.starts_with("ERR too_many ") && last.contains("left out: v1050"), "{last}");
    let counts = &snapshot.refused.iter().find(|refused| refused.device.is_some()).unwrap().counts;
    assert_eq!(counts[..], [(ErrorCode::TooMany, refused.len() as u64)]);

    // what is known goes on, and so do people
    game.send(&format!("i:{key}:{{\"speed\":2}}\ni:{key}:{}\n", report("v", 0..1, "y"))).await;
    assert_eq!(answers(&mut game, key).await, [""; 0]);
    page.edit(7, project.id, &[("speed", Value::Int(9_i64.into()))]).await;
    soon("the edit to be saved", async {
        while !matches!(page.hear().await, ServerMessage::EditResult { id: 7, outcome: Ok(_) }) {}
    })
    .await;
    server.gateway.flush().await.unwrap();
    drop((game, page));

    let server = server.restart().await;
    let owner = Browser { address: server.http, ..owner };
    let snapshot = Dashboard::open(&owner).await.subscribe(project.id).await;
    assert_eq!(reported(&snapshot, "speed"), Some(&Value::Int(2_i64.into())));
    assert_eq!(reported(&snapshot, "v0"), Some(&Value::Text("y".repeat(VALUE_BYTES))));
    assert_eq!(value_bytes(&snapshot), bytes);
}

impl Story<'_> {
    /// What a version before the budgets could store: as many variables, and log lines with a megabyte of fields each.
    async fn store_as_before(&self) {
        let text = |bytes: usize| {
            if self.server.is_on_postgres() {
                format!("repeat('x', {bytes})")
            } else {
                format!("replace(hex(zeroblob({bytes} / 2)), '00', 'xx')")
            }
        };
        let spec = serde_json::to_string(&VarSpec::bare(VarType::String)).unwrap();
        let (value, fields, project) = (text(VALUE_BYTES), text(FIELDS_BYTES), self.project);
        let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <";
        let device = "(SELECT max(id) FROM devices)";
        for rows in [
            format!(
                "{numbers} {VARS}) INSERT INTO vars (project_id, name, position, spec)
                 SELECT {project}, 'old' || i, 1000 + i, '{spec}' FROM n"
            ),
            format!(
                "{numbers} {VARS}) INSERT INTO reported (device_id, project_id, name, value, at)
                 SELECT {device}, {project}, 'old' || i, '\"' || {value} || '\"', 1 FROM n"
            ),
            format!(
                "{numbers} {LINES}) INSERT INTO logs (project_id, seq, device_id, at, received, level, message, fields)
                 SELECT {project}, i, {device}, 1, 1, 3, 'old line ' || i, '{{\"boss\":7,\"dump\":\"' || {fields} || '\"}}' FROM n"
            ),
            format!("UPDATE projects SET log_seq = {LINES} WHERE id = {project}"),
        ] {
            self.server.execute(&rows).await;
        }
    }

    /// All parts of a list of the API; each is short.
    async fn parts(&self, path: &str, longest: usize) -> Vec<Json> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let at = format!("/api/v1/projects/{}/{path}?limit=1000{cursor}", self.project);
            let answer = self.owner.clone().get(&at).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert!(answer.body.len() <= longest, "{} bytes of {path}", answer.body.len());
            let part = answer.json();
            items.extend(part["items"].as_array().unwrap().iter().cloned());
            match part["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

struct Story<'a> {
    server: &'a TestServer,
    owner: Browser,
    project: ProjectId,
}

const LINES: usize = 150;
const FIELDS_BYTES: usize = 1_000_000;

#[tokio::test]
async fn what_an_older_version_has_stored_can_be_looked_at() {
    let server = TestServer::start().await;
    let (owner, project) = (server.owner().await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.report(key, r#"{"speed":1}"#).await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    drop(game);
    let server = server.restart().await;
    let story = Story { server: &server, owner, project: project.id };
    story.store_as_before().await;
    let owner = Browser { address: server.http, ..story.owner };
    let story = Story { server: &server, owner: owner.clone(), project: project.id };

    // the page as it is rendered first, then live
    let rendered = owner.clone().get(&format!("/p/{}/live", project.id)).await;
    println!("the page is rendered in {} bytes", rendered.body.len());
    assert_eq!(rendered.status, 200);
    assert!(rendered.body.len() < 4 << 20, "{}", rendered.body.len());
    let told = format!("{VARS} values are not shown: this project is too large to be loaded");
    assert!(rendered.body.contains(&told));
    let mut page = Dashboard::open(&owner).await;
    let snapshot = page.subscribe(project.id).await;
    assert_eq!(snapshot.vars.len(), 1 + VARS);
    assert_eq!(value_bytes(&snapshot), 8, "of the short one");
    let left_out = LeftOut { vars: 0, names: Vec::new(), values: VARS as u64 };
    assert_eq!(snapshot.left_out, Some(left_out));
    let newest = snapshot.logs.last().unwrap();
    let fields = newest.fields.as_deref().unwrap();
    assert_eq!((newest.seq, newest.message.as_str()), (LINES as u64, "old line 150"));
    assert!(fields.contains("\"boss\":7") && fields.len() <= MAX_LOG_FIELDS_BYTES, "{fields}");
    let [LogNote::LeftOut { bytes, .. }] = log_notes(fields)[..] else { panic!("{fields}") };
    assert!(bytes as usize > FIELDS_BYTES, "{bytes}");

    // all of it is there for scripts, in parts: a row at least is in each
    let lines = story.parts("logs", FIELDS_BYTES + 10_000).await;
    assert_eq!(lines.len(), LINES);
    assert!(lines.iter().all(|line| line["fields"]["dump"].as_str().unwrap().len() == FIELDS_BYTES));
    let vars = story.parts("variables", 512 << 10).await;
    assert_eq!(vars.len(), 1 + VARS);
    // who looks at a variable gets what was too large to be loaded
    let one = owner.clone().get(&format!("/api/v1/projects/{}/variables/old7", project.id)).await.json();
    assert_eq!(one["reported"][0]["value"].as_str().unwrap().len(), VALUE_BYTES);

    // and it goes on
    let mut game = server.verified(project.key).await;
    game.report(key, r#"{"speed":2,"new":"y"}"#).await;
    assert_eq!(answers(&mut game, key).await, [""; 0]);
    soon("the value to arrive", async {
        loop {
            if let ServerMessage::Delta { events, .. } = page.hear().await
                && events.iter().any(|event| matches!(event, Event::Reported { .. }))
            {
                return;
            }
        }
    })
    .await;
}

/// What the program may take in this story.
const CEILING: u64 = 256 << 20;
const DEVICES: usize = 6;
/// Values of 60 KiB that each device reports: all of them are more than the ceiling.
const REPORTS: usize = 720;
const UNREAD_PAGES: usize = 8;
const UNREAD_EXPORTS: usize = 20;
const LONG_LINES: usize = 20;

/// A connection whose system keeps little of what it does not read.
async fn narrow(program: &Program) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    soon("a connection", socket.connect(program.http)).await.unwrap()
}

/// A live page that asks for the project and never reads.
async fn unread_page(program: &Program, owner: &Browser, project: ProjectId) -> impl Sized {
    let url = format!("ws://{}/live?v={LIVE_VERSION}", program.http);
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("origin", HeaderValue::from_str(&owner.origin()).unwrap());
    headers.insert("cookie", HeaderValue::from_str(owner.cookie.as_ref().unwrap()).unwrap());
    let stream = narrow(program).await;
    let (mut socket, _) =
        soon("the upgrade", tokio_tungstenite::client_async(request, stream)).await.unwrap();
    let subscribe = encode(&ClientMessage::Subscribe { project });
    soon("the wish to leave", futures_util::SinkExt::send(&mut socket, Message::Binary(subscribe.into())))
        .await
        .unwrap();
    socket
}

/// A download of which nothing is read.
async fn unread_export(program: &Program, owner: &Browser, project: ProjectId) -> TcpStream {
    let mut stream = narrow(program).await;
    let head = format!(
        "GET /api/v1/projects/{project}/logs/export HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n",
        program.http,
        owner.cookie.as_ref().unwrap()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// A device that says one long line after another and reads what it is answered.
async fn reporting(program: &Program, key: &str, device: usize) -> usize {
    let mut game = Game::connect(program.tcp).await;
    let hello = json!({ "proto": 2, "device": format!("device-{device}"), "caps": ["rev"] });
    game.greet(&hello, key).await;
    while !game.line().await.starts_with("s:") {}
    let mut refused = 0;
    for first in (0..REPORTS).step_by(VARS_OF_LINE) {
        let line = report("v", first..first + VARS_OF_LINE, "z");
        game.report(key, &line).await;
        // it is served when the same verb is answered
        game.verify(key).await;
        loop {
            match game.line().await {
                line if line == "OK" => break,
                line => refused += usize::from(line.starts_with("ERR ")),
            }
        }
    }
    refused
}

#[tokio::test]
async fn the_program_stays_below_its_ceiling() {
    let program = Program::start(&["--memory", "256M"], &[("OBSERVERIO_LOG", "warn")]).await;
    let mut owner = program.owner().await;
    let answer = owner.post_form("/projects", &[("name", "Aliens")]).await;
    let project: i64 = answer.location().split('/').nth(2).unwrap().parse().unwrap();
    let project = ProjectId(project);
    let keys = owner.get(&format!("/api/v1/projects/{project}/keys")).await.json();
    let key = keys["items"][0]["key"].as_str().unwrap().to_owned();
    secrets::note(&key);
    let mut game = Game::connect(program.tcp).await;
    game.in_order(&key).await;
    game.report(&key, r#"{"speed":1}"#).await;
    let message = "m".repeat(60_000);
    for _ in 0..LONG_LINES {
        let some: Vec<Json> = (0..15).map(|_| json!({ "message": message })).collect();
        game.log_entries(&key, &Json::from(some).to_string()).await;
        game.in_order(&key).await;
    }
    let idle = program.memory().resident_bytes();
    program.memory().forget_peak();

    let pages = join_all((0..UNREAD_PAGES).map(|_| unread_page(&program, &owner, project))).await;
    let exports = join_all((0..UNREAD_EXPORTS).map(|_| unread_export(&program, &owner, project))).await;
    let reports = join_all((0..DEVICES).map(|device| reporting(&program, &key, device)));
    let refused = timeout(Duration::from_secs(120), reports).await.expect("what is sent is read");
    // begun while the project is as large as it may be
    let more = join_all((0..UNREAD_PAGES).map(|_| unread_page(&program, &owner, project))).await;

    // somebody honest looks at it all
    let mut page = Dashboard::open(&owner).await;
    let snapshot = page.subscribe(project).await;
    assert_eq!(owner.clone().get("/alive").await.status, 200);
    let metrics = owner.clone().get("/metrics").await.body;
    let peak = program.memory().peak_resident_bytes();
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "{} MiB before, {} MiB at most of {}; {} bytes of values are kept, {} lines refused in part",
        mib(idle),
        mib(peak),
        mib(CEILING),
        value_bytes(&snapshot),
        refused.iter().sum::<usize>()
    );
    assert!(peak <= CEILING, "{} MiB", mib(peak));
    assert!(refused.iter().sum::<usize>() > 0 && reported(&snapshot, "speed").is_some());
    assert!(metrics.contains(&format!("observerio_memory_limit_bytes {CEILING}")), "{metrics}");
    drop((pages, exports, more));
}

/// Lines that are begun and not ended.
#[tokio::test]
async fn unfinished_lines_share_a_part_of_it() {
    const GAMES: usize = 120;
    let program = Program::start(&["--memory", "192M"], &[("OBSERVERIO_LOG", "warn")]).await;
    let mut owner = program.owner().await;
    assert_eq!(owner.post_form("/projects", &[("name", "Aliens")]).await.status, 303);
    let keys = owner.get("/api/v1/projects/1/keys").await.json();
    let key = keys["items"][0]["key"].as_str().unwrap().to_owned();
    secrets::note(&key);
    let begun = format!("l:{key}:[{{\"message\":\"{}", "x".repeat(1_000_000));
    let games = (0..GAMES).map(|_| async {
        let mut stream = TcpStream::connect(program.tcp).await.unwrap();
        stream.write_all(format!("v:{key}\n").as_bytes()).await.unwrap();
        // it may be closed in the middle
        let _ = timeout(Duration::from_secs(10), stream.write_all(begun.as_bytes())).await;
        stream
    });
    let mut held = soon("all lines to be begun", join_all(games)).await;
    let metrics = async || owner.clone().get("/metrics").await.body;
    let number = |metrics: &str, name: &str| -> u64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap().parse().unwrap()
    };
    soon("some of them to be sent away", async {
        while number(&metrics().await, "observerio_unread_lines_refused_total") == 0 {}
    })
    .await;
    let peak = program.memory().peak_resident_bytes();
    println!("{GAMES} lines of a megabyte that do not end: {} MiB at most", peak >> 20);
    assert!(peak <= 192 << 20, "{} MiB", peak >> 20);
    // those that are sent away are told why, and those with short lines are not affected
    let mut game = Game::connect(program.tcp).await;
    game.in_order(&key).await;
    game.report(&key, r#"{"speed":1}"#).await;
    game.in_order(&key).await;
    let told = held.iter_mut().map(|stream| Box::pin(hears_busy(stream)));
    soon("one of them to be told", futures_util::future::select_all(told)).await;
}

/// Returns when the server has said `ERR busy` here.
async fn hears_busy(stream: &mut TcpStream) {
    let (mut heard, mut piece) = (String::new(), [0; 256]);
    while let Ok(count @ 1..) = stream.read(&mut piece).await {
        heard.push_str(&String::from_utf8_lossy(&piece[..count]));
        if heard.contains("ERR busy ") {
            return;
        }
    }
    std::future::pending().await
}
