//! Accepts games and limits how many there are.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gateway::Gateway;
use protocol::{ErrorCode, ProtocolError, line::encode_error};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{connection::Connection, limits::GameLimits};
use crate::net::{self, Port};

// A game that vanished without a word (power, network) is noticed within 75 s: 30 + 3 × 15.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;
/// The same when an edit is on its way, where keep-alive does not run.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_FOR: Duration = Duration::from_secs(60);

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
        detect_dead_peer(&stream, peer);
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

fn detect_dead_peer(stream: &TcpStream, peer: SocketAddr) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES);
    let outcome = socket.set_tcp_keepalive(&keepalive);
    #[cfg(target_os = "linux")]
    let outcome = outcome.and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_FOR)));
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "no keep-alive on this connection");
    }
}
