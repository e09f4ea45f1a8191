//! Server-sent events (HTML Standard, 9.2): bytes in pieces in, events out. No I/O.

/// The longest event: a log line with the longest message, fully escaped.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its type; `message` by default.
    pub kind: String,
    /// Its lines, joined.
    pub data: String,
}

/// An event is longer than any that a server sends.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of more than {MAX_EVENT_BYTES} bytes")]
pub(crate) struct TooLong;

/// The next event, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    line: Vec<u8>,
    after_return: bool,
    is_begun: bool,
    kind: String,
    data: Option<String>,
    id: Option<String>,
    /// The id when the last block ended, whether or not that was an event.
    last_id: Option<String>,
}

impl Decoder {
    /// The stream's last id, from which to resume. A block with only an `id` updates it without an event.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Takes the next bytes, and returns the events they complete.
    ///
    /// # Errors
    /// [`TooLong`]; the stream can't be read further.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ if self.held_bytes() >= MAX_EVENT_BYTES => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    fn held_bytes(&self) -> usize {
        self.line.len() + self.data.as_ref().map_or(0, String::len)
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        let text = if std::mem::replace(&mut self.is_begun, true) {
            &text
        } else {
            text.strip_prefix('\u{feff}').unwrap_or(&text)
        };
        if text.is_empty() {
            return self.dispatch();
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // a comment has no field name; other fields are ignored
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Event> {
        let kind = std::mem::take(&mut self.kind);
        self.last_id.clone_from(&self.id);
        let data = self.data.take()?;
        let kind = if kind.is_empty() { "message".to_owned() } else { kind };
        Some(Event { kind, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, data: &str) -> Event {
        Event { kind: kind.to_owned(), data: data.to_owned() }
    }

    const STREAM: &str = "\u{feff}: welcome\n\nevent: line\nid: 7\ndata: {\"a\":1}\n\ndata:x\r\ndata:  y\r\n\r\n\
        event: dropped\rid\rdata: ü\r\rid: a\0b\nevent: nothing\n\nretry: 5\ndata\n\ndata: unfinished\n";

    fn expected() -> Vec<Event> {
        vec![
            event("line", "{\"a\":1}"),
            event("message", "x\n y"),
            event("dropped", "ü"),
            event("message", ""),
        ]
    }

    #[test]
    fn a_stream_is_read_as_the_standard_says() {
        assert_eq!(Decoder::default().push(STREAM.as_bytes()), Ok(expected()));
    }

    #[test]
    fn pieces_do_not_matter() {
        for size in 1..STREAM.len() {
            let mut decoder = Decoder::default();
            let pieces = STREAM.as_bytes().chunks(size);
            let events: Vec<Event> = pieces.flat_map(|piece| decoder.push(piece).unwrap()).collect();
            assert_eq!(events, expected(), "in pieces of {size}");
        }
    }

    #[test]
    fn an_id_counts_when_its_block_has_ended() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.push(b": beat\nid: 8\n"), Ok(Vec::new()));
        assert_eq!(decoder.last_id(), None);
        assert_eq!(decoder.push(b"\nid: 9\nevent: line\ndata: cut"), Ok(Vec::new()));
        assert_eq!(decoder.last_id(), Some("8"));
        // one with a NUL is none, an empty one is
        assert_eq!(decoder.push(b"\n\nid: a\0b\n\n").unwrap().len(), 1);
        assert_eq!(decoder.last_id(), Some("9"));
        decoder.push(b"id\n\n").unwrap();
        assert_eq!(decoder.last_id(), Some(""));
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        for line in ["x", "data: x\n"] {
            let mut decoder = Decoder::default();
            let piece = line.repeat(64 * 1024);
            let pieces = (0..1000).map(|_| decoder.push(piece.as_bytes()));
            assert_eq!(pieces.into_iter().find_map(Result::err), Some(TooLong), "{line}");
        }
    }
}
