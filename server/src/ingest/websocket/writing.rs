//! From lines to frames. A frame's payload is not copied.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::AsyncWrite;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{CloseCode, Control, Data, OpCode},
};

/// What the peer's own control frame asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

/// Writes the frames of a server.
#[derive(Default)]
pub(super) struct Writing {
    frame: Option<Frame>,
    /// Whether the next frame continues a message.
    is_in_message: bool,
    /// A control frame on its way, and how much of it was written.
    control: (Vec<u8>, usize),
    /// The next one. A newer pong replaces an older one: only the newest ping must be answered.
    next_control: Vec<u8>,
    /// A close frame was queued, which is the last frame.
    is_closing: bool,
}

/// A frame of text on its way.
struct Frame {
    header: Vec<u8>,
    header_sent: usize,
    payload_left: usize,
    /// It ends a line: the newline counts as written with it.
    is_final: bool,
}

impl Writing {
    /// Answers a control frame.
    pub(super) fn queue(&mut self, answer: Answer) {
        match answer {
            Answer::Pong(payload) => self.queue_control(Control::Pong, &payload),
            Answer::Close(payload) => {
                self.queue_control(Control::Close, &payload);
                self.is_closing = true;
            }
        }
    }

    /// Ends the connection with this code, unless it was ended before.
    pub(super) fn close(&mut self, code: CloseCode) {
        self.queue_control(Control::Close, &u16::from(code).to_be_bytes());
        self.is_closing = true;
    }

    fn queue_control(&mut self, control: Control, payload: &[u8]) {
        if !self.is_closing {
            self.next_control = header(OpCode::Control(control), true, payload.len());
            self.next_control.extend_from_slice(payload);
        }
    }

    /// Writes control frames. They wait for the frame that was begun, and this does not wait for it.
    pub(super) fn poll_control(
        &mut self,
        mut stream: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.frame.is_none() {
            let (bytes, sent) = &mut self.control;
            if *sent == bytes.len() {
                *sent = 0;
                *bytes = std::mem::take(&mut self.next_control);
                if bytes.is_empty() {
                    break;
                }
            }
            match ready!(stream.as_mut().poll_write(cx, &bytes[*sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *sent += count,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes lines, each as one message; part of a line as a part of one. Called with the same bytes again until they are taken.
    pub(super) fn poll_lines(
        &mut self,
        mut stream: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.frame.is_none() {
            ready!(self.poll_control(stream.as_mut(), cx))?;
            if bytes.is_empty() || (bytes[0] == b'\n' && !self.is_in_message) {
                // an empty line says nothing
                return Poll::Ready(Ok(bytes.len().min(1)));
            }
            self.frame = Some(self.begin(bytes));
        }
        let Some(frame) = &mut self.frame else { return Poll::Ready(Ok(0)) };
        loop {
            let payload = &bytes[..frame.payload_left.min(bytes.len())];
            let pieces = [IoSlice::new(&frame.header[frame.header_sent..]), IoSlice::new(payload)];
            let count = match ready!(stream.as_mut().poll_write_vectored(cx, &pieces))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => count,
            };
            let of_header = count.min(frame.header.len() - frame.header_sent);
            frame.header_sent += of_header;
            let taken = count - of_header;
            frame.payload_left -= taken;
            if frame.payload_left == 0 && frame.header_sent == frame.header.len() {
                let newline = usize::from(frame.is_final);
                self.frame = None;
                return Poll::Ready(Ok(taken + newline));
            }
            if taken > 0 {
                return Poll::Ready(Ok(taken));
            }
        }
    }

    fn begin(&mut self, bytes: &[u8]) -> Frame {
        let newline = memchr::memchr(b'\n', bytes);
        let (payload_left, is_final) = (newline.unwrap_or(bytes.len()), newline.is_some());
        let data = if self.is_in_message { Data::Continue } else { Data::Text };
        self.is_in_message = !is_final;
        let header = header(OpCode::Data(data), is_final, payload_left);
        Frame { header, header_sent: 0, payload_left, is_final }
    }
}

/// A server's frames have no mask.
fn header(opcode: OpCode, is_final: bool, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(10);
    let header = FrameHeader { is_final, opcode, ..FrameHeader::default() };
    header.format(length as u64, &mut bytes).expect("a vector takes every byte");
    bytes
}
