//! Listening and accepting, alike for both ports.

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Thousands of games that connect at once wait here; tokio's own 128 makes the rest retry for seconds.
const BACKLOG: u32 = 4096;
/// After the process ran out of file handles: time for some connections to end.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Binds and listens. Port 0 takes a free one.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
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
