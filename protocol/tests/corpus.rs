//! What hostile, broken and unlucky clients send: each gets exactly one error or exactly one value.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE},
};
use proptest::prelude::*;
use protocol::{
    ErrorCode, limits,
    line::{Grammar, encode_error, parse_command, parse_logs, parse_report},
};

/// What is read, as `name=value`; bare and as base64 it must be the same.
fn values(json: impl AsRef<[u8]>) -> Result<Vec<String>, ErrorCode> {
    let json = json.as_ref();
    let read = |payload: &[u8]| match parse_report(payload) {
        Ok(reports) => Ok(reports.iter().map(|r| format!("{}={}", r.name, r.value.to_json())).collect()),
        Err(error) => Err(error.code),
    };
    let bare: Result<Vec<String>, ErrorCode> = read(json);
    assert_eq!(read(STANDARD.encode(json).as_bytes()), bare, "base64 differs from bare");
    assert_eq!(read(STANDARD_NO_PAD.encode(json).as_bytes()), bare, "base64 without padding differs");
    bare
}

fn one(value: &str) -> Result<String, ErrorCode> {
    values(format!(r#"{{"a":{value}}}"#)).map(|mut all| {
        assert_eq!(all.len(), 1);
        all.remove(0)
    })
}

fn messages(json: &str) -> Result<Vec<String>, ErrorCode> {
    match parse_logs(json.as_bytes()) {
        Ok(logs) => Ok(logs.entries.into_iter().map(|entry| entry.message).collect()),
        Err(error) => Err(error.code),
    }
}

#[test]
fn nesting_is_bounded_and_brackets_in_text_do_not_count() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for depth in [limits::MAX_JSON_DEPTH, limits::MAX_JSON_DEPTH + 1, 100_000] {
            let inside = if open == "[" { "" } else { "1" };
            // the object around the value is a level itself
            let value = open.repeat(depth - 1) + inside + &close.repeat(depth - 1);
            match depth <= limits::MAX_JSON_DEPTH {
                true => assert_eq!(one(&value), Ok(format!("a={value}"))),
                false => assert_eq!(one(&value), Err(ErrorCode::TooDeep), "{depth} {open}"),
            }
        }
        assert_eq!(values(open.repeat(100_000)), Err(ErrorCode::TooDeep), "without an end");
    }
    assert_eq!(one(r#""[[[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[""#).map(|v| v.len()), Ok(53));
    assert_eq!(values("[".to_owned() + &"]".repeat(100_000)), Err(ErrorCode::BadJson));
}

#[test]
fn a_million_keys_are_too_many() {
    let keys: Vec<String> = (0..1_000_000).map(|n| format!("\"{n}\":0")).collect();
    let line = format!("{{{}}}", keys.join(","));
    assert_eq!(parse_report(line.as_bytes()).unwrap_err().code, ErrorCode::TooMany);

    let array = |count| format!("[{}]", vec![r#"{"name":"a","value":1}"#; count].join(","));
    assert_eq!(values(array(limits::MAX_VARS_PER_LINE)), Ok(vec!["a=1".to_owned()]));
    assert_eq!(values(array(limits::MAX_VARS_PER_LINE + 1)), Err(ErrorCode::TooMany));

    let logs = |count| format!("[{}]", vec![r#"{"message":""}"#; count].join(","));
    assert_eq!(messages(&logs(limits::MAX_LOGS_PER_LINE)).map(|m| m.len()), Ok(limits::MAX_LOGS_PER_LINE));
    assert_eq!(messages(&logs(limits::MAX_LOGS_PER_LINE + 1)), Err(ErrorCode::TooMany));
}

#[test]
fn of_duplicates_the_last_one_counts() {
    assert_eq!(values(r#"{"a":1,"a":2}"#), Ok(vec!["a=2".to_owned()]));
    assert_eq!(
        values(r#"[{"name":"a","value":1},{"name":"b","value":2},{"name":"a","value":3}]"#),
        Ok(vec!["b=2".to_owned(), "a=3".to_owned()])
    );
    assert_eq!(values(r#"[{"name":"a","value":1,"value":4}]"#), Ok(vec!["a=4".to_owned()]));
}

#[test]
fn integers_are_exact_to_the_ends_of_both_ranges() {
    for exact in
        ["-9223372036854775808", "9223372036854775807", "9223372036854775808", "18446744073709551615"]
    {
        assert_eq!(one(exact), Ok(format!("a={exact}")));
        let declared = format!(r#"[{{"name":"a","type":"integer","value":"{exact}"}}]"#);
        assert_eq!(values(declared), Ok(vec![format!("a={exact}")]));
    }
}

#[test]
fn beyond_the_integers_a_number_is_a_float_and_text_stays_text() {
    assert_eq!(one("18446744073709551616"), Ok("a=1.8446744073709552e+19".to_owned()));
    assert_eq!(one("-9223372036854775809"), Ok("a=-9.223372036854776e+18".to_owned()));
    assert_eq!(
        values(r#"[{"name":"a","type":"integer","value":"18446744073709551616"}]"#),
        Ok(vec![r#"a="18446744073709551616""#.to_owned()])
    );
}

#[test]
fn what_is_no_finite_number_is_refused() {
    for number in
        ["1e999", "-1e999", "NaN", "Infinity", "-Infinity", "nan", "01", "1.", ".5", "0x10", "1_000"]
    {
        assert_eq!(one(number), Err(ErrorCode::BadJson), "{number}");
    }
    // as text it is text, never a float that is not finite
    for text in ["1e999", "NaN", "inf"] {
        let declared = format!(r#"[{{"name":"a","type":"float","value":"{text}"}}]"#);
        assert_eq!(values(declared), Ok(vec![format!("a=\"{text}\"")]), "{text}");
    }
    assert_eq!(one("5e-324"), Ok("a=5e-324".to_owned()));
    assert_eq!(one("1.7976931348623157e308"), Ok("a=1.7976931348623157e+308".to_owned()));
}

#[test]
fn broken_text_is_refused() {
    for lone in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#, r#""\ud800x""#] {
        assert_eq!(one(lone), Err(ErrorCode::BadJson), "{lone}");
    }
    assert_eq!(one(r#""\ud83d\ude00""#), Ok("a=\"😀\"".to_owned()));
    for bytes in [&b"\xff"[..], b"\xc3(", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\0", b"\n", b"\x1f"] {
        let json = [b"{\"a\":\"", bytes, b"\"}"].concat();
        assert_eq!(values(&json), Err(ErrorCode::BadJson), "{bytes:?}");
    }
}

#[test]
fn the_character_zero_is_kept_nowhere() {
    assert_eq!(one(r#""a\u0000b""#), Err(ErrorCode::BadShape));
    assert_eq!(values(r#"{"a\u0000b":1}"#), Err(ErrorCode::BadName));
    for field in ["unit", "group", "label", "help", "source", "type"] {
        let declared = format!(r#"[{{"name":"a","value":1,"{field}":"x\u0000"}}]"#);
        assert_eq!(values(declared), Err(ErrorCode::BadShape), "{field}");
    }
    assert_eq!(messages(r#"[{"message":"a\u0000b"}]"#), Ok(vec!["a\u{fffd}b".to_owned()]));
    // inside kept JSON it is an escape, which every database takes
    assert_eq!(one(r#"["\u0000"]"#), Ok(r#"a=["\u0000"]"#.to_owned()));
}

#[test]
fn names_are_kept_as_they_are_or_refused() {
    for name in ["%_'; drop table vars", "<script>alert(1)</script>", "\u{202e}evil", "é", &"x".repeat(128)]
    {
        let json = serde_json::json!({ name: 1 }).to_string();
        assert_eq!(values(json), Ok(vec![format!("{name}=1")]));
    }
    for name in ["", "  ", "a\tb", "a\u{1b}[31m", "a\u{85}b", &"x".repeat(129)] {
        let json = serde_json::json!({ name: 1 }).to_string();
        assert_eq!(values(json), Err(ErrorCode::BadName), "{name:?}");
    }
}

#[test]
fn base64_is_the_standard_alphabet_whole() {
    // three times 0xfb gives + and / in the standard alphabet, - and _ in the one for URLs
    let json = "{\"a\":\"\u{fbfb}\u{ffff}>>>???\"}";
    assert!(STANDARD.encode(json).contains(['+', '/']));
    assert!(values(json).is_ok());
    let code = |payload: &[u8]| parse_report(payload).unwrap_err().code;
    assert_eq!(code(URL_SAFE.encode(json).as_bytes()), ErrorCode::BadBase64);
    for broken in
        [&b"e30==="[..], b"e", b"e3 0=", b"e3\t0", b"e30*", b"\xef\xbb\xbfe30=", b"\xff\xff\xff\xff"]
    {
        assert!(matches!(code(broken), ErrorCode::BadBase64), "{broken:?}");
    }
    // a wrong count of padding is as harmless as none
    assert_eq!(parse_report(b"e30=="), Ok(vec![]));
    assert_eq!(code(b""), ErrorCode::BadJson);
    assert_eq!(code(b"="), ErrorCode::BadJson);
    assert_eq!(code(b"   "), ErrorCode::BadJson);
}

#[test]
fn a_byte_order_mark_inside_a_line_is_no_json() {
    let json = b"\xef\xbb\xbf{\"a\":1}";
    assert_eq!(parse_report(json).unwrap_err().code, ErrorCode::BadBase64);
    assert_eq!(parse_report(STANDARD.encode(json).as_bytes()).unwrap_err().code, ErrorCode::BadJson);
    assert_eq!(
        parse_command(b"\xef\xbb\xbfv:0123456789ab", Grammar::Original).unwrap_err().code,
        ErrorCode::BadVerb
    );
}

#[test]
fn a_half_good_line_is_a_bad_line() {
    assert_eq!(values(r#"[{"name":"a","value":1},{"name":"b"}]"#), Err(ErrorCode::BadShape));
    assert_eq!(values(r#"[{"name":"a","value":1},7]"#), Err(ErrorCode::BadShape));
    assert_eq!(values(r#"{"a":1} {"b":2}"#), Err(ErrorCode::BadJson));
    // entries of a log stand for themselves
    assert_eq!(messages(r#"[{"message":"a"},{"level":"info"}]"#), Ok(vec!["a".to_owned()]));
    for scalar in ["null", "true", "1", "\"a\""] {
        let payload = STANDARD.encode(scalar);
        assert_eq!(parse_report(payload.as_bytes()).unwrap_err().code, ErrorCode::BadShape, "{scalar}");
        assert_eq!(parse_logs(payload.as_bytes()).unwrap_err().code, ErrorCode::BadShape, "{scalar}");
    }
    assert_eq!(values("[]"), Ok(vec![]));
    assert_eq!(values("{}"), Ok(vec![]));
}

#[test]
fn sizes_are_exact() {
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
    assert!(one(&text(limits::MAX_VALUE_BYTES)).is_ok());
    assert_eq!(one(&text(limits::MAX_VALUE_BYTES + 1)), Err(ErrorCode::BadShape));
    let message = |bytes| messages(&format!(r#"[{{"message":{}}}]"#, text(bytes))).map(|m| m.len());
    assert_eq!(message(limits::MAX_MESSAGE_BYTES), Ok(1));
    assert_eq!(
        messages(&format!(r#"[{{"message":{}}}]"#, text(limits::MAX_MESSAGE_BYTES + 1))).map(|m| m[0].len()),
        Ok(limits::MAX_MESSAGE_BYTES)
    );
}

proptest! {
    #[test]
    fn anything_is_read_or_refused_in_one_line(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        for error in [parse_report(&line).err(), parse_logs(&line).err(), parse_command(&line, Grammar::Version2).err()] {
            let Some(error) = error else { continue };
            let encoded = encode_error(&error);
            prop_assert_eq!(encoded.iter().filter(|byte| **byte == b'\n').count(), 1);
            prop_assert!(encoded.len() < 300, "an error is short: {}", encoded.len());
        }
    }

    #[test]
    fn what_was_read_reads_the_same_from_base64(text in ".*", number in any::<i64>(), float in any::<f64>()) {
        let json = serde_json::json!([{"name": "a", "value": text}, {"name": "b", "value": number}, {"name": "c", "value": float}]);
        // `values` compares the encodings; NaN is null in JSON, which is a value like any other
        let read = values(json.to_string());
        prop_assert_eq!(read.is_err(), text.contains('\0'));
    }
}
