//! From frames to lines, without a socket.

use std::io::{self, Cursor};

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{CloseCode, Control, Data, OpCode},
};

use super::writing::Answer;

/// The longest header: 2 bytes, 8 of length, 4 of mask.
const MAX_HEADER_BYTES: usize = 14;
/// The longest payload of a ping or a close frame.
const MAX_CONTROL_BYTES: u64 = 125;

/// What a peer does that is not a WebSocket with lines of text. The connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::ingest) enum Violation {
    /// A binary message.
    #[error("send lines as text messages; this was a binary one")]
    Binary,
    /// A frame that no client may send.
    #[error("this is not a WebSocket frame of a client; use a WebSocket library without extensions")]
    Frame,
}

impl Violation {
    fn close_code(self) -> CloseCode {
        match self {
            Self::Binary => CloseCode::Unsupported,
            Self::Frame => CloseCode::Protocol,
        }
    }
}

impl From<Violation> for io::Error {
    fn from(violation: Violation) -> Self {
        Self::other(violation)
    }
}

/// Reads the frames of a client.
#[derive(Default)]
pub(super) struct Reading {
    /// A header that has not arrived completely.
    header: [u8; MAX_HEADER_BYTES],
    header_bytes: usize,
    frame: Option<Frame>,
    /// Whether the next data frame continues a message.
    is_in_message: bool,
    /// The payload of a ping or a close frame.
    control: Vec<u8>,
    answer: Option<Answer>,
    end: Option<End>,
}

/// A frame whose payload is arriving.
struct Frame {
    kind: Kind,
    is_final: bool,
    bytes_left: u64,
    /// Rotated so that it begins with the byte for the next one.
    mask: [u8; 4],
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Ping,
    Pong,
    Close,
}

/// Why nothing more is read.
enum End {
    /// The peer has said that it closes.
    Closed,
    Broken {
        why: Violation,
        is_told: bool,
    },
}

impl Reading {
    /// Whether the peer has closed the connection.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.end, Some(End::Closed))
    }

    /// What to tell the peer when the connection ends.
    pub(super) fn close_code(&self) -> CloseCode {
        match self.end {
            Some(End::Broken { why, .. }) => why.close_code(),
            Some(End::Closed) | None => CloseCode::Normal,
        }
    }

    /// What is due to the newest ping, or to the peer's close frame.
    pub(super) fn take_answer(&mut self) -> Option<Answer> {
        self.answer.take()
    }

    /// What is wrong with what was read, once.
    pub(super) fn take_violation(&mut self) -> Option<Violation> {
        let Some(End::Broken { why, is_told }) = &mut self.end else { return None };
        (!std::mem::replace(is_told, true)).then_some(*why)
    }

    /// Turns what has arrived, which begins at the second byte, into lines at the beginning of `chunk`, and returns their length.
    /// What arrives after a violation only counts.
    pub(super) fn unframe(&mut self, chunk: &mut [u8]) -> usize {
        if self.end.is_some() {
            return chunk.len() - 1;
        }
        // in place: each message but the first has a header here, which is longer than the newline at its end
        let (mut kept, mut at) = (0, 1);
        while at < chunk.len() && self.end.is_none() {
            if self.frame.is_none() {
                match self.read_header(&chunk[at..]) {
                    Ok(count) => at += count,
                    Err(why) => self.end = Some(End::Broken { why, is_told: false }),
                }
            }
            let Some(frame) = &mut self.frame else { break };
            let count = usize::try_from(frame.bytes_left).unwrap_or(usize::MAX).min(chunk.len() - at);
            frame.unmask(&mut chunk[at..at + count]);
            if frame.kind == Kind::Text {
                chunk.copy_within(at..at + count, kept);
                kept += count;
            } else {
                self.control.extend_from_slice(&chunk[at..at + count]);
            }
            at += count;
            if frame.bytes_left == 0 && self.end_frame() {
                chunk[kept] = b'\n';
                kept += 1;
            }
        }
        kept
    }

    /// Returns how many of these bytes belong to the header.
    fn read_header(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let before = self.header_bytes;
        let count = bytes.len().min(MAX_HEADER_BYTES - before);
        self.header[before..before + count].copy_from_slice(&bytes[..count]);
        let mut cursor = Cursor::new(&self.header[..before + count]);
        let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(|_| Violation::Frame)? else {
            self.header_bytes += count;
            return Ok(count);
        };
        self.frame = Some(self.begin(&header, length)?);
        self.header_bytes = 0;
        // a header has at most 14 bytes
        Ok(cursor.position() as usize - before)
    }

    fn begin(&self, header: &FrameHeader, length: u64) -> Result<Frame, Violation> {
        let FrameHeader { is_final, rsv1, rsv2, rsv3, opcode, mask } = *header;
        let Some(mask) = mask.filter(|_| !(rsv1 || rsv2 || rsv3) && length >> 63 == 0) else {
            return Err(Violation::Frame);
        };
        let kind = match opcode {
            OpCode::Data(Data::Text) if !self.is_in_message => Kind::Text,
            OpCode::Data(Data::Continue) if self.is_in_message => Kind::Text,
            OpCode::Data(Data::Binary) if !self.is_in_message => return Err(Violation::Binary),
            OpCode::Control(control) if is_final && length <= MAX_CONTROL_BYTES => match control {
                Control::Ping => Kind::Ping,
                Control::Pong => Kind::Pong,
                Control::Close if length != 1 => Kind::Close,
                Control::Close | Control::Reserved(_) => return Err(Violation::Frame),
            },
            _ => return Err(Violation::Frame),
        };
        Ok(Frame { kind, is_final, bytes_left: length, mask })
    }

    /// All of a frame was read. Returns whether it was the last one of a message.
    fn end_frame(&mut self) -> bool {
        let Some(frame) = self.frame.take() else { return false };
        match frame.kind {
            Kind::Text => {
                self.is_in_message = !frame.is_final;
                return frame.is_final;
            }
            Kind::Ping => self.answer = Some(Answer::Pong(self.control.clone())),
            Kind::Close => {
                // the same code; the reason is the peer's own
                self.control.truncate(2);
                self.answer = Some(Answer::Close(self.control.clone()));
                self.end = Some(End::Closed);
            }
            Kind::Pong => {}
        }
        self.control = Vec::new();
        false
    }
}

impl Frame {
    fn unmask(&mut self, payload: &mut [u8]) {
        for (byte, mask) in payload.iter_mut().zip(self.mask.iter().cycle()) {
            *byte ^= mask;
        }
        self.mask.rotate_left(payload.len() % 4);
        self.bytes_left -= payload.len() as u64;
    }
}
