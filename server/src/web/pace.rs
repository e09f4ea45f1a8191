//! Clients that don't read what they are sent.

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
    time::{Instant, Sleep, sleep},
};

/// The lowest average rate at which a client must read.
const MIN_BYTES_PER_SECOND: u32 = 1024;
/// Grace on top of that for a response that ends. An endless one has the timeout of [`Paced::new`].
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the client has to keep up, because the response is endless. In the extensions of a connection's requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(Arc<AtomicBool>);

impl Pace {
    /// The client has to keep up from now on.
    pub(super) fn keep_up(&self) {
        self.0.store(true, Relaxed);
    }
}

/// A connection that fails if its client does not read. Only time counts in which there is something to send and the client
/// reads nothing; what it reads earns time, so a slow line is no reason to fail, and a byte now and then does not help.
pub(super) struct Paced<S> {
    stream: S,
    pace: Pace,
    keep_up: Duration,
    /// Accumulated waiting time before `stall`.
    waited: Duration,
    stall: Option<Stall>,
}

/// A wait for the client.
struct Stall {
    since: Instant,
    end: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    /// `keep_up`: the timeout for a client that has to keep up.
    pub(super) fn new(stream: S, pace: Pace, keep_up: Duration) -> Self {
        Self { stream, pace, keep_up, waited: Duration::ZERO, stall: None }
    }

    fn patience(&self) -> Duration {
        if self.pace.0.load(Relaxed) { self.keep_up } else { PATIENCE }
    }

    /// Of a write: how many bytes were taken.
    fn took(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = outcome {
            let paid =
                Duration::from_secs(1) / MIN_BYTES_PER_SECOND * u32::try_from(count).unwrap_or(u32::MAX);
            self.end_stall();
            self.waited = self.waited.saturating_sub(paid);
            return outcome;
        }
        self.wait(cx, outcome)
    }

    fn end_stall(&mut self) {
        if let Some(stall) = self.stall.take() {
            self.waited += stall.since.elapsed();
        }
    }

    fn wait<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.end_stall();
            return outcome;
        }
        let left = self.patience().saturating_sub(self.waited);
        let begin = || Stall { since: Instant::now(), end: Box::pin(sleep(left)) };
        ready!(self.stall.get_or_insert_with(begin).end.as_mut().poll(cx));
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
        self.took(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.took(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.wait(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::timeout,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn who_follows_and_takes_nothing_is_let_go_sooner() {
        for (follows, patience) in [(true, LIMIT), (false, PATIENCE)] {
            let (server, _client) = duplex(64);
            let pace = Pace::default();
            if follows {
                pace.keep_up();
            }
            let begun = Instant::now();
            let outcome = Paced::new(server, pace, LIMIT).write_all(&[0; 100]).await;
            assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(begun.elapsed(), patience);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_no_reason_and_a_byte_now_and_then_no_way_out() {
        let second = Duration::from_secs(1);
        for (bytes_per_second, is_enough) in [(2 * MIN_BYTES_PER_SECOND, true), (1, false)] {
            let (server, mut client) = duplex(64);
            let mut server = Paced::new(server, Pace::default(), LIMIT);
            let read = async {
                let mut piece = vec![0; bytes_per_second as usize];
                loop {
                    tokio::time::sleep(second).await;
                    client.read_exact(&mut piece).await.unwrap();
                }
            };
            // ten minutes' worth
            let answer = vec![0; 600 * bytes_per_second as usize];
            let begun = Instant::now();
            let outcome = tokio::select! {
                outcome = server.write_all(&answer) => outcome,
                () = read => unreachable!("it reads for ever"),
            };
            assert_eq!(outcome.is_ok(), is_enough, "{bytes_per_second}");
            assert!(is_enough || begun.elapsed() < PATIENCE + 2 * second, "{:?}", begun.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_there_is_nothing_to_send_does_not_count() {
        let (server, mut client) = duplex(64);
        let mut server = Paced::new(server, Pace::default(), LIMIT);
        for _ in 0..10 {
            server.write_all(&[0; 10]).await.unwrap();
            tokio::time::sleep(PATIENCE * 10).await;
            client.read_exact(&mut [0; 10]).await.unwrap();
        }
        assert!(timeout(PATIENCE / 2, server.write_all(&[0; 100])).await.is_err());
    }
}
