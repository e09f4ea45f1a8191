//! Clients who do not read what they are sent.

use std::{
    future::Future as _,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Whether the client of a connection has to keep up, in the extensions of its requests. An answer that ends may be read at
/// leisure; one that has no end would be held for ever by who does not read.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(Arc<AtomicBool>);

impl Pace {
    /// From now on he has to.
    pub(super) fn keep_up(&self) {
        self.0.store(true, Relaxed);
    }
}

/// A connection that fails when a client who has to keep up takes nothing for so long.
pub(super) struct Paced<S> {
    stream: S,
    pace: Pace,
    limit: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Pace, limit: Duration) -> Self {
        Self { stream, pace, limit, stalled: None }
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() || !self.pace.0.load(Relaxed) {
            self.stalled = None;
            return outcome;
        }
        let limit = self.limit;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::{Instant, timeout},
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn who_has_to_keep_up_and_takes_nothing_is_let_go() {
        let (server, mut client) = duplex(64);
        let pace = Pace::default();
        let mut server = Paced::new(server, pace.clone(), LIMIT);
        // nobody has said that he has to
        assert!(timeout(LIMIT * 100, server.write_all(&[0; 100])).await.is_err());
        pace.keep_up();
        let begun = Instant::now();
        let slow = async {
            // a little now and then is enough
            for _ in 0..10 {
                tokio::time::sleep(LIMIT / 2).await;
                client.read_exact(&mut [0; 10]).await.unwrap();
            }
        };
        let ((), outcome) = tokio::join!(slow, server.write_all(&[0; 300]));
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed(), LIMIT / 2 * 10 + LIMIT);
    }
}
