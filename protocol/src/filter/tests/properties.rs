use proptest::prelude::*;

use super::*;
use crate::limits::MAX_FILTER_BYTES;

/// What may stand in a filter, so that many of those that are made of it can be read.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "boss",
        "BOSS",
        "the",
        "\"the boss\"",
        "“a \"b\"”",
        "level>=warn",
        "level:error",
        "level<info",
        "device:pixel*",
        "device=\"Pixel 7\"",
        "message:boss",
        "message:/b.ss/i",
        "hp<10",
        "hp=1e1",
        "hp:*",
        "enemy.kind!=boss",
        "fields.level:x",
        "fields.time:5m",
        "since:5m",
        "since:90s",
        "before:2026-11-22T12:00",
        "/bo+ss/",
        "/x\\/y/i",
        "OR",
        "AND",
        "NOT",
        "||",
        "&&",
        "(",
        ")",
        "-",
        "!",
        "-(",
        "*",
        "fat*al",
        "b*s",
        "or",
        "and",
        "not",
        "like",
        "in",
        "=",
        "<",
        "x",
        ":",
        "'",
        "\"",
        "”",
        "a\"b”c",
        "-a\"b”c*",
        "--x*",
        "spawn()",
        "x*(",
        "-(a x*( )",
        "a\"(”",
        "caf\u{e9}",
        "\u{2260}",
        "{",
        "|=",
        "@Level",
        "_time:1h",
    ]);
    prop_oneof![8 => fixed.prop_map(str::to_owned), 1 => ".{0,6}", 1 => "[a-z\\-!\"”*()/:=<>.@' ]{0,8}"]
}

fn filter_text() -> impl Strategy<Value = String> {
    let between = prop_oneof![4 => Just(" "), 1 => Just("")];
    prop::collection::vec((piece(), between), 0..10)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, between)| piece + between).collect())
}

fn candidate() -> impl Strategy<Value = (Level, String, String, String, i64)> {
    let text = prop::sample::select(vec![
        "the boss",
        "Boss x/y",
        "fatal x",
        "caf\u{e9} b s",
        "a\"b”c",
        "spawn() OR",
    ]);
    let fields = prop::sample::select(vec![
        r#"{"enemy":{"kind":"boss"},"hp":10}"#,
        r#"{"hp":"9","level":"x","time":"5m"}"#,
        r#"{"hp":null,"a":["boss",1]}"#,
        "",
        "{",
    ]);
    let device = prop::sample::select(vec!["Pixel 7", "my Pixel", "x"]);
    let level = prop::sample::select(Level::ALL.to_vec());
    (level, text, fields, device, 0..100i64).prop_map(|(level, text, fields, device, minutes)| {
        (level, text.to_owned(), fields.to_owned(), device.to_owned(), minutes)
    })
}

/// Whether a line has what is needed.
fn has(need: &Need<'_>, line: &Candidate<'_>) -> bool {
    match need {
        Need::All(needs) => needs.iter().all(|need| has(need, line)),
        Need::Any(needs) => needs.iter().any(|need| has(need, line)),
        Need::Text(text) => {
            fold::contains(line.message, text)
                || line.fields.is_some_and(|fields| fold::contains(fields, text))
        }
        Need::Level { from, to } => (*from..=*to).contains(&line.level),
        Need::Device(pattern) => pattern.matches(line.device),
        Need::Since(time) => line.received >= *time,
        Need::Before(time) => line.received < *time,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn any_text_is_read_or_underlined(text in prop_oneof![filter_text(), any::<String>()]) {
        if let Err(fault) = Filter::parse(&text) {
            prop_assert!(fault.start < fault.end && text.get(fault.start..fault.end).is_some(), "{fault:?}");
            prop_assert!(!fault.text.is_empty());
        }
    }

    #[test]
    fn what_is_printed_reads_back(text in filter_text()) {
        if let Ok(filter) = Filter::parse(&text) {
            let printed = filter.to_string();
            if printed.len() <= MAX_FILTER_BYTES {
                let again = Filter::parse(&printed);
                prop_assert_eq!(again.as_ref(), Ok(&filter), "{} is printed as {}", text, printed);
            }
        }
    }

    /// A value may begin like a sign, or like what isn't a comparison at all.
    #[test]
    fn a_comparison_reads_back(
        name in prop::sample::select(vec!["device", "message", "level", "hp", "c", "fields.level", "since"]),
        sign in prop::sample::select(vec![":", "=", "==", ":=", "!=", ":!=", "<>", "<", ":>=", "=~"]),
        between in prop::sample::select(vec!["", "", "", " "]),
        value in "[=<>!~:/\\\\*x1()'\"”“-]{1,7}",
    ) {
        let text = format!("{name}{between}{sign}{between}{value}");
        if let Ok(filter) = Filter::parse(&text) {
            let printed = filter.to_string();
            let again = Filter::parse(&printed);
            prop_assert_eq!(again.as_ref(), Ok(&filter), "{} is printed as {}", text, printed);
        }
    }

    #[test]
    fn what_passes_has_what_the_filter_needs(
        text in filter_text(), (level, message, fields, device, minutes) in candidate()
    ) {
        let received = UnixMicros(NOW.0 - minutes * MINUTE);
        let line = Candidate { level, message: &message, fields: Some(&fields), device: &device, received };
        if let Ok(filter) = Filter::parse(&text) && filter.matches(&line, NOW) {
            let needs = filter.needs(NOW);
            prop_assert!(has(&needs, &line), "{needs:?}");
        }
    }
}
