//! A client's side of a connection: whole lines, and never waiting with a write for a read.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::link::End;

pub(super) struct Talk {
    end: End,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Talk {
    pub(super) fn new(end: End) -> Self {
        Self { end, input: Vec::new(), output: Vec::new() }
    }

    /// Sends a line, when there is room.
    pub(super) fn say(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.push(b'\n');
    }

    /// The next line; `None` when the server has said everything. Cancel-safe.
    pub(super) async fn next(&mut self) -> io::Result<Option<String>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<String>>> {
        while !self.output.is_empty() {
            match Pin::new(&mut self.end).poll_write(cx, &self.output)? {
                Poll::Ready(count) => drop(self.output.drain(..count)),
                Poll::Pending => break,
            }
        }
        loop {
            if let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.input.drain(..=end).collect();
                return Poll::Ready(Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned())));
            }
            let mut bytes = [0; 1024];
            let mut buffer = ReadBuf::new(&mut bytes);
            std::task::ready!(Pin::new(&mut self.end).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(None));
            }
            self.input.extend_from_slice(buffer.filled());
        }
    }
}
