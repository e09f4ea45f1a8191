//! A bad network between games and the server: it cuts, swallows and delays, as a phone on a train sees it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    task::JoinHandle,
    time::sleep,
};

/// What becomes of a connection after some bytes.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It is closed, in the midst of a line and of an answer.
    Cut,
    /// Nothing comes through any more, and nobody is told.
    Swallowed,
    /// Nothing.
    Spared,
}

/// The longest life of a connection that is not spared, in bytes in one direction.
const LONGEST_LIFE_BYTES: u64 = 20_000;
/// The longest delay of a piece.
const LONGEST_DELAY_MILLIS: u64 = 30;

/// The network. Dropping it cuts everything.
pub struct BadNetwork {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    chance: Mutex<fastrand::Rng>,
    is_calm: AtomicBool,
    cut: AtomicU64,
    swallowed: AtomicU64,
}

impl BadNetwork {
    /// In front of `server`.
    pub async fn before(server: SocketAddr, chance: fastrand::Rng) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            chance: Mutex::new(chance),
            is_calm: AtomicBool::new(false),
            cut: AtomicU64::new(0),
            swallowed: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, server, Arc::clone(&shared)));
        Self { address, shared, task }
    }

    /// New connections are spared from now on.
    pub fn calm_down(&self) {
        self.shared.is_calm.store(true, Relaxed);
    }

    /// How many connections were cut, and how many swallowed.
    pub fn victims(&self) -> (u64, u64) {
        (self.shared.cut.load(Relaxed), self.shared.swallowed.load(Relaxed))
    }
}

impl Drop for BadNetwork {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn chance<T>(&self, of: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        of(&mut self.chance.lock().unwrap())
    }

    fn fate(&self) -> (Fate, u64) {
        if self.is_calm.load(Relaxed) {
            return (Fate::Spared, 0);
        }
        let (is_cut, life) = self.chance(|chance| (chance.bool(), chance.u64(0..LONGEST_LIFE_BYTES)));
        (if is_cut { Fate::Cut } else { Fate::Swallowed }, life)
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, shared: Arc<Shared>) {
    while let Ok((game, _)) = listener.accept().await {
        tokio::spawn(carry(game, server, Arc::clone(&shared)));
    }
}

async fn carry(game: TcpStream, server: SocketAddr, shared: Arc<Shared>) {
    // from another address each time, as after a change of the network
    let socket = TcpSocket::new_v4().unwrap();
    let host = shared.chance(|chance| chance.u8(2..255));
    socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into()).unwrap();
    let Ok(server) = socket.connect(server).await else { return };
    for stream in [&game, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (fate, life) = shared.fate();
    let (from_game, to_game) = game.into_split();
    let (from_server, to_server) = server.into_split();
    let up = pump(from_game, to_server, fate, life, &shared);
    let down = pump(from_server, to_game, fate, life, &shared);
    match fate {
        // the first that has its bytes ends both
        Fate::Cut => {
            tokio::select! { () = up => {}, () = down => {} }
            shared.cut.fetch_add(1, Relaxed);
        }
        Fate::Swallowed => {
            shared.swallowed.fetch_add(1, Relaxed);
            tokio::join!(up, down);
        }
        Fate::Spared => {
            tokio::select! { () = up => {}, () = down => {} }
        }
    }
}

/// Carries bytes until the end of the connection, or until its fate strikes.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fate: Fate, life: u64, shared: &Shared) {
    let mut carried = 0;
    let mut piece = [0; 2048];
    loop {
        let Ok(count @ 1..) = from.read(&mut piece).await else { return };
        let delay = shared.chance(|chance| chance.u64(0..LONGEST_DELAY_MILLIS));
        // not a wait for anything: this is the delay
        sleep(Duration::from_millis(delay)).await;
        let left = usize::try_from(life.saturating_sub(carried)).unwrap();
        let passes = if matches!(fate, Fate::Spared) { count } else { count.min(left) };
        if to.write_all(&piece[..passes]).await.is_err() {
            return;
        }
        carried += passes as u64;
        match fate {
            Fate::Cut if carried >= life => return,
            _ => {}
        }
    }
}
