//! Accepts games that connect over TCP.

use std::net::SocketAddr;

use protocol::{ProtocolError, line::encode_error};
use tokio::net::{TcpListener, TcpStream};

use super::{Door, reason};
use crate::{
    net::{self, Refusal},
    tls::{Offer, Transport},
};

/// The game port.
pub(crate) struct GamePort {
    pub(crate) listener: TcpListener,
    pub(crate) offer: Offer,
    pub(crate) door: Door,
}

/// Accepts games until the server stops, each in a task of its own.
pub(crate) async fn accept_games(game_port: GamePort) {
    let GamePort { listener, offer, door } = game_port;
    loop {
        let accepted = tokio::select! {
            () = door.stop.cancelled() => return,
            accepted = net::accept(&listener) => accepted,
        };
        let Some((stream, peer)) = accepted else { return };
        match door.admit(peer.ip()) {
            Ok(permit) => {
                net::detect_dead_peer(&stream, peer, door.limits.keep_alive);
                door.serve(Transport::new(stream, offer.clone()), peer, None, permit);
            }
            Err(refusal) => refuse(&stream, peer, refusal),
        }
    }
}

/// Says why and hangs up; a peer that does not listen is not waited for. In plaintext even if it would encrypt: to find out,
/// one would have to wait for it.
fn refuse(stream: &TcpStream, peer: SocketAddr, refusal: Refusal) {
    let (code, text) = reason(refusal);
    if let Err(error) = stream.try_write(&encode_error(&ProtocolError::new(code, text))) {
        tracing::debug!(%peer, %error, "a refused game had already left");
    }
}
