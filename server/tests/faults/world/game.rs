//! A game that plays in the background: it comes back whatever happens, and notes what it went through.

mod original;
mod voice;
mod witness;

use std::{
    collections::{BTreeSet, HashMap},
    io::{self, ErrorKind},
    net::SocketAddr,
    time::Duration,
};

use protocol::model::{Value, VarName};
use serde_json::Value as Json;
use tokio::{
    io::Interest,
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use voice::{FRAME, Over, Voice, voice_of};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Which protocol a game speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Version 2, with the SDK: numbered lines, acknowledged.
    Acknowledged,
    /// The original: fire and forget.
    Original,
}

/// Who plays, where, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    pub server: SocketAddr,
    pub key: String,
    /// Also the name of the device; part of every log message.
    pub name: String,
    pub dialect: Dialect,
    /// Log entries that may be unacknowledged.
    pub window: u64,
    /// After so long a silence the server is asked whether it is there, after three times it the line is dead.
    pub patience: Duration,
}

/// What a game is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Log entry after entry.
    Play,
    /// Log nothing new; what was logged still has to get through.
    Rest,
    /// Hang up.
    Leave,
}

/// What a game went through.
#[derive(Debug, Default)]
pub struct Tally {
    /// Log entries that were made: 1 to this one.
    pub made: u64,
    /// The last one that was sent at least once.
    pub sent: u64,
    /// Everything up to this entry is stored, the server says.
    pub acked: u64,
    /// This value of `counter`, or a newer one, is stored, the server says.
    pub acked_counter: u64,
    /// Entries that were the last one of their line, which is stored as a whole.
    pub line_ends: BTreeSet<u64>,
    /// Lines refused for good.
    pub refused: Vec<(u64, String)>,
    /// How often it was told to send again later, by code.
    pub put_off: HashMap<String, u64>,
    /// Codes of `ERR` lines.
    pub errors: Vec<String>,
    /// How often it got its `OK`.
    pub connects: u64,
    /// How often a connection ended that had its `OK`.
    pub disconnects: u64,
    /// Full sets of values: since it last connected, the most of one connection, and all.
    pub fulls: u64,
    pub most_fulls: u64,
    pub all_fulls: u64,
    /// How often it was told to go elsewhere.
    pub drains: u64,
    /// Verified and in sync.
    pub in_sync: bool,
    pub epoch: Option<String>,
    pub revision: u64,
    /// The values that people want.
    pub values: HashMap<String, Json>,
    /// What the server must never do.
    pub violations: Vec<String>,
}

impl Tally {
    fn complain(&mut self, what: String) {
        self.violations.push(what);
    }

    /// A line that ends with this entry was sent.
    fn send_through(&mut self, entry: u64) {
        self.line_ends.insert(entry);
        self.sent = self.sent.max(entry);
    }

    fn take<'a>(&mut self, set: impl Iterator<Item = (&'a VarName, &'a Value)>, released: &[VarName]) {
        for (name, value) in set {
            let json = serde_json::from_str(&value.to_json()).expect("a value writes JSON");
            self.values.insert(name.as_str().to_owned(), json);
        }
        for name in released {
            self.values.remove(name.as_str());
        }
    }
}

/// A game that plays in the background.
pub struct Game {
    pub settings: Settings,
    orders: watch::Sender<Order>,
    tally: watch::Receiver<Tally>,
    task: JoinHandle<()>,
}

impl Game {
    /// Starts it; `lines` counts the log entries that all games together have sent.
    pub fn start(settings: Settings, lines: watch::Sender<u64>) -> Self {
        let (orders, listening) = watch::channel(Order::Play);
        let (telling, tally) = watch::channel(Tally::default());
        let player = Player {
            server: settings.server,
            voice: voice_of(&settings),
            began: Instant::now(),
            orders: listening,
            tally: telling,
            lines,
            out: Vec::new(),
        };
        let task = tokio::spawn(player.play());
        Self { settings, orders, tally, task }
    }

    pub fn order(&self, order: Order) {
        self.orders.send_replace(order);
    }

    /// Waits until it gets nothing more through: it is told to try later, or all that may be on its way is. Of an original
    /// game nothing can be seen.
    pub async fn until_held_up(&mut self) {
        let window = self.settings.window;
        let is_original = self.settings.dialect == Dialect::Original;
        let is_held_up = |tally: &Tally| {
            is_original || tally.put_off.contains_key("unavailable") || tally.made - tally.acked >= window
        };
        self.until("being held up", is_held_up).await;
    }

    /// What it went through so far.
    pub fn tally(&self) -> watch::Ref<'_, Tally> {
        self.tally.borrow()
    }

    /// Waits until its tally is as wanted.
    pub async fn until(&mut self, what: &str, mut wanted: impl FnMut(&Tally) -> bool) {
        let reached = timeout(super::PATIENCE, self.tally.wait_for(|tally| wanted(tally))).await.map(|_| ());
        let name = &self.settings.name;
        assert!(reached.is_ok(), "{name} waited in vain for {what}: {:?}", self.tally.borrow());
    }

    /// Waits, however long it takes, until its connection ends.
    pub async fn cut_off(&mut self) {
        let before = self.tally.borrow().disconnects;
        self.tally.wait_for(|tally| tally.disconnects > before).await.unwrap();
    }

    /// Hangs up.
    pub async fn leave(self) {
        self.order(Order::Leave);
        super::soon("a game to leave", self.task).await.unwrap();
    }
}

/// The part that runs in the background.
struct Player {
    server: SocketAddr,
    voice: Box<dyn Voice>,
    began: Instant,
    orders: watch::Receiver<Order>,
    tally: watch::Sender<Tally>,
    lines: watch::Sender<u64>,
    /// What the socket has not taken yet.
    out: Vec<u8>,
}

impl Player {
    async fn play(mut self) {
        while !self.is_leaving() {
            let pause = self.voice.connects_at().saturating_sub(self.began.elapsed());
            // an order may change while it waits; then it is time to look again
            match timeout(pause, self.orders.changed()).await {
                Ok(Ok(())) => continue,
                // nobody gives orders any more
                Ok(Err(_)) => return,
                Err(_) => {}
            }
            if let Ok(Ok(stream)) = timeout(CONNECT_TIMEOUT, TcpStream::connect(self.server)).await {
                self.out.clear();
                self.voice.connected(self.began.elapsed(), &mut self.out);
                let _ = self.converse(&stream).await;
                self.tally.send_modify(|tally| {
                    tally.disconnects += u64::from(tally.connects > tally.disconnects);
                    tally.in_sync = false;
                });
            }
            self.voice.disconnected(self.began.elapsed());
        }
    }

    fn is_leaving(&self) -> bool {
        *self.orders.borrow() == Order::Leave
    }

    /// One connection, until it is over.
    async fn converse(&mut self, stream: &TcpStream) -> Result<(), Over> {
        stream.set_nodelay(true)?;
        while !self.is_leaving() {
            self.speak()?;
            let interest = if self.out.is_empty() {
                Interest::READABLE
            } else {
                Interest::READABLE | Interest::WRITABLE
            };
            tokio::select! {
                ready = stream.ready(interest) => {
                    let ready = ready?;
                    if ready.is_readable() {
                        self.listen(stream)?;
                    }
                    if ready.is_writable() {
                        let count = later(stream.try_write(&self.out))?.unwrap_or_default();
                        self.out.drain(..count);
                    }
                }
                changed = self.orders.changed() => changed.map_err(|_| Over)?,
                () = sleep(FRAME) => {}
            }
        }
        Ok(())
    }

    fn speak(&mut self) -> Result<(), Over> {
        let (now, order) = (self.began.elapsed(), *self.orders.borrow());
        let before = self.tally.borrow().sent;
        let mut said = Ok(());
        self.tally.send_modify(|tally| said = self.voice.write(now, order, &mut self.out, tally));
        let sent = self.tally.borrow().sent - before;
        self.lines.send_modify(|lines| *lines += sent);
        said
    }

    fn listen(&mut self, stream: &TcpStream) -> Result<(), Over> {
        let mut bytes = [0; 4096];
        while let Some(count) = later(stream.try_read(&mut bytes))? {
            if count == 0 {
                return Err(Over);
            }
            let mut heard = Ok(());
            let now = self.began.elapsed();
            self.tally.send_modify(|tally| heard = self.voice.received(&bytes[..count], now, tally));
            heard?;
        }
        Ok(())
    }
}

/// `None`: not now.
fn later(done: io::Result<usize>) -> Result<Option<usize>, Over> {
    match done {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(_) => Err(Over),
    }
}

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self
    }
}
