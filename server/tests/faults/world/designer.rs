//! Somebody at a dashboard who turns one value up and up, whatever happens.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{
    live::{self, ClientMessage, LIVE_VERSION, ServerMessage, Snapshot},
    model::{DeviceId, Gesture, ProjectId, Value, VarName},
};
use tokio::{net::TcpStream, sync::watch, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use crate::support::http::Browser;

/// The variable that is edited.
pub const VARIABLE: &str = "speed";
/// Between two edits, and between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(20);
/// An edit that is not answered by then counts as never answered.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// What became of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Saved {
        revision: u64,
    },
    Refused {
        code: String,
        text: String,
    },
    /// The connection ended first: it may be saved or not.
    Unknown,
}

/// One edit.
#[derive(Clone, Debug)]
pub struct Edit {
    pub value: i64,
    pub outcome: Outcome,
    pub took: Duration,
}

/// Edits one variable in the background, to 1, 2, 3 ….
pub struct Designer {
    edits: watch::Receiver<Vec<Edit>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Designer {
    /// Starts when the variable is there; comes back when the server does.
    pub fn start(browser: &Browser, project: ProjectId) -> Self {
        let (telling, edits) = watch::channel(Vec::new());
        let (stop, stopped) = watch::channel(false);
        let hands = Hands { browser: browser.clone(), project, edits: telling, stopped, value: 0 };
        Self { edits, stop, task: tokio::spawn(hands.work()) }
    }

    /// Waits until its edits are as wanted.
    pub async fn until(&mut self, what: &str, mut wanted: impl FnMut(&[Edit]) -> bool) {
        super::soon(what, self.edits.wait_for(|edits| wanted(edits))).await.unwrap();
    }

    /// Waits for one more edit that is saved.
    pub async fn saves(&mut self) {
        let before = self.count_saved();
        self.until("an edit that is saved", |edits| count_saved(edits) > before).await;
    }

    pub fn count_saved(&self) -> usize {
        count_saved(&self.edits.borrow())
    }

    /// So far.
    pub fn edits(&self) -> Vec<Edit> {
        self.edits.borrow().clone()
    }

    /// Ends after the edit that is under way; gives all of them.
    pub async fn finish(self) -> Vec<Edit> {
        self.stop.send_replace(true);
        super::soon("the designer to stop", self.task).await.unwrap();
        self.edits.borrow().clone()
    }
}

fn count_saved(edits: &[Edit]) -> usize {
    edits.iter().filter(|edit| matches!(edit.outcome, Outcome::Saved { .. })).count()
}

struct Hands {
    browser: Browser,
    project: ProjectId,
    edits: watch::Sender<Vec<Edit>>,
    stopped: watch::Receiver<bool>,
    value: i64,
}

impl Hands {
    async fn work(mut self) {
        while !*self.stopped.borrow() {
            if let Some(mut page) = Page::open(&self.browser, self.project).await {
                while !*self.stopped.borrow() && self.edit(&mut page).await {
                    self.pause().await;
                }
            }
            self.pause().await;
        }
    }

    async fn pause(&mut self) {
        let _ = timeout(PAUSE, self.stopped.changed()).await;
    }

    /// Whether the connection is still good.
    async fn edit(&mut self, page: &mut Page) -> bool {
        if !page.knows(VARIABLE) {
            return page.next().await.is_some();
        }
        self.value += 1;
        let (value, begun) = (self.value, Instant::now());
        let answer = timeout(ANSWER_LIMIT, page.edit(value)).await.ok().flatten();
        let outcome = answer.unwrap_or(Outcome::Unknown);
        let goes_on = outcome != Outcome::Unknown;
        self.edits.send_modify(|edits| edits.push(Edit { value, outcome, took: begun.elapsed() }));
        goes_on
    }
}

/// An open dashboard that may break at any moment.
pub struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub snapshot: Box<Snapshot>,
    names: Vec<VarName>,
    online: HashMap<DeviceId, bool>,
    last_id: u32,
}

impl Page {
    /// Connects and subscribes; `None` when that fails.
    pub async fn open(browser: &Browser, project: ProjectId) -> Option<Self> {
        timeout(ANSWER_LIMIT, Self::try_open(browser, project)).await.ok().flatten()
    }

    async fn try_open(browser: &Browser, project: ProjectId) -> Option<Self> {
        let mut request =
            format!("ws://{}/live?v={LIVE_VERSION}", browser.address).into_client_request().unwrap();
        let header = |text: &str| HeaderValue::from_str(text).unwrap();
        request.headers_mut().insert("origin", header(&browser.origin()));
        request.headers_mut().insert("cookie", header(browser.cookie.as_ref().expect("they are signed in")));
        let (mut socket, _) = connect_async(request).await.ok()?;
        let subscribe = live::encode(&ClientMessage::Subscribe { project });
        socket.send(Message::Binary(subscribe.into())).await.ok()?;
        let snapshot = loop {
            match hear(&mut socket).await? {
                ServerMessage::Snapshot(snapshot) => break snapshot,
                ServerMessage::Refused { .. } => return None,
                _ => {}
            }
        };
        let names = snapshot.vars.iter().map(|var| var.name.clone()).collect();
        let online = snapshot.devices.iter().map(|device| (device.id, device.online)).collect();
        Some(Self { socket, snapshot, names, online, last_id: 0 })
    }

    fn knows(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.as_str() == name)
    }

    /// The next message; `None` when the connection is over.
    pub async fn next(&mut self) -> Option<ServerMessage> {
        let message = hear(&mut self.socket).await?;
        match &message {
            ServerMessage::Snapshot(snapshot) => {
                self.names.extend(snapshot.vars.iter().map(|var| var.name.clone()));
                self.online = snapshot.devices.iter().map(|device| (device.id, device.online)).collect();
            }
            ServerMessage::More(part) => {
                self.names.extend(part.vars.iter().map(|var| var.name.clone()));
                self.online.extend(part.devices.iter().map(|device| (device.id, device.online)));
            }
            ServerMessage::Delta { events, .. } => events.iter().for_each(|event| self.see(event)),
            _ => {}
        }
        Some(message)
    }

    /// Waits until a variable is declared.
    pub async fn until_known(&mut self, name: &str) {
        while !self.knows(name) {
            self.next().await.expect("an open page");
        }
    }

    /// How many devices are connected, as far as it has heard.
    pub fn count_online(&self) -> usize {
        self.online.values().filter(|online| **online).count()
    }

    fn see(&mut self, event: &live::Event) {
        match event {
            live::Event::Reported { declared, .. } => {
                self.names.extend(declared.iter().map(|(name, _)| name.clone()));
            }
            live::Event::Device(device) => {
                self.online.insert(device.id, device.online);
            }
            _ => {}
        }
    }

    /// Sets the variable that everybody edits; `None` when the connection ends before the answer.
    pub async fn edit(&mut self, value: i64) -> Option<Outcome> {
        self.set(VARIABLE, Value::Int(value.into())).await
    }

    /// Sets a variable and waits for the answer; `None` when the connection ends first.
    pub async fn set(&mut self, name: &str, value: Value) -> Option<Outcome> {
        self.last_id += 1;
        let id = self.last_id;
        let edit = ClientMessage::Edit {
            id,
            project: self.snapshot.project,
            gesture: Gesture(fastrand::u64(..)),
            changes: vec![(VarName::parse(name).unwrap(), value).into()],
        };
        self.socket.send(Message::Binary(live::encode(&edit).into())).await.ok()?;
        loop {
            if let ServerMessage::EditResult { id: answered, outcome } = self.next().await?
                && answered == id
            {
                return Some(match outcome {
                    Ok(saved) => Outcome::Saved { revision: u64::try_from(saved.revision.0).unwrap() },
                    Err(refused) => Outcome::Refused { code: refused.code, text: refused.text },
                });
            }
        }
    }
}

async fn hear(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> Option<ServerMessage> {
    loop {
        match socket.next().await?.ok()? {
            Message::Binary(bytes) => return Some(live::parse(&bytes).expect("a message of this version")),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}
