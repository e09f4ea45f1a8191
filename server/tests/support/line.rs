//! A game, as a socket that reads lines.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{
    line::{Command, Reply, encode_logs, parse_reply, write_command},
    model::{Level, LogEntry},
};
use serde_json::Value as Json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Stream, soon};

/// One connection to the game port.
pub struct Game {
    stream: Box<dyn Stream>,
    held: Vec<u8>,
}

impl Game {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = soon("a connection", TcpStream::connect(address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// On a connection that is there already, such as one through TLS.
    pub fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), held: Vec::new() }
    }

    pub async fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes()).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        soon("the server to read", self.stream.write_all(bytes)).await.unwrap();
    }

    /// Sends a line of the grammar. What is to break it is sent as text.
    pub async fn say(&mut self, command: Command<'_>) {
        let mut line = Vec::new();
        write_command(&mut line, &command);
        self.send_bytes(&line).await;
    }

    /// `v:`, whose answer is still to come.
    pub async fn verify(&mut self, key: &str) {
        self.say(Command::Verify { key: key.parse().unwrap() }).await;
    }

    /// `h:` and `v:` together; the answer to the first is read.
    pub async fn greet(&mut self, hello: &Json, key: &str) {
        let mut lines = Vec::new();
        write_command(&mut lines, &Command::Hello { payload: hello.to_string().as_bytes() });
        write_command(&mut lines, &Command::Verify { key: key.parse().unwrap() });
        self.send_bytes(&lines).await;
        let answer = self.line().await;
        assert!(answer.starts_with("h:"), "no hello: {answer}");
    }

    /// Variables, as JSON.
    pub async fn report(&mut self, key: &str, payload: &str) {
        self.say(Command::Report { key: key.parse().unwrap(), seq: None, payload: payload.as_bytes() }).await;
    }

    /// A log entry with this message.
    pub async fn log(&mut self, key: &str, message: &str) {
        let entry = LogEntry { message: message.to_owned(), level: Level::Info, at: None, fields: None };
        self.log_entries(key, &encode_logs(&[entry])).await;
    }

    /// Log entries, as JSON.
    pub async fn log_entries(&mut self, key: &str, payload: &str) {
        self.say(Command::Log { key: key.parse().unwrap(), seq: None, payload: payload.as_bytes() }).await;
    }

    /// The same with the line's number in the session.
    pub async fn log_numbered(&mut self, key: &str, seq: u64, payload: &str) {
        let (key, payload) = (key.parse().unwrap(), payload.as_bytes());
        self.say(Command::Log { key, seq: Some(seq), payload }).await;
    }

    /// Sends and hopes: whether the server has not hung up in the middle.
    pub async fn try_send(&mut self, bytes: &[u8]) -> bool {
        soon("the server to read or hang up", self.stream.write_all(bytes)).await.is_ok()
    }

    /// Says that nothing more will come, and goes on listening.
    pub async fn say_no_more(&mut self) {
        soon("the end to be sent", self.stream.shutdown()).await.unwrap();
    }

    /// The next line; `None` when the server has hung up.
    pub async fn next_line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.held.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            let mut piece = [0; 4096];
            match soon("a line", self.stream.read(&mut piece)).await {
                Ok(0) | Err(_) => {
                    assert!(self.held.is_empty(), "half a line: {:?}", String::from_utf8_lossy(&self.held));
                    return None;
                }
                Ok(count) => self.held.extend_from_slice(&piece[..count]),
            }
        }
    }

    pub async fn line(&mut self) -> String {
        self.next_line().await.expect("a line, not the end of the connection")
    }

    /// The JSON of the next line, which must be edits of `key`.
    pub async fn edits(&mut self, key: &str) -> Json {
        let line = self.line().await;
        match parse_reply(line.as_bytes()) {
            Ok(Reply::Edits { key: of, payload }) if of.as_str() == key => {
                serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap()
            }
            _ => panic!("no edit: {line}"),
        }
    }

    /// The code of the next line, which must be an error.
    pub async fn error(&mut self) -> String {
        let line = self.line().await;
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some("ERR"), "no error: {line}");
        let code = words.next().unwrap().to_owned();
        assert!(words.next().is_some(), "no sentence: {line}");
        code
    }

    /// Asserts that the server says nothing more and hangs up.
    pub async fn hung_up(&mut self) {
        assert_eq!(self.next_line().await, None);
    }

    /// Asserts that everything sent so far is served and brought no other answer: what answers `v:` again is
    /// read after it.
    pub async fn in_order(&mut self, key: &str) {
        self.verify(key).await;
        assert_eq!(self.line().await, "OK");
    }
}

/// As the original clients encode.
pub fn base64(json: &str) -> String {
    STANDARD.encode(json)
}
