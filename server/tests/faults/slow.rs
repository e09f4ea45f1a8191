//! Peers that hold on to connections: silent ones, slow ones, deaf ones, and ones that never end a line. They are closed in time, take little, and a
//! good game gets its edits all the while.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use protocol::model::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    join,
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::world::{
    PATIENCE, alive::Alive, alone, designer::Page, load::KEY, rounds, server::Server, soon, within,
};

/// The contract's time to verify.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(10);
/// … and what a busy machine adds to it.
const SLACK: Duration = Duration::from_secs(5);
/// A value that is long, but may be.
const LONG_TEXT_BYTES: usize = 60_000;
/// What it takes until the way to a deaf game is full, and ten seconds.
const ATTACK_LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn silent_slow_and_deaf_peers() {
    let story = "silent_slow_and_deaf_peers";
    let _alone = alone().await;
    let peers = rounds::count("OBSERVERIO_PEERS", 150);
    let games = rounds::count("OBSERVERIO_DEAF_GAMES", 60);
    let server = Server::start_alone().await;
    let mut alive = Alive::begin(&server).await;
    let deaf = join_all((0..games).map(|_| verified_and_deaf(server.tcp))).await;
    let mut page = alive.another_page().await;
    page.until_known("text").await;
    let before = server.memory().resident_bytes();
    server.memory().forget_peak();
    let begun = Instant::now();
    let attack = async {
        let silent = (0..peers).map(|_| closed_after(server.tcp, None));
        // a line that would take an hour: one byte a second
        let slow = (0..peers).map(|_| closed_after(server.tcp, Some(b'v')));
        join!(join_all(silent), join_all(slow), close_the_deaf(&mut page))
    };
    let (silent, slow, edits) = alive.during(within(ATTACK_LIMIT, "everybody to be closed", attack)).await;
    let took = begun.elapsed();
    for lived in silent.iter().chain(&slow) {
        assert!((VERIFY_TIMEOUT..VERIFY_TIMEOUT + SLACK).contains(lived), "lived for {lived:?}");
    }
    let longest = silent.iter().chain(&slow).max().unwrap();
    let growth = server.memory().peak_resident_bytes().saturating_sub(before);
    println!(
        "{story}: {peers} silent and {peers} slow ones closed after {longest:?} at most, {games} deaf ones in \
         {took:?} with {edits} long edits, memory + {growth} bytes; {}",
        alive.report()
    );
    drop(deaf);
}

/// Sends long values until no deaf game is left, but for the good one; how many it took.
async fn close_the_deaf(page: &mut Page) -> u32 {
    let mut edits = 0;
    while page.count_online() > 1 {
        edits += 1;
        let text = format!("{edits} ").repeat(LONG_TEXT_BYTES / 4);
        page.set("text", Value::Text(text)).await.expect("an open page");
    }
    edits
}

/// How long a connection lives that sends nothing, or this byte once a second.
async fn closed_after(server: SocketAddr, drip: Option<u8>) -> Duration {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(server).await.unwrap();
    let mut heard = Vec::new();
    loop {
        match timeout(Duration::from_secs(1), stream.read_buf(&mut heard)).await {
            Ok(Ok(0) | Err(_)) => return begun.elapsed(),
            Ok(Ok(_)) => {}
            Err(_) => {
                if let Some(byte) = drip {
                    // it may be closed in this very moment, which the next reading shows
                    let _ = stream.write(&[byte]).await;
                }
            }
        }
    }
}

/// A game that says what it must and then reads nothing.
async fn verified_and_deaf(server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // so that little fits on the way
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut stream = soon("a connection", socket.connect(server)).await.unwrap();
    stream.write_all(format!("v:{KEY}\ni:{KEY}:{{\"text\":\"\"}}\n").as_bytes()).await.unwrap();
    let mut ok = [0; 3];
    soon("OK", stream.read_exact(&mut ok)).await.unwrap();
    assert_eq!(&ok, b"OK\n");
    stream
}

#[tokio::test]
async fn lines_without_end() {
    let story = "lines_without_end";
    let _alone = alone().await;
    let server = Server::start_alone().await;
    let mut alive = Alive::begin(&server).await;
    let mut figures = Vec::new();
    for (peers, greeting, bytes, limit) in
        [(1, format!("v:{KEY}\nl:{KEY}:"), 1 << 30, 4 << 20), (14, String::new(), 100 << 20, 16 << 20)]
    {
        let before = server.memory().resident_bytes();
        server.memory().forget_peak();
        let attack = join_all((0..peers).map(|_| pour(server.tcp, &greeting, bytes)));
        let taken: u64 = alive.during(within(PATIENCE, "the flood to be cut off", attack)).await.iter().sum();
        let growth = server.memory().peak_resident_bytes().saturating_sub(before);
        assert!(growth < limit, "{peers} took {growth} bytes of memory");
        figures.push(format!("{peers} poured {taken} bytes before they were cut off, memory + {growth}"));
    }
    println!("{story}: {}; {}", figures.join("; "), alive.report());
}

/// Sends bytes without a newline until there are so many, or the server has enough; how many went.
async fn pour(server: SocketAddr, greeting: &str, bytes: u64) -> u64 {
    let mut stream = soon("a connection", TcpStream::connect(server)).await.unwrap();
    stream.write_all(greeting.as_bytes()).await.unwrap();
    let piece = [b'x'; 64 * 1024];
    let mut sent = 0;
    while sent < bytes {
        match stream.write(&piece).await {
            Ok(count @ 1..) => sent += count as u64,
            _ => return sent,
        }
    }
    panic!("the server took in all of it");
}
