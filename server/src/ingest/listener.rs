//! Accepts games and limits how many there are.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use gateway::Gateway;
use protocol::{ErrorCode, ProtocolError, line::encode_error};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Admission, connection::Connection, limits::GameLimits};
use crate::{
    net::{self, Port, Refusal},
    tls::{Offer, Transport},
};

/// Probes that may stay without an answer where that is what counts; on Linux the time does.
const KEEP_ALIVE_PROBES: u32 = 3;
/// The least that systems take.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// Where games connect, and what is asked of them.
pub(crate) struct GamePort {
    pub(crate) listener: TcpListener,
    pub(crate) port: Arc<Port>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) offer: Offer,
    pub(crate) limits: GameLimits,
}

/// Accepts games until `stop`, each in a task of `tasks`, which ends soon after `stop` too.
pub(crate) async fn accept_games(
    game_port: GamePort,
    gateway: Gateway,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let GamePort { listener, port, admission, offer, limits } = game_port;
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = net::accept(&listener) => accepted,
        };
        let Some((stream, peer)) = accepted else { return };
        let admitted = admission.admit(peer.ip(), Instant::now()).map_err(|reason| port.refuse(reason));
        let permit = match admitted.and_then(|()| port.take_permit_of(peer.ip())) {
            Ok(permit) => permit,
            Err(reason) => {
                refuse(&stream, peer, reason, &port);
                continue;
            }
        };
        detect_dead_peer(&stream, peer, limits.keep_alive);
        let stream = Transport::new(stream, offer.clone());
        let connection =
            Connection::new(stream, peer, Arc::clone(&admission), gateway.clone(), limits, stop.clone());
        tasks.spawn(async move {
            connection.run().await;
            drop(permit);
        });
    }
}

/// Says why and hangs up; a peer that does not listen is not waited for. In plaintext even if it would encrypt: to find out,
/// one would have to wait for it.
fn refuse(stream: &TcpStream, peer: SocketAddr, reason: Refusal, port: &Port) {
    let (code, text) = match reason {
        Refusal::Full => {
            (ErrorCode::Busy, "the server has reached its limit of connected games; try again later")
        }
        Refusal::Share => (
            ErrorCode::Busy,
            "this address has reached its limit of connected games; close some, or ask the server's operator to raise it \
             (--max-games-per-address)",
        ),
        Refusal::Rate => {
            (ErrorCode::Rate, "too many connections from this address; wait a few seconds and try again")
        }
    };
    if let Some(count) = port.complaint(Instant::now()) {
        tracing::warn!(%peer, count, reason = reason.as_str(), "refused game connections; this is the latest");
    }
    if let Err(error) = stream.try_write(&encode_error(&ProtocolError::new(code, text))) {
        tracing::debug!(%peer, %error, "a refused game had already left");
    }
}

/// A game that vanished without a word (power, network) is gone after twice the silence in which nothing is asked, whether
/// nothing was said (keep-alive probes) or an edit is on its way (where those do not run).
fn detect_dead_peer(stream: &TcpStream, peer: SocketAddr, silence: Duration) {
    let socket = SockRef::from(stream);
    let keep_alive = TcpKeepalive::new()
        .with_time(silence)
        .with_interval((silence / 2).max(SHORTEST_INTERVAL))
        .with_retries(KEEP_ALIVE_PROBES);
    let outcome = socket.set_tcp_keepalive(&keep_alive);
    #[cfg(target_os = "linux")]
    let outcome = outcome.and_then(|()| socket.set_tcp_user_timeout(Some(2 * silence)));
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "TCP keep-alive could not be enabled");
    }
}
