//! Clients and their connections: one small task each, so that one process plays ten thousand games.

use std::{
    future::pending,
    io::ErrorKind,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncWriteExt as _, Interest},
    net::{TcpSocket, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{sleep, sleep_until, timeout},
};

use crate::{
    client::Client,
    schedule::{Load, Schedule},
};

/// A crowd that is not ready, or not gone, after so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// A server that does not hang up after us is left alone.
const FAREWELL: Duration = Duration::from_secs(10);

/// Clients of one kind, which all do the same.
pub(crate) struct Crowd<C> {
    size: usize,
    load: watch::Sender<Load>,
    gate: watch::Sender<bool>,
    news: mpsc::UnboundedReceiver<anyhow::Result<Instant>>,
    tasks: Vec<JoinHandle<Option<Player<C>>>>,
}

/// A client with its connections.
pub(crate) struct Player<C> {
    pub(crate) client: C,
    /// How often a connection that was ready was lost.
    pub(crate) disconnects: u64,
    address: SocketAddr,
    send_buffer_bytes: Option<u32>,
    index: usize,
    schedule: Schedule,
    load: watch::Receiver<Load>,
    gate: watch::Receiver<bool>,
    news: mpsc::UnboundedSender<anyhow::Result<Instant>>,
    unwritten: Vec<u8>,
    is_ready: bool,
}

impl<C: Client> Crowd<C> {
    /// Each begins to connect at once.
    ///
    /// # Errors
    /// The address is none.
    pub(crate) fn gather(address: &str, clients: Vec<C>) -> anyhow::Result<Self> {
        Self::gather_with(address, clients, None)
    }

    /// The same, with so much that the system keeps of what was written, instead of what it thinks best.
    pub(crate) fn gather_with(
        address: &str,
        clients: Vec<C>,
        send_buffer_bytes: Option<u32>,
    ) -> anyhow::Result<Self> {
        let address: SocketAddr = address.parse().context("where games connect")?;
        let (load, _) = watch::channel(Load::Idle);
        let (gate, _) = watch::channel(true);
        let (tell, news) = mpsc::unbounded_channel();
        let size = clients.len();
        let player = |(index, client)| Player {
            client,
            disconnects: 0,
            address,
            send_buffer_bytes,
            index,
            schedule: Schedule::new(index, size),
            load: load.subscribe(),
            gate: gate.subscribe(),
            news: tell.clone(),
            unwritten: Vec::new(),
            is_ready: false,
        };
        let players = clients.into_iter().enumerate().map(player);
        let tasks = players.map(|player| tokio::spawn(player.play())).collect();
        Ok(Self { size, load, gate, news, tasks })
    }

    /// Waits until each has had one more connection made ready; the moments at which they were, in order.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<Vec<Instant>> {
        let mut at = Vec::with_capacity(self.size);
        while at.len() < self.size {
            let news = timeout(PATIENCE, self.news.recv()).await;
            let news = news.with_context(|| format!("{} of {} clients are ready", at.len(), self.size))?;
            at.push(news.context("every client has gone")??);
        }
        at.sort_unstable();
        Ok(at)
    }

    pub(crate) fn tell(&self, load: Load) {
        self.load.send_replace(load);
    }

    /// From now on, anyone who loses their connection waits for [`Crowd::open_gate`].
    pub(crate) fn close_gate(&self) {
        self.gate.send_replace(false);
    }

    /// All who wait connect at once.
    pub(crate) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// Waits until nothing is unanswered, and hangs up.
    pub(crate) async fn leave(mut self) -> anyhow::Result<Vec<Player<C>>> {
        self.tell(Load::Leave);
        let mut players = Vec::with_capacity(self.size);
        for task in self.tasks.drain(..) {
            let player =
                timeout(PATIENCE, task).await.context("a client waits in vain for what is unanswered")?;
            players.extend(player?);
        }
        self.news.close();
        while let Some(news) = self.news.recv().await {
            news?;
        }
        ensure!(players.len() == self.size, "{} of {} clients failed", self.size - players.len(), self.size);
        Ok(players)
    }
}

/// How a connection ended.
enum End {
    Left,
    Lost,
}

impl<C: Client> Player<C> {
    async fn play(mut self) -> Option<Self> {
        loop {
            self.gate.wait_for(|is_open| *is_open).await.ok()?;
            match self.connect().await {
                Ok(End::Left) => return Some(self),
                Ok(End::Lost) => self.disconnects += u64::from(self.is_ready),
                Err(error) => {
                    // nobody listens any more: the scenario has failed already
                    self.news.send(Err(error)).ok();
                    return None;
                }
            }
            if *self.gate.borrow() {
                // spread, so that they don't all come back in the same instant
                sleep(Duration::from_millis(50 + self.index as u64 * 7 % 100)).await;
            }
        }
    }

    /// One connection from its begin to its end.
    async fn connect(&mut self) -> anyhow::Result<End> {
        self.is_ready = false;
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(bytes) = self.send_buffer_bytes {
            socket.set_send_buffer_size(bytes)?;
        }
        let Ok(mut stream) = socket.connect(self.address).await else { return Ok(End::Lost) };
        stream.set_nodelay(true)?;
        self.unwritten.clear();
        self.client.greet(&mut self.unwritten);
        loop {
            let Ok(wake) = self.speak(&stream) else { return Ok(End::Lost) };
            if self.schedule.load() == Load::Leave && self.client.is_done() && self.unwritten.is_empty() {
                // it reads what is under way, then hangs up too
                stream.shutdown().await.ok();
                timeout(FAREWELL, self.listen_to_the_end(&stream)).await.ok();
                return Ok(End::Left);
            }
            let interest = match self.unwritten.is_empty() {
                true => Interest::READABLE,
                false => Interest::READABLE | Interest::WRITABLE,
            };
            tokio::select! {
                ready = stream.ready(interest) => {
                    if ready?.is_readable() && !self.listen(&stream)? {
                        return Ok(End::Lost);
                    }
                }
                () = at(wake) => {}
                changed = self.load.changed() => {
                    changed.context("the crowd is gone")?;
                    self.schedule.begin(*self.load.borrow_and_update());
                }
            }
        }
    }

    /// Says what there is to say, as far as the socket takes it. A client is not asked for more while it does
    /// not. Returns when there is more to say, if time alone decides it.
    fn speak(&mut self, stream: &TcpStream) -> std::io::Result<Option<Instant>> {
        loop {
            if self.unwritten.is_empty() {
                let wake = self.client.speak(&mut self.schedule, Instant::now(), &mut self.unwritten);
                if self.unwritten.is_empty() {
                    return Ok(wake);
                }
            }
            match stream.try_write(&self.unwritten) {
                Ok(count) => drop(self.unwritten.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Hears everything that has come; false when the server hung up.
    fn listen(&mut self, stream: &TcpStream) -> anyhow::Result<bool> {
        // on the stack: an idle client keeps no buffer
        let mut bytes = [0; 4096];
        loop {
            match stream.try_read(&mut bytes) {
                Ok(0) => return Ok(false),
                Ok(count) => self.client.hear(&bytes[..count], Instant::now(), &mut self.unwritten)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Ok(false),
            }
        }
        if !self.is_ready && self.client.is_ready() {
            self.is_ready = true;
            self.news.send(Ok(Instant::now())).ok();
        }
        Ok(true)
    }

    async fn listen_to_the_end(&mut self, stream: &TcpStream) -> anyhow::Result<()> {
        loop {
            stream.readable().await?;
            if !self.listen(stream)? {
                return Ok(());
            }
        }
    }
}

/// At that moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment.into()).await,
        None => pending().await,
    }
}
