//! Moves bytes between a stream, the outbox and the line decoder.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use protocol::line::LineDecoder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::outbox::Outbox;
use crate::clock::instant;

/// Size of the read buffer on the stack.
pub(super) const CHUNK_BYTES: usize = 8 * 1024;

/// What the socket did.
pub(super) enum Moved {
    /// Bytes that were read; 0 at the end of the stream.
    Read(usize),
    /// Everything is written.
    Written,
}

/// Writes the outbox, and reads into `lines` if given. Cancel-safe.
pub(super) async fn move_bytes<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    out: &mut Outbox,
    mut lines: Option<&mut LineDecoder>,
) -> io::Result<Moved> {
    poll_fn(|cx| {
        if !out.is_empty()
            && let Poll::Ready(written) = out.poll_write_to(stream, instant(), cx)
        {
            return Poll::Ready(written.map(|()| Moved::Written));
        }
        match &mut lines {
            Some(lines) => poll_read(stream, lines, cx).map_ok(Moved::Read),
            None => Poll::Pending,
        }
    })
    .await
}

// not async, so that the chunk is on the thread's stack and not in the connection's memory
pub(super) fn poll_read(
    stream: &mut (impl AsyncRead + Unpin),
    lines: &mut LineDecoder,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut chunk = [0; CHUNK_BYTES];
    let mut buffer = ReadBuf::new(&mut chunk);
    ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
    lines.feed(buffer.filled());
    Poll::Ready(Ok(buffer.filled().len()))
}
