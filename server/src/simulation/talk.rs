//! A client's side of a connection: whole lines, and never waiting with a write for a read.

use std::{
    future::{Future as _, poll_fn},
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::link::End;

pub(super) struct Talk {
    end: End,
    input: Vec<u8>,
    output: Vec<u8>,
    /// After each kibibyte it reads nothing for so long.
    rest: Option<Duration>,
    /// What it has read since.
    taken: usize,
    resting: Option<Pin<Box<Sleep>>>,
}

impl Talk {
    pub(super) fn new(end: End) -> Self {
        Self { end, input: Vec::new(), output: Vec::new(), rest: None, taken: 0, resting: None }
    }

    /// Whether the network was ever the reason for a silence.
    pub(super) fn was_disturbed(&self) -> bool {
        self.end.was_disturbed()
    }

    /// From now on it reads a kibibyte and rests for so long.
    pub(super) fn slow_down(&mut self, rest: Duration) {
        self.rest = Some(rest);
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
            if let Some(resting) = &mut self.resting {
                std::task::ready!(resting.as_mut().poll(cx));
                self.resting = None;
            }
            let mut bytes = [0; 1024];
            let mut buffer = ReadBuf::new(&mut bytes);
            std::task::ready!(Pin::new(&mut self.end).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(None));
            }
            self.taken += buffer.filled().len();
            if self.taken >= 1024 {
                self.taken = 0;
                self.resting = self.rest.map(|rest| Box::pin(sleep(rest)));
            }
            self.input.extend_from_slice(buffer.filled());
        }
    }
}
