use proptest::prelude::*;

use super::{HOLE, MAX_BYTES, MAX_LOOKED_AT_BYTES, filter, of};
use crate::{
    filter::{Candidate, Filter},
    model::{Level, UnixMicros},
};

#[test]
fn what_differs_is_taken_out() {
    for (message, pattern) in [
        ("player \"Ann\" left after 12.5 s", "player <*> left after <*> s"),
        ("player 17 left", "player <*> left"),
        // numbers, however they are written
        ("x=-1.5 y=+2 z=.5 w=1e-9 v=6.02E+23", "x=<*> y=<*> z=<*> w=<*> v=<*>"),
        ("1,234,567 coins", "<*> coins"),
        ("at 2026-11-22T12:04:31.118Z: gone", "at <*>: gone"),
        ("12:04:31 gone", "<*> gone"),
        ("took 12ms at 60fps, 50%", "took <*>ms at <*>fps, <*>%"),
        ("at (-1.5, 20)", "at (<*>)"),
        ("path 1 2 3 4 of 5..9", "path <*> of <*>"),
        ("1920x1080", "<*>"),
        // a word with a number keeps its letters
        ("enemy_12 of wave3 uses HTTP2", "enemy_<*> of wave<*> uses HTTP<*>"),
        ("map_1_2", "map_<*>"),
        ("level-5", "level-<*>"),
        // ids
        ("at 0x7ffee3b0", "at <*>"),
        ("user 3f9a0c2be471 left", "user <*> left"),
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8 left", "<*> left"),
        ("abcdefab-abcd-abcd-abcd-abcdefabcde1", "<*>"),
        ("token x7Kf9Q2", "token <*>"),
        ("from 10.0.0.7:6667", "from <*>"),
        ("from fe80::a1b2:1 and aa:bb:cc:dd:ee:0f", "from <*> and <*>"),
        ("from 2001:db8:0:0:0:0:0:dead", "from <*>"),
        ("deadbeef facade", "deadbeef facade"),
        ("/maps/12/7/tile_9.png", "/maps/<*>/tile_<*>.png"),
        // quoted texts
        ("can't load 'a b.png': don't know why", "can't load <*>: don't know why"),
        ("\u{201e}Ann\u{201c} \u{ab}Ben\u{bb}", "<*>"),
        ("the key \"\" is `odd`", "the key <*> is <*>"),
        ("say \"a \\\"b\\\" c\" now", "say <*> now"),
        ("5 o'clock \"not closed", "<*> o'clock \"not closed"),
        // JSON keeps its names
        (r#"{"hp": 12, "name": "Ann", "at": [1, 2]}"#, r#"{"hp": <*>, "name": <*>, "at": [<*>]}"#),
        ("no \"a\": gone", "no <*>: gone"),
        // looks
        ("\u{1b}[31mError:\u{1b}[0m  out of\tmemory\r\n", "Error: out of memory"),
        ("\u{1b}]0;title 1\u{7}a\u{1b}(Bb\u{9b}1mc", "abc"),
        ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
        ("two\nlines", "two lines"),
        // other scripts
        ("魔王12が現れた", "魔王<*>が現れた"),
        ("プレイヤー12が34秒で56点", "プレイヤー<*>が<*>秒で<*>点"),
        ("プレイヤー「アン」が退出", "プレイヤー<*>が退出"),
        ("caf\u{e9} \u{663}\u{664} cafe\u{301}", "caf\u{e9} <*> cafe\u{301}"),
        ("", ""),
        ("7", "<*>"),
        ("<*> left", "<*> left"),
    ] {
        assert_eq!(of(message), pattern, "{message}");
    }
}

#[test]
fn a_long_message_costs_and_says_no_more_than_the_limit() {
    let pattern = of(&"word ".repeat(100_000));
    assert!(
        pattern.len() <= MAX_BYTES && pattern.starts_with("word word ") && pattern.ends_with('…'),
        "{pattern}"
    );
    let long = "7".repeat(MAX_LOOKED_AT_BYTES + 7);
    assert_eq!(of(&long), HOLE);
    for length in MAX_BYTES - 12..MAX_BYTES + 12 {
        // a hole, a quote and a character of four bytes at the cut
        for end in ["7 a7b", "\"\u{1f980}\"", "\u{1f980}\u{1f980}\u{1f980}\u{1f980}"] {
            let message = format!("{}{end}{}", "x".repeat(length), "y".repeat(99));
            let pattern = of(&message);
            assert!(pattern.len() <= MAX_BYTES && pattern.ends_with('…'), "{pattern}");
            assert!(pattern.matches('<').count() == pattern.matches(HOLE).count(), "{pattern}");
        }
    }
}

#[test]
fn a_filter_asks_for_the_words_in_their_order() {
    for (pattern, text) in [
        ("player <*> left after <*> s", "level=error message:*player*left*after*s*"),
        ("enemy_<*>: can't", "level=error message:*enemy_*can*t*"),
        ("魔王<*>が現れた", "level=error message:*魔王*が現れた*"),
        ("<*>", "level=error"),
        ("", "level=error"),
        ("!? <*>", "level=error"),
    ] {
        assert_eq!(filter(Level::Error, pattern), text);
    }
    let long = filter(Level::Warn, &"word ".repeat(80));
    assert!(long.len() < 260 && Filter::parse(&long).is_ok(), "{long}");
}

/// Whether a pattern's filter lets a message through.
fn is_found(message: &str) -> bool {
    let text = filter(Level::Warn, &of(message));
    let parsed = Filter::parse(&text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    let now = UnixMicros(0);
    let line = Candidate { level: Level::Warn, message, fields: None, device: "", received: now };
    parsed.matches(&line, now)
}

/// What pieces of messages are made of, each of which means something to the reader.
const PIECES: [&str; 36] = [
    "\"",
    "'",
    "`",
    "\u{201e}",
    "\u{201c}",
    "\u{201d}",
    "\u{2018}",
    "\u{2019}",
    "\u{300c}",
    "\u{300d}",
    "\\",
    "<",
    "<*>",
    "*>",
    "-",
    "+",
    ".",
    ",",
    ":",
    "/",
    "_",
    " ",
    "{",
    "[",
    "(",
    "7",
    "12",
    "1e",
    "0x",
    "abc",
    "zed",
    "é",
    "魔",
    "٣",
    "deadbee5",
    "\u{1b}[1m",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..24).prop_map(|pieces| pieces.concat())
}

/// Numbers and ids as programs print them.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        (0..1_000_000i32).prop_map(|n| format!("{:.3}", f64::from(n) / 7.0)),
        any::<f64>().prop_filter("a number", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        any::<u32>().prop_map(|n| format!("0x{n:x}")),
        any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}")),
        (0..24u8, 0..60u8, 0..60u8).prop_map(|(h, m, s)| format!("{h:02}:{m:02}:{s:02}")),
    ]
}

proptest! {
    #[test]
    fn any_text_has_a_pattern(message in any::<String>()) {
        prop_assert!(of(&message).len() <= MAX_BYTES);
    }

    #[test]
    fn a_pattern_is_its_own(message in soup()) {
        let pattern = of(&message);
        prop_assert_eq!(of(&pattern), pattern);
    }

    #[test]
    fn a_pattern_of_any_text_is_its_own(message in ".{0,80}") {
        let pattern = of(&message);
        prop_assert_eq!(of(&pattern), pattern);
    }

    #[test]
    fn other_numbers_have_the_same_pattern(
        words in prop::collection::vec("[g-z]{1,8}|[äß魔]{1,3}", 1..6),
        numbers in prop::collection::vec((number(), number()), 6),
        between in prop::sample::select(&[" ", ": ", "=", "_", " (", "/"][..]),
    ) {
        let message = |second: bool| -> String {
            let pairs = words.iter().zip(&numbers);
            pairs.map(|(word, (a, b))| format!("{word}{between}{}) ", if second { b } else { a })).collect()
        };
        let pattern = of(&message(false));
        prop_assert_eq!(&of(&message(true)), &pattern);
        prop_assert_eq!(pattern.matches(HOLE).count(), words.len());
        prop_assert!(words.iter().all(|word| pattern.contains(word.as_str())));
    }

    #[test]
    fn other_quoted_texts_have_the_same_pattern(one in "[^\"\\\\]{0,20}", other in "[^\"\\\\]{0,20}") {
        let message = |name: &str| format!("player \"{name}\" left");
        // what is only about looks may end the quoted text early
        prop_assume!(![&one, &other].iter().any(|name| name.contains(['\u{1b}', '\u{9b}'])));
        prop_assert_eq!(of(&message(&one)), "player <*> left");
        prop_assert_eq!(of(&message(&other)), "player <*> left");
    }

    #[test]
    fn a_patterns_filter_finds_its_lines(message in soup()) {
        // a colour may change inside of a word
        prop_assume!(!message.contains('\u{1b}'));
        prop_assert!(is_found(&message), "{} by {}", message, filter(Level::Warn, &of(&message)));
    }

    #[test]
    fn a_patterns_filter_finds_lines_of_any_text(message in "[^\u{1b}\u{9b}]{0,80}") {
        prop_assert!(is_found(&message), "{} by {}", message, filter(Level::Warn, &of(&message)));
    }
}
