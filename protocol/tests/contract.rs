//! Runs the examples of `docs/protocol.md`, so that the page can't say what the code does not do.
//!
//! A fenced block has a tag that says what it is:
//! `game` lines that a game sends · `server` lines that the server sends · `reads` a line and what is read from it ·
//! `refused` a line and its error · `pairs` base64 and its JSON · `sh` a `printf` whose text is `game` lines ·
//! `talk` who says what, in version 2. `game2` and `refused2` are the same in the grammar of version 2.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{
    ErrorCode, ProtocolError, Remedy, limits,
    line::{
        Command, Edited, Grammar, LineDecoder, Logs, OK, Revised, encode_edits, encode_error, encode_revised,
        parse_action_result, parse_command, parse_hello, parse_logs, parse_outcomes, parse_report, write_ack,
        write_action, write_drain, write_edits, write_entries_nack, write_in_sync, write_nack, write_ping,
        write_pong, write_revised, write_server_hello,
    },
    model::{Key, LogEntry, Report, Revision, UnixMicros, VarName, VarRevision, WireForm},
};
use serde_json::Value as Json;

const PAGE: &str = include_str!("../../docs/protocol.md");

/// A line → one text for each thing that was read from it.
fn read(line: &str, grammar: Grammar) -> Result<Vec<String>, ProtocolError> {
    let mut lines = LineDecoder::new(limits::MAX_LINE_BYTES);
    lines.feed(format!("{line}\r\n").as_bytes());
    let line = lines.next_line().expect("a line came").expect("it is short");
    match parse_command(&line, grammar)? {
        Command::Verify { .. } => Ok(vec!["verify".to_owned()]),
        Command::Hello { payload } => Ok(vec![format!("{:?}", parse_hello(payload)?)]),
        Command::Report { payload, .. } => Ok(parse_report(payload)?.iter().map(report).collect()),
        Command::Log { payload, .. } => {
            let Logs { entries, refused } = parse_logs(payload)?;
            let refused =
                refused.map(|refused| format!("refused {}: {}", refused.places(), refused.first.code));
            let read: Vec<String> = entries.iter().map(entry).chain(refused).collect();
            Ok(if read.is_empty() { vec!["nothing".to_owned()] } else { read })
        }
        Command::Applied { payload: [], .. } => Ok(vec!["all applied".to_owned()]),
        Command::Applied { payload, .. } => {
            Ok(parse_outcomes(payload)?.iter().map(|outcome| format!("{outcome:?}")).collect())
        }
        Command::ActionDone { payload, .. } => Ok(vec![format!("{:?}", parse_action_result(payload)?)]),
        Command::Ping { .. } | Command::Pong { .. } => Ok(vec!["heartbeat".to_owned()]),
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
    format!("{} {at} {}{fields}", entry.level, Json::from(entry.message.as_str()))
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
        let mut read = read(line, Grammar::Original).unwrap_or_else(|error| panic!("{error}: {line}"));
        // a dictionary has no order
        read.sort();
        expected.sort_unstable();
        assert_eq!(read, expected, "{line}");
    }
}

fn check_game(line: &str, grammar: Grammar) {
    assert!(!read(line, grammar).unwrap_or_else(|error| panic!("{error}: {line}")).is_empty());
}

fn check_refused(lines: &[&str], grammar: Grammar) {
    for (line, expected) in with_results(lines) {
        let error = read(line, grammar).expect_err(line);
        assert_eq!([error.code.as_str()], *expected, "{line}");
    }
}

/// What the server sends is what it would encode from what it means.
fn check_server(line: &str) {
    let (verb, rest) = line.split_once([':', ' ']).unwrap_or((line, ""));
    let mut out = Vec::new();
    match verb {
        "OK" => out.extend_from_slice(OK),
        "ERR" => {
            let (code, text) = rest.split_once(' ').expect("a code and a text");
            out = encode_error(&ProtocolError::new(code_named(code), text));
        }
        "h" => write_answer(&mut out, rest),
        "p" => write_ping(&mut out, rest.parse().expect("the server's tokens are numbers")),
        "q" => write_pong(&mut out, rest.as_bytes()),
        "d" => write_drain(&mut out, rest.parse().expect("milliseconds")),
        _ => {
            let (key, rest) = rest.split_once(':').expect("a key");
            write_keyed(&mut out, verb, Key::parse(key.as_bytes()).expect("a key"), rest);
        }
    }
    assert_eq!(String::from_utf8(out).expect("lines are text").trim_end(), line);
}

fn write_answer(out: &mut Vec<u8>, payload: &str) {
    let json: Json = serde_json::from_str(payload).expect("JSON");
    let caps = parse_hello(payload.as_bytes()).expect("an answer is a hello too").caps;
    let number = |field: &str| json[field].as_u64().expect(field);
    let now = UnixMicros(number("t").cast_signed() * 1_000);
    write_server_hello(out, json["server"].as_str().expect("server"), caps, number("ping"), now);
}

fn write_keyed(out: &mut Vec<u8>, verb: &str, key: Key, rest: &str) {
    let parts: Vec<&str> = rest.splitn(if verb == "n" { 3 } else { 2 }, ':').collect();
    let number = |part: &str| part.parse::<u64>().unwrap_or_else(|_| panic!("no number: {part}"));
    match (verb, &parts[..]) {
        ("a", [seq]) => write_ack(out, key, number(seq)),
        ("s", [rev]) => write_in_sync(out, key, Revision(number(rev).cast_signed())),
        ("n", [seq, refused]) if let Some((code, places)) = refused.split_once(' ') => {
            write_entries_nack(out, key, number(seq), code_named(code), places);
        }
        ("n", [seq, code]) => write_nack(out, key, number(seq), code_named(code), None),
        ("n", [seq, code, millis]) => {
            write_nack(out, key, number(seq), code_named(code), Some(number(millis)))
        }
        ("x", [id, payload]) => {
            let id = number(id.strip_prefix('x').expect("an id begins with x"));
            let call = decoded(payload);
            let name = VarName::parse(call["name"].as_str().expect("name")).expect("a name");
            let args = Some(call["args"].to_string()).filter(|args| args != "null");
            write_action(out, key, id, &name, args.as_deref(), payload.starts_with('{'));
        }
        ("v", [payload]) => {
            let reports = parse_report(payload.as_bytes()).expect("a payload that a game would read");
            let edits: Vec<Edited<'_>> = reports.iter().map(edited).collect();
            write_edits(out, key, &encode_edits(&edits));
        }
        ("v", [rev, payload]) => {
            write_revised(out, key, Revision(number(rev).cast_signed()), &revised(payload));
        }
        other => panic!("no line of the server: {other:?}"),
    }
}

fn revised(payload: &str) -> Vec<u8> {
    let json = decoded(payload);
    let set_by = |var: &Json| VarRevision(var["rev"].as_i64().expect("rev"));
    let vars = json["vars"].as_array().expect("vars");
    let reports: Vec<(Report, VarRevision)> = vars
        .iter()
        .map(|var| (parse_report(var.to_string().as_bytes()).expect("a variable").remove(0), set_by(var)))
        .collect();
    let vars: Vec<_> = reports.iter().map(|(report, revision)| (edited(report), *revision)).collect();
    let name = |name: &Json| VarName::parse(name.as_str().expect("a name")).expect("a name");
    let removed: Vec<VarName> = json["removed"].as_array().expect("removed").iter().map(name).collect();
    let removed: Vec<&VarName> = removed.iter().collect();
    let epoch = json["epoch"].as_str().expect("epoch");
    let full = json["full"].as_bool().expect("full");
    encode_revised(&Revised { epoch, full, vars: &vars, removed: &removed }, payload.starts_with('{'))
}

fn edited(report: &Report) -> Edited<'_> {
    let Report { name, spec, value, .. } = report;
    Edited { name, type_name: spec.type_name(), value, form: spec.form }
}

/// Bare JSON or base64 of it.
fn decoded(payload: &str) -> Json {
    match payload.starts_with('{') {
        true => serde_json::from_str(payload).expect("JSON"),
        false => serde_json::from_slice(&STANDARD.decode(payload).expect("base64")).expect("JSON"),
    }
}

fn code_named(code: &str) -> ErrorCode {
    *ErrorCode::ALL.iter().find(|known| known.as_str() == code).unwrap_or_else(|| panic!("no code {code}"))
}

/// `game` and `server` say lines; what a `person` does is played by the server's own tests.
fn check_talk(lines: &[&str]) {
    for line in lines {
        match line.split_once(' ').map(|(who, what)| (who, what.trim_start())) {
            Some(("game", "leaves")) | Some(("person", _)) => {}
            Some(("game", said)) => check_game(said, Grammar::Version2),
            Some(("server", said)) => check_server(said),
            _ => panic!("who says that? {line}"),
        }
    }
}

fn check_pair(line: &str) {
    let (base64, json) = line.split_once(" = ").expect("base64 = JSON");
    assert_eq!(STANDARD.encode(json), base64);
}

/// The text of `printf '…' | nc` are lines of a game.
fn check_shell(line: &str) {
    let text = line.strip_prefix("printf '").and_then(|rest| rest.split_once('\'')).expect("printf '…'").0;
    for line in text.split("\\n").filter(|line| !line.is_empty()) {
        check_game(line, Grammar::Original);
    }
}

/// What a script sends are lines of a game.
fn check_script(line: &str) {
    let Some((_, sent)) = line.split_once(".send(") else { return };
    let quote = sent.chars().next().filter(|quote| matches!(quote, '"' | '\'')).expect("a text in quotes");
    let (text, _) = sent[1..].split_once(quote).expect("the quote ends");
    check_game(text, Grammar::Original);
}

#[test]
fn every_example_of_the_page_holds() {
    let mut seen = BTreeMap::new();
    for (tag, lines) in blocks() {
        assert!(!lines.is_empty());
        *seen.entry(tag).or_insert(0) += 1;
        match tag {
            "game" => lines.into_iter().for_each(|line| check_game(line, Grammar::Original)),
            "game2" => lines.into_iter().for_each(|line| check_game(line, Grammar::Version2)),
            "server" => lines.into_iter().for_each(check_server),
            "reads" => check_reads(&lines),
            "refused" => check_refused(&lines, Grammar::Original),
            "refused2" => check_refused(&lines, Grammar::Version2),
            "talk" => check_talk(&lines),
            "pairs" => lines.into_iter().for_each(check_pair),
            "sh" => lines.into_iter().for_each(check_shell),
            "js" => lines.into_iter().for_each(check_script),
            other => panic!("nobody checks a block of kind `{other}`"),
        }
    }
    for tag in ["game", "game2", "server", "reads", "refused", "refused2", "talk", "pairs", "sh", "js"] {
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
        (
            "All declarations and values of a project together, those of each device for itself; a number counts as 8 bytes",
            limits::MAX_PROJECT_BYTES >> 20,
            " MiB",
        ),
        ("Log entries in a line", limits::MAX_LOGS_PER_LINE, ""),
        ("Name of a variable", limits::MAX_NAME_BYTES, " bytes"),
        ("Value of a variable, as JSON", limits::MAX_VALUE_BYTES, " bytes"),
        ("Log message", limits::MAX_MESSAGE_BYTES, " bytes"),
        ("All fields of a log entry", limits::MAX_LOG_FIELDS_BYTES, " bytes"),
        ("Unit, group, label, help, source, type: each", limits::MAX_SPEC_TEXT_BYTES, " bytes"),
        ("Options of an `enum`", limits::MAX_OPTIONS, ""),
        ("Nesting of an edited value", limits::MAX_EDIT_DEPTH, " levels"),
        ("Numbered lines without a receipt", limits::MAX_INFLIGHT_LINES as usize, ""),
        (
            "Device, session, name, sdk, app, platform, epoch of `h:`: each",
            limits::MAX_HELLO_TEXT_BYTES,
            " bytes",
        ),
        ("`attrs` of `h:`, as JSON", limits::MAX_ATTRS_BYTES, " bytes"),
        ("Token of `p:`", limits::MAX_PING_TOKEN_BYTES, " bytes"),
        ("Result or error of an action", limits::MAX_ACTION_RESULT_BYTES, " bytes"),
        ("Time to run an action", limits::ACTION_TIMEOUT.as_secs() as usize, " seconds"),
        ("Silence until `p:`", limits::PING_INTERVAL.as_secs() as usize, " seconds"),
        ("Time to answer `p:`", limits::PING_TIMEOUT.as_secs() as usize, " seconds"),
    ]
    .map(|(what, number, unit)| vec![what.to_owned(), format!("{}{unit}", thousands(number))]);
    assert_eq!(table("| limit | value |"), expected);
}
