//! The line decoder: whatever the pieces, the lines are those of the simplest decoder there is, and no more is
//! kept than a line and a piece.
//!
//! Input: the limit before and behind the first line, how many pieces, their lengths; then the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::with_peak;
use protocol::line::{LineDecoder, LineTooLong};

type Lines = Vec<Result<Vec<u8>, LineTooLong>>;

/// The limits in force: one until the first line was given out, as before `OK`, then the other.
#[derive(Clone, Copy)]
struct Limits {
    first: usize,
    then: usize,
}

fuzz_target!(|input: &[u8]| {
    let [first, then, count, rest @ ..] = input else { return };
    let limits = Limits { first: usize::from(*first) + 1, then: usize::from(*then) * 16 + 1 };
    let (lengths, stream) = rest.split_at(usize::from(count % 32).min(rest.len()));

    let expected = simplest(stream, limits);
    for line in expected.iter().flatten() {
        assert!(!line.is_empty() && line.trim_ascii() == line && !line.contains(&b'\n'));
    }
    assert_eq!(decode(std::iter::once(stream), limits), expected, "in one piece");
    check_rest(stream, limits, &expected);
    if stream.len() < 512 {
        assert_eq!(decode(stream.chunks(1), limits), expected, "byte by byte");
    }
    assert_eq!(decode(pieces(stream, lengths), limits), expected, "in pieces of {lengths:?}");

    let longest =
        limits.first.max(limits.then) + 2 + pieces(stream, lengths).map(<[u8]>::len).max().unwrap_or(0);
    let ((), peak) = with_peak(|| discard(pieces(stream, lengths), limits));
    // a vector that grows doubles, and while it moves the old one is there too; then there is the line given out
    assert!(peak <= 4 * longest + 64, "{peak} bytes of memory for a line and a piece of {longest}");
});

/// Pieces of these lengths, and the rest.
fn pieces<'a>(stream: &'a [u8], lengths: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut left = stream;
    let all = lengths.iter().map(|length| usize::from(*length)).chain([usize::MAX]);
    all.map(move |length| {
        let (piece, rest) = left.split_at(length.min(left.len()));
        left = rest;
        piece
    })
}

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: Limits) -> Lines {
    let mut decoder = LineDecoder::new(limits.first);
    let mut lines = Lines::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Some(line) = decoder.next_line() {
            let is_end = line.is_err();
            if lines.is_empty() {
                decoder.set_max_line_bytes(limits.then);
            }
            lines.push(line);
            if is_end {
                return lines;
            }
        }
    }
    lines
}

/// What stands behind the last newline is the line that it would be with one.
fn check_rest(stream: &[u8], limits: Limits, expected: &Lines) {
    let mut decoder = LineDecoder::new(if expected.is_empty() { limits.first } else { limits.then });
    decoder.feed(stream);
    if expected.iter().any(Result::is_err) {
        return;
    }
    decoder.set_max_line_bytes(usize::MAX);
    while decoder.next_line().is_some() {}
    decoder.set_max_line_bytes(if expected.is_empty() { limits.first } else { limits.then });
    let rest = decoder.take_rest();
    assert_eq!(decoder.take_rest(), None, "once");
    let ended = simplest(&[stream, b"\n"].concat(), limits);
    match rest {
        Some(line) => assert_eq!(ended.last(), Some(&Ok(line))),
        None => assert!(ended.len() == expected.len() || ended.last().is_some_and(Result::is_err)),
    }
}

/// As a connection does it: each line is gone before the next one comes.
fn discard<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: Limits) {
    let mut decoder = LineDecoder::new(limits.first);
    for piece in pieces {
        decoder.feed(piece);
        while let Some(line) = decoder.next_line() {
            if line.is_err() {
                return;
            }
            decoder.set_max_line_bytes(limits.then);
        }
    }
}

/// The contract in a few lines, for a stream that is here as a whole.
fn simplest(stream: &[u8], limits: Limits) -> Lines {
    let mut lines = Lines::new();
    let parts: Vec<&[u8]> = stream.split(|byte| *byte == b'\n').collect();
    for (n, line) in parts.iter().enumerate() {
        let max_line_bytes = if lines.is_empty() { limits.first } else { limits.then };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_whole = n + 1 < parts.len();
        match without_mark(line.trim_ascii()) {
            _ if line.len() > max_line_bytes => {
                let beginning = line[..256.min(max_line_bytes)].to_vec();
                lines.push(Err(LineTooLong { max_line_bytes, beginning }));
                break;
            }
            [] => {}
            line if is_whole => lines.push(Ok(line.to_vec())),
            _ => {}
        }
    }
    lines
}

/// A byte order mark at its beginning says nothing.
fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii()
}
