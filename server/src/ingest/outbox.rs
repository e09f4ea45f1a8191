//! What is still to be written to a game.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::io::AsyncWrite;

/// Beyond this the connection stops reading: who does not take answers gets no more of them.
const PAUSE_READING_BYTES: usize = 64 * 1024;
/// What an idle connection may keep allocated.
const IDLE_CAPACITY: usize = 1024;

/// Bytes on their way out, and until when they must be gone. Those that the stream has taken stay until it has sent them: a stream
/// with a buffer of its own, such as TLS, takes much and has sent nothing yet.
#[derive(Debug)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    write_timeout: Duration,
    empty_by: Option<Instant>,
}

impl Outbox {
    pub(super) fn new(write_timeout: Duration) -> Self {
        Self { bytes: Vec::new(), sent: 0, write_timeout, empty_by: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether the peer takes so little that nothing more should be read from it.
    pub(super) fn is_clogged(&self) -> bool {
        self.bytes.len() - self.sent >= PAUSE_READING_BYTES
    }

    /// When the peer is too slow; `None` while there is nothing to send.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.empty_by
    }

    /// Lets `encode` put bytes at the end.
    pub(super) fn add<T>(&mut self, now: Instant, encode: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let encoded = encode(&mut self.bytes);
        if !self.is_empty() {
            // from the first byte that waits: a peer that takes one byte a second is slow, not alive
            self.empty_by.get_or_insert(now + self.write_timeout);
        }
        encoded
    }

    /// Writes until everything is gone.
    pub(super) fn poll_write_to(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.sent < self.bytes.len() {
            match ready!(Pin::new(&mut *stream).poll_write(cx, &self.bytes[self.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.sent += count,
            }
        }
        ready!(Pin::new(stream).poll_flush(cx))?;
        self.sent = 0;
        self.empty_by = None;
        self.bytes.clear();
        self.bytes.shrink_to(IDLE_CAPACITY);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncRead, BufWriter, DuplexStream, ReadBuf, duplex};

    use super::*;

    /// What has arrived.
    fn read(far: &mut DuplexStream, cx: &mut Context<'_>) -> Vec<u8> {
        let mut piece = [0; 64];
        let mut buffer = ReadBuf::new(&mut piece);
        assert!(matches!(Pin::new(far).poll_read(cx, &mut buffer), Poll::Ready(Ok(()))));
        buffer.filled().to_vec()
    }

    #[test]
    fn what_the_stream_keeps_back_is_not_gone() {
        let now = Instant::now();
        let mut cx = Context::from_waker(Waker::noop());
        let (near, mut far) = duplex(4);
        // it takes everything at once, and sends four bytes
        let mut stream = BufWriter::with_capacity(64, near);
        let mut out = Outbox::new(Duration::from_secs(10));
        out.add(now, |out| out.extend_from_slice(b"v:12345\n"));
        assert!(out.poll_write_to(&mut stream, &mut cx).is_pending());
        assert!(!out.is_empty(), "a game that does not read must be noticed");
        assert_eq!(out.deadline(), Some(now + Duration::from_secs(10)));
        out.add(now + Duration::from_secs(1), |out| out.extend_from_slice(b"OK\n"));

        let mut arrived = Vec::new();
        while out.poll_write_to(&mut stream, &mut cx).is_pending() {
            arrived.extend(read(&mut far, &mut cx));
        }
        arrived.extend(read(&mut far, &mut cx));
        assert_eq!(arrived, b"v:12345\nOK\n");
        assert!(out.is_empty() && out.deadline().is_none());
    }
}
