//! A connection that may be encrypted: its first byte tells.

use std::{
    future::Future as _,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};

use super::Certificates;

/// The first byte of every TLS connection (a handshake record: RFC 8446, section 5.1), but of no line from a game and no request.
const HANDSHAKE_RECORD: u8 = 0x16;

/// What a port accepts.
#[derive(Clone)]
pub(crate) struct Offer {
    certificates: Option<Certificates>,
    is_plain_taken: bool,
    config: fn(&Certificates) -> Arc<ServerConfig>,
}

impl Offer {
    /// The HTTP port always accepts plaintext, to redirect browsers.
    pub(crate) fn http(certificates: Option<Certificates>) -> Self {
        Self { certificates, is_plain_taken: true, config: Certificates::for_http }
    }

    /// The game port.
    pub(crate) fn games(certificates: Option<Certificates>, is_plain_taken: bool) -> Self {
        Self { certificates, is_plain_taken, config: Certificates::for_games }
    }
}

/// Why a connection is not read. Anything written now is sent in plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The client does not use TLS, but must.
    #[error("the client does not speak TLS")]
    Plaintext,
    /// The client uses TLS, but there is no certificate.
    #[error("the client speaks TLS, but there is no certificate")]
    Tls,
}

/// A connection that may be encrypted. Reading finds out and performs the handshake, so a read timeout covers both.
pub(crate) struct Transport {
    state: State,
    encrypted: Option<Arc<AtomicBool>>,
}

// boxed, because a TLS connection is large: a plaintext game costs no more than its socket
enum State {
    /// Nothing has come.
    Silent(TcpStream, Offer),
    Plain(TcpStream),
    Handshake(Box<Accept<TcpStream>>),
    Encrypted(Box<TlsStream<TcpStream>>),
    Over,
}

impl Transport {
    pub(crate) fn new(stream: TcpStream, offer: Offer) -> Self {
        Self { state: State::Silent(stream, offer), encrypted: None }
    }

    /// Also returns a flag that is set before the first decrypted byte is read.
    pub(crate) fn observed(stream: TcpStream, offer: Offer) -> (Self, Arc<AtomicBool>) {
        let encrypted = Arc::new(AtomicBool::new(false));
        let transport = Self { state: State::Silent(stream, offer), encrypted: Some(Arc::clone(&encrypted)) };
        (transport, encrypted)
    }

    /// Waits for the first byte without consuming it; `false` if there will be none.
    fn poll_first_byte(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let State::Silent(stream, _) = &self.state else { return Poll::Ready(Ok(true)) };
        let mut first = [0];
        let mut first = ReadBuf::new(&mut first);
        ready!(stream.poll_peek(cx, &mut first))?;
        match first.filled() {
            [] => Poll::Ready(Ok(false)),
            [byte] => Poll::Ready(self.begin(*byte == HANDSHAKE_RECORD).map(|()| true)),
            _ => unreachable!("there is room for one"),
        }
    }

    fn begin(&mut self, is_tls: bool) -> io::Result<()> {
        let State::Silent(stream, offer) = std::mem::replace(&mut self.state, State::Over) else {
            unreachable!("the caller has looked");
        };
        let Offer { certificates, is_plain_taken, config } = offer;
        let refused = match (is_tls, certificates) {
            (true, Some(certificates)) => {
                let accept = TlsAcceptor::from(config(&certificates)).accept(stream);
                self.state = State::Handshake(Box::new(accept));
                return Ok(());
            }
            (true, None) => Some(Refused::Tls),
            (false, _) => (!is_plain_taken).then_some(Refused::Plaintext),
        };
        self.state = State::Plain(stream);
        refused.map_or(Ok(()), |refused| Err(io::Error::other(refused)))
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let State::Handshake(accept) = &mut self.state else { return Poll::Ready(Ok(())) };
        let outcome = ready!(Pin::new(accept.as_mut()).poll(cx));
        self.state = State::Over;
        if let Err(error) = &outcome {
            // usually a client that does not trust the certificate, which only the client can report
            tracing::debug!(%error, "a TLS handshake failed");
        }
        self.state = State::Encrypted(Box::new(outcome?));
        if let Some(encrypted) = &self.encrypted {
            encrypted.store(true, Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !ready!(self.poll_first_byte(cx))? {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_handshake(cx))?;
        match &mut self.state {
            State::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            State::Encrypted(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
            State::Silent(..) | State::Handshake(_) | State::Over => Poll::Ready(Err(not_open())),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.state {
            State::Silent(stream, _) | State::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            State::Encrypted(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
            State::Handshake(_) | State::Over => Poll::Ready(Err(not_open())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.state {
            State::Silent(stream, _) | State::Plain(stream) => {
                Pin::new(stream).poll_write_vectored(cx, slices)
            }
            State::Encrypted(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
            State::Handshake(_) | State::Over => Poll::Ready(Err(not_open())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state {
            State::Encrypted(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            // a socket keeps nothing back
            State::Silent(..) | State::Plain(_) | State::Handshake(_) | State::Over => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state {
            State::Silent(stream, _) | State::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            State::Encrypted(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            State::Handshake(_) | State::Over => {
                self.state = State::Over;
                Poll::Ready(Ok(()))
            }
        }
    }
}

fn not_open() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_game_costs_little_more_than_its_socket() {
        assert!(size_of::<Transport>() <= size_of::<TcpStream>() + 64, "{}", size_of::<Transport>());
    }
}
