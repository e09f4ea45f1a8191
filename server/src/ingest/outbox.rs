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

/// Bytes on their way out, and until when they must be gone.
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
        self.sent == self.bytes.len()
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
        while !self.is_empty() {
            match ready!(Pin::new(&mut *stream).poll_write(cx, &self.bytes[self.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.sent += count,
            }
        }
        self.sent = 0;
        self.empty_by = None;
        self.bytes.clear();
        self.bytes.shrink_to(IDLE_CAPACITY);
        // a stream with a buffer of its own, such as TLS
        Pin::new(stream).poll_flush(cx)
    }
}
