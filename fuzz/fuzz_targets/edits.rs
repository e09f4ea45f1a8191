//! What a person types: read as a value of the variable's type, which the game understands in its own JSON type.
//!
//! Input, a line each: the type, the current value as JSON or nothing; then what was typed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_refusal, check_value};
use protocol::{
    line::{Edited, encode_edits, parse_report},
    model::{Report, Value, WireForm},
};

fuzz_target!(|input: &str| {
    let mut lines = input.splitn(3, '\n');
    let (Some(word), Some(current), Some(typed)) = (lines.next(), lines.next(), lines.next()) else { return };
    let declaration = serde_json::json!({ "name": "edited", "type": word, "value": 0 }).to_string();
    let Ok(reports) = parse_report(declaration.as_bytes()) else { return };
    let report = &reports[0];
    match report.spec.parse_text(typed, Value::parse_json(current).as_ref()) {
        Ok(value) => check_edit(report, &value),
        Err(error) => check_refusal(&error),
    }
});

fn check_edit(Report { name, spec, .. }: &Report, value: &Value) {
    check_value(value);
    if let Err(error) = spec.check_edit(value) {
        return check_refusal(&error);
    }
    for form in [WireForm::Native, WireForm::Text] {
        let edit = Edited { name, type_name: spec.type_name(), value, form };
        let several = parse_report(&encode_edits(&[edit, edit]));
        assert!(several.is_ok(), "in one line with another edit: {several:?}");
        // a game that does as it is told reports what it was sent, which confirms the edit
        let read = parse_report(&encode_edits(&[edit])).expect("what may be sent can be reported");
        assert!(read[0].value.agrees_with(value), "{value:?} came back as {:?}", read[0].value);
    }
}
