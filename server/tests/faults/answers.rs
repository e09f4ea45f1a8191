//! What games say of values while the database hangs: all of it is counted, the newest takes the place of what waits, and the
//! memory stays small.

use protocol::{
    line::{Command, write_command},
    model::{Revision, Value},
};
use serde_json::json;

use crate::{
    support::{http::Browser, line::Game},
    world::{
        cluster::Cluster,
        designer::{Outcome, Page},
        load::KEY,
        rounds,
        server::{How, Server},
        soon,
        truth::Truth,
    },
};

/// Every answer speaks of so many variables, each with a value that is long, but may be.
const TEXTS: usize = 14;
const TEXT_BYTES: usize = 60_000;
const GAMES: usize = 4;
/// What waits in the queue and in the writer's hands, what the games' newest answers take, and some for their lines.
const MEMORY_BYTES: u64 = 64 * 1024 * 1024;

async fn queued_bytes(server: &Server) -> u64 {
    let answer = Browser::new(server.http).get("/metrics").await;
    let sample = answer.body.lines().find_map(|line| line.strip_prefix("observerio_queued_bytes "));
    sample.expect("the metric").parse().unwrap()
}

/// A game that is asked for every text and has them.
async fn asked(server: &Server, hello: usize) -> Game {
    let mut game = Game::connect(server.tcp).await;
    let texts: serde_json::Map<_, _> = (0..TEXTS).map(|i| (format!("text{i}"), json!(""))).collect();
    let hello = json!({"proto": 2, "device": format!("game{hello}"), "caps": ["rev", "json"]});
    game.greet(&hello, KEY).await;
    game.report(KEY, &json!(texts).to_string()).await;
    served(&mut game).await;
    game
}

/// Until what was said before is answered.
async fn served(game: &mut Game) {
    game.say(Command::Ping { token: b"served" }).await;
    while game.line().await != "q:served" {}
}

fn answer(revision: u64, round: usize) -> Vec<u8> {
    let text = format!("{round:>6}").repeat(TEXT_BYTES / 6);
    let outcome = |i| json!({"name": format!("text{i}"), "status": "clamped", "value": text});
    let outcomes: Vec<_> = (0..TEXTS).map(outcome).collect();
    let (key, revision) = (KEY.parse().expect("a key"), Revision(revision.cast_signed()));
    let mut line = Vec::new();
    let payload = json!(outcomes).to_string();
    write_command(&mut line, &Command::Applied { key, revision, payload: payload.as_bytes() });
    line
}

#[tokio::test]
async fn answers_while_postgres_hangs() {
    let story = "answers_while_postgres_hangs";
    let Some(mut cluster) = Cluster::start(story).await else { return };
    let rounds = rounds::count("OBSERVERIO_ANSWERS", 100);
    let server = Server::start_with(How { database_url: Some(cluster.url()), ..How::default() }).await;
    let owner = server.owner().await;
    server.register(KEY).await;
    let truth = Truth::open(&server).await;
    let mut games = Vec::new();
    for number in 0..GAMES {
        games.push(asked(&server, number).await);
    }
    let mut page = soon("the page", Page::open(&owner, truth.project)).await.expect("a snapshot");
    let mut revision = 0;
    for i in 0..TEXTS {
        let name = format!("text{i}");
        soon("the variable", page.until_known(&name)).await;
        let saved = page.set(&name, Value::Text("wanted".to_owned())).await;
        let Some(Outcome::Saved { revision: newest }) = saved else { panic!("{saved:?}") };
        revision = newest;
    }
    for game in &mut games {
        let head = format!("v:{KEY}:{revision}:");
        while !game.line().await.starts_with(&head) {}
    }
    let before = server.memory().resident_bytes();
    server.memory().forget_peak();
    cluster.order("freeze").await;
    let (mut said, mut queued) = (0, 0);
    for round in 0..rounds {
        let line = answer(revision, round as usize);
        for game in &mut games {
            game.send_bytes(&line).await;
            served(game).await;
            said += line.len();
        }
        queued = queued_bytes(&server).await.max(queued);
    }
    let growth = server.memory().peak_resident_bytes().saturating_sub(before);
    println!("{story}: {said} bytes said by {GAMES} games, {queued} waited at most, memory + {growth} bytes");
    let least = (GAMES * TEXTS * TEXT_BYTES) as u64;
    assert!(queued >= least, "{queued} bytes are said to wait");
    assert!(growth <= MEMORY_BYTES, "the server grew by {growth} bytes");
    cluster.order("thaw").await;
    let line = answer(revision, 0);
    for game in &mut games {
        game.send_bytes(&line).await;
        served(game).await;
    }
    soon("nothing to wait", async { while queued_bytes(&server).await > 0 {} }).await;
}
