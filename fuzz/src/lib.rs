//! What the fuzz targets share: how much memory a call may hold, and what every refusal looks like.
//!
//! Each target in `fuzz_targets/` feeds one parser and says what must hold whatever the bytes are. That it does
//! not panic is the least of it.

use std::alloc::System;
use std::fmt::Debug;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use peakmem_alloc::{INSTRUMENTED_SYSTEM, PeakMemAlloc, PeakMemAllocTrait as _};
use protocol::{ProtocolError, limits, line::encode_error, model::Value};
use serde_json::{Map, Value as Json};

#[global_allocator]
static ALLOCATOR: &PeakMemAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What a call gives, and the most memory that it held at a time, in bytes.
pub fn with_peak<T>(call: impl FnOnce() -> T) -> (T, usize) {
    ALLOCATOR.reset_peak_memory();
    let result = call();
    (result, ALLOCATOR.get_peak_memory())
}

/// The most memory that reading a payload of `bytes` may hold at a time. Nothing costs more than what is read: a variable in
/// 22 bytes, or an option in two.
pub fn payload_budget(bytes: usize) -> usize {
    4096 + 64 * bytes
}

/// Reads a payload and checks what holds for every payload: bounded memory, refusals in one line, and
/// the same result from bare JSON and from base64 with and without padding.
pub fn read_payload<T: Debug + PartialEq>(
    payload: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, ProtocolError>,
) -> Option<T> {
    let (read, peak) = with_peak(|| parse(payload));
    assert!(peak <= payload_budget(payload.len()), "{peak} bytes of memory for {} of payload", payload.len());
    let bare = payload.trim_ascii();
    if matches!(bare.first(), Some(b'[' | b'{')) {
        assert_eq!(parse(STANDARD.encode(bare).as_bytes()), read, "base64 differs from bare");
        assert_eq!(parse(STANDARD_NO_PAD.encode(bare).as_bytes()), read, "base64 without padding differs");
    }
    read.map_err(|error| check_refusal(&error)).ok()
}

/// The objects of a bare payload, one or several. Empty for base64, of which [`read_payload`] knows that it is
/// read in the same way.
pub fn objects(payload: &[u8]) -> Vec<Map<String, Json>> {
    match serde_json::from_slice(payload.trim_ascii()) {
        Ok(Json::Object(object)) => vec![object],
        Ok(Json::Array(items)) => items.into_iter().filter_map(|item| item.as_object().cloned()).collect(),
        _ => Vec::new(),
    }
}

/// Every refusal is one short line of plain text.
pub fn check_refusal(error: &ProtocolError) {
    let line = String::from_utf8(encode_error(error)).expect("lines are text");
    let text = line.strip_suffix('\n').expect("a line has an end");
    assert!(text.starts_with(&format!("ERR {} ", error.code)), "{text}");
    assert!(text.len() < 300, "a refusal is short: {text}");
    assert!(!text.contains(char::is_control), "one line of plain text: {text:?}");
    assert!(!error.text.trim().is_empty(), "a refusal says what to do");
}

/// A value that was read is one: finite, kept JSON is compact JSON, and its JSON reads back as the same value.
pub fn check_value(value: &Value) {
    let json = value.to_json();
    assert_eq!(Value::parse_json(&json).as_ref(), Some(value), "{json}");
    assert!(!json.contains(|c: char| c < ' '), "a value is one line: {json:?}");
}

/// A value of a report: as [`check_value`], and within the limits.
pub fn check_reported(value: &Value) {
    check_value(value);
    assert!(value.weight() <= limits::MAX_VALUE_BYTES);
    check_text(match value {
        Value::Text(text) | Value::Json(text) => text,
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => "",
    });
}

/// Postgres can't store U+0000, so it is in no text that is kept.
pub fn check_text(text: &str) {
    assert!(!text.contains('\0'), "{text:?}");
}
