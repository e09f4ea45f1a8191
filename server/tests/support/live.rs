//! A dashboard's WebSocket.

use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{
    live::{self, ClientMessage, Event, LIVE_VERSION, ServerMessage, Snapshot},
    model::{Gesture, ProjectId, Value, VarName},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::{Stream, http::Browser, soon};

/// The longest message that any of these stories makes the server send.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// An open dashboard.
pub struct Dashboard {
    socket: WebSocketStream<Box<dyn Stream>>,
}

impl Dashboard {
    /// As the page does it.
    pub async fn open(browser: &Browser) -> Self {
        Self::try_open(browser, Some(&browser.origin()), LIVE_VERSION).await.expect("an upgrade")
    }

    /// Gives the status when there is no upgrade.
    pub async fn try_open(browser: &Browser, origin: Option<&str>, version: u32) -> Result<Self, u16> {
        let url = format!("ws://{}/live?v={version}", browser.host());
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", HeaderValue::from_str(origin).unwrap());
        }
        if let Some(cookie) = &browser.cookie {
            request.headers_mut().insert("cookie", HeaderValue::from_str(cookie).unwrap());
        }
        match soon("the upgrade", client_async(request, browser.connect().await)).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        self.send(Message::Binary(live::encode(message).into())).await;
    }

    pub async fn send(&mut self, message: Message) {
        soon("the message to leave", self.socket.send(message)).await.unwrap();
    }

    pub async fn hear(&mut self) -> ServerMessage {
        loop {
            match soon("a message", self.socket.next()).await.expect("a message, not the end").unwrap() {
                Message::Binary(bytes) => {
                    // whatever is stored, and from whatever sender
                    assert!(bytes.len() <= MAX_MESSAGE_BYTES, "a message of {} bytes", bytes.len());
                    return live::parse(&bytes).unwrap();
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not a message: {other:?}"),
            }
        }
    }

    /// The code with which the server closes; messages before it are skipped.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match soon("the close", self.socket.next()).await.expect("a close, not the end").unwrap() {
                Message::Close(Some(frame)) => return frame.code.into(),
                Message::Close(None) => panic!("a close without a code"),
                _ => {}
            }
        }
    }

    /// Whether the next that comes is a message, not the end.
    pub async fn is_heard(&mut self) -> bool {
        let next = soon("a message or the end", self.socket.next()).await;
        matches!(next, Some(Ok(Message::Binary(_))))
    }

    pub async fn subscribe(&mut self, project: ProjectId) -> Snapshot {
        self.say(&ClientMessage::Subscribe { project }).await;
        self.snapshot().await
    }

    /// The first event that is wanted; others pass.
    pub async fn event<T>(&mut self, wanted: impl Fn(Event) -> Option<T>) -> T {
        loop {
            if let ServerMessage::Delta { events, .. } = self.hear().await
                && let Some(found) = events.into_iter().find_map(&wanted)
            {
                return found;
            }
        }
    }

    /// The snapshot that comes now, whole. What happens while it comes may be in it or not.
    pub async fn snapshot(&mut self) -> Snapshot {
        let mut snapshot = match self.hear().await {
            ServerMessage::Snapshot(snapshot) => *snapshot,
            other => panic!("no snapshot: {other:?}"),
        };
        while snapshot.more {
            match self.hear().await {
                ServerMessage::More(part) => snapshot.add(*part),
                ServerMessage::Snapshot(anew) => snapshot = *anew,
                ServerMessage::Delta { .. } => {}
                other => panic!("no part of a snapshot: {other:?}"),
            }
        }
        snapshot
    }

    pub async fn edit(&mut self, id: u32, project: ProjectId, changes: &[(&str, Value)]) {
        let change = |(n, v): &(&str, Value)| (VarName::parse(n).unwrap(), v.clone()).into();
        let changes = changes.iter().map(change).collect();
        self.say(&ClientMessage::Edit { id, project, gesture: Gesture(id.into()), changes }).await;
    }
}
