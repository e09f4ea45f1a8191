//! What a server says to a game: cut into its parts, and its payload read, whatever it is. A game goes on playing when its
//! server talks nonsense.
//!
//! Input: a line of the server.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_refusal, check_reported, read_payload, with_peak};
use protocol::line::{Reply, parse_action, parse_edits, parse_reply, parse_revised, parse_server_hello};

fuzz_target!(|line: &[u8]| {
    let (read, peak) = with_peak(|| parse_reply(line));
    assert!(peak < 1024, "cutting a line copies nothing: {peak} bytes");
    match read {
        Ok(reply) => check_payload(reply),
        Err(error) => check_refusal(&error),
    }
});

fn check_payload(reply: Reply<'_>) {
    match reply {
        Reply::Hello { payload } => drop(read_payload(payload, parse_server_hello)),
        Reply::Edits { payload, .. } => {
            let edits = read_payload(payload, parse_edits).unwrap_or_default();
            edits.iter().for_each(|edit| check_reported(&edit.value));
        }
        Reply::Revised { payload, .. } => {
            let edits = read_payload(payload, parse_revised).map(|changes| changes.vars).unwrap_or_default();
            edits.iter().for_each(|edit| check_reported(&edit.value));
        }
        Reply::Action { payload, .. } => {
            let action = read_payload(payload, parse_action);
            assert!(action.is_none_or(|(_, args)| args.is_none_or(|args| args != "null")));
        }
        _ => {}
    }
}
