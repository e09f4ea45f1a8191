use super::*;
use crate::limits::{MAX_FILTER_DEPTH, MAX_FILTER_TERMS};

/// The part that is underlined, and what to write.
fn fault(filter: &str) -> (&str, String) {
    let fault = Filter::parse(filter).expect_err(filter);
    (&filter[fault.start..fault.end], fault.text)
}

fn assert_faults(faults: &[(&str, &str, &str)]) {
    for (filter, wrong, advice) in faults {
        let (underlined, text) = fault(filter);
        assert_eq!(underlined, *wrong, "{filter}: {text}");
        assert!(text.contains(advice), "{filter}: {text}");
    }
}

#[test]
fn what_is_wrong_is_underlined() {
    assert_faults(&[
        ("a level>=loud", "level>=loud", "trace, debug"),
        ("a -\"open", "-\"open", "no end"),
        ("device:“open", "device:“open", "no end"),
        ("level>fatal", "level>fatal", ">="),
        ("level<trace", "level<trace", "<="),
        ("level:", "level:", "level>=warn"),
        ("level >= ", "level >= ", "level>=warn"),
        ("level:/x/", "level:/x/", "trace, debug"),
        ("device:", "device:", "device:phone"),
        ("device>a", "device>a", "device:phone"),
        ("device:'Ana's phone", "device:'Ana's", "double quotes"),
        ("room:'big hall", "room:'big", "double quotes"),
        ("hp<ten", "hp<ten", "hp<10"),
        ("x hp = 5 y", "hp = 5", "double quotes"),
        ("room = \"big hall\"", "room = \"big hall\"", "leave out the spaces"),
        ("since:yesterday", "since:yesterday", "since:5m"),
        ("since:5", "since:5", "since:5m"),
        ("since>5m", "since>5m", "since:5m"),
        ("-before:25:00", "-before:25:00", "2026-11-22T12:00"),
        ("from:5m", "from:5m", "since:5m"),
        ("time>=2026-11-22", "time>=2026-11-22", "since:5m"),
        ("rev:41", "rev:41", "since:"),
        ("rev>=41", "rev>=41", "fields.rev:41"),
        ("room:\"\"", "room:\"\"", "-room:*"),
        ("x /a(/ y", "/a(/", "regular expression"),
        ("-/a{999999}/", "-/a{999999}/", "too large"),
        ("/a/g", "/a/g", "flag"),
        ("/a/ /b/ /c/ /d/ x:/e/", "x:/e/", "at most 4"),
    ]);
}

#[test]
fn operators_and_parentheses_have_both_sides() {
    assert_faults(&[
        ("error OR", "OR", "both sides"),
        ("OR error", "OR", "both sides"),
        ("a OR OR b", "OR", "both sides"),
        ("(a ||) b", "||", "both sides"),
        ("error AND", "AND", "both sides"),
        ("&& error", "&&", "both sides"),
        ("a AND AND b", "AND", "both sides"),
        ("a NOT", "NOT", "after it"),
        ("NOT OR a", "NOT", "after it"),
        ("NOT AND a", "NOT", "after it"),
        ("a (b OR c", "(b OR c", "not closed"),
        ("-(a", "(a", "not closed"),
        ("error fatal)", ")", "no opening"),
        ("a () b", "()", "no term"),
        ("level:error or crash", "or", "capitals"),
        ("crash and level:error", "and", "capitals"),
        ("not level:error", "not", "capitals"),
        ("x or (a b)", "or", "capitals"),
    ]);
}

#[test]
fn other_log_servers_languages_are_answered() {
    assert_faults(&[
        ("@Level in ['Error', 'Fatal']", "@Level", "level:error"),
        ("@Message like '%boss%'", "@Message", "message:boss"),
        ("Scene like 'Boss%'", "like 'Boss%'", "device:pixel*"),
        ("@Timestamp >= Now() - 5m", "@Timestamp >= Now()", "since:5m"),
        ("Scene in ['a', 'b']", "in ['a',", "OR"),
        ("Scene = 'Boss'", "Scene = 'Boss'", "leave out the spaces"),
        ("@Level = 'Error' and Scene = 'Boss'", "Scene = 'Boss'", "leave out the spaces"),
        ("{device=\"x\"} |= \"text\"", "{device=\"x\"}", "without braces"),
        ("{app=~\"a|b\", x!=\"y\"}", "{app=~\"a|b\", x!=\"y\"}", "without braces"),
        ("|= \"text\"", "|= \"text\"", "boss died"),
        ("x |~ `a|b`", "|~ `a|b`", "/boss (died|left)/"),
        ("a | json", "|", "no pipes"),
        ("device=~\"pix.*\"", "device=~\"pix.*\"", "slashes"),
        ("room:~\"a|b\"", "room:~\"a|b\"", "slashes"),
        ("_time:[2026-11-01, 2026-11-02]", "_time:[2026-11-01,", "since:5m"),
        ("_stream:{app=\"x\"}", "_stream:{app=\"x\"}", "hp<10"),
        ("room:in(a,b)", "room:in(a,b)", "OR"),
        ("level:(error OR fatal)", "level:(error", "level:error OR level:fatal"),
        ("hp:[1 TO 5]", "hp:[1", "hp>=1 hp<=5"),
        ("hp:range(1,5)", "hp:range(1,5)", "hp>=1 hp<=5"),
    ]);
}

#[test]
fn a_filter_is_bounded() {
    let long = "é".repeat(MAX_FILTER_BYTES / 2 + 1);
    assert_eq!(Filter::parse(&long).unwrap_err().end, long.len());
    let deep = |depth: usize| format!("{}x{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&deep(MAX_FILTER_DEPTH)).is_ok());
    assert!(fault(&deep(MAX_FILTER_DEPTH + 1)).1.contains("16 deep"));
    let many = |terms: usize| vec!["x"; terms].join(" ");
    assert!(Filter::parse(&many(MAX_FILTER_TERMS)).is_ok());
    assert!(fault(&many(MAX_FILTER_TERMS + 1)).1.contains("64 terms"));
    assert_eq!(read(&vec!["NOT"; 100].into_iter().chain(["x"]).collect::<Vec<_>>().join(" ")), read("x"));
}

#[test]
fn nothing_that_was_typed_is_repeated() {
    for filter in ["level:hunter2", "since:hunter2", "hp<hunter2", "/hunter2(/", "hunter2 = 5", "hunter2 OR"]
    {
        assert!(!fault(filter).1.contains("hunter2"), "{filter}");
    }
}
