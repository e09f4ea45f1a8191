//! A network connection that does what networks do: it delays, cuts into pieces, stalls, breaks, and vanishes.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Bytes that may be on their way in one direction; more have to wait.
const WINDOW_BYTES: usize = 16 * 1024;

/// Sees every byte that the server says, when it says it.
pub(super) type Tap = Box<dyn FnMut(&[u8]) + Send>;

/// The wire between two ends.
pub(super) struct Link(Mutex<State>);

struct State {
    rng: fastrand::Rng,
    delay_millis: u64,
    /// What each end writes.
    pipes: [Pipe; 2],
    /// Until then nothing arrives; nothing is lost either.
    stalled_until: Option<Instant>,
    /// Both ends are told that the connection is gone.
    is_reset: bool,
    /// Nothing arrives any more, and neither end is told.
    is_dead: bool,
    /// It was out of order at least once.
    was_disturbed: bool,
}

#[derive(Default)]
struct Pipe {
    chunks: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    newest: Option<Instant>,
    is_closed: bool,
    /// The end that reads is gone.
    is_abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// One end.
pub(super) struct End {
    link: Arc<Link>,
    side: usize,
    timer: Pin<Box<Sleep>>,
    tap: Option<Tap>,
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no holder of this lock panics")
    }

    /// Nothing arrives for a while, then all of it.
    pub(super) fn stall(&self, time: Duration) {
        let mut state = self.state();
        state.was_disturbed = true;
        state.stalled_until = Some(Instant::now() + time);
        state.wake();
    }

    /// Breaks, and both ends hear of it.
    pub(super) fn reset(&self) {
        let mut state = self.state();
        state.is_reset = true;
        state.wake();
    }

    /// Vanishes without a word.
    pub(super) fn kill(&self) {
        let mut state = self.state();
        state.was_disturbed = true;
        state.is_dead = true;
        state.pipes.iter_mut().for_each(|pipe| pipe.chunks.clear());
    }

    /// Works again, or is at least known to be gone.
    pub(super) fn heal(&self) {
        let mut state = self.state();
        state.stalled_until = None;
        state.is_reset |= state.is_dead;
        state.wake();
    }
}

impl State {
    fn wake(&mut self) {
        let wakers = self.pipes.iter_mut().flat_map(|pipe| [pipe.reader.take(), pipe.writer.take()]);
        wakers.flatten().for_each(Waker::wake);
    }

    fn due(&mut self, side: usize) -> Instant {
        let delay = self.delay_millis + self.rng.u64(0..=self.delay_millis);
        let due = Instant::now() + Duration::from_millis(delay);
        let pipe = &mut self.pipes[side];
        let due = pipe.newest.map_or(due, |newest| newest.max(due));
        pipe.newest = Some(due);
        due
    }
}

/// The client's end and the server's.
pub(super) fn connect(mut rng: fastrand::Rng, tap: Tap) -> (End, End, Arc<Link>) {
    let state = State {
        delay_millis: rng.u64(0..40),
        pipes: <[Pipe; 2]>::default(),
        stalled_until: None,
        is_reset: false,
        is_dead: false,
        was_disturbed: false,
        rng,
    };
    let link = Arc::new(Link(Mutex::new(state)));
    let end =
        |side, tap| End { link: Arc::clone(&link), side, timer: Box::pin(sleep_until(Instant::now())), tap };
    (end(0, None), end(1, Some(tap)), Arc::clone(&link))
}

impl End {
    /// Whether the connection was out of order.
    pub(super) fn was_disturbed(&self) -> bool {
        self.link.state().was_disturbed
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let mut state = this.link.state();
            if state.is_reset {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            let State { rng, pipes, stalled_until, .. } = &mut *state;
            let pipe = &mut pipes[1 - this.side];
            pipe.reader = Some(cx.waker().clone());
            let due = match pipe.chunks.front() {
                Some((due, _)) => *due,
                None if pipe.is_closed => pipe.newest.unwrap_or_else(Instant::now),
                None => return Poll::Pending,
            };
            let due = stalled_until.map_or(due, |until| until.max(due));
            if due <= Instant::now() {
                let Some((_, chunk)) = pipe.chunks.front_mut() else { return Poll::Ready(Ok(())) };
                let count = chunk.len().min(buffer.remaining());
                // in pieces, now and then
                let count = if rng.u8(0..4) == 0 { rng.usize(1..=count) } else { count };
                buffer.put_slice(&chunk[..count]);
                chunk.drain(..count);
                if chunk.is_empty() {
                    pipe.chunks.pop_front();
                }
                pipe.bytes -= count;
                if let Some(writer) = pipe.writer.take() {
                    writer.wake();
                }
                return Poll::Ready(Ok(()));
            }
            drop(state);
            this.timer.as_mut().reset(due);
            if this.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let mut state = this.link.state();
        if state.is_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let due = state.due(this.side);
        let State { rng, pipes, is_dead, .. } = &mut *state;
        let pipe = &mut pipes[this.side];
        if pipe.is_abandoned {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = WINDOW_BYTES - pipe.bytes;
        if room == 0 {
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = bytes.len().min(room);
        let count = if rng.u8(0..4) == 0 { rng.usize(1..=count) } else { count };
        pipe.bytes += count;
        if !*is_dead {
            pipe.chunks.push_back((due, bytes[..count].to_vec()));
            if let Some(reader) = pipe.reader.take() {
                reader.wake();
            }
        }
        drop(state);
        if let Some(tap) = &mut this.tap {
            tap(&bytes[..count]);
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.link.state();
        if !state.is_dead {
            state.due(self.side);
            state.pipes[self.side].is_closed = true;
            state.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.link.state();
        if state.is_dead {
            return;
        }
        // closing on unread bytes breaks the connection, as TCP does
        if !state.pipes[1 - self.side].chunks.is_empty() {
            state.is_reset = true;
        }
        state.due(self.side);
        state.pipes[self.side].is_closed = true;
        state.pipes[1 - self.side].is_abandoned = true;
        state.wake();
    }
}
