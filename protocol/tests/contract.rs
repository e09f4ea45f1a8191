//! Runs the examples of `docs/protocol.md`, so that the page can't say what the code does not do.
//!
//! A fenced block has a tag that says what it is:
//! `game` lines that a game sends · `server` lines that the server sends · `reads` a line and what is read from it ·
//! `refused` a line and its error · `pairs` base64 and its JSON · `sh` a `printf` whose text is `game` lines.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{
    ErrorCode, ProtocolError, Remedy, limits,
    line::{
        Command, Edited, Grammar, LineDecoder, OK, encode_edits, encode_error, parse_command, parse_logs,
        parse_report, write_edits,
    },
    model::{Key, LogEntry, Report, WireForm},
};

const PAGE: &str = include_str!("../../docs/protocol.md");

/// A line → one text for each thing that was read from it.
fn read(line: &str) -> Result<Vec<String>, ProtocolError> {
    let mut lines = LineDecoder::new(limits::MAX_LINE_BYTES);
    lines.feed(format!("{line}\r\n").as_bytes());
    let line = lines.next_line().expect("a line came").expect("it is short");
    match parse_command(&line, Grammar::Original)? {
        Command::Verify { .. } => Ok(vec!["verify".to_owned()]),
        Command::Hello { .. } => Ok(vec!["ignored".to_owned()]),
        Command::Report { payload, .. } => Ok(parse_report(payload)?.iter().map(report).collect()),
        Command::Log { payload, .. } => Ok(parse_logs(payload)?.iter().map(entry).collect()),
        other => unreachable!("{other:?} is not of the original grammar"),
    }
}

fn report(report: &Report) -> String {
    let form = match report.spec.form {
        WireForm::Native => "",
        WireForm::Text => ", edits come as text",
    };
    format!("{} {} {}{form}", report.name, report.spec.var_type, report.value.to_json())
}

fn entry(entry: &LogEntry) -> String {
    let at = entry.at.map_or_else(|| "received".to_owned(), |at| at.to_rfc3339());
    let fields = entry.fields.as_ref().map_or_else(String::new, |fields| format!(" {fields}"));
    format!("{} {at} {}{fields}", entry.level, serde_json::Value::from(entry.message.as_str()))
}

fn blocks() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in PAGE.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(tag), None) => open = Some((tag, Vec::new())),
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some((tag, mut lines))) => {
                lines.push(line);
                open = Some((tag, lines));
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

/// A line and the lines behind it that begin with an arrow.
fn with_results<'a>(lines: &[&'a str]) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        match line.strip_prefix("→ ") {
            Some(result) => cases.last_mut().expect("a result comes behind a line").1.push(result),
            None => cases.push((line, Vec::new())),
        }
    }
    cases
}

fn check_reads(lines: &[&str]) {
    for (line, mut expected) in with_results(lines) {
        assert!(!expected.is_empty(), "no result: {line}");
        let mut read = read(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        // a dictionary has no order
        read.sort();
        expected.sort_unstable();
        assert_eq!(read, expected, "{line}");
    }
}

fn check_refused(lines: &[&str]) {
    for (line, expected) in with_results(lines) {
        let error = read(line).expect_err(line);
        assert_eq!([error.code.as_str()], *expected, "{line}");
    }
}

/// What the server sends is what it would encode from what it means.
fn check_server(line: &str) {
    if line.as_bytes() == OK.trim_ascii() {
        return;
    }
    if let Some(rest) = line.strip_prefix("ERR ") {
        let (code, text) = rest.split_once(' ').expect("a code and a text");
        let code = *ErrorCode::ALL.iter().find(|known| known.as_str() == code).expect("a known code");
        let encoded = encode_error(&ProtocolError::new(code, text));
        return assert_eq!(String::from_utf8(encoded).expect("lines are text").trim_end(), line);
    }
    let (key, payload) =
        line.strip_prefix("v:").and_then(|rest| rest.split_once(':')).expect("OK, ERR or v:");
    let reports = parse_report(payload.as_bytes()).expect("a payload that a game would read");
    let edits: Vec<Edited<'_>> = reports
        .iter()
        .map(|r| Edited { name: &r.name, var_type: &r.spec.var_type, value: &r.value, form: r.spec.form })
        .collect();
    let mut encoded = Vec::new();
    write_edits(&mut encoded, Key::parse(key.as_bytes()).expect("a key"), &encode_edits(&edits));
    assert_eq!(String::from_utf8(encoded).expect("lines are text").trim_end(), line);
}

fn check_pair(line: &str) {
    let (base64, json) = line.split_once(" = ").expect("base64 = JSON");
    assert_eq!(STANDARD.encode(json), base64);
}

/// The text of `printf '…' | nc` are lines of a game.
fn check_shell(line: &str) {
    let text = line.strip_prefix("printf '").and_then(|rest| rest.split_once('\'')).expect("printf '…'").0;
    for line in text.split("\\n").filter(|line| !line.is_empty()) {
        read(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[test]
fn every_example_of_the_page_holds() {
    let mut seen = BTreeMap::new();
    for (tag, lines) in blocks() {
        assert!(!lines.is_empty());
        *seen.entry(tag).or_insert(0) += 1;
        match tag {
            "game" => {
                for line in lines {
                    assert!(!read(line).unwrap_or_else(|error| panic!("{error}: {line}")).is_empty());
                }
            }
            "server" => lines.into_iter().for_each(check_server),
            "reads" => check_reads(&lines),
            "refused" => check_refused(&lines),
            "pairs" => lines.into_iter().for_each(check_pair),
            "sh" => lines.into_iter().for_each(check_shell),
            other => panic!("nobody checks a block of kind `{other}`"),
        }
    }
    for tag in ["game", "server", "reads", "refused", "pairs", "sh"] {
        assert!(seen.contains_key(tag), "no block of kind {tag}: was the page changed?");
    }
}

/// The rows of the table under a heading line, cell by cell.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let rows = PAGE.split_once(head).unwrap_or_else(|| panic!("no table {head}")).1.lines().skip(2);
    rows.take_while(|row| row.starts_with('|'))
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn every_error_code_is_in_the_table_as_it_is() {
    let expected: Vec<[String; 3]> = ErrorCode::ALL
        .iter()
        .map(|code| {
            let closes = match code {
                ErrorCode::BadVerb => "before `OK`",
                ErrorCode::BadKey | ErrorCode::Unverified => "at the fifth",
                code if code.closes() => "yes",
                _ => "no",
            };
            let remedy = match code.remedy() {
                Remedy::Retry => "retry",
                Remedy::Fix => "fix",
                Remedy::Never => "never",
            };
            [format!("`{code}`"), closes.to_owned(), remedy.to_owned()]
        })
        .collect();
    let written: Vec<[String; 3]> = table("| code | closes | remedy | meaning |")
        .iter()
        .map(|row| [row[0], row[1], row[2]].map(str::to_owned))
        .collect();
    assert_eq!(written, expected);
}

#[test]
fn every_limit_of_the_page_is_the_one_in_force() {
    let thousands = |number: usize| {
        let digits = number.to_string();
        let groups = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| std::str::from_utf8(group).expect("digits are ASCII"));
        groups.collect::<Vec<_>>().join(",")
    };
    let expected = [
        ("Line before `OK`", limits::MAX_LINE_BEFORE_OK_BYTES, " bytes"),
        ("Line after `OK`", limits::MAX_LINE_BYTES, " bytes"),
        ("Time until `OK`", limits::VERIFY_TIMEOUT.as_secs() as usize, " seconds"),
        ("Wrong or missing keys until the connection is closed", limits::MAX_REFUSALS as usize, ""),
        ("Nesting of the JSON", limits::MAX_JSON_DEPTH, " levels"),
        ("Variables in a line", limits::MAX_VARS_PER_LINE, ""),
        ("Variables in a project", limits::MAX_VARS_PER_PROJECT, ""),
        ("Log entries in a line", limits::MAX_LOGS_PER_LINE, ""),
        ("Name of a variable", limits::MAX_NAME_BYTES, " bytes"),
        ("Value of a variable, as JSON", limits::MAX_VALUE_BYTES, " bytes"),
        ("Log message", limits::MAX_MESSAGE_BYTES, " bytes"),
        ("Unit, group, label, help, source, type: each", limits::MAX_SPEC_TEXT_BYTES, " bytes"),
        ("Options of an `enum`", limits::MAX_OPTIONS, ""),
    ]
    .map(|(what, number, unit)| vec![what.to_owned(), format!("{}{unit}", thousands(number))]);
    assert_eq!(table("| limit | value |"), expected);
}
