//! Thousands at the game port who only take up room, and what speaks another protocol there. They are sent away in time, and a good game gets its
//! edits all the while. Smaller crowds with the contract's own times, and lines without end, are stories of `tests/faults`.

use std::{net::SocketAddr, time::Duration};

use crate::support::{http::Browser, line::Game, live::Dashboard, program::Program, soon};
use futures_util::future::join_all;
use protocol::{
    live::{ClientMessage, ServerMessage},
    model::{Gesture, ProjectId, Value, VarName},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    sync::Mutex,
    time::timeout,
};

const KEY: &str = "hostile-line";
/// Peers of each kind, where the machine lets a process have as many sockets.
const PEERS: usize = 5_000;
/// Games that never read.
const DEAF_GAMES: usize = 2_000;
/// A value that is long, but may be.
const LONG_TEXT_BYTES: usize = 60_000;

/// All stories share this process's limit of open files, and the machine: one at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Raises the limit of open files as far as it goes; how many sockets a story may have, of `wanted`.
fn sockets(wanted: usize) -> usize {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    wanted.min(usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(200))
}

/// A good game and a designer who edits it.
struct Alive {
    game: Game,
    owner: Browser,
    dashboard: Dashboard,
    project: ProjectId,
    edits: u32,
}

impl Alive {
    async fn begin(program: &Program) -> Self {
        let mut owner = program.owner().await;
        let body = json!({ "token": KEY }).to_string();
        assert_eq!(Browser::new(program.http).post_json("/users/tokens", &body).await.status, 200);
        let projects = owner.get("/").await.body;
        let (_, id) = projects.split_once("/p/").expect("a link to the project");
        let project = ProjectId(id.split('/').next().unwrap().parse().unwrap());
        let mut game = Game::connect(program.tcp).await;
        game.send(&format!("v:{KEY}\ni:{KEY}:{{\"speed\":0,\"text\":\"\"}}\n")).await;
        assert_eq!(game.line().await, "OK");
        game.in_order(KEY).await;
        let dashboard = loop {
            let mut dashboard = Dashboard::open(&owner).await;
            // it may come before the values are stored
            if dashboard.subscribe(project).await.vars.len() == 2 {
                break dashboard;
            }
        };
        Self { game, owner, dashboard, project, edits: 0 }
    }

    /// Edits until `attack` is over; each edit reaches the game. Gives what the attack gave.
    async fn during<T>(&mut self, attack: impl Future<Output = T>) -> T {
        let mut attack = std::pin::pin!(attack);
        let before = self.edits;
        loop {
            tokio::select! {
                over = &mut attack => {
                    assert!(self.edits > before, "nothing was edited in that time");
                    return over;
                }
                () = self.edit("speed", |edits| Value::Int(i64::from(edits).into())) => {}
            }
        }
    }

    /// An edit that is saved and reaches the good game.
    async fn edit(&mut self, name: &str, value: impl Fn(u32) -> Value) {
        let (id, value) = (self.edits + 1, value(self.edits + 1));
        let wanted: serde_json::Value = serde_json::from_str(&value.to_json()).unwrap();
        let changes = vec![(VarName::parse(name).unwrap(), value)];
        let gesture = Gesture(id.into());
        self.dashboard
            .say(&ClientMessage::Edit {
                id,
                project: self.project,
                gesture,
                changes: changes.into_iter().map(Into::into).collect(),
            })
            .await;
        while self.game.edits(KEY).await["value"] != wanted {}
        loop {
            if let ServerMessage::EditResult { id: answered, outcome } = self.dashboard.hear().await
                && answered == id
            {
                outcome.unwrap();
                break;
            }
        }
        self.edits = id;
    }

    /// Games that are connected and verified, as the metrics have it.
    async fn count_games(&mut self) -> usize {
        let numbers = self.owner.get("/metrics").await.body;
        let line = numbers.lines().find_map(|line| line.strip_prefix("observerio_games ")).unwrap();
        line.parse().unwrap()
    }
}

#[tokio::test]
async fn thousands_of_silent_and_slow_ones_are_sent_away_in_time() {
    let _alone = ALONE.lock().await;
    let peers = sockets(2 * PEERS) / 2;
    let program = Program::start(&["--verify-timeout", "3", "--max-games", "14000"], &[]).await;
    let mut alive = Alive::begin(&program).await;
    let before = program.memory().resident_bytes();
    program.memory().forget_peak();
    let attack = async {
        let silent = (0..peers).map(|_| last_words(program.tcp, None));
        // a line that would take an hour: one byte a second
        let slow = (0..peers).map(|_| last_words(program.tcp, Some(b'v')));
        join_all(silent.chain(slow)).await
    };
    let heard = alive.during(attack).await;
    for words in heard {
        assert!(words.starts_with("ERR timeout "), "{words:?}");
    }
    let growth = program.memory().peak_resident_bytes().saturating_sub(before);
    println!("2 x {peers}: {} edits in that time, memory + {growth} bytes", alive.edits);
    alive.edit("speed", |_| Value::Int((-1_i64).into())).await;
}

/// What a connection hears that sends nothing, or this byte once a second, until it is closed.
async fn last_words(server: SocketAddr, drip: Option<u8>) -> String {
    let mut stream = soon("a connection", TcpStream::connect(server)).await.unwrap();
    let mut heard = Vec::new();
    let until_closed = async {
        loop {
            match timeout(Duration::from_secs(1), stream.read_buf(&mut heard)).await {
                // reset: it was closed before our last byte came
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(_)) => {}
                Err(_) => {
                    if let Some(byte) = drip {
                        // it may be closed in this very moment, which the next reading shows
                        let _ = stream.try_write(&[byte]);
                    }
                }
            }
        }
    };
    soon("the connection to be closed", until_closed).await;
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn thousands_that_never_read_are_closed_as_slow() {
    let _alone = ALONE.lock().await;
    let deaf = sockets(DEAF_GAMES);
    let program = Program::start(&["--write-timeout", "2"], &[]).await;
    let mut alive = Alive::begin(&program).await;
    let games = join_all((0..deaf).map(|_| verified_and_deaf(program.tcp))).await;
    while alive.count_games().await < deaf + 1 {}
    let mut long = 0;
    let all_closed = async {
        while alive.count_games().await > 1 {
            long += 1;
            alive.edit("text", |edits| Value::Text("x".repeat(LONG_TEXT_BYTES) + &edits.to_string())).await;
        }
    };
    timeout(Duration::from_secs(60), all_closed).await.expect("all but one to be closed");
    println!("{deaf} deaf games closed after {long} long edits");
    alive.edit("speed", |_| Value::Int((-1_i64).into())).await;
    drop(games);
}

/// A game that says what it must and then reads nothing.
async fn verified_and_deaf(server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // so that little fits on the way
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut stream = soon("a connection", socket.connect(server)).await.unwrap();
    soon("the key to leave", stream.write_all(format!("v:{KEY}\n").as_bytes())).await.unwrap();
    let mut ok = [0; 3];
    soon("OK", stream.read_exact(&mut ok)).await.unwrap();
    assert_eq!(&ok, b"OK\n");
    stream
}

/// The first message of a TLS 1.2 client (RFC 5246, 7.4.1.2), which has no newline in it.
fn client_hello() -> Vec<u8> {
    let body = [&[3, 3][..], &[0x55; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    let handshake = [&[1, 0, 0, length][..], &body].concat();
    [&[0x16, 3, 1, 0, length + 4][..], &handshake].concat()
}

#[tokio::test]
async fn what_speaks_another_protocol_is_closed_and_stores_nothing() {
    let _alone = ALONE.lock().await;
    let program = Program::start(&["--verify-timeout", "2"], &[]).await;
    let mut alive = Alive::begin(&program).await;
    let lines = format!("v:{KEY}\ni:{KEY}:{{\"forged\":1}}\nl:{KEY}:[{{\"message\":\"forged\"}}]\n");
    let http =
        |head: &str| format!("{head}\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{lines}", lines.len());
    // an empty SETTINGS frame (RFC 9113, 6.5) behind the preface
    let http2 =
        [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0], lines.as_bytes()].concat();
    let hello_and_lines = [&client_hello()[..], b"\n", lines.as_bytes()].concat();
    let attacks: [(&str, Vec<u8>); 9] = [
        ("GET", http("GET / HTTP/1.1").into()),
        ("POST", http("POST / HTTP/1.1").into()),
        ("OPTIONS", http("OPTIONS / HTTP/1.1").into()),
        ("a proxy's CONNECT", http(&format!("CONNECT {} HTTP/1.1", program.tcp)).into()),
        ("a path that is a line", http(&format!("GET /\tv:{KEY} HTTP/1.0")).into()),
        ("HTTP/2", http2),
        ("TLS", client_hello()),
        ("TLS and lines", hello_and_lines),
        ("SSH", [b"SSH-2.0-OpenSSH_9.9\r\n", lines.as_bytes()].concat()),
    ];
    for (what, bytes) in attacks {
        let mut stream = soon("a connection", TcpStream::connect(program.tcp)).await.unwrap();
        // it may be closed before all of it has left
        let _ = stream.write_all(&bytes).await;
        let mut heard = Vec::new();
        let _ = soon(what, stream.read_to_end(&mut heard)).await;
        let heard = String::from_utf8_lossy(&heard).into_owned();
        assert!(!heard.contains("OK"), "{what}: {heard:?}");
        assert!(heard.is_empty() || heard.starts_with("ERR "), "{what}: {heard:?}");
    }
    // what comes later is there, so what came before would be
    alive.game.send(&format!("l:{KEY}:[{{\"message\":\"good\"}}]\n")).await;
    alive.game.in_order(KEY).await;
    alive.edit("speed", |_| Value::Int((-1_i64).into())).await;
    let snapshot = Dashboard::open(&alive.owner).await.subscribe(alive.project).await;
    assert_eq!(snapshot.vars.len(), 2);
    let messages: Vec<_> = snapshot.logs.iter().map(|line| line.message.as_str()).collect();
    assert!(messages.iter().all(|message| *message == "good"), "{messages:?}");
}
