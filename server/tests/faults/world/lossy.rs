//! A network that loses packets, and has gaps in which it loses all of them: what TCP makes of it, which is waiting.
//!
//! A lost packet is sent again after a time that doubles, and what was sent after it waits, too. What a gap does to a
//! connection is to be had in two ways: it outlives the gap, or it is cut, because the network is another one afterwards.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// Of ten packets, so many are lost.
const LOST_OF_TEN: u8 = 3;
/// In a gap, one connection of so many is cut.
const CUT_ONE_OF: u8 = 3;
/// From a loss to the next attempt, at first and at most: the first is Linux's shortest.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_millis(400);
/// What a packet takes, as in an Ethernet.
const PACKET_BYTES: usize = 1_460;

/// The network. Dropping it cuts everything.
pub struct LossyNetwork {
    pub address: SocketAddr,
    gaps: watch::Sender<bool>,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    chance: Mutex<fastrand::Rng>,
    is_gap: watch::Receiver<bool>,
    sent: AtomicU64,
    lost: AtomicU64,
    cut: AtomicU64,
}

impl LossyNetwork {
    /// In front of `server`.
    pub async fn before(server: SocketAddr, chance: fastrand::Rng) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (gaps, is_gap) = watch::channel(false);
        let shared = Arc::new(Shared {
            chance: Mutex::new(chance),
            is_gap,
            sent: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, server, Arc::clone(&shared)));
        Self { address, gaps, shared, task }
    }

    /// Loses everything for so long.
    pub async fn gap(&self, length: Duration) {
        self.gaps.send_replace(true);
        // not a wait for anything: this is the gap
        sleep(length).await;
        self.gaps.send_replace(false);
    }

    /// Packets that were sent and that were lost, and connections that were cut.
    pub fn tally(&self) -> (u64, u64, u64) {
        let Shared { sent, lost, cut, .. } = &*self.shared;
        (sent.load(Relaxed), lost.load(Relaxed), cut.load(Relaxed))
    }
}

impl Drop for LossyNetwork {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn chance<T>(&self, of: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        of(&mut self.chance.lock().unwrap())
    }

    /// Whether a packet is lost that is sent now.
    fn loses(&self) -> bool {
        let is_lost = *self.is_gap.borrow() || self.chance(|chance| chance.u8(0..10)) < LOST_OF_TEN;
        self.sent.fetch_add(1, Relaxed);
        self.lost.fetch_add(is_lost.into(), Relaxed);
        is_lost
    }

    /// Ends when a gap cuts this connection.
    async fn cut_off(&self) {
        let mut is_gap = self.is_gap.clone();
        loop {
            if is_gap.wait_for(|is_gap| *is_gap).await.is_err() {
                return std::future::pending().await;
            }
            if self.chance(|chance| chance.u8(0..CUT_ONE_OF)) == 0 {
                self.cut.fetch_add(1, Relaxed);
                return;
            }
            let _ = is_gap.wait_for(|is_gap| !*is_gap).await;
        }
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, shared: Arc<Shared>) {
    while let Ok((game, _)) = listener.accept().await {
        tokio::spawn(carry(game, server, Arc::clone(&shared)));
    }
}

async fn carry(game: TcpStream, server: SocketAddr, shared: Arc<Shared>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    for stream in [&game, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (from_game, to_game) = game.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(from_game, to_server, &shared) => {}
        () = pump(from_server, to_game, &shared) => {}
        () = shared.cut_off() => {}
    }
}

/// Carries packets until the end of the connection.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) {
    let mut packet = [0; PACKET_BYTES];
    loop {
        let Ok(count @ 1..) = from.read(&mut packet).await else { return };
        let mut wait = SHORTEST_WAIT;
        while shared.loses() {
            // not a wait for anything: this is the delay
            sleep(wait).await;
            wait = (2 * wait).min(LONGEST_WAIT);
        }
        if to.write_all(&packet[..count]).await.is_err() {
            return;
        }
    }
}
