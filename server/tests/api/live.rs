//! The log as it is written.

use std::time::Duration;

use protocol::model::{ProjectRole, TokenScope};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    support::{http::Browser, soon},
    world::{Script, World},
};

/// A connection that hears server-sent events.
struct Listener {
    stream: BufReader<TcpStream>,
}

#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: String,
}

impl Event {
    fn json(&self) -> Json {
        serde_json::from_str(&self.data).unwrap()
    }
}

impl Listener {
    /// Returns when the subscription stands.
    async fn open(script: &Script, path: &str, last_event_id: Option<u64>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // so that a listener who does not read is soon behind
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        let mut stream = soon("a connection", socket.connect(script.address)).await.unwrap();
        let resume = last_event_id.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\naccept-encoding: gzip\r\n{resume}\r\n",
            script.address, script.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut listener = Self { stream: BufReader::new(stream) };
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(soon("the head", listener.stream.read_line(&mut head)).await.unwrap() > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
        assert!(!head.contains("content-encoding"), "{head}");
        listener
    }

    /// Reads on until an `id` comes alone.
    async fn position(&mut self) -> u64 {
        let mut block = String::new();
        loop {
            let mut line = String::new();
            assert!(soon("a position", self.stream.read_line(&mut line)).await.unwrap() > 0, "{block}");
            match line.trim_end() {
                "" if block.contains("id: ") && !block.contains("data: ") => {
                    let id = block.split("id: ").nth(1).unwrap();
                    return id.lines().next().unwrap().trim_end().parse().unwrap();
                }
                "" => block.clear(),
                _ => block.push_str(&line),
            }
        }
    }

    /// The next event; `None`: the server has ended it.
    async fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let mut line = String::new();
            if soon("an event", self.stream.read_line(&mut line)).await.unwrap() == 0 {
                return None;
            }
            let line = line.trim_end();
            if let Some((field, value)) = line.split_once(": ") {
                match field {
                    "event" => event.name = value.to_owned(),
                    "id" => event.id = value.to_owned(),
                    "data" => event.data = value.to_owned(),
                    _ => {}
                }
            } else if line.is_empty() && !event.name.is_empty() {
                return Some(event);
            } else if line == "0" {
                return None;
            }
        }
    }

    async fn line(&mut self) -> Json {
        let event = self.next().await.expect("an event, not the end");
        assert_eq!(event.name, "line", "{event:?}");
        let line = event.json();
        assert_eq!(event.id, line["seq"].to_string());
        line
    }
}

#[tokio::test]
async fn lines_come_as_they_are_written_and_only_those_that_match() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, ["before".to_owned()]).await;
    let mut all = Listener::open(&world.script, &world.at("/logs/live"), None).await;
    let mut some = Listener::open(&world.script, &world.at("/logs/live?q=boss"), None).await;
    for message in ["one", "two boss", "three"] {
        world.log(&mut game, [message.to_owned()]).await;
    }
    for (seq, message) in [(2, "one"), (3, "two boss"), (4, "three")] {
        let line = all.line().await;
        assert_eq!((&line["seq"], &line["message"]), (&json!(seq), &json!(message)));
        assert!(line["device_name"].is_string());
    }
    assert_eq!(some.line().await["message"], "two boss");
    let listed = world.script.get(&world.at("/logs?limit=1")).await.json();
    world.log(&mut game, ["four".to_owned()]).await;
    assert_eq!(listed["items"][0]["message"], "three");
    assert_eq!(all.line().await, world.script.get(&world.at("/logs?limit=1")).await.json()["items"][0]);
}

#[tokio::test]
async fn who_comes_back_gets_what_he_missed_and_then_what_is_new() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, (1..=1_000).map(|n| format!("line {n}"))).await;
    let mut listener = Listener::open(&world.script, &world.at("/logs/live"), Some(100)).await;
    world.log(&mut game, (1_001..=1_500).map(|n| format!("line {n}"))).await;
    for seq in 101..=1_500 {
        assert_eq!(listener.line().await["seq"], seq);
    }
    // a number that is not there yet: from a history that a backup has replaced
    let mut listener = Listener::open(&world.script, &world.at("/logs/live"), Some(999_999)).await;
    world.log(&mut game, ["new".to_owned()]).await;
    assert_eq!(listener.line().await["seq"], 1_501);
}

#[tokio::test]
async fn lines_that_do_not_pass_move_the_place_where_one_goes_on() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, (1..=20).map(|n| format!("hay {n}"))).await;
    let path = world.at("/logs/live?q=needle");
    let mut listener = Listener::open(&world.script, &path, Some(5)).await;
    assert_eq!(listener.position().await, 5, "where it begins");
    for first in (21..=12_000).step_by(1_000) {
        world.log(&mut game, (first..first + 1_000).map(|n| format!("hay {n}"))).await;
    }
    let mut place = 0;
    while place < 11_000 {
        place = listener.position().await;
    }
    drop(listener);
    // nothing that was looked at counts as left out
    world.log(&mut game, ["a needle".to_owned()]).await;
    let mut listener = Listener::open(&world.script, &path, Some(place)).await;
    assert_eq!(listener.line().await["message"], "a needle");
}

#[tokio::test]
async fn a_server_that_goes_down_says_how_far_it_has_looked() {
    let world = World::start().await;
    let mut game = world.game().await;
    let mut listener = Listener::open(&world.script, &world.at("/logs/live?q=needle"), None).await;
    assert_eq!(listener.position().await, 0);
    let mut all = Listener::open(&world.script, &world.at("/logs/live"), None).await;
    world.log(&mut game, (1..=20).map(|n| format!("hay {n}"))).await;
    for seq in 1..=20 {
        assert_eq!(all.line().await["seq"], seq);
    }
    world.server.begin_stop();
    assert!((1..=20).contains(&listener.position().await));
    assert_eq!(listener.next().await, None);
}

#[tokio::test]
async fn what_is_too_much_to_make_up_for_is_counted() {
    let world = World::start().await;
    let mut game = world.game().await;
    world.log(&mut game, (1..=10_300).map(|n| format!("line {n}"))).await;
    let mut listener = Listener::open(&world.script, &world.at("/logs/live"), Some(50)).await;
    let dropped = listener.next().await.unwrap();
    assert_eq!((dropped.name.as_str(), dropped.json()), ("dropped", json!({"count": 250})));
    for seq in 301..=10_300 {
        assert_eq!(listener.line().await["seq"], seq);
    }
}

#[tokio::test]
async fn who_reads_too_slowly_loses_no_line_without_being_told() {
    let world = World::start_with(&["--write-timeout", "60"]).await;
    let mut game = world.game().await;
    let mut listener = Listener::open(&world.script, &world.at("/logs/live"), None).await;
    // more than all buffers between us hold, then more commits than are kept for who is behind
    const LONG: u64 = 12_000;
    const SHORT: u64 = 200;
    let long = "x".repeat(1_000);
    world.log(&mut game, (1..=LONG).map(|n| format!("{n} {long}"))).await;
    for n in LONG + 1..=LONG + SHORT {
        world.log(&mut game, [n.to_string()]).await;
    }
    let mut expected = 1;
    while expected <= LONG + SHORT {
        let event = listener.next().await.unwrap();
        if event.name == "dropped" {
            expected += event.json()["count"].as_u64().unwrap();
        } else {
            assert_eq!(event.id, expected.to_string());
            expected += 1;
        }
    }
    world.log(&mut game, ["new".to_owned()]).await;
    assert_eq!(listener.line().await["seq"], LONG + SHORT + 1);
}

#[tokio::test]
async fn who_does_not_read_is_let_go_and_others_are_not() {
    let world = World::start_with(&["--write-timeout", "0.2"]).await;
    let mut game = world.game().await;
    let idle = Listener::open(&world.script, &world.at("/logs/live?q=nothing"), None).await;
    let mut silent = Listener::open(&world.script, &world.at("/logs/live"), None).await;
    // more than all buffers between us hold
    let long = "x".repeat(1_000);
    world.log(&mut game, (1..=12_000).map(|n| format!("{n} {long}"))).await;
    let connections = async || {
        let metrics = Browser::new(world.server.http).get("/metrics").await.body;
        let line = metrics.lines().find(|line| line.starts_with("observerio_http_connections ")).unwrap();
        line.split_once(' ').unwrap().1.parse::<u32>().unwrap()
    };
    // the other listener, and this very question
    soon("the end of the connection", async { while connections().await > 2 {} }).await;
    let mut under_way = String::new();
    while let Ok(1..) = soon("what was under way", silent.stream.read_line(&mut under_way)).await {}
    assert!(under_way.contains("\nid: 1\n") && !under_way.contains("\nid: 12000\n"), "{}", under_way.len());
    drop(idle);
}

#[tokio::test]
async fn it_ends_when_access_ends() {
    let world = World::start().await;
    let mut game = world.game().await;
    let (member, script) = world.member(ProjectRole::Viewer, TokenScope::Read).await;
    let mut listener = Listener::open(&script, &world.at("/logs/live"), None).await;
    let mut by_token = Listener::open(&world.script, &world.at("/logs/live"), None).await;
    world.log(&mut game, ["one".to_owned()]).await;
    listener.line().await;
    by_token.line().await;
    let gateway = &world.server.gateway;
    gateway.remove_member(&world.owner, world.project.id, member.user.id).await.unwrap();
    let within = Duration::from_secs(2);
    assert_eq!(timeout(within, listener.next()).await.expect("within two seconds"), None);
    // it did not touch the others
    world.log(&mut game, ["two".to_owned()]).await;
    by_token.line().await;
    gateway.delete_token(&world.owner, world.script.id).await.unwrap();
    assert_eq!(timeout(within, by_token.next()).await.expect("within two seconds"), None);
}

#[tokio::test]
async fn it_ends_when_the_server_goes_down() {
    let world = World::start().await;
    let _game = world.game().await;
    let mut listener = Listener::open(&world.script, &world.at("/logs/live"), None).await;
    world.server.begin_stop();
    assert_eq!(listener.next().await, None);
    assert!(world.server.stop().await, "nobody holds it up");
}
