//! What the feature `constants` leaves in a program.

use std::{fs, process::Command};

/// The example `tiny`, with these features beside the default ones: the program, and what it prints.
fn tiny(features: &str) -> (Vec<u8>, String) {
    let built = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["rustc", "--quiet", "--offline", "--example", "tiny", "--features", features])
        // of this one program: a compiler that looks through nothing leaves everything
        .args(["--", "-C", "opt-level=2"])
        .status();
    assert!(built.unwrap().success(), "the example is not built");
    // this test is in target/…/deps
    let program = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples").join("tiny");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    let printed = Command::new(&program).output().unwrap().stdout;
    (fs::read(program).unwrap(), String::from_utf8(printed).unwrap())
}

/// How often a text stands in the program: among its symbols, its messages, or anywhere else.
fn count(program: &[u8], text: &str) -> usize {
    program.windows(text.len()).filter(|some| *some == text.as_bytes()).count()
}

#[test]
fn nothing_is_left_in_the_program() {
    // the same one after the other: it is one file
    let (live, live_prints) = tiny("");
    let (constant, constant_prints) = tiny("constants");
    for trace in
        ["observerio", "protocol", "tiny_speed", "tiny_boss_hp", "tiny_slow_motion", "tiny game over"]
    {
        assert_eq!(count(&constant, trace), 0, "{trace}");
        // so the search would find it
        assert!(count(&live, trace) > 0, "{trace}");
    }
    assert_eq!(constant_prints, "at 3.75, with 100 and true\n");
    assert_eq!(live_prints, constant_prints, "nobody has set anything");
    assert!(constant.len() < live.len());
}
