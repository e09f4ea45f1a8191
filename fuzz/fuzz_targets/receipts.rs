//! What a game did with values and actions: read within every limit, and the same after being written and read again.
//!
//! Input: the payload of an `r:`, read in both ways.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_reported, check_text, read_payload};
use protocol::{
    limits,
    line::{encode_action_result, encode_outcomes, parse_action_result, parse_outcomes},
    live,
    model::{Outcome, VarName},
};

fuzz_target!(|payload: &[u8]| {
    if let Some(outcomes) = read_payload(payload, parse_outcomes) {
        assert!(outcomes.len() <= limits::MAX_VARS_PER_LINE);
        outcomes.iter().for_each(|(_, outcome)| check_outcome(outcome));
        let said_again = encode_outcomes(&outcomes, None);
        assert_eq!(parse_outcomes(said_again.as_bytes()).as_ref(), Ok(&outcomes), "{said_again}");
        let carried = live::parse::<Vec<(VarName, Outcome)>>(&live::encode(&outcomes));
        assert_eq!(carried, Ok(outcomes), "in the browser");
    }
    if let Some(result) = read_payload(payload, parse_action_result) {
        if let Ok(Some(text)) | Err(text) = &result {
            assert!(text.len() <= limits::MAX_ACTION_RESULT_BYTES);
        }
        let said_again = encode_action_result(&result);
        assert_eq!(parse_action_result(said_again.as_bytes()), Ok(result), "{said_again}");
    }
});

fn check_outcome(outcome: &Outcome) {
    let (value, reason) = match outcome {
        Outcome::Applied => (&None, &None),
        Outcome::Clamped { value, reason } => (value, reason),
        Outcome::Rejected { reason } => (&None, reason),
    };
    value.iter().for_each(check_reported);
    if let Some(reason) = reason {
        check_text(reason);
        assert!(!reason.trim().is_empty() && reason.len() <= limits::MAX_SPEC_TEXT_BYTES);
    }
}
