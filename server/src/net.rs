//! Listening and accepting, alike for both ports.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// Thousands of games that connect at once wait here; tokio's own 128 makes the rest retry for seconds.
const BACKLOG: u32 = 4096;
/// Between two lines about connections that were refused.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(10);
/// After the process ran out of file handles: time for some connections to end.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// A port's connections: how many there may be, how many there are, and how many were refused.
pub(crate) struct Port {
    max_connections: usize,
    places: Arc<Semaphore>,
    accepted: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
    complaints: Mutex<Complaints>,
}

/// What was said of refused connections, so that a flood of them is no flood of lines.
#[derive(Default)]
struct Complaints {
    said_at: Option<Instant>,
    since: u64,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// As many are open as may be.
    Full,
    /// Its address connects too often.
    Rate,
}

impl Refusal {
    /// Each of them.
    pub(crate) const ALL: [Self; 2] = [Self::Full, Self::Rate];

    /// In lower snake case.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Rate => "rate",
        }
    }
}

impl Port {
    pub(crate) fn new(max_connections: usize) -> Self {
        let places = Arc::new(Semaphore::new(max_connections));
        Self {
            max_connections,
            places,
            accepted: AtomicU64::new(0),
            refused: Default::default(),
            complaints: Mutex::default(),
        }
    }

    /// A place for one more connection, to be held as long as it lives.
    pub(crate) fn take_place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => {
                self.accepted.fetch_add(1, Relaxed);
                Ok(place)
            }
            Err(_) => Err(self.refuse(Refusal::Full)),
        }
    }

    /// Counts a connection that is refused.
    pub(crate) fn refuse(&self, reason: Refusal) -> Refusal {
        self.refused[reason as usize].fetch_add(1, Relaxed);
        reason
    }

    /// How many were refused since that was last said, if it is time to say it again.
    pub(crate) fn complaint(&self, now: Instant) -> Option<u64> {
        let mut complaints = self.complaints.lock().expect("no holder of this lock panics");
        complaints.since += 1;
        let is_due =
            complaints.said_at.is_none_or(|at| now.saturating_duration_since(at) >= COMPLAINT_INTERVAL);
        is_due.then(|| {
            complaints.said_at = Some(now);
            std::mem::take(&mut complaints.since)
        })
    }

    /// Connections now.
    pub(crate) fn open(&self) -> u64 {
        self.max_connections.saturating_sub(self.places.available_permits()) as u64
    }

    /// Connections that got a place.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    /// Connections that got none.
    pub(crate) fn refused(&self, reason: Refusal) -> u64 {
        self.refused[reason as usize].load(Relaxed)
    }
}

/// Binds and listens. Port 0 takes a free one. Of each connection the system keeps about `receive_bytes` that were not
/// read, or by itself more and more the faster they come.
pub(crate) fn listen(address: SocketAddr, receive_bytes: Option<u32>) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(bytes) = receive_bytes {
        // before anybody connects: the window is agreed on then
        socket.set_recv_buffer_size(bytes)?;
    }
    // a restart must not wait for connections of the last run to time out
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The next connection. Faults of single connections are skipped, and running out of handles is waited
/// out: a server that stops accepting for ever is worse than one that accepts late.
pub(crate) async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut exhausted = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // edits are single small lines: waiting for more to send would only delay them
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, %error, "a connection ended before it began");
                    continue;
                }
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if !exhausted {
                    tracing::warn!(%error, "cannot accept connections now; raise the limit of open files");
                    exhausted = true;
                }
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_a_line_every_ten_seconds() {
        let (port, start) = (Port::new(1), Instant::now());
        assert_eq!(port.complaint(start), Some(1));
        assert!((0..99).all(|_| port.complaint(start + Duration::from_secs(9)).is_none()));
        assert_eq!(port.complaint(start + COMPLAINT_INTERVAL), Some(100));
        assert_eq!(port.complaint(start + COMPLAINT_INTERVAL), None);
    }

    #[test]
    fn a_place_is_free_again_when_it_is_let_go() {
        let port = Port::new(2);
        let places = [port.take_place().unwrap(), port.take_place().unwrap()];
        assert_eq!(port.take_place().unwrap_err(), Refusal::Full);
        assert_eq!((port.open(), port.accepted(), port.refused(Refusal::Full)), (2, 2, 1));
        drop(places);
        assert_eq!((port.open(), port.refused(Refusal::Rate)), (0, 0));
        assert!(port.take_place().is_ok());
    }
}
