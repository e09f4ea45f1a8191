//! A browser's end of the dashboard's WebSocket.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{
    live::{self, ClientMessage, EditSaved, LIVE_VERSION, ServerMessage, Snapshot},
    model::{Gesture, ProjectId, Value, VarName},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// An open WebSocket of somebody who is signed in.
pub(crate) struct Dashboard {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u32,
}

impl Dashboard {
    pub(crate) async fn open(host: &str, cookie: &str) -> anyhow::Result<Self> {
        let mut request = format!("ws://{host}/live?v={LIVE_VERSION}").into_client_request()?;
        request.headers_mut().insert("Cookie", HeaderValue::from_str(cookie)?);
        request.headers_mut().insert("Origin", HeaderValue::from_str(&format!("http://{host}"))?);
        let (socket, _) = connect_async(request).await.context("the WebSocket")?;
        Ok(Self { socket, next_id: 0 })
    }

    pub(crate) async fn send(&mut self, message: &ClientMessage) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::binary(live::encode(message))).await?)
    }

    pub(crate) async fn next(&mut self) -> anyhow::Result<ServerMessage> {
        loop {
            let message =
                timeout(ANSWER_TIMEOUT, self.socket.next()).await.context("the dashboard waits in vain")?;
            match message.context("the server hung up")?? {
                Message::Binary(bytes) => return Ok(live::parse(&bytes)?),
                Message::Close(frame) => bail!("the server closed the WebSocket: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The project's state, and from then on its deltas; `None` when it is not there.
    pub(crate) async fn subscribe(&mut self, project: ProjectId) -> anyhow::Result<Option<Snapshot>> {
        self.send(&ClientMessage::Subscribe { project }).await?;
        let mut gathered: Option<Snapshot> = None;
        loop {
            match self.next().await? {
                ServerMessage::Snapshot(snapshot) if snapshot.project == project => {
                    gathered = Some(*snapshot);
                }
                ServerMessage::More(part) => gathered.iter_mut().for_each(|whole| whole.add((*part).clone())),
                ServerMessage::Refused { .. } => return Ok(None),
                _ => {}
            }
            if let Some(whole) = gathered.take_if(|whole| !whole.more) {
                return Ok(Some(whole));
            }
        }
    }

    /// Sends an edit; [`Dashboard::saved`] waits for its answer.
    pub(crate) async fn edit(
        &mut self,
        project: ProjectId,
        name: &VarName,
        value: Value,
    ) -> anyhow::Result<u32> {
        self.next_id += 1;
        let (id, changes) = (self.next_id, vec![(name.clone(), value).into()]);
        // each edit is a gesture of its own, which is the most that a history can have to do
        self.send(&ClientMessage::Edit { id, project, gesture: Gesture(id.into()), changes }).await?;
        Ok(id)
    }

    pub(crate) async fn saved(&mut self, edit: u32) -> anyhow::Result<EditSaved> {
        loop {
            match self.next().await? {
                ServerMessage::EditResult { id, outcome } if id == edit => {
                    return outcome.map_err(|refused| anyhow::anyhow!("edit refused: {}", refused.text));
                }
                _ => {}
            }
        }
    }
}
