//! `GET /echo`: echoes every message, so that WebSocket test suites can test the server's upgrade and limits. Only available if
//! configured, on a server that is reachable from this machine alone.

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

/// Runs until the other side closes, or violates the protocol.
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
