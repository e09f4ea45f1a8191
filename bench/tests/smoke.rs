//! Each scenario, small and short, against the server of the same build. The figures mean nothing here; what is
//! checked is that everything that a scenario waits for happens, and that nothing acknowledged is lost.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{path::Path, process::Command};

use serde_json::Value as Json;

const BENCH: &str = env!("CARGO_BIN_EXE_observerio-bench");

fn run(arguments: &str) -> Json {
    // cargo names only the programs of this package; the server's lies beside it
    let server = Path::new(BENCH).with_file_name("observerio");
    assert!(server.is_file(), "{} is missing; `cargo build` makes it", server.display());
    let output = Command::new(BENCH)
        .args(arguments.split(' '))
        .args(["--json", "-", "--server"])
        .arg(server)
        .env_remove("OBSERVERIO_BENCH_DATABASE")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// How many observations the figure is made of.
fn n(json: &Json, run: usize, kind: &str, figure: &str) -> u64 {
    let figures = &json["runs"][run][kind];
    figures[figure]["n"].as_u64().unwrap_or_else(|| panic!("no {figure} in {figures:#}"))
}

fn value(json: &Json, run: usize, figure: &str) -> f64 {
    let figures = &json["runs"][run]["numbers"];
    figures[figure]["value"].as_f64().unwrap_or_else(|| panic!("no {figure} in {figures:#}"))
}

const STORED: &str = "log entries stored, compared one by one after kill -9";

#[test]
fn latency() {
    let json = run("latency --games 1,5 --edits 5 --logs 5");
    assert_eq!(n(&json, 0, "times", "edit → game"), 5);
    assert_eq!(n(&json, 1, "times", "edit → last game"), 5);
    assert_eq!(n(&json, 1, "times", "log entry → dashboard"), 5);
}

#[test]
fn acks() {
    let json = run("acks --sessions 5 --entries 3 --rate 300 --seconds 0.5 --warm-up 0.1");
    // 300 a second for half a second, three in a line: each line that was due was answered
    assert_eq!(n(&json, 0, "times", "line due → acknowledged"), 50);
    let flat_out = n(&json, 1, "numbers", "acknowledged");
    assert!(flat_out > 0 && n(&json, 1, "numbers", STORED) >= 150 + flat_out, "{json:#}");
    assert_eq!(value(&json, 1, "connections lost"), 0.0);
}

#[test]
fn lockstep() {
    let json = run("lockstep --sessions 5 --seconds 0.5 --warm-up 0.1");
    let acknowledged = n(&json, 0, "numbers", "acknowledged");
    assert!(acknowledged > 0 && n(&json, 0, "numbers", STORED) >= acknowledged, "{json:#}");
}

#[test]
fn reconnect() {
    let json = run("reconnect --games 40 --original 25 --projects 1");
    assert_eq!(n(&json, 0, "times", "all at once → a game is in sync"), 40);
    assert_eq!(n(&json, 0, "times", "then: edit → game"), 40);
    assert_eq!(value(&json, 0, "games of version 2 that were sent what they had"), 0.0);
}

#[test]
fn search() {
    let json = run("search --rows 3000 --repeats 2");
    // 40 % of 2,100 lines, which were compared with what SQL finds
    assert_eq!(n(&json, 1, "times", "40 %, all: 200 found, requests 1"), 2);
    assert_eq!(n(&json, 1, "times", "one line, all: 1 found, requests 1"), 2);
    assert_eq!(n(&json, 0, "numbers", "indexed in the background"), 3_000);
}

#[test]
fn overload() {
    let json = run("overload --sessions 3 --before 0.5 --seconds 1 --after 1 --factor 3");
    for project in [1, 2] {
        assert!(n(&json, project, "times", "edit → calm game, in the flood") > 0, "{json:#}");
        assert_eq!(value(&json, project, "saved edits that did not come to a game"), 0.0);
    }
    assert!(n(&json, 1, "times", "edit → flooding game, in the flood") > 0, "{json:#}");
    assert!(n(&json, 0, "numbers", "stored in the flood") > 0, "{json:#}");
    assert!(n(&json, 3, "numbers", STORED) > 0, "{json:#}");
}
