//! The WebSocket of one live page.

use std::{
    future::{Future, pending},
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, WebSocket},
};
use gateway::{Action, Caller, Gateway, GatewayError, SnapshotParts, Watched, Watcher};
use protocol::{
    live::{
        self, CLOSE_FORBIDDEN, CLOSE_RESTART, CLOSE_ROLE, CLOSE_SIGNED_OUT, ClientMessage, EditRefused,
        ServerMessage,
    },
    model::ProjectId,
};
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval_at, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::web::{outage::Outage, rates::Rates, readers::Readers};

/// How often to ping the browser and to check its session.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// A browser that was silent for this long, without even answering pings, is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// How often to record that the session is used, so that it does not expire.
const USE_NOTE: Duration = Duration::from_secs(60);
/// A browser that does not read a message for this long is disconnected, and gets a snapshot when it returns.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for the browser's close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

static OUTAGE: Outage = Outage::new();

/// An edit that is being saved, or an action that is being sent. The next message waits for it, so edits are saved in order;
/// deltas don't wait.
type Saving = Pin<Box<dyn Future<Output = ServerMessage> + Send>>;

/// One live page: decodes, calls the gateway, selects on the subscription, encodes.
pub(super) struct LiveSocket {
    socket: WebSocket,
    gateway: Gateway,
    rates: Arc<Rates>,
    /// The budget for unread responses, and the client's address.
    readers: (Arc<Readers>, IpAddr),
    caller: Caller,
    /// Signals that someone's rights have changed.
    access: watch::Receiver<u64>,
    watcher: Option<Watcher>,
    /// The rest of the snapshot.
    picture: Option<SnapshotParts>,
    saving: Option<Saving>,
    heartbeat: Interval,
    heard: Instant,
    /// When the session's use was last recorded; opening the page is recorded elsewhere.
    noted: Instant,
}

enum Wake {
    Stop,
    Heard(Option<Result<Message, axum::Error>>),
    Saved(ServerMessage),
    Watched(Watched),
    Part(Option<ServerMessage>),
    Access,
    Heartbeat,
}

/// Why the connection ends: with this close frame, or because the browser is gone.
enum End {
    Say(u16, &'static str),
    Gone,
}

impl LiveSocket {
    pub(super) fn new(
        socket: WebSocket,
        gateway: Gateway,
        rates: Arc<Rates>,
        readers: (Arc<Readers>, IpAddr),
        caller: Caller,
    ) -> Self {
        let now = Instant::now();
        let mut heartbeat = interval_at(now + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut access = gateway.access_changes();
        // the caller was found before this began to listen
        access.mark_changed();
        let (watcher, picture, saving) = (None, None, None);
        Self {
            socket,
            gateway,
            rates,
            readers,
            caller,
            access,
            watcher,
            picture,
            saving,
            heartbeat,
            heard: now,
            noted: now,
        }
    }

    /// Serves the page until it leaves or `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let end = loop {
            let wake = tokio::select! {
                () = stop.cancelled() => Wake::Stop,
                Ok(()) = self.access.changed() => Wake::Access,
                message = self.socket.recv(), if self.saving.is_none() => Wake::Heard(message),
                result = saved(&mut self.saving) => Wake::Saved(result),
                watched = watched(&mut self.watcher) => Wake::Watched(watched),
                part = part(&mut self.picture) => Wake::Part(part),
                _ = self.heartbeat.tick() => Wake::Heartbeat,
            };
            if let Err(end) = self.serve(wake).await {
                break end;
            }
        };
        if let End::Say(code, reason) = end {
            self.finish_edit().await;
            self.close(code, reason).await;
        }
    }

    async fn serve(&mut self, wake: Wake) -> Result<(), End> {
        match wake {
            Wake::Stop => Err(End::Say(CLOSE_RESTART, "the server is shutting down; connect again")),
            Wake::Heard(Some(Ok(message))) => {
                self.heard = Instant::now();
                self.on_message(message).await
            }
            Wake::Heard(None | Some(Err(_))) => Err(End::Gone),
            Wake::Saved(result) => {
                self.saving = None;
                self.say(&result).await
            }
            Wake::Watched(Watched::Delta(delta)) => self.send(Bytes::from_owner(delta.encoded())).await,
            Wake::Watched(Watched::Lagged) => self.begin_picture().await,
            Wake::Part(Some(part)) => self.say(&part).await,
            Wake::Part(None) => {
                self.picture = None;
                Ok(())
            }
            Wake::Watched(Watched::StartOver) => {
                Err(End::Say(CLOSE_RESTART, "a backup was restored; connect again"))
            }
            Wake::Access => self.check_access().await,
            Wake::Heartbeat => self.check_in().await,
        }
    }

    async fn on_message(&mut self, message: Message) -> Result<(), End> {
        match message {
            Message::Binary(bytes) => match live::parse(&bytes) {
                Ok(message) => self.on_command(message).await,
                Err(malformed) => self.say(&ServerMessage::Refused { text: malformed.to_string() }).await,
            },
            Message::Text(_) => {
                let text = "this WebSocket only accepts binary messages".to_owned();
                self.say(&ServerMessage::Refused { text }).await
            }
            // tungstenite answers pings by itself
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => {
                // tungstenite sends its answer with the next read, for a clean close
                let answered = timeout(CLOSE_TIMEOUT, self.socket.recv()).await;
                tracing::trace!(answered = answered.is_ok(), "a browser closed the connection");
                Err(End::Gone)
            }
        }
    }

    async fn on_command(&mut self, command: ClientMessage) -> Result<(), End> {
        let is_by_hand = matches!(command, ClientMessage::Edit { .. } | ClientMessage::Run { .. });
        if is_by_hand && self.noted.elapsed() >= USE_NOTE {
            self.noted = Instant::now();
            self.gateway.note_use(&self.caller);
        }
        match command {
            ClientMessage::Subscribe { project } => self.subscribe(project).await,
            ClientMessage::Ping { token } => self.say(&ServerMessage::Pong { token }).await,
            ClientMessage::Run { id, project, name, args } => {
                let (gateway, rates, caller) =
                    (self.gateway.clone(), Arc::clone(&self.rates), self.caller.clone());
                self.saving = Some(Box::pin(async move {
                    rates.page_edit(&caller).await;
                    let started = gateway.run_action(&caller, project, name, args).await;
                    ServerMessage::RunResult { id, outcome: started.map_err(refusal) }
                }));
                Ok(())
            }
            ClientMessage::Edit { id, project, gesture, changes } => {
                let (gateway, rates, caller) =
                    (self.gateway.clone(), Arc::clone(&self.rates), self.caller.clone());
                self.saving = Some(Box::pin(async move {
                    rates.page_edit(&caller).await;
                    let saved = gateway.edit_vars(&caller, project, gesture, changes).await;
                    ServerMessage::EditResult { id, outcome: saved.map_err(refusal) }
                }));
                Ok(())
            }
        }
    }

    async fn subscribe(&mut self, project: ProjectId) -> Result<(), End> {
        (self.watcher, self.picture) = (None, None);
        match self.gateway.watch(&self.caller, project).await {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.begin_picture().await
            }
            Err(error) => self.say(&ServerMessage::Refused { text: refusal(error).text }).await,
        }
    }

    /// Sends the beginning of the snapshot. The rest is interleaved with deltas.
    async fn begin_picture(&mut self) -> Result<(), End> {
        self.picture = self.watcher.as_mut().map(Watcher::picture);
        match self.picture.as_mut().and_then(SnapshotParts::next) {
            Some(head) => self.say(&head).await,
            None => Ok(()),
        }
    }

    /// Someone's rights have changed, or time has passed: checks whether the caller is still authenticated and may still see the
    /// project. If they signed out elsewhere, or their role has changed, the connection is closed with the reason.
    async fn check_access(&mut self) -> Result<(), End> {
        match self.gateway.renew(&self.caller).await {
            Ok(Some(caller)) => self.caller = caller,
            Ok(None) => return Err(End::Say(CLOSE_SIGNED_OUT, "signed out")),
            // the database is unavailable: edits are refused until the next heartbeat, which tries again
            Err(_) => return Ok(()),
        }
        let Some(watcher) = &self.watcher else { return Ok(()) };
        match self.gateway.authorise_in(&self.caller, Action::ReadProject, watcher.project()).await {
            Ok(role) if role == watcher.role() => Ok(()),
            Ok(_) => Err(End::Say(CLOSE_ROLE, "your role has changed; connect again")),
            Err(GatewayError::NotFound | GatewayError::Forbidden | GatewayError::SecondFactorNeeded) => {
                Err(End::Say(CLOSE_FORBIDDEN, "you may no longer see this project"))
            }
            Err(_) => Ok(()),
        }
    }

    async fn check_in(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE {
            return Err(End::Gone);
        }
        self.check_access().await?;
        self.send_message(Message::Ping(Vec::new().into())).await
    }

    /// Finishes an edit in progress on shutdown, and tells the browser the outcome.
    async fn finish_edit(&mut self) {
        if let Some(saving) = self.saving.take()
            && let Ok(result) = timeout(SEND_TIMEOUT, saving).await
            && self.say(&result).await.is_err()
        {
            tracing::debug!("a browser left before it was told the outcome of its edit");
        }
    }

    async fn say(&mut self, message: &ServerMessage) -> Result<(), End> {
        self.send(live::encode(message).into()).await
    }

    async fn send(&mut self, bytes: Bytes) -> Result<(), End> {
        let (readers, of) = &self.readers;
        // the socket's buffer holds another copy until it is written
        let Ok(_unread) = timeout(SEND_TIMEOUT, readers.wait(*of, 2 * bytes.len())).await else {
            readers.note_refused();
            return Err(End::Say(CLOSE_RESTART, "too much data is waiting to be read; connect again"));
        };
        self.send_message(Message::Binary(bytes)).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND_TIMEOUT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Sends a close frame, and waits a moment for the browser's.
    pub(super) async fn close(mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code, reason: reason.into() };
        if self.send_message(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        let good_bye = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        if timeout(CLOSE_TIMEOUT, good_bye).await.is_err() {
            tracing::debug!("a browser did not answer the close frame");
        }
    }
}

async fn saved(saving: &mut Option<Saving>) -> ServerMessage {
    match saving {
        Some(saving) => saving.await,
        None => pending().await,
    }
}

async fn part(picture: &mut Option<SnapshotParts>) -> Option<ServerMessage> {
    match picture {
        Some(picture) => picture.next(),
        None => pending().await,
    }
}

async fn watched(watcher: &mut Option<Watcher>) -> Watched {
    match watcher {
        Some(watcher) => watcher.next().await,
        None => pending().await,
    }
}

fn refusal(error: GatewayError) -> EditRefused {
    if let GatewayError::Unavailable(cause) = &error {
        OUTAGE.log(cause, "a live page could not be served");
    }
    EditRefused { code: error.code().to_owned(), text: error.to_string() }
}
