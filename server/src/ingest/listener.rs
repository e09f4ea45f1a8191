//! Accepts games and limits how many there are.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gateway::Gateway;
use protocol::{ErrorCode, ProtocolError, line::encode_error};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{connection::Connection, limits::GameLimits};
use crate::net::{self, Port};

/// Probes that may stay without an answer where that is what counts; on Linux the time does.
const KEEP_ALIVE_PROBES: u32 = 3;
/// The least that systems take.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// Accepts games until `stop`, each in a task of `tasks`, which ends soon after `stop` too.
pub(crate) async fn accept_games(
    listener: TcpListener,
    port: Arc<Port>,
    gateway: Gateway,
    limits: GameLimits,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => return,
            accepted = net::accept(&listener) => accepted,
        };
        let Ok(place) = port.take_place() else {
            refuse(&stream, peer);
            continue;
        };
        detect_dead_peer(&stream, peer, limits.keep_alive);
        let connection = Connection::new(stream, peer, gateway.clone(), limits, stop.clone());
        tasks.spawn(async move {
            connection.run().await;
            drop(place);
        });
    }
}

/// Says why and hangs up; a peer that does not listen is not waited for.
fn refuse(stream: &TcpStream, peer: SocketAddr) {
    tracing::warn!(%peer, "as many games are connected as this server may have; one was refused");
    let error = ProtocolError::new(ErrorCode::Busy, "as many games are connected as may be; try again later");
    if let Err(error) = stream.try_write(&encode_error(&error)) {
        tracing::debug!(%peer, %error, "a refused game was gone already");
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
        tracing::debug!(%peer, %error, "no keep-alive on this connection");
    }
}
