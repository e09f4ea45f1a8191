//! A server that knows the original grammar and nothing else: it reads base64, and answers `OK`.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{
    line::{parse_logs, parse_report},
    model::Key,
};
use serde_json::{Map, Value as Json, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    time::timeout,
};

use super::{
    builds::Line,
    person::{self, Sight},
};
use crate::support::{Stream, soon, web_game};

pub struct Original {
    pub address: SocketAddr,
    listener: TcpListener,
    /// It knows no WebSocket: what games in browsers say is handed on to it.
    games: Line,
    game: Option<BufReader<Box<dyn Stream>>>,
    /// A line whose end has not come yet.
    line: Vec<u8>,
    key: Key,
    pub sight: Sight,
}

impl Original {
    pub async fn start(key: Key, games: Line) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { address, listener, games, game: None, line: Vec::new(), key, sight: Sight::default() }
    }

    /// Takes notice of what has come, for a moment.
    pub async fn glance(&mut self) {
        let moment = std::time::Duration::from_millis(1);
        let Some(game) = &mut self.game else {
            if let Ok(accepted) = timeout(moment, self.listener.accept()).await {
                let (stream, _) = accepted.unwrap();
                let stream: Box<dyn Stream> = match self.games {
                    Line::Tcp => Box::new(stream),
                    Line::WebSocket => Box::new(web_game::bridge(stream).await),
                };
                self.game = Some(BufReader::new(stream));
            }
            return;
        };
        // what was read of a line stays in `line` when the moment is over
        while let Ok(read) = timeout(moment, game.read_until(b'\n', &mut self.line)).await {
            assert_ne!(read.unwrap(), 0, "the game left");
            let line = String::from_utf8(std::mem::take(&mut self.line)).unwrap();
            if let Some(answer) = hear(line.trim_end(), self.key, &mut self.sight) {
                soon("the game to listen", game.get_mut().write_all(answer.as_bytes())).await.unwrap();
            }
        }
    }

    pub async fn set(&mut self, values: &Map<String, Json>) {
        let edit = |(name, value): (&String, &Json)| {
            let word = if value.is_string() { "string" } else { "integer" };
            json!({"name": name, "type": word, "value": value})
        };
        let edits: Vec<Json> = values.iter().map(edit).collect();
        let line = format!("v:{}:{}\n", self.key.as_str(), STANDARD.encode(Json::from(edits).to_string()));
        let game = self.game.as_mut().expect("a game is connected");
        soon("the game to listen", game.get_mut().write_all(line.as_bytes())).await.unwrap();
    }
}

/// What it answers.
fn hear(line: &str, key: Key, sight: &mut Sight) -> Option<String> {
    let (verb, rest) = line.split_once(':').expect("a verb");
    if verb == "h" {
        // it has never heard of that
        return None;
    }
    let payload = rest.strip_prefix(key.as_str()).expect("the key");
    match (verb, payload.strip_prefix(':')) {
        ("v", None) => return Some("OK\n".to_owned()),
        ("i", Some(payload)) => {
            for report in parse_report(&decode(payload)).unwrap() {
                sight.see_value(&report.name, &report.value);
                sight.specs.insert(report.name.to_string(), report.spec);
            }
        }
        ("l", Some(payload)) => {
            for entry in parse_logs(&decode(payload)).unwrap().entries {
                let fields = entry.fields.map_or(Json::Null, |fields| person::json(&fields));
                sight.logs.push((entry.level, entry.message, fields));
            }
        }
        _ => panic!("not of the original grammar: {line}"),
    }
    None
}

/// Base64 and nothing else.
fn decode(payload: &str) -> Vec<u8> {
    STANDARD.decode(payload).unwrap_or_else(|why| panic!("{why}: {payload}"))
}
