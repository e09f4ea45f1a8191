//! Where games come in, by TCP or by WebSocket: how many there may be, and who serves them.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use gateway::Gateway;
use protocol::ErrorCode;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    runtime::Handle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Admission, connection::Connection, limits::GameLimits};
use crate::net::{Permit, Port, Refusal};

/// What all games share, however they connect. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) port: Arc<Port>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) limits: GameLimits,
    pub(crate) gateway: Gateway,
    /// The threads that serve games.
    pub(crate) threads: Handle,
    /// The server waits for these on shutdown.
    pub(crate) tasks: TaskTracker,
    /// Cancelled on shutdown.
    pub(crate) stop: CancellationToken,
}

impl Door {
    /// A permit for one more game from an address.
    ///
    /// # Errors
    /// [`Refusal`] for [`reason`], counted and now and then logged.
    pub(crate) fn admit(&self, peer: IpAddr) -> Result<Permit, Refusal> {
        let Self { port, admission, .. } = self;
        let admitted = admission.admit(peer, Instant::now()).map_err(|refusal| port.refuse(refusal));
        let permit = admitted.and_then(|()| port.take_permit_of(peer));
        if let Err(refusal) = &permit
            && let Some(count) = port.complaint(Instant::now())
        {
            let reason = refusal.as_str();
            tracing::warn!(%peer, count, reason, "refused game connections; this is the latest");
        }
        permit
    }

    /// Serves a game in a task of its own, which ends soon after `stop`. `origin` is that of the web page in which it runs.
    pub(crate) fn serve<S>(&self, stream: S, peer: SocketAddr, origin: Option<Box<str>>, permit: Permit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { admission, limits, gateway, stop, .. } = self.clone();
        let connection = Connection::new(stream, peer, admission, gateway, limits, stop).of_page(origin);
        let serving = async move {
            connection.run().await;
            drop(permit);
        };
        self.tasks.spawn_on(serving, &self.threads);
    }
}

/// A refusal in the words of the line protocol.
pub(crate) fn reason(refusal: Refusal) -> (ErrorCode, &'static str) {
    match refusal {
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
    }
}
