//! The WebSocket of games in browsers: the lines of the game port, one to a message.
//!
//! What admits a game is the key that it sends, as on the game port, and cookies mean nothing here. Which pages' games a key
//! admits is a setting of the key.

use std::net::SocketAddr;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            CONNECTION, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
            UPGRADE,
        },
    },
    response::{IntoResponse as _, Response},
};
use hyper::upgrade;
use hyper_util::rt::TokioIo;
use tungstenite::handshake::derive_accept_key;

use super::{Web, client::ClientAddress, guard::text};
use crate::{
    ingest::{GameSocket, reason},
    net::Refusal,
};

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
/// The only version of the WebSocket protocol (RFC 6455).
const VERSION: HeaderValue = HeaderValue::from_static("13");
/// When a game that was refused may try again, in seconds.
const REFUSED_FOR: HeaderValue = HeaderValue::from_static("5");

/// `GET /game`: refused before the upgrade if there are too many games already; everything else is said in lines.
pub(super) async fn game(
    State(web): State<Web>,
    ClientAddress(address): ClientAddress,
    mut request: Request,
) -> Response {
    let accept = match accept(request.headers()) {
        Ok(accept) => accept,
        Err(refused) => {
            let offer = [(UPGRADE, WEBSOCKET), (SEC_WEBSOCKET_VERSION, VERSION)];
            return (refused.0, offer, refused.1).into_response();
        }
    };
    // a game counts as one on the game port; the request's own permit is returned with the upgrade
    let permit = match web.door.admit(address) {
        Ok(permit) => permit,
        Err(refusal) => return refuse(refusal),
    };
    let origin = origin(request.headers());
    let upgrade = upgrade::on(&mut request);
    let door = web.door;
    // tracked, so that the server waits for it on shutdown
    web.tasks.spawn(async move {
        match upgrade.await {
            Ok(stream) => {
                let stream = GameSocket::new(TokioIo::new(stream));
                door.serve(stream, SocketAddr::new(address, 0), origin, permit);
            }
            Err(error) => tracing::debug!(%address, %error, "a game left during its handshake"),
        }
    });
    let headers = [
        (CONNECTION, HeaderValue::from_static("upgrade")),
        (UPGRADE, WEBSOCKET),
        (SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// The origin of the page that connects, which a browser always sends. One that is no text is none that a key could list.
fn origin(headers: &HeaderMap) -> Option<Box<str>> {
    let origin = headers.get(ORIGIN)?.to_str().unwrap_or_default();
    Some(origin.into())
}

/// The answer to the client's key, if the request is the handshake of a WebSocket; otherwise, what is wrong with it.
fn accept(headers: &HeaderMap) -> Result<HeaderValue, (StatusCode, &'static str)> {
    let is_upgrade = has_word(headers, &CONNECTION, "upgrade") && has_word(headers, &UPGRADE, "websocket");
    if !is_upgrade || text(headers, &SEC_WEBSOCKET_VERSION) != Some("13") {
        let text = "games connect here with a WebSocket; see docs/protocol.md\n";
        return Err((StatusCode::UPGRADE_REQUIRED, text));
    }
    let accept = text(headers, &SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    let accept = accept.and_then(|accept| HeaderValue::try_from(accept).ok());
    accept.ok_or((StatusCode::BAD_REQUEST, "send one header Sec-WebSocket-Key\n"))
}

/// Whether a list has this word, in upper or lower case.
fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lists = headers.get_all(name).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|found| found.trim().eq_ignore_ascii_case(word))
}

/// Before the upgrade, which would cost more. A page is not told why, but scripts and the browser's console are.
fn refuse(refusal: Refusal) -> Response {
    let (_, text) = reason(refusal);
    let status = match refusal {
        Refusal::Full => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Rate | Refusal::Share => StatusCode::TOO_MANY_REQUESTS,
    };
    (status, [(RETRY_AFTER, REFUSED_FOR)], format!("{text}\n")).into_response()
}
