//! Listening and accepting, for both ports.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::{
    rate::Network,
    share::{Share, Shares},
};

/// For thousands of games that connect at once: with tokio's 128, most would retry for seconds.
const BACKLOG: u32 = 4096;
/// Between two log lines about refused connections.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(10);
/// Pause after the process ran out of file handles, for some connections to end.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Keep-alive probes without an answer after which a peer is gone, on systems that count them; Linux goes by the time.
const KEEP_ALIVE_PROBES: u32 = 3;
/// The shortest interval of keep-alive probes that systems accept.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// The last eighth of a port's permits is reserved for addresses that hold few.
const RESERVE: usize = 8;
/// The number of permits that counts as few.
const FEW: usize = 8;

/// A port's connections: the limit, the current number, and the number of refused ones.
pub(crate) struct Port {
    max_connections: usize,
    per_address: PerAddress,
    permits: Arc<Semaphore>,
    shares: Shares<Network>,
    accepted: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
    complaints: Mutex<Complaints>,
}

/// The limit of connections for one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PerAddress {
    each: usize,
    own_machine: usize,
}

impl PerAddress {
    /// A quarter of a port's permits; three quarters for this machine, where a proxy may represent many clients.
    fn of(max_connections: usize) -> Self {
        let few = FEW.min(max_connections);
        Self { each: (max_connections / 4).max(few), own_machine: (max_connections * 3 / 4).max(few) }
    }

    /// `count` for every address, if it is configured.
    pub(crate) fn of_games(max_connections: usize, count: Option<usize>) -> Self {
        count.map_or_else(|| Self::of(max_connections), |count| Self { each: count, own_machine: count })
    }
}

/// Limits log lines about refused connections.
#[derive(Default)]
struct Complaints {
    said_at: Option<Instant>,
    since: u64,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The port's limit is reached.
    Full,
    /// Its address connects too often.
    Rate,
    /// Its address has reached its limit.
    Share,
}

/// The permit for one connection, held while it lives.
pub(crate) struct Permit {
    _permit: OwnedSemaphorePermit,
    _share: Option<Share<Network>>,
}

impl Refusal {
    /// Each of them.
    pub(crate) const ALL: [Self; 3] = [Self::Full, Self::Rate, Self::Share];

    /// In lower snake case.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Rate => "rate",
            Self::Share => "share",
        }
    }
}

impl Port {
    /// A port for people.
    pub(crate) fn new(max_connections: usize) -> Self {
        Self::shared(max_connections, PerAddress::of(max_connections))
    }

    /// A port with a limit for each address.
    pub(crate) fn shared(max_connections: usize, per_address: PerAddress) -> Self {
        let permits = Arc::new(Semaphore::new(max_connections));
        Self {
            max_connections,
            per_address,
            permits,
            shares: Shares::default(),
            accepted: AtomicU64::new(0),
            refused: Default::default(),
            complaints: Mutex::default(),
        }
    }

    /// A permit for one more connection.
    pub(crate) fn take_permit(&self) -> Result<Permit, Refusal> {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            return Err(self.refuse(Refusal::Full));
        };
        self.accepted.fetch_add(1, Relaxed);
        Ok(Permit { _permit: permit, _share: None })
    }

    /// A permit for one more connection from an address. Each network has a limit ([`PerAddress`]), and the last permits are
    /// reserved for those that hold few.
    pub(crate) fn take_permit_of(&self, address: IpAddr) -> Result<Permit, Refusal> {
        if self.permits.available_permits() == 0 {
            return Err(self.refuse(Refusal::Full));
        }
        let share = self.share(address)?;
        Ok(Permit { _share: Some(share), ..self.take_permit()? })
    }

    /// Counts the address only, for requests through a trusted proxy's connection.
    pub(crate) fn share(&self, address: IpAddr) -> Result<Share<Network>, Refusal> {
        let share = self.shares.take(address.into(), self.share_of(address));
        share.ok_or_else(|| self.refuse(Refusal::Share))
    }

    fn share_of(&self, address: IpAddr) -> usize {
        let few = FEW.min(self.max_connections);
        if self.permits.available_permits() <= self.max_connections / RESERVE {
            return few;
        }
        let PerAddress { each, own_machine } = self.per_address;
        if address.to_canonical().is_loopback() { own_machine } else { each }
    }

    /// Counts a refused connection.
    pub(crate) fn refuse(&self, reason: Refusal) -> Refusal {
        self.refused[reason as usize].fetch_add(1, Relaxed);
        reason
    }

    /// The number of refused connections since the last log line, if it is time for another one.
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

    /// Open connections.
    pub(crate) fn open(&self) -> u64 {
        self.max_connections.saturating_sub(self.permits.available_permits()) as u64
    }

    /// Accepted connections.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    /// Refused connections.
    pub(crate) fn refused(&self, reason: Refusal) -> u64 {
        self.refused[reason as usize].load(Relaxed)
    }
}

/// Binds and listens; port 0 picks a free port. `receive_bytes` limits the kernel's receive buffer of each connection, which
/// otherwise grows with the peer's speed.
pub(crate) fn listen(address: SocketAddr, receive_bytes: Option<u32>) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(bytes) = receive_bytes {
        // before anyone connects, because the TCP window is negotiated then
        socket.set_recv_buffer_size(bytes)?;
    }
    // a restart must not wait for old connections to time out
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The next connection. Errors of single connections are skipped, and running out of file handles is waited out: accepting
/// late is better than never. `None` if the socket no longer listens, which is logged.
pub(crate) async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    let mut exhausted = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // edits are single small lines, which Nagle's algorithm would only delay
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, %error, "a connection was aborted before it was accepted");
                    continue;
                }
                return Some((stream, peer));
            }
            Err(error) if is_of_one_connection(&error) => {}
            // EINVAL: the socket was shut down
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                tracing::error!(%error, "a port no longer accepts connections");
                return None;
            }
            Err(error) => {
                if !exhausted {
                    tracing::warn!(%error, "can't accept connections right now; raise the limit on open files");
                    exhausted = true;
                }
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

/// A peer that vanished without a word (power, network) is gone after twice this silence, whether nothing was said (keep-alive
/// probes) or something is on its way (while those do not run).
pub(crate) fn detect_dead_peer(stream: &TcpStream, peer: SocketAddr, silence: Duration) {
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
    fn no_address_takes_all_places() {
        let port = Port::new(64);
        let take = |address: &str, count: usize| -> Vec<Permit> {
            let address = address.parse().unwrap();
            (0..count).map_while(|_| port.take_permit_of(address).ok()).collect()
        };
        let strangers = take("192.0.2.1", 64);
        assert_eq!((strangers.len(), port.refused(Refusal::Share)), (16, 1));
        // one network of IPv6 is one of them, this machine has more than others
        let (subscriber, same) = (take("2001:db8::1", 64), take("2001:db8::2", 1));
        assert_eq!((subscriber.len(), same.len()), (16, 0));
        assert_eq!(take("127.0.0.1", 64).len(), 24, "what is left, but for the last eighth");
    }

    #[test]
    fn an_address_has_a_share_of_the_games_or_what_somebody_says() {
        let held = |count: Option<usize>, address: &str| {
            let port = Port::shared(64, PerAddress::of_games(64, count));
            let address = address.parse().unwrap();
            let permits: Vec<_> = (0..64).map_while(|_| port.take_permit_of(address).ok()).collect();
            (permits.len(), port.take_permit_of("198.51.100.1".parse().unwrap()).is_ok())
        };
        assert_eq!(held(None, "192.0.2.1"), (16, true));
        assert_eq!(held(None, "127.0.0.1"), (48, true));
        assert_eq!(held(Some(3), "127.0.0.1"), (3, true));
        // a client that says so may have all but the last
        assert_eq!(held(Some(1_000), "192.0.2.1"), (56, true));
        let tiny = Port::shared(2, PerAddress::of_games(2, None));
        let own = "127.0.0.1".parse().unwrap();
        assert_eq!((0..5).map_while(|_| tiny.take_permit_of(own).ok()).collect::<Vec<_>>().len(), 2);
    }

    #[test]
    fn the_last_places_are_for_those_who_hold_few() {
        let port = Port::new(64);
        let take = |address: [u8; 4]| port.take_permit_of(address.into());
        let crowd: Vec<_> =
            (0..4).flat_map(|n| (0..14).map(move |_| take([192, 0, 2, n]).unwrap())).collect();
        assert_eq!(crowd.len(), 56);
        assert_eq!(take([192, 0, 2, 0]).map(drop), Err(Refusal::Share));
        let newcomers: Vec<_> = (0..8).map(|n| take([198, 51, 100, n % 2]).unwrap()).collect();
        assert_eq!((newcomers.len(), port.open()), (8, 64));
        assert_eq!(take([198, 51, 100, 3]).map(drop), Err(Refusal::Full));
        drop(crowd);
        assert!(take([192, 0, 2, 0]).is_ok());
    }

    #[test]
    fn a_place_is_free_again_when_it_is_let_go() {
        let port = Port::new(2);
        let permits = [port.take_permit().unwrap(), port.take_permit().unwrap()];
        assert_eq!(port.take_permit().map(drop), Err(Refusal::Full));
        assert_eq!((port.open(), port.accepted(), port.refused(Refusal::Full)), (2, 2, 1));
        drop(permits);
        assert_eq!((port.open(), port.refused(Refusal::Rate)), (0, 0));
        assert!(port.take_permit().is_ok());
    }
}
