//! What is still to be written to a game.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use gateway::{Payload, SMALL_PAYLOAD_BYTES};
use tokio::io::AsyncWrite;

/// Beyond this the connection stops reading: who does not take answers gets no more of them.
const PAUSE_READING_BYTES: usize = 64 * 1024;
/// What an idle connection may keep allocated.
const IDLE_CAPACITY: usize = 1024;
/// Who takes so much has not stopped: what is to be sent may be longer than what fits through a line in the time for it.
const PROGRESS_BYTES: usize = 16 * 1024;

/// Bytes on their way out, and until when they must be gone, or at least some of them. Those that the stream has taken stay until
/// it has sent them: a stream with a buffer of its own, such as TLS, takes much and has sent nothing yet.
#[derive(Debug)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    /// A payload that belongs between `bytes`, and behind how many of them.
    shared: Option<(usize, Payload)>,
    sent: usize,
    write_timeout: Duration,
    empty_by: Option<Instant>,
    /// Bytes that were taken since `empty_by` was set and the stream was full; `None`: it is not full yet.
    progress: Option<usize>,
}

impl Outbox {
    pub(super) fn new(write_timeout: Duration) -> Self {
        Self { bytes: Vec::new(), shared: None, sent: 0, write_timeout, empty_by: None, progress: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether the peer takes so little that nothing more should be read from it.
    pub(super) fn is_clogged(&self) -> bool {
        self.len() - self.sent >= PAUSE_READING_BYTES
    }

    /// Bytes that no other connection shares.
    pub(super) fn own_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    fn len(&self) -> usize {
        self.bytes.len() + self.shared.as_ref().map_or(0, |(_, payload)| payload.len())
    }

    /// What is to be written next; empty when everything is.
    fn next(&self) -> &[u8] {
        match &self.shared {
            Some((at, _)) if self.sent < *at => &self.bytes[self.sent..*at],
            Some((at, payload)) if self.sent < at + payload.len() => &payload[self.sent - at..],
            Some((_, payload)) => &self.bytes[self.sent - payload.len()..],
            None => &self.bytes[self.sent..],
        }
    }

    /// When the peer is too slow; `None` while there is nothing to send.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.empty_by
    }

    /// Lets `encode` put bytes at the end.
    pub(super) fn add<T>(&mut self, now: Instant, encode: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let encoded = encode(&mut self.bytes);
        if !self.is_empty() {
            // from the first byte that waits: a peer that takes one byte a second is slow
            self.empty_by.get_or_insert(now + self.write_timeout);
        }
        encoded
    }

    /// Puts a line at the end that `encode` makes of a payload, which stands right before its newline.
    pub(super) fn add_line(
        &mut self,
        now: Instant,
        payload: &Payload,
        encode: impl FnOnce(&[u8], &mut Vec<u8>),
    ) {
        if payload.len() < SMALL_PAYLOAD_BYTES || self.shared.is_some() {
            return self.add(now, |out| encode(payload, out));
        }
        self.add(now, |out| encode(&[], out));
        debug_assert_eq!(self.bytes.last(), Some(&b'\n'), "it is a line");
        self.shared = Some((self.bytes.len() - 1, payload.clone()));
    }

    /// Writes until everything is gone.
    pub(super) fn poll_write_to(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        now: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.sent < self.len() {
            match Pin::new(&mut *stream).poll_write(cx, self.next())? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(count) => self.note_taken(count, now),
                Poll::Pending => {
                    // what fits into buffers on the way says nothing of the peer
                    self.progress.get_or_insert(0);
                    return Poll::Pending;
                }
            }
        }
        ready!(Pin::new(stream).poll_flush(cx))?;
        self.sent = 0;
        self.empty_by = None;
        self.progress = None;
        self.shared = None;
        self.bytes.clear();
        self.bytes.shrink_to(IDLE_CAPACITY);
        Poll::Ready(Ok(()))
    }

    fn note_taken(&mut self, count: usize, now: Instant) {
        self.sent += count;
        let Some(progress) = &mut self.progress else { return };
        *progress += count;
        if *progress < PROGRESS_BYTES {
            return;
        }
        *progress = 0;
        // while others wait for the memory, all of it must be gone by the deadline
        if !self.shared.as_ref().is_some_and(|(_, payload)| payload.is_wanted()) {
            self.empty_by = Some(now + self.write_timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncRead, BufWriter, DuplexStream, ReadBuf, duplex};

    use super::*;

    /// What has arrived.
    fn read(far: &mut DuplexStream, cx: &mut Context<'_>) -> Vec<u8> {
        let mut piece = [0; 64];
        let mut buffer = ReadBuf::new(&mut piece);
        assert!(matches!(Pin::new(far).poll_read(cx, &mut buffer), Poll::Ready(Ok(()))));
        buffer.filled().to_vec()
    }

    #[test]
    fn what_the_stream_keeps_back_is_not_gone() {
        let now = Instant::now();
        let mut cx = Context::from_waker(Waker::noop());
        let (near, mut far) = duplex(4);
        // it takes everything at once, and sends four bytes
        let mut stream = BufWriter::with_capacity(64, near);
        let mut out = Outbox::new(Duration::from_secs(10));
        out.add(now, |out| out.extend_from_slice(b"v:12345\n"));
        assert!(out.poll_write_to(&mut stream, now, &mut cx).is_pending());
        assert!(!out.is_empty(), "a game that does not read must be noticed");
        assert_eq!(out.deadline(), Some(now + Duration::from_secs(10)));
        out.add(now + Duration::from_secs(1), |out| out.extend_from_slice(b"OK\n"));

        let mut arrived = Vec::new();
        while out.poll_write_to(&mut stream, now, &mut cx).is_pending() {
            arrived.extend(read(&mut far, &mut cx));
        }
        arrived.extend(read(&mut far, &mut cx));
        assert_eq!(arrived, b"v:12345\nOK\n");
        assert!(out.is_empty() && out.deadline().is_none());
    }

    #[test]
    fn a_long_payload_is_not_copied_and_stands_in_its_place() {
        let now = Instant::now();
        let mut cx = Context::from_waker(Waker::noop());
        let payload = Payload::from(vec![b'x'; SMALL_PAYLOAD_BYTES]);
        let line = |payload: &[u8], out: &mut Vec<u8>| out.extend([b"v:", payload, b"\n"].concat());
        let mut out = Outbox::new(Duration::from_secs(10));
        out.add(now, |out| out.extend_from_slice(b"OK\n"));
        for _ in 0..2 {
            out.add_line(now, &payload, line);
        }
        out.add(now, |out| out.extend_from_slice(b"s:\n"));
        // the second one is a copy: one push follows the other when that is gone
        assert!(out.bytes.len() < 2 * SMALL_PAYLOAD_BYTES, "{}", out.bytes.len());
        let mut expected = b"OK\n".to_vec();
        (0..2).for_each(|_| line(&payload, &mut expected));
        expected.extend_from_slice(b"s:\n");
        let (mut near, mut far) = duplex(60);
        let mut arrived = Vec::new();
        while out.poll_write_to(&mut near, now, &mut cx).is_pending() {
            arrived.extend(read(&mut far, &mut cx));
        }
        arrived.extend(read(&mut far, &mut cx));
        assert!(arrived == expected && out.is_empty() && out.shared.is_none());
    }

    #[test]
    fn who_goes_on_taking_has_time_and_who_takes_little_has_not() {
        let start = Instant::now();
        let timeout = Duration::from_secs(10);
        let mut cx = Context::from_waker(Waker::noop());
        let (mut near, mut far) = duplex(PROGRESS_BYTES);
        let mut out = Outbox::new(timeout);
        out.add(start, |out| out.resize(5 * PROGRESS_BYTES, b'x'));
        let mut write = |out: &mut Outbox, now| out.poll_write_to(&mut near, now, &mut cx).is_pending();
        // the buffer takes some of it at once, and again as much as is read
        assert!(write(&mut out, start));
        assert_eq!(out.deadline(), Some(start + timeout));
        let mut cx = Context::from_waker(Waker::noop());
        let mut take = |bytes: usize| {
            let mut left = bytes;
            while left > 0 {
                left -= read_at_most(&mut far, left, &mut cx);
            }
        };
        let mut now = start + Duration::from_secs(9);
        take(PROGRESS_BYTES - 1);
        assert!(write(&mut out, now));
        assert_eq!(out.deadline(), Some(start + timeout), "not enough");
        take(1);
        assert!(write(&mut out, now));
        assert_eq!(out.deadline(), Some(now + timeout));
        for _ in 0..3 {
            now += Duration::from_secs(9);
            take(PROGRESS_BYTES);
            let is_left = write(&mut out, now);
            assert_eq!(out.deadline(), is_left.then_some(now + timeout));
        }
        assert!(out.is_empty());
    }

    #[test]
    fn while_others_wait_for_its_memory_a_payload_has_one_deadline() {
        let start = Instant::now();
        let timeout = Duration::from_secs(10);
        let bytes = vec![b'x'; 5 * PROGRESS_BYTES];
        for (payload, is_wanted) in [(Payload::from(bytes.clone()), false), (Payload::wanted(bytes), true)] {
            let mut cx = Context::from_waker(Waker::noop());
            let (mut near, mut far) = duplex(PROGRESS_BYTES);
            let mut out = Outbox::new(timeout);
            out.add_line(start, &payload, |payload, out| out.extend([b"v:", payload, b"\n"].concat()));
            let mut write = |out: &mut Outbox, now| out.poll_write_to(&mut near, now, &mut cx).is_pending();
            assert!(write(&mut out, start));
            let mut left = 2 * PROGRESS_BYTES;
            let later = start + Duration::from_secs(9);
            while left > 0 {
                left -=
                    read_at_most(&mut far, left.min(PROGRESS_BYTES), &mut Context::from_waker(Waker::noop()));
                assert!(write(&mut out, later));
            }
            let deadline = if is_wanted { start } else { later } + timeout;
            assert_eq!(out.deadline(), Some(deadline), "{is_wanted}");
        }
    }

    fn read_at_most(far: &mut DuplexStream, most: usize, cx: &mut Context<'_>) -> usize {
        let mut piece = vec![0; most];
        let mut buffer = ReadBuf::new(&mut piece);
        assert!(matches!(Pin::new(far).poll_read(cx, &mut buffer), Poll::Ready(Ok(()))));
        buffer.filled().len()
    }
}
