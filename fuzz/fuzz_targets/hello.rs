//! What a game says of itself: read within every limit, and the same after being written and read again.
//!
//! Input: the payload of an `h:`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_text, read_payload};
use protocol::{
    limits,
    line::{
        Hello, LineDecoder, Reply, encode_hello, parse_hello, parse_reply, parse_server_hello,
        write_server_hello,
    },
    model::UnixMicros,
};

fuzz_target!(|payload: &[u8]| {
    let Some(hello) = read_payload(payload, parse_hello) else { return };
    check_hello(&hello);
    let said_again = encode_hello(&hello);
    assert_eq!(parse_hello(said_again.as_bytes()).as_ref(), Ok(&hello), "{said_again}");
    check_answer(&hello);
});

fn check_hello(hello: &Hello) {
    assert!(hello.proto > 0 && hello.rev.is_none_or(|revision| revision.0 >= 0));
    let Hello { device, session, name, sdk, app, platform, epoch, .. } = hello;
    for text in [device, session, name, sdk, app, platform, epoch].into_iter().flatten() {
        assert!((1..=limits::MAX_HELLO_TEXT_BYTES).contains(&text.len()));
        assert!(text.trim() == text && !text.contains(char::is_control), "{text:?}");
    }
    if let Some(attrs) = &hello.attrs {
        check_text(attrs);
        assert!(attrs.len() <= limits::MAX_ATTRS_BYTES && attrs.starts_with('{') && attrs != "{}");
    }
}

/// The server grants what was asked for; its line is one line, and its payload one that the game's own reader takes.
fn check_answer(hello: &Hello) {
    let mut line = Vec::new();
    write_server_hello(&mut line, "observerio/1", hello.caps, 20_000, UnixMicros(0));
    let mut lines = LineDecoder::new(limits::MAX_LINE_BEFORE_OK_BYTES);
    lines.feed(&line);
    let answer = lines.next_line().expect("a line came").expect("it is short");
    let Ok(Reply::Hello { payload }) = parse_reply(&answer) else { panic!("no h:") };
    let read = parse_server_hello(payload).expect("the game reads it");
    assert_eq!(read.caps, hello.caps);
}
