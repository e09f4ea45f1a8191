use super::*;

#[test]
fn terms_are_joined_by_and() {
    assert!(passes("", "x"));
    assert!(passes("boss spawn", "Spawned the BOSS"));
    assert!(!passes("boss lost", "Spawned the BOSS"));
    assert!(passes("\"the boss\"", "Spawned the BOSS"));
    assert!(!passes("\"boss the\"", "Spawned the BOSS"));
    assert!(passes("straße", "DIE STRASSE, die STRAßE"));
    assert!(passes("Σ", "ΟΔΟΣ"));
    assert!(passes("οδοσ", "ΟΔΟΣ 7"));
}

#[test]
fn minus_is_the_opposite_and_alone_is_text() {
    assert!(!passes("-boss", "the boss"));
    assert!(passes("-level:error", "x"));
    assert!(passes("a - b", "a - b"));
    assert!(!passes("-", "x"));
}

#[test]
fn an_exclamation_mark_is_the_opposite_too() {
    assert!(!passes("!boss", "the boss") && passes("!boss", "x") && !passes("!\"the boss\"", "the boss"));
    assert!(passes("a != b", "a != b") && passes("!!!", "fire!!!") && passes("!", "fire!"));
}

#[test]
fn or_binds_less_than_and_and_not_binds_most() {
    for (filter, found) in [
        ("a OR b c", "a, ab, ac, bc, abc"),
        ("a b OR c", "c, ab, ac, bc, abc"),
        ("(a OR b) c", "ac, bc, abc"),
        ("c (a OR b)", "ac, bc, abc"),
        ("a AND b OR c", "c, ab, ac, bc, abc"),
        ("a || b && c", "a, ab, ac, bc, abc"),
        ("NOT a b", "b, bc"),
        ("NOT (a OR b)", "c"),
        ("-(a OR b)", "c"),
        ("!(a b) NOT NOT c", "c, ac, bc"),
        ("NOT -a -b", "a, ac"),
        ("-a OR -b", "a, b, c, ac, bc"),
        ("((a))", "a, ab, ac, abc"),
    ] {
        let lines = ["a", "b", "c", "ab", "ac", "bc", "abc"];
        let passing: Vec<_> =
            lines.into_iter().filter(|message| read(filter).matches(&line(message, None), NOW)).collect();
        assert_eq!(passing.join(", "), found, "{filter}");
    }
}

#[test]
fn levels_are_compared_as_they_are_ordered() {
    let passing = |filter: &str| -> Vec<&str> {
        let filter = read(filter);
        let line = |level| Candidate { level, ..line("", None) };
        Level::ALL.into_iter().filter(|level| filter.matches(&line(*level), NOW)).map(Level::as_str).collect()
    };
    assert_eq!(passing("level>warn"), ["error", "fatal"]);
    assert_eq!(passing("level>=warn"), ["warn", "error", "fatal"]);
    assert_eq!(passing("level<=info"), ["trace", "debug", "info"]);
    assert_eq!(passing("level<info"), ["trace", "debug"]);
    assert_eq!(passing("LEVEL=Warning level==warn level:warn"), ["warn"]);
    assert_eq!(passing("level!=warn"), passing("!level:warn"));
    assert_eq!(passing("-level!=\"warn\""), ["warn"]);
    assert_eq!(passing("level>debug level<error"), ["info", "warn"]);
    assert_eq!(passing("level >= warn"), ["warn", "error", "fatal"]);
    assert_eq!(passing("level>= warn OR level : debug"), ["debug", "warn", "error", "fatal"]);
    assert_eq!(passing("@Level = 'Error' OR level:fatal"), ["error", "fatal"]);
    assert_eq!(passing("NOT level:error OR level:fatal"), passing("level!=error"));
}

#[test]
fn a_device_is_named_with_its_spaces() {
    let passes =
        |filter: &str| read(filter).matches(&Candidate { device: "Ana's phone", ..line("x", None) }, NOW);
    assert!(passes(r#"device:"Ana's phone""#) && passes("device:“ana's phone” x"));
    assert!(!passes(r#"device:"Ben's phone""#) && !passes(r#"device!="Ana's phone""#));
    assert!(passes(r#"-device:"Ben's phone""#) && passes("device: phone") && passes("device:ana's"));
    assert!(
        passes("device:ana*")
            && passes("device:*phone")
            && passes("device:a*'s*ne")
            && !passes("device:phone*")
    );
    assert!(!passes("device=phone") && passes("device=\"ana's phone\"") && passes("device:/^Ana.s [a-z]+$/"));
    assert!(passes("device!=phone") && passes("device : phone") && passes("(device='Ana's phone')"));
}

#[test]
fn accents_are_found_however_they_are_written() {
    assert!(passes("caf\u{e9}", "CAFE\u{301} open") && passes("cafe\u{301}", "Caf\u{e9} open"));
    assert!(!passes("caf\u{e9}", "cafe"));
    assert!(
        passes("message:caf\u{e9}*open", "CAFE\u{301} open") && passes("caf\u{e9}*n", "CAFE\u{301} open")
    );
}

#[test]
fn what_only_looks_like_a_field_is_text() {
    for text in [
        "error:",
        "std::fmt",
        "http://x/",
        r"C:\games",
        "c:/games",
        "12:30",
        "a->b",
        "spawn()",
        "*",
        "or",
        "x-",
        "/usr/bin",
        "/usr/bin/",
        "//",
        "win or lose",
        "hp <",
        "x = y",
        "a = b",
        "{\"boss\":7}",
        "f(a,b)",
        "|x|",
        "in the end",
        "like this",
        "since: now",
        "message: lost",
        "ORacle",
    ] {
        assert!(passes(text, &format!("so {text} it is")), "{text}");
    }
}

#[test]
fn stars_stand_for_anything() {
    assert!(
        passes("fat*", "a fatal error") && passes("f*al", "a fatal error") && !passes("f*x", "a fatal error")
    );
    assert!(passes("\"2*3\"", "2*3=6") && !passes("\"2*3\"", "2003"));
    assert!(passes("message:the*boss", "the big BOSS") && !passes("message:the*boss", "the bosses"));
    assert!(passes("-fat*", "x") && !passes("-fat*", "fate"));
}

#[test]
fn the_message_is_told_from_the_fields() {
    assert!(passes("tag AI", "x") && !passes("message:ai", "x") && passes("message:boss", "the Boss"));
    assert!(passes("message=\"the boss\"", "The Boss") && !passes("message=boss", "The Boss"));
    assert!(passes("_msg:boss", "boss") && passes("@Message = 'the boss'", "the boss"));
    assert!(!passes("message!=boss", "boss") && passes("message:'boss'", "the boss"));
}

#[test]
fn regular_expressions_are_found() {
    assert!(passes("/bo+ss (died|left)/", "the booss died"));
    assert!(!passes("/BOSS/", "boss") && passes("/BOSS/i", "boss"));
    assert!(passes("/^boss/ OR x", "boss") && !passes("/^boss/", "the boss"));
    assert!(passes(r"/a\/b/", "a/b") && passes("-/^x/ b", "b") && passes("(/b/)", "b"));
    assert!(passes("tag:/^A[A-Z]$/", "x") && passes("message:/[0-9]{3}ms/", "took 250ms"));
}

#[test]
fn time_is_counted_back_or_named() {
    let passes = |filter: &str, minutes_ago: i64| {
        let received = UnixMicros(NOW.0 - minutes_ago * MINUTE);
        read(filter).matches(&Candidate { received, ..line("x", None) }, NOW)
    };
    assert!(
        passes("since:5m", 5) && !passes("since:5m", 6) && passes("before:5m", 6) && !passes("before:5m", 5)
    );
    assert!(passes("since:2026-11-22T11:30", 30) && !passes("since:2026-11-22T11:30Z", 31));
    assert!(passes("since:\"2026-11-22 12:00\"", 0) && passes("before:2026-11-22", 721));
    assert!(
        passes("after:1h30m until:1h", 80) && !passes("after:1h30m until:1h", 50) && passes("_time:5m", 1)
    );
    assert!(passes("-since:5m", 6) && passes("since: 5m", 1) && passes("since=1d OR x", 9_999));
}

#[test]
fn fields_are_found_by_their_path() {
    let fields = r#"{"Alive":true,"enemy":{"hp":10,"kind":"Mini Boss"},"enemy.id":7,"id":18446744073709551615,"items":["sword",{"kind":"bow"},[1]],"none":null,"part":0.1,"room":"Great Hall","text":"12","verschlüsselt":"ja","level":"loud","time":"5m","empty":[]}"#;
    let filters = |is_found: bool, filters: &[&str]| {
        for filter in filters {
            assert_eq!(read(filter).matches(&line("x", Some(fields)), NOW), is_found, "{filter}");
            let opposite = read(&format!("-({filter})"));
            assert_eq!(opposite.matches(&line("x", Some(fields)), NOW), !is_found, "-({filter})");
        }
    };
    filters(
        true,
        &[
            "room:hall",
            "room=\"great hall\"",
            "ROOM:\"Great Hall\"",
            "room:great*",
            "room:/H.ll$/",
            "room!=hall",
            "enemy.kind:boss",
            "enemy.kind='mini boss'",
            "enemy.hp<11",
            "enemy.hp=10",
            "enemy.hp:10.0",
            "enemy.hp==1e1",
            "enemy.hp > 9",
            "enemy.hp:>=10",
            "enemy.id=7",
            "enemy.hp!=9",
            "enemy:\"mini boss\"",
            "enemy:*",
            "enemy.id:*",
            "id=18446744073709551615",
            "id>18446744073709551614",
            "id<18446744073709551616",
            "id:=18446744073709551615",
            "part=0.1",
            "part>0.0999999999999999999999",
            "part<0.10000000000000000000001",
            "alive:true",
            "alive=TRUE",
            "none:null",
            "-none:*",
            "-missing:*",
            "missing!=7",
            "text>11",
            "text=12",
            "text:1",
            "text:12.0",
            "items:sword",
            "items=SWORD",
            "items.kind=bow",
            "items:*",
            "-items:1",
            "verschlüsselt:ja",
            "VERSCHLÜSSELT=JA",
            "fields.level=loud",
            "fields.time:5m",
            "fields.room:hall",
            "-empty:*",
            "room:*hall",
            "id:*615",
        ],
    );
    filters(
        false,
        &[
            "room=hall",
            "room:hallo",
            "kind:boss",
            "enemy.hp<10",
            "enemy.hp:1",
            "enemy.hp:ten",
            "enemy.id=70",
            "enemy=boss",
            "id=18446744073709551614",
            "id=18446744073709551616",
            "id>=18446744073709551616",
            "alive:t",
            "alive:1",
            "none:*",
            "none:n",
            "missing:*",
            "missing:x",
            "room>5",
            "text>12",
            "items.kind:sword",
            "items=sw",
            "enemy.hp.x:*",
            "enemy.:*",
            "alive>0",
            "fields.levels:loud",
            "empty:*",
            "none<1",
        ],
    );
    for fields in [None, Some(""), Some("{"), Some("{}"), Some("[]"), Some("{\"a"), Some("{:,}"), Some("7")] {
        assert!(!read("a:* OR a=1 OR a<1").matches(&line("x", fields), NOW), "{fields:?}");
    }
}

#[test]
fn a_filter_tells_what_a_line_needs() {
    use Need::{All, Any, Before, Device, Since, Text};
    let level = |from, to| Need::Level { from, to };
    let filter = read(
        "boss level>=warn -level:fatal since:5m device:pixel* room:hall hp<5 id:7 -lost /x/ (a*b OR level:info)",
    );
    let All(needs) = filter.needs(NOW) else { panic!("{filter}") };
    let [boss, warn, fatal, since, Device(device), room, either] = needs.as_slice() else {
        panic!("{needs:?}")
    };
    assert_eq!((boss, room), (&Text("boss"), &Text("hall")));
    assert_eq!((warn, fatal), (&level(Level::Warn, Level::Fatal), &level(Level::Trace, Level::Error)));
    assert_eq!(since, &Since(UnixMicros(NOW.0 - 5 * MINUTE)));
    assert!(device.matches("Pixel 7") && !device.matches("my Pixel"));
    assert_eq!(either, &Any(vec![All(vec![Text("a"), Text("b")]), level(Level::Info, Level::Info)]));
    assert_eq!(read("-since:5m").needs(NOW), Before(UnixMicros(NOW.0 - 5 * MINUTE)));
    for nothing in ["", "-boss", "-(a b)", "a OR -b", "/a/ OR b", "hp:*", "room:7"] {
        assert_eq!(read(nothing).needs(NOW), All(Vec::new()), "{nothing}");
    }
    assert_eq!(read("x (/a/ OR b)").needs(NOW), All(vec![Text("x")]));
}

#[test]
#[expect(
    clippy::mutable_key_type,
    reason = "what changes in a regular expression is no part of what is compared"
)]
fn equal_filters_are_one_key() {
    let mut keys = std::collections::HashSet::new();
    for same in
        ["BOSS level>info (a OR b)", "boss  level>=warn AND (A || b)", "(\"boss\" (level>=WARN)) (a OR (b))"]
    {
        keys.insert(read(same));
    }
    assert_eq!(keys.len(), 1);
    assert_ne!(read("a b"), read("a OR b"));
    assert_ne!(read("room:a"), read("room=a"));
    assert_ne!(read("/a/"), read("/a/i"));
}

#[test]
fn a_filter_within_a_range_finds_only_what_was_received_in_it() {
    let second = line("boss", None).received.0;
    for (since, before, passes) in [
        (None, None, true),
        (Some(second), None, true),
        (Some(second + 1), None, false),
        (None, Some(second), false),
        (Some(second), Some(second + 1), true),
    ] {
        let filter = read("boss OR key").within(since.map(UnixMicros), before.map(UnixMicros));
        assert_eq!(filter.matches(&line("boss", None), NOW), passes, "{since:?} {before:?}");
        assert!(!filter.matches(&line("nothing", None), NOW));
    }
}
