//! The dashboard's messages: bounded memory, the same after being written and read again, and no value that a
//! database, a game or a page could not take.
//!
//! Input: which side reads, then the message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_value, payload_budget, with_peak};
use protocol::live::{self, ClientMessage, Event, ServerMessage};

/// serde reserves at most this for a list whose length the sender claims, in bytes; lists in lists do so each.
const CLAIMED_BYTES: usize = 1024 * 1024;

fuzz_target!(|input: &[u8]| {
    match input {
        [b'b', bytes @ ..] => from_browser(bytes),
        [b's', bytes @ ..] => from_server(bytes),
        _ => {}
    }
});

fn from_browser(bytes: &[u8]) {
    let (read, peak) = with_peak(|| live::parse::<ClientMessage>(bytes));
    assert!(
        peak <= CLAIMED_BYTES + payload_budget(bytes.len()),
        "{peak} bytes of memory for {}",
        bytes.len()
    );
    let Ok(message) = read else { return };
    assert_eq!(live::parse(&live::encode(&message)), Ok(message.clone()));
    if let ClientMessage::Edit { changes, .. } = &message {
        changes.iter().filter_map(|change| change.value.as_ref()).for_each(check_value);
    }
}

fn from_server(bytes: &[u8]) {
    let Ok(message) = live::parse::<ServerMessage>(bytes) else { return };
    let encoded = live::encode(&message);
    // numbers of declarations may be NaN here, which equals nothing: the bytes are compared
    let again: ServerMessage = live::parse(&encoded).expect("what was written can be read");
    assert_eq!(live::encode(&again), encoded);
    if let ServerMessage::Delta { events, .. } = &message {
        for event in events {
            if let Event::Reported { values, .. } = event {
                values.iter().for_each(|(_, value)| check_value(value));
            }
        }
    }
}
