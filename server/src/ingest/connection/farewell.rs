//! How the server ends a connection.

use std::{future::poll_fn, task::Poll, time::Duration};

use protocol::{
    ErrorCode, ProtocolError, limits,
    line::{LineDecoder, encode_error},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::{timeout, timeout_at},
};

use super::{Connection, End};
use crate::{clock::instant, ingest::bytes::poll_read};

/// On shutdown, data that has already arrived is taken in, up to this many bytes.
const LAST_READ_BYTES: usize = 4 * limits::MAX_LINE_BYTES;
/// How long a peer that is still sending gets to stop. Closing with unread bytes would reset the connection and could lose the
/// last message.
const LINGER: Duration = Duration::from_secs(1);
/// The same in bytes.
const LINGER_BYTES: usize = 2 * limits::MAX_LINE_BYTES;

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    /// Takes in what has arrived, announces the shutdown, and waits until everything is settled.
    pub(super) async fn drain(&mut self) -> Result<(), End> {
        let mut total = 0;
        while total < LAST_READ_BYTES && self.waiting.is_none() {
            match poll_fn(|cx| Poll::Ready(poll_read(&mut self.stream, &mut self.lines, cx))).await {
                Poll::Ready(Ok(count)) if count > 0 => total += count,
                _ => break,
            }
            self.serve_lines().await?;
        }
        if !self.conversation.can_wait() {
            self.refuse_waiting();
        }
        let now = instant();
        let effect = self.out.add(now, |out| self.conversation.drain(out));
        self.end_if_closed(&effect)?;
        self.settle_by = Some(now + self.settle_timeout);
        self.end_if_settled()
    }

    /// The values that were sent belong to an epoch that has ended: ends the connection.
    pub(super) fn start_over(&mut self) -> End {
        self.refuse_waiting();
        self.out.add(instant(), |out| self.conversation.start_over(out));
        End::Explained
    }

    /// The deadline for settling has passed.
    pub(super) fn give_up(&mut self) -> End {
        self.refuse_waiting();
        self.out.add(instant(), |out| self.conversation.refuse_in_flight(out));
        End::Explained
    }

    /// Refuses the line that waits for room.
    fn refuse_waiting(&mut self) {
        if self.waiting.take().is_some() {
            let text = "a line without a number was not accepted before the connection ended; send it again";
            let error = encode_error(&ProtocolError::new(ErrorCode::Unavailable, text));
            self.out.add(instant(), |out| out.extend_from_slice(&error));
        }
    }

    pub(super) fn end_if_settled(&self) -> Result<(), End> {
        let is_done =
            self.settle_by.is_some() && self.waiting.is_none() && self.conversation.in_flight() == 0;
        if is_done { Err(End::Explained) } else { Ok(()) }
    }

    /// Sends what is left, then waits a moment for the peer to stop sending.
    pub(super) async fn hang_up(mut self) {
        let deadline = self.out.deadline().unwrap_or_else(instant);
        let sent = timeout_at(deadline.into(), async {
            poll_fn(|cx| self.out.poll_write_to(&mut self.stream, instant(), cx)).await?;
            self.stream.shutdown().await
        });
        if !matches!(sent.await, Ok(Ok(()))) {
            return;
        }
        let _still_sending = timeout(LINGER, self.discard()).await;
    }

    async fn discard(&mut self) {
        let mut total = 0;
        while total < LINGER_BYTES {
            let mut rest = LineDecoder::new(usize::MAX);
            match poll_fn(|cx| poll_read(&mut self.stream, &mut rest, cx)).await {
                Ok(count) if count > 0 => total += count,
                _ => return,
            }
        }
    }
}
