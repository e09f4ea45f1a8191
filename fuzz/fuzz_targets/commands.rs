//! Commands: what is read is written again as the same line, and version 2 only adds to the original grammar.
//!
//! Input: a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_refusal, with_peak};
use protocol::{
    ErrorCode, limits,
    line::{Command, Grammar, parse_command, write_command},
};

fuzz_target!(|line: &[u8]| {
    let ((original, v2), peak) =
        with_peak(|| (parse_command(line, Grammar::Original), parse_command(line, Grammar::Version2)));
    assert!(peak < 1024, "cutting a line copies nothing: {peak} bytes");
    for (read, grammar) in [(&original, Grammar::Original), (&v2, Grammar::Version2)] {
        match read {
            Ok(command) => check_command(*command, line, grammar),
            Err(error) => check_refusal(error),
        }
    }
    match (original, v2) {
        (Ok(Command::Report { payload: all, .. }), Ok(Command::Report { seq, payload, .. }))
        | (Ok(Command::Log { payload: all, .. }), Ok(Command::Log { seq, payload, .. })) => {
            assert_eq!(all.len() - payload.len() > 0, seq.is_some(), "a number is all that is taken off");
        }
        (Ok(Command::Report { .. } | Command::Log { .. }), Err(error)) => {
            assert_eq!(error.code, ErrorCode::BadShape, "only its number can be wrong");
        }
        (Ok(original), v2) => assert_eq!(v2, Ok(original), "the original lines stay as they are"),
        (Err(error), Ok(command)) => {
            assert_eq!(error.code, ErrorCode::BadVerb, "{command:?}");
            assert!(matches!(line, [b'r' | b'p' | b'q', b':', ..]), "a verb that version 2 does not bring");
        }
        (Err(original), Err(v2)) => assert!(original.code == v2.code || original.code == ErrorCode::BadVerb),
    }
});

fn check_command(command: Command<'_>, line: &[u8], grammar: Grammar) {
    let mut written = Vec::new();
    write_command(&mut written, &command);
    assert_eq!(written.pop(), Some(b'\n'));
    assert_eq!(parse_command(&written, grammar), Ok(command), "{}", String::from_utf8_lossy(&written));
    match command {
        // zeros in front of a number, and a colon behind it with nothing else, are the only freedom
        Command::Applied { .. } | Command::ActionDone { .. } => assert!(written.len() <= line.len() + 1),
        Command::Report { seq: Some(seq), .. } | Command::Log { seq: Some(seq), .. } => {
            assert!(seq > 0 && i64::try_from(seq).is_ok() && written.len() <= line.len());
        }
        Command::Ping { token } | Command::Pong { token } => {
            assert!(token.len() <= limits::MAX_PING_TOKEN_BYTES && token.iter().all(u8::is_ascii_graphic));
            assert_eq!(written, line);
        }
        _ => assert_eq!(written, line),
    }
}
