//! Variables: what a game reports is read within every limit, survives being written and read again, and
//! an edit that is sent to the game reads as the very value.
//!
//! Input: the payload of an `i:`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_reported, check_text, check_value, objects, read_payload};
use protocol::{
    limits,
    line::{Edited, Revised, encode_edits, encode_report, encode_revised, parse_report, parse_revised},
    live,
    model::{Report, Value, VarName, VarRevision, VarType, WireForm},
};
use serde_json::{Map, Value as Json};

fuzz_target!(|payload: &[u8]| {
    let Some(reports) = read_payload(payload, parse_report) else { return };
    assert!(reports.len() <= limits::MAX_VARS_PER_LINE);
    reports.iter().for_each(check_report);
    let names: std::collections::HashSet<_> = reports.iter().map(|report| &report.name).collect();
    assert_eq!(names.len(), reports.len(), "each name once");

    if payload.trim_ascii().starts_with(b"[") {
        for (report, source) in reports.iter().zip(declarations(payload, &reports)) {
            check_source(report, &source);
        }
    }

    let said_again = encode_report(&reports);
    let read_again = parse_report(said_again.as_bytes());
    assert_eq!(read_again.map(sorted), Ok(sorted(reports.clone())), "{said_again}");
    assert_eq!(live::parse::<Vec<Report>>(&live::encode(&reports)), Ok(reports.clone()), "in the browser");
    check_edits(&reports);
});

/// The objects of an array that the reports were read from: of each name the last one.
fn declarations(payload: &[u8], reports: &[Report]) -> Vec<Map<String, Json>> {
    let sources = objects(payload);
    let last = |report: &Report| {
        let is_of_report = |source: &&Map<String, Json>| source["name"] == report.name.as_str();
        sources.iter().rev().find(is_of_report).expect("what was read was there").clone()
    };
    reports.iter().map(last).collect()
}

/// What was read is what was said; only text is read by its type.
fn check_source(report: &Report, source: &Map<String, Json>) {
    let spec = &report.spec;
    match source.get("value") {
        Some(Json::String(text)) => assert!(!text.contains('\0')),
        // in a tree both have lost the digits of large numbers
        Some(json @ (Json::Array(_) | Json::Object(_))) => {
            let read: Json = serde_json::from_str(&report.value.to_json()).expect("a value writes JSON");
            assert_eq!(&read, json);
        }
        Some(json) => assert!(Value::from_json(json).is_some_and(|value| value.agrees_with(&report.value))),
        None => assert_eq!(spec.var_type, VarType::Action),
    }
    let texts = [
        ("unit", &spec.unit),
        ("group", &spec.group),
        ("label", &spec.label),
        ("help", &spec.help),
        ("source", &spec.source),
    ];
    for (field, read) in texts {
        let said = source.get(field).and_then(Json::as_str).filter(|text| !text.trim().is_empty());
        assert_eq!(read.as_deref(), said, "{field}");
    }
    assert_eq!(spec.readonly, source.get("readonly") == Some(&Json::Bool(true)));
    let options = source.get("options").and_then(Json::as_array).map_or(0, Vec::len);
    assert_eq!(spec.options.len(), options);
}

fn check_report(report: &Report) {
    let Report { name, spec, value } = report;
    assert!((1..=limits::MAX_NAME_BYTES).contains(&name.as_str().len()));
    assert!(!name.as_str().contains(char::is_control));
    check_reported(value);
    spec.default.iter().for_each(check_reported);
    assert!(spec.options.len() <= limits::MAX_OPTIONS);
    for option in &spec.options {
        check_reported(&option.value);
        check_text(&option.label);
        assert!(option.label.len() <= limits::MAX_VALUE_BYTES);
    }
    for text in [&spec.unit, &spec.group, &spec.label, &spec.help, &spec.source].into_iter().flatten() {
        check_text(text);
        assert!(!text.trim().is_empty() && text.len() <= limits::MAX_SPEC_TEXT_BYTES);
    }
    check_text(spec.type_name());
    assert_eq!(VarType::from(spec.type_name().to_owned()), spec.var_type, "another name of the same type");
    for limit in [spec.min, spec.max].into_iter().flatten() {
        assert!(limit.as_f64().is_finite());
    }
    assert!(spec.step.is_none_or(f64::is_finite));
    assert!(spec.step.is_none_or(|step| step > 0.0));
    assert!(!spec.inferred || (spec.form == WireForm::Native && spec.spelling.is_none()));
}

/// What the server would send if somebody wanted what the game has already.
fn check_edits(reports: &[Report]) {
    let edits: Vec<Edited<'_>> = reports
        .iter()
        .map(|r| Edited { name: &r.name, type_name: r.spec.type_name(), value: &r.value, form: r.spec.form })
        .collect();
    for chosen in edits.chunks(1).chain([&edits[..]]) {
        let payload = encode_edits(chosen);
        // a value of the deepest nesting is one level too deep inside the array of several edits
        let Ok(read) = parse_report(&payload) else {
            assert!(chosen.len() != 1 && reports.iter().any(is_nested), "what is sent can be read");
            continue;
        };
        for (edit, read) in chosen.iter().zip(read) {
            assert_eq!((edit.name, edit.value, edit.form), (&read.name, &read.value, read.spec.form));
            check_value(&read.value);
        }
    }
    let vars: Vec<_> = edits.iter().map(|edit| (*edit, VarRevision(1))).collect();
    let removed: Vec<&VarName> = edits.iter().map(|edit| edit.name).collect();
    let bare = encode_revised(&Revised { epoch: "e-1", full: true, vars: &vars, removed: &removed }, true);
    let read = parse_revised(&bare).expect("the game reads it");
    assert_eq!(read.vars.len(), vars.len());
    for (report, edit) in reports.iter().zip(&read.vars) {
        assert_eq!(report.spec.var_type.read(edit.value.clone()).0, report.value, "{}", report.name);
    }
    assert!(read.removed.iter().eq(removed));
    assert!(!bare.contains(&b'\n'), "bare JSON is one line");
}

fn is_nested(report: &Report) -> bool {
    matches!(report.value, Value::Json(_))
}

/// A dictionary has no order.
fn sorted(mut reports: Vec<Report>) -> Vec<Report> {
    reports.sort_by(|a, b| a.name.cmp(&b.name));
    reports
}
