//! `GET /echo`: says back what it hears, so that a tester of the WebSocket protocol can be set on our own upgrade and limits. It is there only
//! if it was asked for, on a machine that nobody else reaches.

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};

use super::{Web, live, serve::HeldPermit};

/// `GET /echo`.
pub(super) async fn echo(
    State(web): State<Web>,
    Extension(permit): Extension<HeldPermit>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let counted = web.tasks.token();
    live::limited(upgrade).on_upgrade(move |socket| async move {
        tokio::select! {
            () = web.stop.cancelled() => {}
            () = say_back(socket) => {}
        }
        drop((counted, permit));
    })
}

/// Until the other side has said good-bye, or breaks the protocol.
async fn say_back(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        // tungstenite answers pings and closes by itself
        if let Message::Text(_) | Message::Binary(_) = message
            && socket.send(message).await.is_err()
        {
            return;
        }
    }
}
