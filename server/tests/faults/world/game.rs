//! A game: keeps what is not acknowledged, comes back whatever happens, and sends again.
//!
//! It speaks by hand, not with the SDK's session, because it is a witness: it notes what a server must never do, which a
//! session bears in silence, and it sends at once what a session would gather.

mod conversation;
mod script;

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use serde_json::Value as Json;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use conversation::Conversation;
pub use script::entries_of;

/// Between two attempts to connect: short, because the stories wait for it.
const BACK_OFF: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Which protocol a game speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Version 2: numbered lines, acknowledged.
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
    /// Lines on their way at once.
    pub window: u64,
    /// After so long a silence the server is asked whether it is there, after three times it the line is dead.
    pub patience: Duration,
}

/// What a game is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send line after line.
    Play,
    /// Make no new lines; those that exist still have to get through.
    Rest,
    /// Hang up.
    Leave,
}

/// What a game went through.
#[derive(Debug, Default)]
pub struct Tally {
    /// The last line that was sent at least once.
    pub sent: u64,
    /// Everything up to this line is stored, the server says.
    pub acked: u64,
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

/// A game that plays in the background.
pub struct Game {
    pub settings: Settings,
    orders: watch::Sender<Order>,
    tally: watch::Receiver<Tally>,
    task: JoinHandle<()>,
}

impl Game {
    /// Starts it; `lines` counts what all games together have sent.
    pub fn start(settings: Settings, lines: watch::Sender<u64>) -> Self {
        let (orders, listening) = watch::channel(Order::Play);
        let (telling, tally) = watch::channel(Tally::default());
        let player = Player {
            settings: settings.clone(),
            orders: listening,
            tally: telling,
            lines,
            session: format!("{:032x}", fastrand::u128(..)),
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
            is_original || tally.put_off.contains_key("unavailable") || tally.sent - tally.acked >= window
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
    settings: Settings,
    orders: watch::Receiver<Order>,
    tally: watch::Sender<Tally>,
    lines: watch::Sender<u64>,
    session: String,
}

impl Player {
    async fn play(mut self) {
        while *self.orders.borrow() != Order::Leave {
            let connecting = timeout(CONNECT_TIMEOUT, Conversation::begin(&mut self)).await;
            if let Ok(Ok(conversation)) = connecting {
                conversation.run().await;
                self.tally.send_modify(|tally| {
                    tally.disconnects += u64::from(tally.connects > tally.disconnects);
                    tally.in_sync = false;
                });
            }
            // an order may change while it waits; either way it is time to look again
            let _ = timeout(BACK_OFF, self.orders.changed()).await;
        }
    }
}
