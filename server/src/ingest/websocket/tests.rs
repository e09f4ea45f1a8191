use std::{cmp::min, io::ErrorKind};

use futures_util::{SinkExt as _, StreamExt as _};
use proptest::{collection::vec, prelude::*};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, protocol::Role},
};
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{CloseCode, Control, Data, OpCode},
};

use super::{reading::Reading, *};

const TEXT: OpCode = OpCode::Data(Data::Text);
const CONTINUE: OpCode = OpCode::Data(Data::Continue);
const PING: OpCode = OpCode::Control(Control::Ping);
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as a client sends it.
fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { is_final, opcode, mask: Some(MASK), ..FrameHeader::default() };
    let mut bytes = Vec::new();
    header.format(payload.len() as u64, &mut bytes).unwrap();
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// What is read of these bytes when they come in pieces of at most that length.
fn read(reading: &mut Reading, bytes: &[u8], piece_bytes: usize) -> String {
    let mut lines = Vec::new();
    for piece in bytes.chunks(piece_bytes) {
        let mut chunk = [&[0], piece].concat();
        let kept = reading.unframe(&mut chunk);
        lines.extend_from_slice(&chunk[..kept]);
    }
    String::from_utf8(lines).unwrap()
}

proptest! {
    #[test]
    fn a_message_is_a_line_however_it_is_cut(
        messages in vec((vec("[a-zß]{0,9}", 1..4), 0..3_usize), 1..5),
        piece_bytes in 1..40_usize,
    ) {
        let (mut bytes, mut expected) = (Vec::new(), String::new());
        for (parts, pings) in &messages {
            for (at, part) in parts.iter().enumerate() {
                let opcode = if at == 0 { TEXT } else { CONTINUE };
                bytes.extend(frame(opcode, at + 1 == parts.len(), part.as_bytes()));
                bytes.extend(frame(PING, true, b"still there?").repeat(*pings));
                expected.push_str(part);
            }
            expected.push('\n');
        }
        let mut reading = Reading::default();
        prop_assert_eq!(read(&mut reading, &bytes, piece_bytes), expected);
        prop_assert_eq!(reading.take_violation(), None);
        let has_pings = messages.iter().any(|(_, pings)| *pings > 0);
        prop_assert_eq!(reading.take_answer().is_some(), has_pings);
    }

    #[test]
    fn nothing_makes_it_panic_or_grow(bytes in vec(any::<u8>(), 0..400), piece_bytes in 1..50_usize) {
        let mut reading = Reading::default();
        for piece in bytes.chunks(piece_bytes) {
            let mut chunk = [&[0], piece].concat();
            prop_assert!(reading.unframe(&mut chunk) <= chunk.len());
        }
    }
}

#[test]
fn what_no_client_may_send_ends_the_connection_behind_the_lines_before_it() {
    let unmasked = vec![0x81, 2, b'h', b'i'];
    let reserved_bit = [&[0xc1], &frame(TEXT, true, b"hi")[1..]].concat();
    let unknown = [&[0x83], &frame(TEXT, true, b"hi")[1..]].concat();
    let endless = [&[0x81, 0xff, 0x80], &[0; 11][..]].concat();
    let close = |payload: &[u8]| frame(OpCode::Control(Control::Close), true, payload);
    let within = [frame(TEXT, false, b"a"), frame(TEXT, true, b"b")].concat();
    let cases = [
        ("no mask", unmasked, Violation::Frame),
        ("a reserved bit", reserved_bit, Violation::Frame),
        ("an unknown kind", unknown, Violation::Frame),
        ("2^63 bytes", endless, Violation::Frame),
        ("a ping of 126 bytes", frame(PING, true, &[0; 126]), Violation::Frame),
        ("half a ping", frame(PING, false, b"hi"), Violation::Frame),
        ("the rest of nothing", frame(CONTINUE, true, b"hi"), Violation::Frame),
        ("half a close code", close(b"x"), Violation::Frame),
        ("a message within a message", within, Violation::Frame),
        ("a binary message", frame(OpCode::Data(Data::Binary), true, b"hi"), Violation::Binary),
    ];
    for (what, bytes, expected) in cases {
        let mut reading = Reading::default();
        let before = [frame(TEXT, true, b"one"), frame(TEXT, true, b"two")].concat();
        let lines = read(&mut reading, &[before, bytes.clone()].concat(), 1_000);
        assert!(lines.starts_with("one\ntwo\n"), "{what}: {lines:?}");
        assert_eq!(reading.take_violation(), Some(expected), "{what}");
        assert_eq!(reading.take_violation(), None, "{what}: it is told once");
        let code = if expected == Violation::Binary { CloseCode::Unsupported } else { CloseCode::Protocol };
        assert_eq!(reading.close_code(), code, "{what}");

        let mut reading = Reading::default();
        for byte in bytes {
            reading.unframe(&mut [0, byte]);
        }
        assert_eq!(reading.take_violation(), Some(expected), "{what}, byte by byte");
    }
}

/// A game's end of a socket, and a client of another library at the other.
async fn pair(bytes: usize) -> (GameSocket<DuplexStream>, WebSocketStream<DuplexStream>) {
    let (server, client) = duplex(bytes);
    (GameSocket::new(server), WebSocketStream::from_raw_socket(client, Role::Client, None).await)
}

#[tokio::test]
async fn a_line_is_a_message_however_it_is_written() {
    for (piece_bytes, buffer_bytes) in [(1, 1), (3, 5), (7, 64), (100_000, 100), (100_000, 1 << 20)] {
        let (mut socket, mut client) = pair(buffer_bytes).await;
        let long = "x".repeat(70_000);
        let lines = ["OK", "v:0123456789ab:W10=", &long[..126], &long[..65_536], "ß", &long, "s:1"];
        let text: String = lines.iter().map(|line| format!("{line}\n\n")).collect();
        let write = async {
            for piece in text.as_bytes().chunks(piece_bytes) {
                socket.write_all(piece).await.unwrap();
            }
            socket.flush().await.unwrap();
            socket.shutdown().await.unwrap();
            socket
        };
        let read = async {
            for line in lines {
                assert_eq!(client.next().await.unwrap().unwrap(), Message::text(line));
            }
            let Some(Ok(Message::Close(Some(close)))) = client.next().await else { panic!("it ends") };
            assert_eq!(u16::from(close.code), 1000);
        };
        tokio::join!(write, read);
    }
}

#[tokio::test]
async fn what_a_client_of_another_library_says_are_lines() {
    let (mut socket, mut client) = pair(64).await;
    let long = "ß".repeat(70_000);
    let say = async {
        for line in ["h:{}", "v:0123456789ab\ni:0123456789ab:{}", "", &long] {
            client.send(Message::text(line)).await.unwrap();
        }
        client.close(None).await.unwrap();
        // it is answered
        assert!(matches!(client.next().await, Some(Ok(Message::Close(None)))));
    };
    let mut heard = String::new();
    let hear = async {
        socket.read_to_string(&mut heard).await.unwrap();
    };
    tokio::join!(say, hear);
    assert_eq!(heard, format!("h:{{}}\nv:0123456789ab\ni:0123456789ab:{{}}\n\n{long}\n"));
}

#[tokio::test]
async fn of_a_flood_of_pings_the_newest_is_answered_and_nothing_piles_up() {
    let (mut socket, mut client) = {
        let (server, client) = duplex(256);
        (GameSocket::new(server), client)
    };
    let flood = async {
        for number in 0..10_000_u32 {
            client.write_all(&frame(PING, true, &number.to_be_bytes())).await.unwrap();
        }
        client.write_all(&frame(TEXT, true, b"p:1")).await.unwrap();
        client
    };
    let mut line = [0; 4];
    let (mut client, read) = tokio::join!(flood, socket.read_exact(&mut line));
    assert_eq!((read.unwrap(), &line), (4, b"p:1\n"));
    let mut answers = vec![0; 256];
    let count = client.read(&mut answers).await.unwrap();
    assert!(answers[..count].chunks_exact(6).all(|pong| pong[..2] == [0x8a, 4]), "{:?}", &answers[..count]);
    // the rest follows when the client reads again
    let newest = 9_999_u32.to_be_bytes();
    let mut last = answers[count - 4..count].to_vec();
    while last != newest {
        socket.flush().await.unwrap();
        let count = client.read(&mut answers).await.unwrap();
        last = answers[min(count - 4, 252)..count].to_vec();
    }
}

#[tokio::test]
async fn a_client_that_breaks_the_rules_is_told_and_hung_up_on() {
    let (server, client) = duplex(1 << 16);
    let mut socket = GameSocket::new(server);
    let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
    client.send(Message::text("v:0123456789ab")).await.unwrap();
    client.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    let mut lines = Vec::new();
    let error = socket.read_to_end(&mut lines).await.unwrap_err();
    assert_eq!((error.kind(), lines), (ErrorKind::Other, b"v:0123456789ab\n".to_vec()));
    assert!(error.to_string().contains("text messages"), "{error}");
    socket.write_all(b"ERR bad_verb no\n").await.unwrap();
    socket.shutdown().await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("ERR bad_verb no"));
    let Some(Ok(Message::Close(Some(close)))) = client.next().await else { panic!("it is told") };
    assert_eq!(u16::from(close.code), 1003);
    // its own close frame only counts as bytes, so that it can be waited for
    assert!(matches!(client.next().await, None | Some(Err(Error::ConnectionClosed))));
    assert!(socket.read(&mut [0; 64]).await.unwrap() > 0);
}
