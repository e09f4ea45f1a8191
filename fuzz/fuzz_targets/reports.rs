//! Variables: what a game reports is read within every limit, survives being written and read again, and
//! an edit that is sent to the game reads as the very value.
//!
//! Input: the payload of an `i:`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observerio_fuzz::{check_reported, check_text, check_value, game, read_payload};
use protocol::{
    limits,
    line::{Edited, Revised, encode_edits, encode_revised, parse_report},
    live,
    model::{Report, Revision},
};

fuzz_target!(|payload: &[u8]| {
    let Some(reports) = read_payload(payload, parse_report) else { return };
    assert!(reports.len() <= limits::MAX_VARS_PER_LINE);
    reports.iter().for_each(check_report);
    let names: std::collections::HashSet<_> = reports.iter().map(|report| &report.name).collect();
    assert_eq!(names.len(), reports.len(), "each name once");

    let said_again = game::report_json(&reports);
    let read_again = parse_report(said_again.as_bytes());
    assert_eq!(read_again.map(sorted), Ok(sorted(reports.clone())), "{said_again}");
    assert_eq!(live::parse::<Vec<Report>>(&live::encode(&reports)), Ok(reports.clone()), "in the browser");
    check_edits(&reports);
});

fn check_report(report: &Report) {
    let Report { name, spec, value, inferred } = report;
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
    check_text(spec.var_type.as_str());
    for number in [spec.min, spec.max, spec.step].into_iter().flatten() {
        assert!(number.is_finite());
    }
    assert!(spec.step.is_none_or(|step| step > 0.0));
    assert!(!inferred || spec.form == protocol::model::WireForm::Native);
}

/// What the server would send if somebody wanted what the game has already.
fn check_edits(reports: &[Report]) {
    let edits: Vec<Edited<'_>> = reports
        .iter()
        .map(|r| Edited { name: &r.name, var_type: &r.spec.var_type, value: &r.value, form: r.spec.form })
        .collect();
    for chosen in edits.chunks(1).chain([&edits[..]]) {
        let payload = encode_edits(chosen);
        // a value of the deepest nesting is one level too deep inside the array of several edits
        let Ok(read) = parse_report(&payload) else {
            assert!(chosen.len() != 1 && reports.iter().any(|r| is_nested(r)), "what is sent can be read");
            continue;
        };
        for (edit, read) in chosen.iter().zip(read) {
            assert_eq!((edit.name, edit.value, edit.form), (&read.name, &read.value, read.spec.form));
            check_value(&read.value);
        }
    }
    let vars: Vec<_> = edits.iter().map(|edit| (*edit, Revision(1))).collect();
    let bare = encode_revised(&Revised { epoch: "e-1", full: true, vars: &vars }, true);
    let read: serde_json::Value = serde_json::from_slice(&bare).expect("what is sent is JSON");
    assert_eq!(read["vars"].as_array().map(Vec::len), Some(vars.len()));
    assert!(!bare.contains(&b'\n'), "bare JSON is one line");
}

fn is_nested(report: &Report) -> bool {
    matches!(report.value, protocol::model::Value::Json(_))
}

/// A dictionary has no order.
fn sorted(mut reports: Vec<Report>) -> Vec<Report> {
    reports.sort_by(|a, b| a.name.cmp(&b.name));
    reports
}
