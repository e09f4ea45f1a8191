//! How a conversation ends when it is not the game who ends it.

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

/// When the server goes down: what has arrived already is still taken in, up to this.
const LAST_READ_BYTES: usize = 4 * limits::MAX_LINE_BYTES;
/// After the last word: a peer that is still sending gets this long to stop. Closing on unread bytes
/// would reset the connection and could destroy the last word on its way.
const LINGER: Duration = Duration::from_secs(1);
/// … and this many bytes.
const LINGER_BYTES: usize = 2 * limits::MAX_LINE_BYTES;

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    /// Takes in what has arrived, then says good-bye; stays until what was taken in is settled.
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

    /// What was sent is of a history that counts no longer: says so and ends, for the sign of it stays where it is.
    pub(super) fn start_over(&mut self) -> End {
        self.refuse_waiting();
        self.out.add(instant(), |out| self.conversation.start_over(out));
        End::Explained
    }

    /// What was taken in is not settled in time.
    pub(super) fn give_up(&mut self) -> End {
        self.refuse_waiting();
        self.out.add(instant(), |out| self.conversation.refuse_in_flight(out));
        End::Explained
    }

    /// A line without a number that waits for room is not waited for any more.
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

    /// Sends what is left, then waits a moment until the peer stops sending.
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
