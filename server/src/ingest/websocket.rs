//! A WebSocket as a stream of lines, for games in browsers (RFC 6455).
//!
//! The end of a text message ends a line, and each line is sent as one message. Nothing is gathered in between: what arrives of a
//! message is passed on as it arrives, so a game has the same limits here as over TCP.

mod reading;
mod writing;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) use self::reading::Violation;
use self::{reading::Reading, writing::Writing};

/// A WebSocket after its handshake, over any stream of bytes.
pub(crate) struct GameSocket<S> {
    stream: S,
    reading: Reading,
    writing: Writing,
}

impl<S> GameSocket<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, reading: Reading::default(), writing: Writing::default() }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> GameSocket<S> {
    /// Answers pings and the peer's close frame, as far as the stream takes it now. A peer that does not read its answers is not
    /// waited for.
    fn answer(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Some(due) = self.reading.take_answer() {
            self.writing.queue(due);
        }
        match self.writing.poll_control(Pin::new(&mut self.stream), cx) {
            Poll::Ready(written) => written,
            Poll::Pending => Ok(()),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for GameSocket<S> {
    /// Lines; an error is a [`Violation`] or one of the stream.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            this.answer(cx)?;
            if let Some(violation) = this.reading.take_violation() {
                return Poll::Ready(Err(violation.into()));
            }
            if this.reading.is_closed() {
                return Poll::Ready(Ok(()));
            }
            let chunk = buffer.initialize_unfilled();
            // one byte of room: a message that ends here may have begun before, and its newline has no place of its own
            let mut behind = ReadBuf::new(&mut chunk[1..]);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut behind))?;
            let count = behind.filled().len();
            if count == 0 {
                return Poll::Ready(Ok(()));
            }
            let kept = this.reading.unframe(&mut chunk[..=count]);
            if kept > 0 {
                buffer.advance(kept);
                return Poll::Ready(this.answer(cx));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for GameSocket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, writing, .. } = &mut *self;
        writing.poll_lines(Pin::new(stream), cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, writing, .. } = &mut *self;
        ready!(writing.poll_control(Pin::new(stream), cx))?;
        Pin::new(stream).poll_flush(cx)
    }

    /// Says why the connection ends, then closes it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, reading, writing } = &mut *self;
        writing.close(reading.close_code());
        ready!(writing.poll_control(Pin::new(stream), cx))?;
        ready!(Pin::new(&mut *stream).poll_flush(cx))?;
        Pin::new(stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
