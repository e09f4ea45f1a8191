//! What one side of the line writes the other reads as the same.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use protocol::{
    ErrorCode, limits,
    line::{
        Caps, Changes, Command, Edit, Edited, Grammar, Hello, LineDecoder, Reply, Revised, ServerHello,
        encode_action_result, encode_edits, encode_error, encode_hello, encode_logs, encode_outcomes,
        encode_report, encode_revised, parse_action, parse_action_result, parse_command, parse_edits,
        parse_hello, parse_logs, parse_outcomes, parse_reply, parse_report, parse_revised,
        parse_server_hello, to_base64, write_ack, write_action, write_command, write_drain, write_edits,
        write_entries_nack, write_in_sync, write_nack, write_ping, write_pong, write_revised,
        write_server_hello,
    },
    model::{
        Bound, Integer, Key, Level, LogEntry, Outcome, Report, Revision, UnixMicros, Value, VarName,
        VarOption, VarRevision, VarSpec, VarType,
    },
};

/// A line that was written, as the other side gets it.
fn heard(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    let mut lines = LineDecoder::new(usize::MAX);
    lines.feed(&bytes);
    let line = lines.next_line().expect("a line").expect("of any length");
    assert_eq!((lines.next_line(), lines.take_rest()), (None, None), "and no more than one");
    line
}

/// What is read is the same in both ways to write a payload.
fn both_ways<T: PartialEq + std::fmt::Debug>(payload: &str, read: impl Fn(&[u8]) -> T) -> T {
    let bare = read(payload.as_bytes());
    assert_eq!(read(to_base64(payload).as_bytes()), bare, "{payload}");
    bare
}

fn key() -> impl Strategy<Value = Key> {
    "[!-~]{12}".prop_map(|key| Key::parse(key.as_bytes()).unwrap())
}

fn payload() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9+/]{1,40}={0,2}", r#"[\[{]["a-z0-9:,é ]{0,40}[\]}]"#]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(1), 1..=i64::MAX as u64, Just(i64::MAX as u64)]
}

/// Text that a payload may hold.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\0]{0,12}", Just("\u{2028}\n\"\\\u{1f600}".to_owned())]
}

fn said() -> impl Strategy<Value = Option<String>> {
    prop::option::of(text().prop_filter("what is blank is not said", |text| !text.trim().is_empty()))
}

fn var_name() -> impl Strategy<Value = VarName> {
    prop_oneof!["\\PC{1,12}", Just("name".to_owned()), Just("value".to_owned()), Just("type".to_owned())]
        .prop_filter_map("a name", |name| VarName::parse(&name).ok())
}

/// Values as they come, nested as deep as an edit may be.
fn value() -> impl Strategy<Value = Value> {
    let deepest = "[".repeat(limits::MAX_EDIT_DEPTH) + &"]".repeat(limits::MAX_EDIT_DEPTH);
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (Integer::MIN.get()..=Integer::MAX.get()).prop_map(|i| Value::Int(Integer::new(i).unwrap())),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::Float),
        (-1e6f64..1e6).prop_map(|f| Value::Float(f.round())),
        text().prop_map(Value::Text),
        prop_oneof!["true", "-7", r"2\.5", "null", r#"\{"a":\[1\]\}"#].prop_map(Value::Text),
        prop_oneof![Just("null".to_owned()), Just(r#"{"a":"b","c":[1,2.5]}"#.to_owned()), Just(deepest)]
            .prop_map(Value::Json),
    ]
}

fn var_type() -> impl Strategy<Value = VarType> {
    prop_oneof!["boolean", "integer", "float", "string", "enum", "color", "json", "action", "money"]
        .prop_map(VarType::from)
}

fn bound() -> impl Strategy<Value = Bound> {
    prop_oneof![any::<i64>().prop_map(|n| Bound::Int(n.into())), (-1e9f64..1e9).prop_map(Bound::Float)]
}

fn option() -> impl Strategy<Value = VarOption> {
    // an option stands two levels deeper than a value
    let value = || value().prop_filter("not too deep", |value| value.depth() <= limits::MAX_EDIT_DEPTH - 2);
    let named = (text(), value()).prop_map(|(label, value)| VarOption { label, value });
    prop_oneof![named, value().prop_map(|value| VarOption { label: value.to_string(), value })]
}

/// A declaration of this type, without what a value decides.
fn spec(var_type: VarType) -> impl Strategy<Value = VarSpec> {
    let numbers = (prop::option::of(bound()), prop::option::of(bound()), prop::option::of(1e-3..1e3f64));
    let texts = (said(), said(), said(), said(), said());
    let default = prop::option::of(value());
    let rest = (default, prop::option::of(-1_000_000i64..1_000_000), any::<bool>());
    let options = prop::collection::vec(option(), 0..3);
    (numbers, texts, rest, options).prop_map(move |((min, max, step), texts, rest, options)| {
        let ((unit, group, label, help, source), (default, order, readonly)) = (texts, rest);
        // null is none
        let default = default.map(|default| var_type.read(default).0);
        let default = default.filter(|default| *default != Value::Json("null".into()));
        let bare = VarSpec::bare(var_type.clone());
        VarSpec {
            min,
            max,
            step,
            options,
            unit,
            group,
            label,
            help,
            source,
            default,
            order,
            readonly,
            ..bare
        }
    })
}

fn report() -> impl Strategy<Value = Report> {
    let declared = (var_name(), var_type(), value()).prop_flat_map(|(name, var_type, came)| {
        let (value, form) = var_type.read(came);
        spec(var_type).prop_map(move |spec| {
            let spec = VarSpec { form, ..spec };
            Report { name: name.clone(), spec, value: value.clone() }
        })
    });
    let inferred = (var_name(), value()).prop_map(|(name, value)| {
        let spec = VarSpec { inferred: true, ..VarSpec::bare(VarType::of(&value)) };
        Report { name, spec, value }
    });
    prop_oneof![1 => declared, 2 => inferred]
}

/// Each name once.
fn reports() -> impl Strategy<Value = Vec<Report>> {
    prop::collection::vec(report(), 1..5).prop_map(|reports| {
        let by_name: BTreeMap<VarName, Report> = reports.into_iter().map(|r| (r.name.clone(), r)).collect();
        by_name.into_values().collect()
    })
}

fn log_entry() -> impl Strategy<Value = LogEntry> {
    let fields = prop::collection::btree_map("[a-z\"é]{1,6}", value(), 0..4).prop_map(|fields| {
        let fields: Vec<String> = fields
            .into_iter()
            .filter(|(name, _)| !["message", "level", "timestamp"].contains(&&**name))
            .map(|(name, value)| format!("{}:{}", Value::Text(name).to_json(), value.to_json()))
            .collect();
        (!fields.is_empty()).then(|| format!("{{{}}}", fields.join(",")))
    });
    let years = -62_000_000_000_000_000i64..253_000_000_000_000_000;
    let at = prop::option::of(prop_oneof![years, -9..9i64]);
    (text(), prop::sample::select(&Level::ALL), at, fields).prop_map(|(message, level, at, fields)| {
        let fields = fields.map(|fields| protocol::line::compact_json(&fields).unwrap());
        LogEntry { message, level, at: at.map(UnixMicros), fields }
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Applied),
        (prop::option::of(value()), said()).prop_map(|(value, reason)| Outcome::Clamped { value, reason }),
        said().prop_map(|reason| Outcome::Rejected { reason }),
    ]
}

fn hello() -> impl Strategy<Value = Hello> {
    let word = || prop::option::of("[a-z0-9 '\u{e9}]{0,9}[a-z0-9]".prop_map(|word| word.trim().to_owned()));
    let words = (word(), word(), word(), word(), word(), word(), word());
    let attrs = prop::option::of(Just(r#"{"gpu":"x","n":18446744073709551616}"#.to_owned()));
    let rev = prop::option::of((0..i64::MAX).prop_map(Revision));
    (2..9u64, words, caps(), attrs, rev).prop_map(|(proto, words, caps, attrs, rev)| {
        let (device, session, name, sdk, app, platform, epoch) = words;
        Hello { proto, device, session, name, sdk, app, platform, attrs, caps, epoch, rev }
    })
}

fn caps() -> impl Strategy<Value = Caps> {
    any::<(bool, bool, bool, bool, bool)>().prop_map(|(ack, rev, ping, drain, json)| Caps {
        ack,
        rev,
        ping,
        drain,
        json,
    })
}

fn command(key: Key, seq: Option<u64>, payload: &[u8], n: u64) -> Vec<Command<'_>> {
    let revision = Revision(n.cast_signed());
    vec![
        Command::Hello { payload },
        Command::Verify { key },
        Command::Report { key, seq, payload },
        Command::Log { key, seq, payload },
        Command::Applied { key, revision, payload: b"" },
        Command::Applied { key, revision, payload },
        Command::ActionDone { key, id: n, payload },
        Command::Ping { token: b"a1" },
        Command::Pong { token: b"" },
    ]
}

proptest! {
    #[test]
    fn commands(key in key(), seq in prop::option::of(number()), payload in payload(), n in number()) {
        for said in command(key, seq, payload.as_bytes(), n) {
            let line = heard(|out| write_command(out, &said));
            prop_assert_eq!(parse_command(&line, Grammar::Version2), Ok(said));
            let is_original = matches!(
                said,
                Command::Hello { .. } | Command::Verify { .. } | Command::Report { seq: None, .. } | Command::Log { seq: None, .. }
            );
            prop_assert_eq!(parse_command(&line, Grammar::Original) == Ok(said), is_original);
        }
    }

    #[test]
    fn replies(key in key(), payload in payload(), n in number(), millis in any::<u64>(), text in "\\PC{0,20}") {
        let (bytes, revision) = (payload.as_bytes(), Revision(n.cast_signed()));
        let code = ErrorCode::ALL[(n % ErrorCode::ALL.len() as u64) as usize];
        prop_assert_eq!(parse_reply(b"OK"), Ok(Reply::Ok));
        let reply = |line: &[u8], expected: Reply<'_>| assert_eq!(parse_reply(line), Ok(expected));
        reply(&heard(|out| write_ack(out, key, n)), Reply::Ack { key, seq: n });
        reply(&heard(|out| write_in_sync(out, key, revision)), Reply::InSync { key, revision });
        reply(&heard(|out| write_edits(out, key, to_base64(&payload).as_bytes())), Reply::Edits { key, payload: to_base64(&payload).as_bytes() });
        reply(&heard(|out| write_revised(out, key, revision, bytes)), Reply::Revised { key, revision, payload: bytes });
        reply(&heard(|out| write_drain(out, millis)), Reply::Drain { millis });
        reply(&heard(|out| write_ping(out, 9)), Reply::Ping { token: b"9" });
        reply(&heard(|out| write_pong(out, b"a1")), Reply::Pong { token: b"a1" });
        let word = code.as_str();
        reply(&heard(|out| write_nack(out, key, n, code, None)), Reply::Refused { key, seq: n, code: word, places: "" });
        reply(
            &heard(|out| write_nack(out, key, n, code, Some(millis))),
            Reply::NotNow { key, seq: n, code: word, retry_millis: millis },
        );
        reply(
            &heard(|out| write_entries_nack(out, key, n, code, "3,+2")),
            Reply::Refused { key, seq: n, code: word, places: "3,+2" },
        );
        let sentence = format!("{text}.");
        let error = protocol::ProtocolError::new(code, sentence.clone());
        reply(&heard(|out| out.extend(encode_error(&error))), Reply::Error { code: word, text: &sentence });
    }

    #[test]
    fn declarations(reports in reports()) {
        let said = encode_report(&reports);
        prop_assert_eq!(both_ways(&said, parse_report), Ok(reports), "{}", said);
    }

    #[test]
    fn log_entries(entries in prop::collection::vec(log_entry(), 0..4)) {
        let said = encode_logs(&entries);
        let read = both_ways(&said, parse_logs).map(|logs| (logs.entries, logs.refused));
        prop_assert_eq!(read, Ok((entries, None)), "{}", said);
    }

    #[test]
    fn receipts(outcomes in prop::collection::vec((var_name(), outcome()), 0..4), frame in prop::option::of(any::<u64>())) {
        let said = encode_outcomes(&outcomes, frame);
        prop_assert_eq!(both_ways(&said, parse_outcomes), Ok(outcomes), "{}", said);
    }

    #[test]
    fn results(result in prop_oneof![
        prop::option::of(value().prop_map(|value| value.to_json())).prop_map(Ok),
        text().prop_map(Err),
    ]) {
        prop_assert_eq!(both_ways(&encode_action_result(&result), parse_action_result), Ok(result));
    }

    #[test]
    fn hellos(hello in hello(), now in 0..i64::MAX / 1_000) {
        prop_assert_eq!(both_ways(&encode_hello(&hello), parse_hello), Ok(hello.clone()));
        let line = heard(|out| write_server_hello(out, "observerio/1", hello.caps, 20_000, UnixMicros(now)));
        let Ok(Reply::Hello { payload }) = parse_reply(&line) else { panic!("{line:?}") };
        let expected = ServerHello {
            server: "observerio/1".to_owned(),
            caps: hello.caps,
            max_line_bytes: limits::MAX_LINE_BYTES as u64,
            max_inflight: limits::MAX_INFLIGHT_LINES,
            ping_millis: 20_000,
            now_millis: now / 1_000,
        };
        prop_assert_eq!(parse_server_hello(payload), Ok(expected));
    }

    /// The value comes back in the variable's own type, whichever JSON type the game uses.
    #[test]
    fn edits(reports in reports(), revision in 0..i64::MAX, epoch in text(), full in any::<bool>()) {
        let all: Vec<(Edited<'_>, VarRevision)> = reports
            .iter()
            .map(|Report { name, spec, value }| {
                let edited = Edited { name, type_name: spec.type_name(), value, form: spec.form };
                (edited, VarRevision(revision))
            })
            .collect();
        let removed: Vec<&VarName> = reports.iter().map(|report| &report.name).collect();
        let check = |edits: &[Edit], set_by: Option<VarRevision>| {
            assert_eq!(edits.len(), reports.len());
            for (edit, Report { name, spec, value }) in edits.iter().zip(&reports) {
                assert_eq!((&edit.name, &*edit.type_name, edit.revision), (name, spec.type_name(), set_by));
                assert_eq!(&spec.var_type.read(edit.value.clone()).0, value);
            }
        };
        let plain: Vec<Edited<'_>> = all.iter().map(|(edited, _)| *edited).collect();
        check(&parse_edits(&encode_edits(&plain)).unwrap(), None);
        for bare in [false, true] {
            let said = Revised { epoch: &epoch, full, vars: &all, removed: &removed };
            let read: Changes = parse_revised(&encode_revised(&said, bare)).unwrap();
            check(&read.vars, Some(VarRevision(revision)));
            assert_eq!((&read.epoch, read.full), (&epoch, full));
            assert!(read.removed.iter().eq(removed.iter().copied()));
        }
    }

    #[test]
    fn actions(key in key(), id in number(), name in var_name(), args in prop::option::of(value()), bare in any::<bool>()) {
        let args = args.map(|args| args.to_json()).filter(|args| args != "null");
        let line = heard(|out| write_action(out, key, id, &name, args.as_deref(), bare));
        let Ok(Reply::Action { key: of, id: is, payload }) = parse_reply(&line) else { panic!("{line:?}") };
        prop_assert_eq!((of, is), (key, id));
        prop_assert_eq!(parse_action(payload), Ok((name, args)));
    }
}
