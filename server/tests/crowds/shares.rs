//! What one game key and one address may take, and what is left for others. Each of the addresses of this machine counts for
//! itself here.

use std::net::Ipv4Addr;

use crate::support::{TestServer, http::Browser, line::Game, soon};
use protocol::model::Key;
use serde_json::{Value as Json, json};
use tokio::net::TcpSocket;

/// The port's places.
const GAMES: &str = "64";

/// A connection from 127.0.0.`host`.
async fn from(server: &TestServer, host: u8) -> Game {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into()).expect("an address of this machine");
    Game::over(soon("a connection", socket.connect(server.tcp)).await.expect("the game port"))
}

/// A game that says a key there, and the first answer.
async fn says(server: &TestServer, host: u8, key: Key) -> (Game, String) {
    let mut game = from(server, host).await;
    // one that is refused at once may be gone by now
    game.try_send(format!("v:{}\n", key.as_str()).as_bytes()).await;
    let heard = game.next_line().await.unwrap_or_default();
    (game, heard)
}

/// How many games one key gets in from there, up to the first that is refused, and what that hears.
async fn take_all(server: &TestServer, host: u8, key: Key, held: &mut Vec<Game>) -> (usize, String) {
    let before = held.len();
    loop {
        let (game, heard) = says(server, host, key).await;
        if heard != "OK" {
            return (held.len() - before, heard);
        }
        held.push(game);
        assert!(held.len() < 1_000, "it is never refused");
    }
}

#[tokio::test]
async fn one_address_leaves_places_for_others() {
    let server = TestServer::start_with(&["--max-games", GAMES]).await;
    let (key, other) = (server.project().await.key, server.project().await.key);
    let mut held = Vec::new();
    let (taken, heard) = take_all(&server, 1, key, &mut held).await;
    println!("one address takes {taken} of {GAMES} places");
    assert_eq!(taken, 48);
    assert!(heard.starts_with("ERR busy this address has reached its limit of connected games"), "{heard}");
    assert!(heard.contains("--max-games-per-address"), "{heard}");
    // an honest new game: of the same key, and of another project
    for (host, key) in [(2, key), (3, other)] {
        let (mut game, heard) = says(&server, host, key).await;
        assert_eq!(heard, "OK");
        game.in_order(key.as_str()).await;
        held.push(game);
    }
    let numbers = Browser::new(server.http).get("/metrics").await.body;
    assert!(numbers.contains("observerio_game_connections_refused_total{reason=\"share\"} 1\n"), "{numbers}");
    // what it lets go of it may have again
    held.drain(..10);
    soon("a place", async { while says(&server, 1, key).await.1 != "OK" {} }).await;
}

#[tokio::test]
async fn one_key_leaves_places_for_others() {
    let server = TestServer::start_with(&["--max-games", GAMES, "--max-games-per-key", "40"]).await;
    let (key, other) = (server.project().await.key, server.project().await.key);
    let mut held = Vec::new();
    let mut taken = 0;
    let mut last = String::new();
    for host in 1..=8 {
        let (more, heard) = take_all(&server, host, key, &mut held).await;
        taken += more;
        last = heard;
    }
    println!("one key takes {taken} of {GAMES} places");
    assert_eq!(taken, 40);
    assert!(last.starts_with("ERR quota 40 games are connected with this key"), "{last}");
    assert!(last.contains("--max-games-per-key"), "{last}");
    let (mut game, heard) = says(&server, 9, other).await;
    assert_eq!(heard, "OK");
    game.in_order(other.as_str()).await;
    // one that leaves makes room
    held.pop();
    soon("a place", async { while says(&server, 9, key).await.1 != "OK" {} }).await;
}

/// Connects with a session, and says whether it may go on.
async fn begins(server: &TestServer, host: u8, key: Key, session: &str) -> String {
    let mut game = from(server, host).await;
    let hello = json!({"proto": 2, "device": format!("d{host}"), "session": session});
    game.greet(&hello, key.as_str()).await;
    game.line().await
}

#[tokio::test]
async fn one_address_begins_so_many_sessions_and_goes_on_with_those_it_has() {
    let flags = ["--max-new-sessions-per-address", "2", "--max-new-sessions-per-key", "3"];
    let server = TestServer::start_with(&flags).await;
    let key = server.project().await.key;
    let mut begun = 0;
    let refused = loop {
        match begins(&server, 1, key, &format!("s{begun}")).await {
            heard if heard == "OK" => begun += 1,
            heard => break heard,
        }
        assert!(begun < 1_000, "it is never refused");
    };
    println!("one address begins {begun} sessions at once");
    assert_eq!(begun, 20, "ten minutes' worth");
    assert!(refused.starts_with("ERR rate too many new sessions"), "{refused}");
    // elsewhere the key has more, and no end of what it has begun
    for round in 0..3 {
        for session in 0..10 {
            assert_eq!(begins(&server, 2, key, &format!("t{session}")).await, "OK", "{round} {session}");
        }
    }
    let refused = begins(&server, 3, key, "one more").await;
    assert!(refused.starts_with("ERR rate too many new sessions"), "{refused}");
    let other = server.project().await.key;
    assert_eq!(begins(&server, 3, other, "of another project").await, "OK");
}

#[tokio::test]
async fn a_day_that_is_full_is_told_and_everything_but_the_log_goes_on() {
    let server = TestServer::start_with(&["--max-bytes-per-day", "10K"]).await;
    let mut owner = server.owner().await;
    let (project, other) = (server.project().await, server.project().await);
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    let line = format!("l:{key}:[{{\"message\":\"{}\"}}]\n", "x".repeat(1_000));
    let mut taken = 0;
    let refused = loop {
        game.send(&format!("{line}v:{key}\n")).await;
        match game.line().await {
            heard if heard == "OK" => taken += 1,
            heard => break heard,
        }
        assert!(taken < 1_000, "it is never full");
    };
    println!("{taken} lines of 1 KB fit into 10 KiB");
    assert_eq!(taken, 10);
    assert!(refused.starts_with("ERR full ") && refused.contains("--max-bytes-per-day"), "{refused}");
    assert_eq!(game.line().await, "OK");
    // values and edits go on, and so does everybody else
    game.report(key, r#"{"speed":5}"#).await;
    game.in_order(key).await;
    server.gateway.flush().await.unwrap();
    let (origin, path) = (owner.origin(), format!("/api/v1/projects/{}/variables/speed", project.id));
    let headers = [("content-type", "application/json"), ("origin", origin.as_str())];
    let edit = owner.request("PUT", &path, &headers, r#"{"value":7}"#).await;
    assert_eq!(edit.status, 200, "{}", edit.body);
    assert_eq!(game.edits(key).await["value"], 7);
    let mut neighbour = server.verified(other.key).await;
    neighbour.send(&line.replace(key, other.key.as_str())).await;
    neighbour.in_order(other.key.as_str()).await;
    server.gateway.flush().await.unwrap();

    let listed = |id| {
        let mut owner = owner.clone();
        async move {
            let answer = owner.get(&format!("/api/v1/projects/{id}")).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.json()
        }
    };
    let full = listed(project.id).await;
    assert_eq!(full["stored_today"], 10 * 1_064);
    assert!(full["full_until"].as_str().is_some_and(|at| at.ends_with("T00:00:00.000000Z")), "{full}");
    assert_eq!(listed(other.id).await["full_until"], Json::Null);
    let numbers = Browser::new(server.http).get("/metrics").await.body;
    for line in ["observerio_projects_full 1\n", "observerio_lines_refused_total{code=\"full\"} 1\n"] {
        assert!(numbers.contains(line), "{line} {numbers}");
    }
    let page = owner.get(&format!("/p/{}/live", project.id)).await;
    assert!(page.body.contains("Log lines are refused until"), "the page says so");
}
